"""Images: repositories of a space (ai4s contract, section 6). What is in them is pushed with docker, not from here.

The platform shows no repository by itself, only in the list. Creating one registers a tag; importing one links a tag of
another space, and such a link is known by its name: it can carry no mark of ours before it is there.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from reconciler.errors import Conflict, Refused
from reconciler.model.resource import Listed, Live, Phase
from reconciler.providers.ai4s import standing_rows
from reconciler.providers.ai4s.marks import mark_of, with_footer, without_mark
from reconciler.providers.ai4s.shapes import imported
from reconciler.providers.exchange import Call, Effect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.model.address import Address
    from reconciler.model.mark import Mark
    from reconciler.model.resource import Desired
    from reconciler.providers.ai4s.place import Place
    from reconciler.providers.protocol import RunSummary

LONGEST_DESCRIPTION = 255
_CHANGED = ("type", "chip_type", "description")
_SHOWN = ("name", *_CHANGED)


class Image:
    """The handler of the kind `Image`."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def create(self, desired: Desired) -> Live:
        """Registers the first tag of a repository, or imports one from another space."""
        address = desired.address
        call = self._import(desired) if "from" in desired.spec else self._registration(desired)
        mark = None if "from" in desired.spec else desired.mark
        return Live(address, self._place.created(call), {}, Phase.READY, mark)

    def read(self, address: Address, remote_id: str) -> Live | None:
        """The repository, or None."""
        row = self._row(address, remote_id)
        return None if row is None else _live(address, row)

    def list(self, scope: str) -> Iterator[Listed]:
        """Every repository of a space, those without tags too."""
        for row in self.rows(scope):
            address = self._place.address("Image", scope, str(row["name"]))
            yield Listed(address, str(row["id"]), mark_of(row), _live(address, row))

    def browse(self, scope: str, filters: Mapping[str, str], limit: int) -> Iterator[RunSummary]:
        """Rows for people; every column is a filter."""
        return standing_rows.browse(standing_rows.image, self.rows(scope), filters, limit)

    def find(self, address: Address, mark: Mark) -> tuple[Live, ...]:
        """The repository of this name, if it carries `mark` or is imported."""
        rows = [row for row in self.rows(address.scope, address.name) if row["name"] == address.name]
        return tuple(_live(address, row) for row in rows if mark_of(row) == mark or imported(row, address.scope))

    def update(self, remote_id: str, desired: Desired) -> None:
        """Takes away the tags that must not be there; registers the one that is missing; and sets the rest, unless that
        came about with it. Each may be repeated.
        """
        address, spec = desired.address, desired.spec
        row = self._row(address, remote_id) or {}
        tags = [str(tag) for tag in row.get("tags") or ()]
        for tag in spec.get("removed_tags") or ():
            if tag in tags:
                path = self._place.path(address.scope, "images", remote_id, "tags", tag)
                self._place.removed(Call(f"delete tag {address.name}:{tag}", "DELETE", path))
        if spec.get("tag") and spec["tag"] not in tags and not imported(row, address.scope):
            with suppress(Conflict):  # an earlier attempt, whose answer was lost, has registered it
                self._place.call(self._registration(desired, effect=Effect.REPEATABLE))
            if _body(desired, _CHANGED).items() <= (self._row(address, remote_id) or {}).items():
                return
        path = self._place.path(address.scope, "images", remote_id)
        self._place.call(Call(f"update image {address.name}", "PUT", path, body=_body(desired, _CHANGED)))

    def delete(self, address: Address, remote_id: str) -> None:
        """Removes a repository. Of an imported one only the link goes; one of ours goes for good, so that it is refused
        while it holds several tags: those beside the first are to be removed by name.
        """
        row = self._row(address, remote_id)
        if row is None:
            return
        tags = [str(tag) for tag in row.get("tags") or ()]
        if len(tags) > 1 and not imported(row, address.scope):
            msg = f"the image {address} holds {len(tags)} tags: {', '.join(sorted(tags))}"
            raise Refused(msg, hint="name all but one of them in `removed_tags`, apply that, and then remove the image")
        path = self._place.path(address.scope, "images", remote_id)
        self._place.removed(Call(f"delete image {address.name}", "DELETE", path))

    def rows(self, scope: str, name: str = "") -> Sequence[dict[str, Any]]:
        """The repositories of a space as the platform lists them; `name` limits that to some that may be meant."""
        query = {"show_empty": "true", **({"name": name} if name else {})}
        call = Call(f"list images of {scope}", "GET", self._place.path(scope, "images"), query=query)
        return self._place.items(call, "images")

    def _row(self, address: Address, remote_id: str) -> dict[str, Any] | None:
        rows = (row for row in self.rows(address.scope, address.name) if str(row["id"]) == remote_id)
        return next(rows, None)

    def _registration(self, desired: Desired, *, effect: Effect = Effect.ONCE) -> Call:
        address = desired.address
        if not desired.spec.get("tag"):
            msg = f"the image {address.name} is not there, and its manifest names no tag"
            raise Refused(msg, hint="push it with docker, or write the `tag` that is to be registered")
        body = _body(desired, ("name", "tag", *_CHANGED))
        path = self._place.path(address.scope, "images")
        return Call(f"register image {address.name}:{body['tag']}", "POST", path, body=body, effect=effect)

    def _import(self, desired: Desired) -> Call:
        address, source = desired.address, desired.spec["from"]
        rows = [row for row in self.rows(source["space"], address.name) if row["name"] == address.name]
        if not rows:
            msg = f"the space {source['space']} has no image {address.name}"
            raise Refused(msg, hint="an image is imported under its own name")
        body = {
            "source_project_id": self._place.space_id(source["space"]),
            "image_id": str(rows[0]["id"]),
            "tag": source["tag"],
        }
        return Call(
            f"import image {address.name}", "POST", self._place.path(address.scope, "images", "import"), body=body
        )


def _body(desired: Desired, members: tuple[str, ...]) -> dict[str, Any]:
    body = {name: desired.spec[name] for name in members if desired.spec.get(name)}
    if "from" in desired.spec:
        return body
    return with_footer(body, desired.mark, longest_description=LONGEST_DESCRIPTION)


def _live(address: Address, row: Mapping[str, Any]) -> Live:
    plain = without_mark(row)
    tags = sorted(str(tag) for tag in row.get("tags") or ())
    spec = {name: plain[name] for name in _SHOWN if plain.get(name) is not None}
    if imported(row, address.scope):
        spec["from"] = {"space": row["source_project_name"]}
    outputs = {"tags": ",".join(tags)}
    return Live(address, str(row["id"]), spec, Phase.READY, mark_of(row), outputs=outputs)
