"""Jobs: submitted and started by one call, run once, almost immutable (contract, section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.errors import Conflict, Forbidden, NotFound, Refused, Throttled, Unanswered, Unauthenticated
from reconciler.model.resource import Live, Phase
from reconciler.providers.exchange import Call, Effect, segment
from reconciler.providers.pai_dlc import browsing, story
from reconciler.providers.pai_dlc.marks import mark_of, with_tag
from reconciler.providers.pai_dlc.place import moment, workspace_of
from reconciler.providers.pai_dlc.rows import (
    ENDED,
    PRIORITY_COUNTS,
    detail_of,
    parts_of,
    phase_of,
    pods_by_role,
    scaled_roles,
    spec_of,
    status_of,
    unshown,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.address import Address
    from reconciler.model.manifest import Spec
    from reconciler.model.mark import Mark
    from reconciler.model.resource import Desired
    from reconciler.providers.facilities import HealthCheck, Link, Series
    from reconciler.providers.pai_dlc.place import Place
    from reconciler.providers.protocol import Event, LogLine, Part, RunSummary

JOBS = "/api/v1/jobs"
_LEAST_PRIORITY, _PRIVATE, _PUBLIC = 1, "PRIVATE", "PUBLIC"
_READ_BACK, _STEP = 60.0, 5.0
"""Seconds until the platform shows a new priority, at most, and between two looks."""


class Job:
    """The handler of the kind `Job`."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def create(self, desired: Desired) -> Live:
        """Submits the job, once. The platform has no idempotency token: only the mark among the tags tells (trap 3)."""
        address = desired.address
        body = {**with_tag(desired.spec, desired.mark), **workspace_of(address.scope)}
        answer = self._place.call("CreateJob", Call(f"submit job {address.name}", "POST", JOBS, body=body))
        job_id = answer.get("JobId")
        if not job_id:
            msg = f"{self._place.target}: submit job {address.name}: the answer holds no job id"
            raise Unanswered(msg, hint="the next apply looks for it before it sends anything again")
        return Live(address, str(job_id), {}, Phase.PENDING, desired.mark)

    def read(self, address: Address, remote_id: str) -> Live | None:
        """The job, or None when the platform has none, or none any more."""
        try:
            row = self._row(address, remote_id)
        except NotFound:
            return None
        return None if row.get("IsDeleted") else self._live(address, row)

    def find(self, address: Address, mark: Mark) -> tuple[Live, ...]:
        """Every job with exactly this mark: by its tag, and where that shows none, by name, in case the filter of tags
        does not see what was just written.
        """
        ids: list[str] = []
        for rows in (
            browsing.tagged(self._place, address.scope, mark),
            browsing.named(self._place, address.scope, address.name),
        ):
            ids = ids or sorted(
                {str(row["JobId"]) for row in rows if mark_of(row) == mark and not row.get("IsDeleted")}
            )
        found = (self.read(address, job_id) for job_id in ids)
        return tuple(live for live in found if live is not None and live.mark == mark)

    def update(self, remote_id: str, desired: Desired) -> None:
        """Priority and accessibility, only where the platform really changes them, the number of pods of roles that
        are scaled, and the description. Raises Conflict where it would say yes and do nothing. What a job has ended
        with, it keeps: a priority and a number of pods count for its next run then.
        """
        address = desired.address
        row = self._row(address, remote_id)
        shown = self._accessibility(address, row, desired.spec)
        if status_of(row) not in ENDED:
            shown |= {**self._priority(address, row, desired.spec), **self._scale(address, row, desired.spec)}
        has, wanted = str(row.get("Description") or ""), str(desired.spec.get("Description") or "")
        body = shown if has == wanted else {**shown, "Description": wanted}
        if not body:
            return
        call = Call(f"update job {address.name}", "PUT", f"{JOBS}/{segment(remote_id)}", body=body)
        self._place.call("UpdateJob", call)
        self._read_back(address, remote_id, shown)

    def stop(self, address: Address, remote_id: str, *, force: bool = False) -> None:  # noqa: ARG002 - there is one way
        """Asks it to end. One that has ended is refused by the platform, which a look tells from other refusals."""
        path = f"{JOBS}/{segment(remote_id)}/stop"
        try:
            call = Call(f"stop job {address.name}", "POST", path, effect=Effect.REPEATABLE)
            self._place.call("StopJob", call)
        except NotFound:
            return
        except (Unauthenticated, Forbidden, Throttled):
            raise
        except Refused:
            live = self.read(address, remote_id)
            if live is not None and live.status not in ENDED:
                raise

    def delete(self, address: Address, remote_id: str) -> None:
        """Removes a job that has ended; the platform refuses any other."""
        try:
            self._place.call("DeleteJob", Call(f"delete job {address.name}", "DELETE", f"{JOBS}/{segment(remote_id)}"))
        except NotFound:
            return

    def logs(self, address: Address, remote_id: str, *, task: str = "", index: int | None = None) -> Iterator[LogLine]:
        """The output pod by pod; `task` is a role."""
        return story.logs(self._place, address, self._row(address, remote_id), task, index)

    def events(self, address: Address, remote_id: str, *, task: str = "") -> Iterator[Event]:
        """What happened to the job, or to the pods of the role `task`."""
        return story.events(self._place, address, self._row(address, remote_id), task)

    def metrics(self, address: Address, remote_id: str, *, name: str = "", minutes: int = 60) -> tuple[Series, ...]:
        """See Measures."""
        return story.metrics(self._place, address, self._row(address, remote_id), name, minutes)

    def checks(self, address: Address, remote_id: str, *, number: int = 0, name: str = "") -> tuple[HealthCheck, ...]:
        """See ChecksHealth."""
        if number:
            return story.checks_of_round(self._place, address, remote_id, number, name)
        return tuple(each for each in story.checks(self._place, address, remote_id) if name in {"", each.name})

    def links(self, address: Address, remote_id: str, *, shared: bool = False) -> tuple[Link, ...]:
        """See Links."""
        from reconciler.providers.pai_dlc.links import links_of_job

        return links_of_job(self._place, address, self._row(address, remote_id), shared=shared)

    def parts(self, address: Address, remote_id: str) -> tuple[Part, ...]:
        """One per pod."""
        return parts_of(self._row(address, remote_id))

    def browse(self, scope: str, filters: Mapping[str, str], limit: int) -> Iterator[RunSummary]:
        """Rows of the workspace, newest first; the filters are those of `browsing.FILTERS`."""
        return browsing.browse(self._place, scope, filters, limit)

    def _row(self, address: Address, job_id: str) -> dict[str, Any]:
        operation = f"read job {address.name}"
        row = self._place.read("GetJob", operation, f"{JOBS}/{segment(job_id)}")
        if str(row.get("JobId", "")).lower() != job_id.lower():
            msg = f"{self._place.target}: {operation}: the answer is not the job that was asked for"
            raise Unanswered(msg, hint="is the endpoint right?")
        return row

    def _live(self, address: Address, row: Mapping[str, Any]) -> Live:
        return Live(
            address=address,
            remote_id=str(row["JobId"]),
            spec=spec_of(row),
            phase=phase_of(row),
            mark=mark_of(row),
            status=status_of(row),
            detail=detail_of(row),
            started=moment(row.get("GmtRunningTime")),
        )

    def _priority(self, address: Address, row: Mapping[str, Any], spec: Spec) -> dict[str, Any]:
        wanted = int(spec.get("Priority") or _LEAST_PRIORITY)
        if row.get("Priority", _LEAST_PRIORITY) == wanted:
            return {}
        if why := no_new_priority(row):
            msg = f"{self._place.target}: the priority of job {address.name} cannot be changed: {why}"
            raise Conflict(
                msg, hint="put the former one back, or raise `lifecycle.attempt` for another run with this one"
            )
        return {"Priority": wanted}

    def _accessibility(self, address: Address, row: Mapping[str, Any], spec: Spec) -> dict[str, Any]:
        has, wanted = row.get("Accessibility") or _PRIVATE, spec.get("Accessibility") or _PRIVATE
        if has == wanted:
            return {}
        if wanted != _PUBLIC:
            msg = f"{self._place.target}: job {address.name} is {has} and cannot be made {wanted}"
            raise Conflict(msg, hint="the platform only widens who sees a job: put PUBLIC back")
        return {"Accessibility": wanted}

    def _scale(self, address: Address, row: Mapping[str, Any], spec: Spec) -> dict[str, Any]:
        """Every role as it is wanted, when one of those that are scaled has another number of pods."""
        has = pods_by_role(row)
        wanted = {name: pods for name, pods in scaled_roles(spec).items() if has.get(name) != pods}
        if not wanted:
            return {}
        if phase_of(row) is Phase.STOPPING:
            msg = f"{self._place.target}: job {address.name} is {status_of(row)}, and no longer scaled"
            raise Conflict(msg, hint="put the former number back, or raise `lifecycle.attempt` for another run")
        return {"JobSpecs": list(spec["JobSpecs"])}

    def _read_back(self, address: Address, job_id: str, body: Mapping[str, Any]) -> None:
        """Waits until the platform shows what it took: it says yes to what it does not do, too."""
        waited = 0.0
        while missing := unshown(row := self._row(address, job_id), body):
            if waited >= _READ_BACK:
                msg = f"{self._place.target}: job {address.name} does not show {missing} after {_READ_BACK:g} s"
                raise Conflict(msg, hint=f"it is {status_of(row)}: the platform said yes, and did nothing so far")
            self._place.pause(_STEP)
            waited += _STEP


def no_new_priority(row: Mapping[str, Any]) -> str:
    """Why the platform would not act on a new priority, "" when it would."""
    if not row.get("ResourceId"):
        return "it runs in the public pool, where the platform accepts a new priority and does nothing"
    if status_of(row) not in PRIORITY_COUNTS:
        return f"it is {status_of(row)}, and the platform acts on a new priority only before a job runs"
    return ""
