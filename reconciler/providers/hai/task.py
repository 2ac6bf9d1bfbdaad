"""Tasks: a chain of lives under one `chain_id`. However often it is suspended, it is one run (contract, section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.errors import Conflict, NotFound, PlatformError, Refused, Throttled, Unanswered
from reconciler.model.resource import Live, Phase
from reconciler.providers.exchange import Call
from reconciler.providers.hai import browsing, story
from reconciler.providers.hai.artifacts import Artifacts
from reconciler.providers.hai.marks import authors, mark_of, texts, with_mark
from reconciler.providers.hai.place import FINE, part
from reconciler.providers.hai.rows import detail_of, is_finished, parts_of, phase_of, spec_of, started_of, status_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.address import Address
    from reconciler.model.manifest import Spec
    from reconciler.model.mark import Mark
    from reconciler.model.resource import Desired
    from reconciler.providers.hai.place import Place
    from reconciler.providers.protocol import LogLine, Part, RunSummary

_CREATE = "/operating/task/create"
_STOP = "/operating/task/stop"
_SUSPEND = "/operating/task/suspend"
_RESUME = "/operating/task/resume"
_PRIORITY = "/operating/task/priority/update"
_PRIORITY_REST = 10.0
"""Seconds the platform wants between two priorities of one task."""


class Task:
    """The handler of the kind `Task`."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._artifacts = Artifacts(place)

    def create(self, desired: Desired) -> Live:
        """Submits the task, once. Its artifacts are mapped when it exists, which the platform has no one call for."""
        address = desired.address
        body = with_mark(desired.spec, desired.mark)
        chain_id = self._submit(address, body)
        try:
            self._artifacts.set(address, chain_id, desired.spec)
        except PlatformError as error:
            msg = f"submitted as {chain_id}, but its artifacts are not mapped: {error.message}"
            raise Unanswered(msg, hint=error.hint) from None
        return Live(address, chain_id, {}, Phase.PENDING, desired.mark)

    def read(self, address: Address, remote_id: str) -> Live | None:
        """The task, or None when the platform has none.

        Between the end of one life and the row of the next a chain looks finished for an instant (contract, section
        12), so an end that is no success is looked at twice.
        """
        try:
            row = self._row(address, remote_id)
            if is_finished(row) and phase_of(row) is not Phase.SUCCEEDED:
                row = self._row(address, remote_id)
        except NotFound:
            return None
        return self._live(address, row)

    def find(self, address: Address, mark: Mark) -> tuple[Live, ...]:
        """Every task with exactly this mark: by its tag, and by name where the server died before it put the tag on."""
        rows = {str(row["chain_id"]): row for row in browsing.tagged(self._place, str(mark))}
        named = self._named(address.name)
        if named is not None:
            rows.setdefault(str(named["chain_id"]), named)
        found = (self.read(address, chain_id) for chain_id, row in sorted(rows.items()) if mark_of(row) == mark)
        return tuple(live for live in found if live is not None)

    def update(self, remote_id: str, desired: Desired) -> None:
        """Tags, artifacts and priority, which are all that can change in place. Each call may be repeated."""
        address = desired.address
        row = self._row(address, remote_id)
        self._retag(address, row, desired)
        self._artifacts.set(address, remote_id, desired.spec)
        self._reprioritise(address, row, int(desired.spec.get("priority", -1)))

    def stop(self, address: Address, remote_id: str, *, force: bool = False) -> None:  # noqa: ARG002 - there is one way
        """Ends the task for good; a running one goes on for a while. One that has ended, or is gone, is no error."""
        try:
            self._place.operate(f"stop task {address.name}", _STOP, remote_id, {"op": "stop"})
        except NotFound:
            return

    def suspend(self, address: Address, remote_id: str) -> None:
        """Gives the nodes back; the scheduler starts the task again from its beginning. There is no pause."""
        self._place.operate(f"suspend task {address.name}", _SUSPEND, remote_id)

    def resume(self, address: Address, remote_id: str) -> None:
        """Starts a new life of a task that has ended. One that has not goes on by itself: nothing is sent."""
        if is_finished(self._row(address, remote_id)):
            self._restart(address, remote_id)

    def retry(self, address: Address, remote_id: str) -> None:
        """The same for a failed one. Sent once: a second one could start what the first has just finished."""
        self._restart(address, remote_id)

    def logs(self, address: Address, remote_id: str, *, task: str = "", index: int | None = None) -> Iterator[LogLine]:
        """The output of every life, rank by rank, or of the rank asked for."""
        return story.logs(self._place, address, self._row(address, remote_id), task, index)

    def parts(self, address: Address, remote_id: str) -> tuple[Part, ...]:
        """One per node, by rank."""
        return parts_of(self._row(address, remote_id), self._place.clock)

    def browse(self, scope: str, filters: Mapping[str, str], limit: int) -> Iterator[RunSummary]:  # noqa: ARG002 - one account
        """Rows of our own tasks, newest first; the filters are those of `browsing.FILTERS`."""
        return browsing.browse(self._place, filters, limit)

    def describe(self, address: Address, remote_id: str) -> Spec:
        """The task in the platform's own file format, without our mark: it can be submitted again as it is."""
        return spec_of(self._row(address, remote_id))

    def _submit(self, address: Address, body: dict[str, Any]) -> str:
        call = Call(f"submit task {address.name}", "POST", _CREATE, body=body)
        try:
            answer = self._place.call(call)
        except Refused as error:
            if type(error) is Refused and error.status == FINE and self._holds(address.name):
                hint = "wait for that task to end, stop it, or use another name"
                raise Conflict(error.message, hint=hint, status=error.status) from None
            raise
        chain_id = part(answer, "task", "chain_id")
        if not chain_id:
            msg = f"{self._place.target}: {call.operation}: the answer holds no chain id"
            raise Unanswered(msg, hint="the next apply looks for it before it sends anything again")
        return str(chain_id)

    def _holds(self, name: str) -> bool:
        """Whether an unfinished task of ours has the name, which is then why a create was refused."""
        try:
            row = self._named(name)
        except PlatformError:
            return False
        return row is not None and not is_finished(row)

    def _named(self, name: str) -> dict[str, Any] | None:
        try:
            return self._place.task(f"look for task {name}", {"nb_name": name})
        except NotFound:
            return None

    def _row(self, address: Address, chain_id: str) -> dict[str, Any]:
        return self._place.task(f"read task {address.name}", {"chain_id": chain_id})

    def _live(self, address: Address, row: dict[str, Any]) -> Live:
        spec = spec_of(row)
        details = (detail_of(row), self._artifacts.complaint(address, str(row["chain_id"]), spec))
        return Live(
            address=address,
            remote_id=str(row["chain_id"]),
            spec=spec,
            phase=phase_of(row),
            mark=mark_of(row),
            status=status_of(row),
            detail="; ".join(detail for detail in details if detail),
            started=started_of(row, self._place.clock),
        )

    def _retag(self, address: Address, row: dict[str, Any], desired: Desired) -> None:
        has = texts(row.get("tags"))
        wanted = [*texts((desired.spec.get("options") or {}).get("tags")), str(desired.mark)]
        for verb, tags in (("tag", set(wanted) - set(has)), ("untag", set(authors(has)) - set(wanted))):
            for tag in sorted(tags):
                operation = f"{verb} task {address.name}"
                self._place.operate(operation, f"/operating/task/{verb}", str(row["chain_id"]), {"tag": tag})

    def _reprioritise(self, address: Address, row: dict[str, Any], wanted: int) -> None:
        """Refused for a finished task, and for a second time within ten seconds: only the state tells which."""
        chain_id, operation = str(row["chain_id"]), f"set priority of task {address.name}"
        if is_finished(row) or row.get("priority") == wanted:
            return
        try:
            self._place.operate(operation, _PRIORITY, chain_id, {"priority": str(wanted)})
        except Refused as error:
            if type(error) is not Refused or error.status != FINE:
                raise
            now = self._row(address, chain_id)
            if not is_finished(now) and now.get("priority") != wanted:
                raise Throttled(error.message, retry_after=_PRIORITY_REST, status=error.status) from None

    def _restart(self, address: Address, remote_id: str) -> None:
        call = Call(f"start task {address.name} again", "POST", _RESUME, query={"chain_id": remote_id})
        self._place.call(call)
