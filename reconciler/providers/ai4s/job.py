"""Jobs: runs of a workflow. Known by id only, so the mark is what finds a lost one (ai4s contract, section 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.errors import NotFound, Refused
from reconciler.model.resource import Live, Phase
from reconciler.providers.ai4s import job_instances, job_rows, job_story
from reconciler.providers.ai4s.marks import mark_of, with_mark
from reconciler.providers.ai4s.place import Place, created_id, shown
from reconciler.providers.ai4s.shapes import job_spec, without_nulls
from reconciler.providers.ai4s.times import utc
from reconciler.providers.exchange import Call, Effect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.address import Address
    from reconciler.model.manifest import Spec
    from reconciler.model.mark import Mark
    from reconciler.model.resource import Desired
    from reconciler.providers.facilities import Instance
    from reconciler.providers.protocol import Event, LogLine, Part, RunSummary

LONGEST_DESCRIPTION = 255
_PHASES = {
    "succeeded": Phase.SUCCEEDED,
    "running": Phase.RUNNING,
    "pending": Phase.PENDING,
    "failed": Phase.FAILED,
    "cancelling": Phase.STOPPING,
    "cancelled": Phase.CANCELLED,
}


class Job:
    """The handler of the kind `Job`."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def create(self, desired: Desired) -> Live:
        """Submits the run, once."""
        address = desired.address
        body = with_mark(without_nulls(dict(desired.spec)), desired.mark, longest_description=LONGEST_DESCRIPTION)
        call = Call(f"submit job {address.name}", "POST", self._place.path(address.scope, "jobs"), body=body)
        remote_id = created_id(self._place.call(call), self._place.target, call)
        return Live(address, remote_id, {}, Phase.PENDING, desired.mark)

    def read(self, address: Address, remote_id: str) -> Live | None:
        """The run, or None when the platform has none, which after its retention is usual."""
        try:
            item = self._shown(address, remote_id)
        except NotFound:
            return None
        return _live(address, item)

    def find(self, address: Address, mark: Mark) -> tuple[Live, ...]:
        """Every run with exactly this mark: those that carry it as a label, and those under this name that carry it in
        their description.
        """
        rows = {
            str(row["id"]): row
            for query in ({"labels": str(mark)}, {"job_name": address.name})
            for row in job_rows.every(self._place, address.scope, query)
            if mark_of(row) == mark
        }
        found = (self.read(address, remote_id) for remote_id in rows)
        return tuple(live for live in found if live is not None)

    def stop(self, address: Address, remote_id: str, *, force: bool = False) -> None:
        """Cancels the run; it goes on for a while. One that has ended, or is gone, is no error."""
        path = self._path(address, remote_id, "terminate")
        call = Call(f"stop job {address.name}", "POST", path, body={"force": force}, effect=Effect.REPEATABLE)
        try:
            self._place.call(call)
        except NotFound:
            return
        except Refused:
            live = self.read(address, remote_id)
            if live is not None and not live.phase.ended and live.phase is not Phase.STOPPING:
                raise

    def delete(self, address: Address, remote_id: str) -> None:
        """Removes the record; one that is gone is no error."""
        path = self._path(address, remote_id)
        try:
            self._place.call(Call(f"delete job {address.name}", "DELETE", path))
        except NotFound:
            return

    def retry(self, address: Address, remote_id: str) -> None:
        """Runs it again under the same id. Sent once: a second one could start what the first has just finished."""
        path = self._path(address, remote_id, "retry")
        self._place.call(Call(f"retry job {address.name}", "POST", path))

    def logs(self, address: Address, remote_id: str, *, task: str = "", index: int | None = None) -> Iterator[LogLine]:
        """The output of every instance of every task, or of those asked for."""
        item = self._shown(address, remote_id)
        return job_story.logs(self._place, self._path(address, remote_id), item, task, index)

    def events(self, address: Address, remote_id: str, *, task: str = "") -> Iterator[Event]:
        """What happened to the run and to its tasks; only to one task when asked for."""
        item = self._shown(address, remote_id)
        return job_story.events(self._place, self._path(address, remote_id), item, task)

    def parts(self, address: Address, remote_id: str) -> tuple[Part, ...]:
        """One per task instance, in the order of the workflow's tasks; a task not yet started is one part."""
        return job_story.parts(self._shown(address, remote_id))

    def instances(
        self, address: Address, remote_id: str, *, task: str, index: int | None = None
    ) -> tuple[Instance, ...]:
        """The pods of one task, or of one of its instances."""
        item = self._shown(address, remote_id)
        return job_instances.instances(self._place, self._path(address, remote_id), item, task, index)

    def instance(self, address: Address, remote_id: str, *, task: str, name: str, index: int | None = None) -> Spec:
        """The document of one pod."""
        return job_instances.document(self._place, self._path(address, remote_id), task, name, index)

    def instance_events(
        self, address: Address, remote_id: str, *, task: str, name: str, index: int | None = None
    ) -> Iterator[Event]:
        """What happened to one pod."""
        return job_instances.events(self._place, self._path(address, remote_id), task, name, index)

    def detail(self, address: Address, remote_id: str) -> Spec:
        """The shown job: its flattened tasks, their times and statuses, its graph."""
        return self._shown(address, remote_id)

    def summary(self, address: Address, remote_id: str) -> RunSummary:
        """A row as `browse` gives them."""
        return job_rows.summary(self._shown(address, remote_id))

    def browse(self, scope: str, filters: Mapping[str, str], limit: int) -> Iterator[RunSummary]:
        """Rows of runs; the filters are those of `job_rows.FILTERS`."""
        return job_rows.browse(self._place, scope, filters, limit)

    def browse_from(self, scope: str, filters: Mapping[str, str], limit: int, offset: int) -> Iterator[RunSummary]:
        """The same without the first `offset` rows."""
        return job_rows.browse(self._place, scope, filters, limit, offset)

    def _shown(self, address: Address, remote_id: str) -> dict[str, Any]:
        call = Call(f"read job {address.name}", "GET", self._path(address, remote_id))
        return shown(self._place.call(call), self._place.target, call)

    def _path(self, address: Address, remote_id: str, *parts: str) -> str:
        return self._place.path(address.scope, "jobs", remote_id, *parts)


def _live(address: Address, item: Mapping[str, Any]) -> Live:
    status = str(item.get("status") or "")
    reason = ": ".join(str(item[key]) for key in ("failed_reason", "failed_message") if item.get(key))
    output_dir = item.get("output_dir")
    return Live(
        address=address,
        remote_id=str(item["id"]),
        spec=job_spec(item, address.scope),
        phase=_PHASES.get(status.lower(), Phase.UNKNOWN),
        mark=mark_of(item),
        status=status,
        detail=reason,
        outputs={"output_dir": output_dir} if isinstance(output_dir, str) and output_dir else {},
        started=utc(item.get("start_time")),
    )
