"""TensorBoards: standing, running or stopped, without tags (contract, section 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.errors import Busy, Conflict, NotFound, Refused, Unanswered
from reconciler.model.address import Address
from reconciler.model.resource import Listed, Live, Phase
from reconciler.providers.exchange import Call, segment
from reconciler.providers.pai_dlc.browsing import EVERYBODY
from reconciler.providers.pai_dlc.marks import named, split
from reconciler.providers.pai_dlc.place import workspace_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.mark import Mark
    from reconciler.model.resource import Desired
    from reconciler.providers.facilities import Link
    from reconciler.providers.pai_dlc.place import Place

TENSORBOARDS = "/api/v1/tensorboards"
RUNNING, STOPPED = "running", "stopped"
_PHASES = {
    "creating": Phase.READY,
    "running": Phase.READY,
    "stopping": Phase.READY,
    "stopped": Phase.READY,
    "succeeded": Phase.READY,
    "failed": Phase.FAILED,
}
_OFF = frozenset({"stopped", "succeeded", "failed"})
_LEAVING = frozenset({"deleting", "deleted"})
_DEFAULTS = {"MaxRunningTimeMinutes": "", "Accessibility": "PRIVATE", "Priority": "1"}
"""What can change in place, and what an absent one means."""
_SHOWN = (
    "JobId",
    "DataSourceId",
    "DataSourceType",
    "Options",
    "SummaryPath",
    "SummaryRelativePath",
    "MaxRunningTimeMinutes",
    "Cpu",
    "Memory",
    "TensorboardDataSources",
    "TensorboardSpec",
    "QuotaId",
    "Priority",
    "Accessibility",
)
_OF_THE_JOB = frozenset({"DataSourceId", "DataSourceType", "TensorboardDataSources"})
"""Shown for a TensorBoard on a job, too, where nobody can declare them: they say where that job writes."""
_PATIENCE, _STEP = 300.0, 3.0
"""Seconds that one may take to stop, and between two looks."""


class Tensorboard:
    """The handler of the kind `Tensorboard`."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def create(self, desired: Desired) -> Live:
        """Makes it, once; it runs at once, and `update` stops it."""
        address = desired.address
        spec = {name: value for name, value in desired.spec.items() if name != "State"}
        body = {**spec, "DisplayName": named(address.name, desired.mark), **workspace_of(address.scope)}
        call = Call(f"create TensorBoard {address.name}", "POST", TENSORBOARDS, body=body)
        identifier = str(self._place.call("CreateTensorboard", call).get("TensorboardId") or "")
        if not identifier:
            msg = f"{self._place.target}: {call.operation}: the answer holds no id"
            raise Unanswered(msg, hint="the next apply looks for it before it sends anything again")
        return Live(address, identifier, {}, Phase.READY, desired.mark)

    def read(self, address: Address, remote_id: str) -> Live | None:
        """The TensorBoard, or None when the platform has none."""
        try:
            row = self._row(address, remote_id)
        except NotFound:
            return None
        return None if _status(row) in _LEAVING else _live(address, row)

    def list(self, scope: str) -> Iterator[Listed]:
        """Every one of the workspace, ours under the author's part of the name."""
        for row in self._every(scope, {}):
            name, mark = split(str(row.get("DisplayName") or ""))
            if name and _status(row) not in _LEAVING:
                address = Address(self._place.target, "Tensorboard", scope, name)
                yield Listed(address, str(row.get("TensorboardId")), mark)

    def find(self, address: Address, mark: Mark) -> tuple[Live, ...]:
        """Every one whose name ends in this mark: by the mark, and where the platform's search does not look inside of
        names, by the whole.
        """
        ids: list[str] = []
        for text in (str(mark), named(address.name, mark)):
            rows = [] if ids else self._every(address.scope, {"DisplayName": text})
            ids += sorted({str(row["TensorboardId"]) for row in rows if split(str(row.get("DisplayName")))[1] == mark})
        found = (self.read(address, identifier) for identifier in ids)
        return tuple(live for live in found if live is not None)

    def update(self, remote_id: str, desired: Desired) -> None:
        """Time limit, accessibility and priority in one call whose every word stands in the query, then start or stop.
        Each may be repeated. Raises Busy where it has to end what it is at first.
        """
        address, spec = desired.address, desired.spec
        row = self._row(address, remote_id)
        wanted = {name: str(spec.get(name, absent)) for name, absent in _DEFAULTS.items()}
        changed = {name: value for name, value in wanted.items() if value and value != str(row.get(name) or "")}
        if changed:
            query = {**workspace_of(address.scope), **changed}
            path = f"{TENSORBOARDS}/{segment(remote_id)}"
            call = Call(f"update TensorBoard {address.name}", "PUT", path, query=query)
            self._place.call("UpdateTensorboard", call)
        self._bring(address, row, str(spec.get("State", RUNNING)))

    def delete(self, address: Address, remote_id: str) -> None:
        """Stops it, waits until it has, and deletes it: the platform deletes no running one (trap 19)."""
        try:
            if _status(self._row(address, remote_id)) not in _OFF:
                self._turn(address, remote_id, "stop")
                self._wait_until_off(address, remote_id)
            path = f"{TENSORBOARDS}/{segment(remote_id)}"
            call = Call(f"delete TensorBoard {address.name}", "DELETE", path, query=workspace_of(address.scope))
            self._place.call("DeleteTensorboard", call)
        except NotFound:
            return

    def links(self, address: Address, remote_id: str, *, shared: bool = False) -> tuple[Link, ...]:
        """See Links."""
        from reconciler.providers.pai_dlc.links import links_of_tensorboard

        return links_of_tensorboard(self._place, address, self._row(address, remote_id), shared=shared)

    def _every(self, scope: str, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        asked = {**EVERYBODY, **workspace_of(scope), **query}
        return self._place.listed("ListTensorboards", TENSORBOARDS, "Tensorboards", asked, "TensorboardId")

    def _row(self, address: Address, identifier: str) -> dict[str, Any]:
        operation = f"read TensorBoard {address.name}"
        path = f"{TENSORBOARDS}/{segment(identifier)}"
        row = self._place.read("GetTensorboard", operation, path, workspace_of(address.scope))
        if row.get("TensorboardId") != identifier:
            msg = f"{self._place.target}: {operation}: the answer is not the one that was asked for"
            raise Unanswered(msg, hint="is the endpoint right?")
        return row

    def _turn(self, address: Address, identifier: str, verb: str) -> None:
        path, query = f"{TENSORBOARDS}/{segment(identifier)}/{verb}", workspace_of(address.scope)
        call = Call(f"{verb} TensorBoard {address.name}", "PUT", path, query=query)
        self._place.call(f"{verb.capitalize()}Tensorboard", call)

    def _bring(self, address: Address, row: Mapping[str, Any], wanted: str) -> None:
        """Starts or stops it, unless it is as `wanted` or on its way there. Raises Busy while it is neither."""
        status, identifier = _status(row), str(row["TensorboardId"])
        if _state(status) == wanted:
            return
        busy = Busy(f"{self._place.target}: TensorBoard {address.name} is still {row.get('Status')}")
        if status == "stopping":
            raise busy
        try:
            self._turn(address, identifier, "start" if wanted == RUNNING else "stop")
        except Refused as error:
            # Whether one can be stopped while it is being made the platform does not say.
            raise (busy if status == "creating" else error) from None
        if _state(_status(self._row(address, identifier))) != wanted:
            raise busy

    def _wait_until_off(self, address: Address, identifier: str) -> None:
        waited = 0.0
        while _status(row := self._row(address, identifier)) not in _OFF:
            if waited >= _PATIENCE:
                msg = f"{self._place.target}: TensorBoard {address.name} is still {_status(row)} after {waited:g} s"
                raise Conflict(msg, hint="run it again: it is deleted once it has stopped")
            self._place.pause(_STEP)
            waited += _STEP


def _status(row: Mapping[str, Any]) -> str:
    """In lower case: the platform writes it in both."""
    return str(row.get("Status") or "").lower()


def _state(status: str) -> str:
    """Whether it runs, or is on its way there."""
    return STOPPED if status in {*_OFF, "stopping"} else RUNNING


def _live(address: Address, row: Mapping[str, Any]) -> Live:
    name, mark = split(str(row.get("DisplayName") or ""))
    shown = [field for field in _SHOWN if not row.get("JobId") or field not in _OF_THE_JOB]
    spec = {field: row[field] for field in shown if row.get(field) not in (None, "", [], {}, 0)}
    if "Priority" in spec:
        spec["Priority"] = str(spec["Priority"])
    spec |= {"DisplayName": name, "State": _state(_status(row))}
    reason = ": ".join(str(row[part]) for part in ("ReasonCode", "ReasonMessage") if row.get(part))
    return Live(
        address=address,
        remote_id=str(row["TensorboardId"]),
        spec=spec,
        phase=_PHASES.get(_status(row), Phase.UNKNOWN),
        mark=mark,
        status=str(row.get("Status") or ""),
        detail=reason,
    )
