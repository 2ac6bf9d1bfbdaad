"""Notebooks (ai4s contract, section 11): a machine with an image and mounts, started and stopped."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from reconciler.errors import Busy, NotFound, Refused
from reconciler.model.resource import Listed, Live, Phase
from reconciler.providers.ai4s import standing_rows
from reconciler.providers.ai4s.job_story import event_of
from reconciler.providers.ai4s.marks import mark_of, with_footer, without_mark
from reconciler.providers.ai4s.place import shown
from reconciler.providers.ai4s.shapes import without_nulls
from reconciler.providers.exchange import Call, Effect
from reconciler.providers.facilities import Link
from reconciler.providers.paging import Page, every_item

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.address import Address
    from reconciler.model.mark import Mark
    from reconciler.model.resource import Desired
    from reconciler.providers.ai4s.place import Place
    from reconciler.providers.protocol import Event, RunSummary

LONGEST_DESCRIPTION = 1024
RUNNING, STOPPED = "running", "stopped"
_PAGE = 100
_FLAVOR = ("cpu", "gpu", "memory", "cpu_type", "gpu_type")
_IMAGE_INFO = {"SYSTEM": ("profile",), "CUSTOMER": ("source_project_name", "image_name", "image_tag")}
_CHANGING = "updating"
_ON_ITS_WAY = frozenset({"creating", _CHANGING})
_FAILED = frozenset({"abnormal", "createdfailed", "updatedfailed", "deletedfailed"})


class Notebook:
    """The handler of the kind `Notebook`."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def create(self, desired: Desired) -> Live:
        """Makes it, once; it starts by itself, and `update` stops it."""
        address = desired.address
        spec = {name: value for name, value in desired.spec.items() if name != "state"}
        body = with_footer(without_nulls(spec), desired.mark, longest_description=LONGEST_DESCRIPTION)
        path = self._place.path(address.scope, "notebooks")
        remote_id = self._place.created(Call(f"create notebook {address.name}", "POST", path, body=body))
        return Live(address, remote_id, {}, Phase.READY, desired.mark)

    def read(self, address: Address, remote_id: str) -> Live | None:
        """The notebook, or None."""
        row = self._place.shown(self._reading(address, remote_id))
        return None if row is None else _live(address, row)

    def list(self, scope: str) -> Iterator[Listed]:
        """Every notebook of a space."""
        for row in self._rows(scope, {}):
            address = self._place.address("Notebook", scope, str(row["name"]))
            yield Listed(address, str(row["id"]), mark_of(row), _live(address, row))

    def detail(self, address: Address, remote_id: str) -> dict[str, Any]:
        """All that the platform shows of it, the reason of a failure among it. Raises NotFound."""
        call = self._reading(address, remote_id)
        return shown(self._place.call(call), self._place.target, call)

    def events(self, address: Address, remote_id: str, *, task: str = "") -> Iterator[Event]:  # noqa: ARG002 - no tasks
        """What happened to it, as far as the platform shows it beside the notebook. Raises NotFound."""
        told = self.detail(address, remote_id).get("events") or ()
        return iter(sorted(map(event_of, told), key=lambda event: event.first or event.last))

    def browse(self, scope: str, filters: Mapping[str, str], limit: int) -> Iterator[RunSummary]:
        """Rows for people; every column is a filter."""
        return standing_rows.browse(standing_rows.notebook, self._rows(scope, {}), filters, limit)

    def browse_from(self, scope: str, filters: Mapping[str, str], limit: int, offset: int) -> Iterator[RunSummary]:
        """The same without the first `offset` rows; what is filtered here is counted here too."""
        if filters:
            return islice(self.browse(scope, filters, offset + limit), offset, None)
        return standing_rows.browse(standing_rows.notebook, self._rows(scope, {}, offset), filters, limit)

    def find(self, address: Address, mark: Mark) -> tuple[Live, ...]:
        """Those that carry `mark`."""
        rows = self._rows(address.scope, {"name": address.name})
        return tuple(_live(address, row) for row in rows if mark_of(row) == mark)

    def update(self, remote_id: str, desired: Desired) -> None:
        """The description, and whether it runs. Each may be repeated. Raises Busy until it is where it is to be."""
        address = desired.address
        row = self._place.shown(self._reading(address, remote_id)) or {}
        said = {"description": str(desired.spec.get("description") or "")}
        body = with_footer(said, desired.mark, longest_description=LONGEST_DESCRIPTION)
        if body["description"] != row.get("description"):
            path = self._place.path(address.scope, "notebooks", remote_id)
            self._place.call(Call(f"update notebook {address.name}", "PUT", path, body=body))
        self._bring(address, remote_id, row, str(desired.spec.get("state", RUNNING)))

    def delete(self, address: Address, remote_id: str) -> None:
        """Removes it; what it wrote into its mounts stays."""
        path = self._place.path(address.scope, "notebooks", remote_id)
        self._place.removed(Call(f"delete notebook {address.name}", "DELETE", path))

    def suspend(self, address: Address, remote_id: str) -> None:
        """Stops it."""
        self._turn(address, remote_id, "stop")

    def resume(self, address: Address, remote_id: str) -> None:
        """Starts it."""
        self._turn(address, remote_id, "start")

    def links(self, address: Address, remote_id: str, *, shared: bool = False) -> tuple[Link, ...]:
        """The address at which it opens; with `shared` the one that needs no login."""
        call = self._reading(address, remote_id)
        row = self._place.shown(call)
        if row is None:
            msg = f"{self._place.target}: there is no notebook {remote_id}"
            raise NotFound(msg)
        url = str(row.get("url") or "")
        if not shared:
            return (Link("notebook", url, "wants a login"),) if url else ()
        path = self._place.path(address.scope, "notebooks", remote_id, "token")
        answer = self._place.call(Call(f"open notebook {address.name}", "GET", path))
        token = str((answer or {}).get("token") or "")
        return (Link("notebook", f"{url}?token={token}", "opens without a login", secret=True),) if token else ()

    def _reading(self, address: Address, remote_id: str) -> Call:
        path = self._place.path(address.scope, "notebooks", remote_id)
        return Call(f"read notebook {address.name}", "GET", path)

    def _turn(self, address: Address, remote_id: str, action: str) -> None:
        path = self._place.path(address.scope, "notebooks", remote_id, "action")
        body = {"action": action}
        call = Call(f"{action} notebook {address.name}", "POST", path, body=body, effect=Effect.REPEATABLE)
        self._place.call(call)

    def _bring(self, address: Address, remote_id: str, row: Mapping[str, Any], wanted: str) -> None:
        """Starts or stops it, unless it is as `wanted`. Raises Busy while it is on its way: which of both it will then
        be the platform does not show.
        """
        if _is_there(row, wanted):
            return
        busy = Busy(f"{self._place.target}: the notebook {address.name} is still {row.get('status')}")
        if _status(row) in _ON_ITS_WAY:
            raise busy
        try:
            self._turn(address, remote_id, "start" if wanted == RUNNING else "stop")
        except Refused:  # perhaps an earlier attempt, whose answer was lost, has begun it
            now = self._place.shown(self._reading(address, remote_id)) or {}
            if _status(now) not in _ON_ITS_WAY and not _is_there(now, wanted):
                raise
        else:
            now = self._place.shown(self._reading(address, remote_id)) or {}
        if not _is_there(now, wanted) and _status(now) not in _FAILED:
            raise busy

    def _rows(self, scope: str, query: Mapping[str, str], start: int = 0) -> Iterator[dict[str, Any]]:
        path = self._place.path(scope, "notebooks")

        def fetch(offset: int) -> Page:
            paged = {**query, "limit": str(_PAGE), "offset": str(offset)}
            return Page(self._place.items(Call(f"list notebooks of {scope}", "GET", path, query=paged), "notebooks"))

        return every_item(fetch, key=lambda row: str(row["id"]), start=start)


def _is_there(row: Mapping[str, Any], wanted: str) -> bool:
    """Whether it is as wanted, for good. A new one that is to run need not be waited for: it starts by itself."""
    return _state(row) == wanted and _status(row) != _CHANGING


def _status(row: Mapping[str, Any]) -> str:
    return str(row.get("status") or "").lower()


def _state(row: Mapping[str, Any]) -> str:
    """Whether it runs or is meant to. A failed one is meant to: that is what failed."""
    return STOPPED if _status(row) == "hibernate" else RUNNING


def _phase(status: str) -> Phase:
    """It stands, whether it runs, is stopped, or is on its way to either: `state` tells that."""
    if status in _FAILED:
        return Phase.FAILED
    return Phase.DELETING if status == "deleting" else Phase.READY


def _live(address: Address, row: Mapping[str, Any]) -> Live:
    plain, image = without_mark(row), row.get("image") or {}
    info = image.get("image_info") or {}
    spec: dict[str, Any] = {"name": str(row["name"]), "state": _state(row)}
    if plain.get("description") is not None:
        spec["description"] = plain["description"]
    if isinstance(row.get("flavor"), dict):
        spec["flavor"] = {name: row["flavor"][name] for name in _FLAVOR if row["flavor"].get(name) not in (None, "")}
    if kind := image.get("image_type"):
        shown = {name: info[name] for name in _IMAGE_INFO.get(kind, ()) if info.get(name)}
        spec["image"] = {"image_type": kind, "image_info": shown}
    status = str(row.get("status") or "")
    return Live(
        address=address,
        remote_id=str(row["id"]),
        spec=spec,
        phase=_phase(status.lower()),
        mark=mark_of(row),
        status=status,
        detail=str(row.get("failed_message") or ""),
        outputs={"url": str(row["url"])} if row.get("url") else {},
    )
