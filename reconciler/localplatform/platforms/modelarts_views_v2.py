"""How v2 shows a job: what was posted, filled in, and where it is (contract, sections 7.2 and 7.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.platforms.modelarts_words import DRIFT, milliseconds, shown_value
from reconciler.localplatform.platforms.modelarts_work import WORK
from reconciler.localplatform.work import Cause, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.localplatform.engines.protocol import InstanceSnapshot
    from reconciler.localplatform.face import Call
    from reconciler.localplatform.store import Entity

PHASES = {
    Status.PENDING: "Pending",
    Status.RUNNING: "Running",
    Status.SUSPENDED: "Pending",
    Status.STOPPING: "Terminating",
    Status.SUCCEEDED: "Completed",
    Status.FAILED: "Failed",
    Status.CANCELLED: "Terminated",
    Status.SKIPPED: "Terminated",
}
_SECONDARY = {"Pending": "Queuing", "Abnormal": "Lost"}


@dataclass(frozen=True, slots=True)
class Seen:
    """Where a run is. Times are UNIX seconds."""

    status: Status
    cause: Cause
    started: float | None
    finished: float | None
    instances: tuple[InstanceSnapshot, ...] = ()

    @property
    def phase(self) -> str:
        """In the platform's word."""
        return "Abnormal" if self.cause is Cause.LOST else PHASES[self.status]


def look(call: Call, run: str) -> Seen:
    """A run as somebody who looks at it sees it: simulated work may go a step further for it."""
    snapshot = call.services.runs.look(run)
    instances = snapshot.tasks[0].instances if snapshot.tasks else ()
    return Seen(snapshot.status, snapshot.cause, snapshot.started, snapshot.finished, instances)


def glance(call: Call, run: str) -> Seen:
    """The same for a list, which moves nothing."""
    state, row = call.services.runs.state(run), call.services.runs.history.get(run)
    return Seen(state, row.cause, row.started, row.finished) if row else Seen(state, Cause.NONE, None, None)


def shown_job(call: Call, job: Entity, seen: Seen) -> dict[str, Any]:
    """A full job."""
    drift = bool(call.services.switches[DRIFT])
    return {
        "kind": job.body["kind"],
        "metadata": {
            **{key: value for key, value in job.body["metadata"].items() if key != "annotations" or not drift},
            "id": job.id,
            "create_time": milliseconds(job.created),
            "user_name": job.owner,
        },
        "algorithm": _algorithm(job.body["algorithm"], drift=drift),
        "spec": dict(job.body["spec"]),
        "endpoints": dict(job.body.get("endpoints") or {}),
        "status": _status(job, seen, call.now),
    }


def tasks_of(job: Entity) -> list[str]:
    """The names of its instances."""
    return [f"{WORK}-{index}" for index in range(job.body["spec"]["resource"]["node_count"])]


def _algorithm(algorithm: Mapping[str, Any], *, drift: bool) -> dict[str, Any]:
    shown = dict(algorithm)
    if drift:
        shown["parameters"] = [
            {"description": None, **row, "value": shown_value(row["value"], drift=True)}
            for row in algorithm.get("parameters") or ()
        ]
        shown["inputs"] = [
            {**row, "local_dir": row.get("local_dir") or f"/home/ma-user/modelarts/inputs/{row['name']}_0"}
            for row in algorithm.get("inputs") or ()
        ]
        shown.setdefault("working_dir", None)
        shown.setdefault("command", "")
    return shown


def _status(job: Entity, seen: Seen, now: float) -> dict[str, Any]:
    end = seen.finished or (now if seen.started else None)
    return {
        "phase": seen.phase,
        "secondary_phase": _SECONDARY.get(seen.phase, seen.phase),
        "duration": milliseconds(end - seen.started) if end and seen.started else 0,
        "start_time": milliseconds(seen.started),
        "tasks": tasks_of(job),
        "node_count_metrics": [[milliseconds(seen.started), len(tasks_of(job))]],
        "task_statuses": [
            {"task": f"{WORK}-{i.index}", "exit_code": -1 if i.exit_code is None else i.exit_code, "message": i.message}
            for i in seen.instances
            if i.status.ended
        ],
    }
