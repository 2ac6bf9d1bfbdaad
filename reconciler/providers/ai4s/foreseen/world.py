"""What is looked at for one plan, each thing once: what stands in spaces, what belongs to the account, what is data."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from reconciler.errors import Forbidden, NotFound
from reconciler.model.address import NO_SCOPE
from reconciler.providers.ai4s.meaning.findings import Site, instead
from reconciler.providers.exchange import Call
from reconciler.providers.paging import Page, every_item

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.manifest import Manifest
    from reconciler.providers.ai4s.place import Place

_PAGED = frozenset({"notebooks"})
"""Lists that come in pages; the others come whole."""
MOST_PATHS = 100
"""So many places of data are looked at for one plan: each costs a call."""


def unknown_space(manifest: Manifest, world: World) -> Iterator[Diagnostic]:
    """That a manifest imports from a space which is not there, or not for us to see."""
    space = manifest.spec["from"]["space"]
    if space not in world.spaces and world.made("Space", NO_SCOPE, space) is None:
        message = f"there is no space {space!r} in which we have a role"
        yield Site(manifest.address).error("preflight.no-space", "/from/space", message, instead(space, world.spaces))


class World:
    """The platform as one plan sees it, and what that plan is going to make. Every method may raise PlatformError."""

    def __init__(self, place: Place, manifests: tuple[Manifest, ...]) -> None:
        self.place = place
        self._made = {(m.address.kind, m.address.scope, m.address.name): m for m in manifests}
        self._lists: dict[tuple[str, str], list[dict[str, Any]] | None] = {}
        self._data: dict[tuple[str, str], bool | None] = {}

    def made(self, kind: str, scope: str, name: str) -> Manifest | None:
        """What this plan is going to make there, or None."""
        return self._made.get((kind, scope, name))

    def of_kind(self, kind: str) -> tuple[Manifest, ...]:
        """Everything of a kind that this plan is going to make or change."""
        return tuple(manifest for (of, _, _), manifest in self._made.items() if of == kind)

    def has_space(self, scope: str) -> bool:
        """Whether the space is there. What is to stand in one that is not yet cannot be looked at."""
        return scope == NO_SCOPE or scope in self.spaces

    @cached_property
    def spaces(self) -> Mapping[str, str]:
        """The spaces in which we have a role: their ids by name."""
        return {str(row["name"]): str(row["id"]) for row in self.place.spaces()}

    def listed(self, scope: str, plural: str) -> list[dict[str, Any]] | None:
        """Everything of one sort in a space; None where that is not for us to see."""
        key = (scope, plural)
        if key not in self._lists:
            query = {"show_empty": "true"} if plural == "images" else {}
            self._lists[key] = self._list(scope, plural, query) if scope in self.spaces else None
        return self._lists[key]

    @cached_property
    def node_labels(self) -> frozenset[str]:
        """The labels that nodes carry."""
        rows = self.place.items(Call("list node labels", "GET", "/system/cluster/labels"), "labels")
        return frozenset(str(row.get("name")) for row in rows)

    @cached_property
    def accelerators(self) -> list[dict[str, Any]]:
        """The performance resources of the account."""
        call = Call("list performance resources", "GET", "/system/performance-resources")
        return self.place.items(call, "resources")

    def has_data(self, space: str, path: str) -> bool | None:
        """Whether a file or folder is there; None where that is not for us to see, or too much was asked already."""
        key = (space, "/" + path.strip("/"))
        if key not in self._data:
            can = space in self.spaces and len(self._data) < MOST_PATHS
            self._data[key] = self._look(*key) if can else None
        return self._data[key]

    def beside(self, space: str, path: str) -> tuple[str, ...]:
        """The paths of what is in the folder where `path` would be."""
        folder = path.strip("/").rpartition("/")[0]
        where = f"{space}:/{folder}"
        call = Call(f"list {where}", "GET", self.place.path(space, "datas"), query={"path": where, "limit": "100"})
        try:
            rows = self.place.items(call, "datas")
        except (NotFound, Forbidden):
            return ()
        return tuple(str(row.get("path") or "").rstrip("/") for row in rows)

    def registry(self, scope: str) -> str:
        """Where docker finds the images of a space, as another image of it tells; a placeholder where there is none."""
        for image in self.listed(scope, "images") or ():
            path = self.place.path(scope, "images", str(image["id"]), "tags")
            for tag in self.place.items(Call("list tags", "GET", path), "tags"):
                found, _, _ = str(tag.get("path") or "").rpartition("/")
                if found:
                    return found
        return "REGISTRY/NAMESPACE"

    def _list(self, scope: str, plural: str, query: Mapping[str, str]) -> list[dict[str, Any]] | None:
        call = Call(f"list {plural} of {scope}", "GET", self.place.path(scope, plural), query=query)
        try:
            if plural in _PAGED:
                return list(every_item(partial(self._page, call, plural), key=lambda row: str(row["id"])))
            return self.place.items(call, plural)
        except Forbidden:
            return None

    def _page(self, call: Call, plural: str, offset: int) -> Page:
        """A page of a list. How many rows one has unless it is told is nowhere written."""
        paged = {**call.query, "limit": "1000", "offset": str(offset)}
        return Page(self.place.items(replace(call, query=paged), plural))

    def _look(self, space: str, path: str) -> bool | None:
        # In a path of the API the slashes of data are written as bars.
        address = f"{space}:{path}".replace("/", "|")
        try:
            self.place.call(Call(f"look at {space}:{path}", "GET", self.place.path(space, "datas", address)))
        except Forbidden:
            return None
        except NotFound:
            return False
        return True
