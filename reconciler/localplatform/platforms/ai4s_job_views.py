"""How a job looks on the wire: upper-case states, times as text, the flat definition, tasks and their instances."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.clock import utc_text
from reconciler.localplatform.platforms.ai4s_workflows import needs_of, shown_task
from reconciler.localplatform.work import Status

if TYPE_CHECKING:
    from reconciler.localplatform.engines.protocol import InstanceSnapshot, RunSnapshot, TaskSnapshot
    from reconciler.localplatform.history import RunRow
    from reconciler.localplatform.store import Entity

STATES = {
    Status.PENDING: "PENDING",
    Status.RUNNING: "RUNNING",
    Status.SUSPENDED: "PENDING",
    Status.STOPPING: "CANCELLING",
    Status.SUCCEEDED: "SUCCEEDED",
    Status.FAILED: "FAILED",
    Status.CANCELLED: "CANCELLED",
    Status.SKIPPED: "CANCELLED",
}
"""The platform's word for each status. It has none for a task that never started since another failed."""


def shown_job(job: Entity, run: RunSnapshot, *, with_logs: bool) -> dict[str, Any]:
    """The reply of show."""
    body = job.body
    answer = {
        **_head(job, run.status, run.message, str(run.cause)),
        **_times(job.created, run.started, run.finished),
        "tasks": [shown_task(task, detailed=True) for task in body["tasks"]],
        "task_runtime_info": [_task(task, run, job, with_logs=with_logs) for task in run.tasks],
        "dag": {task: dict.fromkeys(needs, "") for task, needs in needs_of(body["tasks"]).items()},
        "io_acc_expected_usage": body["io_acc_expected_usage"],
        "node_labels": body["node_labels"],
        "still_running_tasks": [t.name for t in run.tasks if t.status in {Status.RUNNING, Status.STOPPING}],
    }
    if body["io_acc_id"]:
        answer["io_acc_info"] = {"id": body["io_acc_id"], "type": "", "space": 0, "free_space": 0.0}
    return answer


def job_row(job: Entity, run: RunRow | None, space: Entity) -> dict[str, Any]:
    """A job in a list: no tasks, no runtime; `io_acc_id` where show has `io_acc_info`."""
    status = Status(job.run) if job.run else Status.PENDING
    return {
        **_head(job, status, run.message if run else "", str(run.cause) if run else ""),
        **_times(job.created, run.started if run else None, run.finished if run else None),
        "eihealth_project_id": space.id,
        "eihealth_project_name": space.name,
        "user_name": job.owner,
        "io_acc_id": job.body["io_acc_id"],
        "io_acc_expected_usage": job.body["io_acc_expected_usage"],
    }


def _head(job: Entity, status: Status, message: str, cause: str) -> dict[str, Any]:
    names = ("name", "description", "labels", "priority", "timeout", "output_dir")
    failed = status is Status.FAILED
    return {
        "id": job.id,
        **{name: job.body[name] for name in names},
        "status": STATES[status],
        "failed_message": message if failed else "",
        "failed_reason": cause if failed else "",
        "tool_info": job.body["tool"],
    }


def _times(created: float, started: float | None, finished: float | None) -> dict[str, str]:
    shown = {"create_time": created, "start_time": started, "finish_time": finished}
    return {name: utc_text(at) for name, at in shown.items() if at is not None}


def _task(task: TaskSnapshot, run: RunSnapshot, job: Entity, *, with_logs: bool) -> dict[str, Any]:
    subs = [_sub_task(task, instance, job, with_logs=with_logs) for instance in task.instances]
    return {
        "task_name": task.name,
        "status": STATES[task.status],
        "create_time": utc_text(run.submitted),
        **({"finish_time": utc_text(task.finished)} if task.finished is not None else {}),
        "actual_running_time": _seconds(task.started, task.finished),
        "sub_tasks": subs,
    }


def _sub_task(task: TaskSnapshot, instance: InstanceSnapshot, job: Entity, *, with_logs: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "sub_task_name": f"{task.name}-{instance.index}",
        "status": STATES[instance.status],
        "actual_running_time": _seconds(instance.started, instance.finished),
        "job_failed_times": instance.restarts,
    }
    if instance.started is not None:
        shown |= dict.fromkeys(("create_time", "pod_create_time", "pod_start_time"), utc_text(instance.started))
    if instance.finished is not None:
        shown["finish_time"] = utc_text(instance.finished)
    if with_logs:
        shown["log_storage_link"] = log_link(job, task.name, instance.index)
    return shown


def log_link(job: Entity, task: str, index: int) -> str:
    """Where the whole output can be read; a path of this server."""
    return f"/eihealth-projects/{job.scope}/jobs/{job.id}/logs?task_name={task}&task_index={index}"


def instance_name(job: Entity, task: str, index: int) -> str:
    """The pod that runs an instance: lower case, as the container platform demands."""
    return f"{job.id[:8]}-{re.sub(r'[^a-z0-9]+', '-', task.lower()).strip('-')}-{index}"


def _seconds(started: float | None, finished: float | None) -> int:
    return 0 if started is None or finished is None else max(0, round(finished - started))
