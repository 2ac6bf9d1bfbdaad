"""What one sees of a running job: events, output, instances, the pod document, measurements (section 9)."""

from __future__ import annotations

import json
from statistics import fmean
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.clock import utc_text
from reconciler.localplatform.face import Refusal, Reply, Route
from reconciler.localplatform.measuring import CPU, MEMORY
from reconciler.localplatform.platforms.ai4s_job_views import instance_name, log_link
from reconciler.localplatform.platforms.ai4s_words import NO_INSTANCE, SPACE, in_space, invalid, number, span, text
from reconciler.localplatform.work import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from reconciler.localplatform.engines.protocol import InstanceSnapshot, LogChunk, LogMark
    from reconciler.localplatform.face import Call
    from reconciler.localplatform.history import EventRow
    from reconciler.localplatform.store import Entity

_JOB = f"{SPACE}/jobs/<job_id>"
_TASK = f"{_JOB}/tasks/<task>"
_INSTANCE = f"{_TASK}/instances/<instance>"
_INDEX_MOST = 10**6
_ALL = -1
LOG_MOST = 8 * 1024 * 1024
"""Bytes of output one answer holds; of more, the end."""
_METHODS: Mapping[str, Callable[[list[float]], float]] = {"maximum": max, "minimum": min, "average": fmean}
_UNITS = {CPU: "%", MEMORY: "Byte"}
_PHASES = {
    Status.PENDING: "Pending",
    Status.SUSPENDED: "Running",
    Status.RUNNING: "Running",
    Status.STOPPING: "Running",
    Status.SUCCEEDED: "Succeeded",
}


def job_events(call: Call) -> Reply:
    """What happened to the job, its tasks and instances, oldest first."""
    job = in_space(call, "Job", "job_id")
    events = [
        {"action_name": event.type.replace("-", " ").title().replace(" ", ""), **_event(event)}
        for event in call.services.runs.events(job.id)
    ]
    return Reply({"events": events, "count": len(events)})


def task_events(call: Call) -> Reply:
    """What happened to one task, or to one of its instances."""
    job, index = in_space(call, "Job", "job_id"), _index(call, _ALL)
    _instances(call, job)
    return _events(call.services.runs.events(job.id, task=call.arguments["task"], number=None if index < 0 else index))


def instance_events(call: Call) -> Reply:
    """What happened to one instance."""
    job, instance = _one(call)
    return _events(call.services.runs.events(job.id, task=call.arguments["task"], number=instance.index))


def _events(rows: Iterable[EventRow]) -> Reply:
    events = [_event(row) for row in rows]
    return Reply({"events": events, "count": len(events)})


def _event(row: EventRow) -> dict[str, Any]:
    where = f"{row.task}-{row.number}: " if row.number is not None else f"{row.task}: " if row.task else ""
    at = utc_text(row.at)
    return {
        "type": "Warning" if row.warning else "Normal",
        "count": 1,
        "reason": row.type.replace("-", " ").title().replace(" ", ""),
        "message": f"{where}{row.message or row.type}",
        "first_timestamp": at,
        "last_timestamp": at,
    }


def job_logs(call: Call) -> Reply:
    """The output of one instance, a line each; the instance with index 0 unless told otherwise."""
    job, task, index = in_space(call, "Job", "job_id"), text(call, "task_name"), _index(call, 0)
    if not task:
        raise invalid("task_name is required")
    _instances(call, job, task)
    lines = _lines(_output(call, job.id, task, index))
    return Reply({"logs": lines, "count": len(lines), "log_storage_link": log_link(job, task, index)})


def _output(call: Call, run: str, task: str, index: int) -> LogChunk:
    runs = call.services.runs
    return runs.logs(run, task, index, limit=LOG_MOST)


def _lines(chunk: LogChunk) -> list[dict[str, str]]:
    lines, position, marks = [], chunk.next - len(chunk.content), list(chunk.marks)
    at = ""
    for raw in chunk.content.splitlines(keepends=True):
        at = _time_of(marks, position) or at
        position += len(raw)
        lines.append({"collect_time": at, "content": raw.decode("utf-8", "replace").rstrip("\r\n")})
    return lines


def _time_of(marks: list[LogMark], position: int) -> str:
    """When what stands at `position` was written; drops the marks that lie behind."""
    at = ""
    while marks and marks[0].offset <= position:
        at = utc_text(marks.pop(0).at)
    return at


def task_instances(call: Call) -> Reply:
    """The instances of a task as pods, or one of them."""
    job, index = in_space(call, "Job", "job_id"), _index(call, _ALL)
    pods = [_pod(call, job, i) for i in _instances(call, job) if index in {_ALL, i.index}]
    return Reply({"instances": pods, "count": len(pods)})


def instance_pod(call: Call) -> Reply:
    """The pod document, as text."""
    job, instance = _one(call)
    pod = _pod(call, job, instance)
    return Reply({"metadata": json.dumps({"apiVersion": "v1", "kind": "Pod", **pod}, indent=2)})


def instance_metrics(call: Call) -> Reply:
    """Measurements of one instance, one point for each minute; empty where nothing was measured."""
    job, instance = _one(call)
    name, method = text(call, "metric_name"), text(call, "method") or "maximum"
    if not name:
        raise invalid("metric_name is required")
    if method not in _METHODS:
        raise invalid(f"method must be one of {', '.join(_METHODS)}")
    period = span(call, "from_time", "to_time")
    minutes: dict[int, list[float]] = {}
    for sample in call.services.runs.history.measured(job.id, call.arguments["task"], instance.index, name):
        if (period.start or 0.0) <= sample.at <= (period.end or float("inf")):
            minutes.setdefault(int(sample.at // 60) * 60, []).append(sample.value)
    points = [
        {"timestamp": minute * 1000, "unit": _UNITS.get(name, ""), "value": _METHODS[method](values)}
        for minute, values in sorted(minutes.items())
    ]
    return Reply({"data_points": points})


def _pod(call: Call, job: Entity, instance: InstanceSnapshot) -> dict[str, Any]:
    task = call.arguments["task"]
    definition = next(t for t in job.body["tasks"] if t["task_name"] == task)
    asked = {name: definition["resources"][name] for name in ("cpu", "memory")}
    status: dict[str, Any] = {
        "phase": _PHASES.get(instance.status, "Failed"),
        "pod_ip": "127.0.0.1",
        "host_ip": "127.0.0.1",
        "host_name": "local",
        "container_statuses": [{"restart_count": instance.restarts}],
    }
    if instance.started is not None:
        status["start_time"] = utc_text(instance.started)
    return {
        "metadata": {"name": instance_name(job, task, instance.index), "namespace": job.scope},
        "spec": {"containers": [{"resources": {"limits": asked, "requests": asked}}]},
        "status": status,
    }


def _one(call: Call) -> tuple[Entity, InstanceSnapshot]:
    """The instance in the path. Raises Refusal 404."""
    job, wanted = in_space(call, "Job", "job_id"), call.arguments["instance"]
    for instance in _instances(call, job):
        if instance_name(job, call.arguments["task"], instance.index) == wanted:
            return job, instance
    raise Refusal(404, NO_INSTANCE, f"the task has no instance {wanted}")


def _instances(call: Call, job: Entity, task: str = "") -> tuple[InstanceSnapshot, ...]:
    """The instances of a task. Raises Refusal 404 when the job has no such task."""
    name = task or call.arguments["task"]
    if name not in {t["task_name"] for t in job.body["tasks"]}:
        raise Refusal(404, NO_INSTANCE, f"the job has no task {name}")
    snapshot = call.services.runs.look(job.id)
    return next((t.instances for t in snapshot.tasks if t.name == name), ())


def _index(call: Call, default: int) -> int:
    return number(call, "task_index", default, 0, _INDEX_MOST)


ROUTES = (
    Route("GET", f"{_JOB}/events", "ShowJobEvent", job_events),
    Route("GET", f"{_JOB}/logs", "ShowJobLog", job_logs),
    Route("GET", f"{_TASK}/events", "ShowTaskEvents", task_events),
    Route("GET", f"{_TASK}/instances", "ShowTaskInstances", task_instances),
    Route("GET", f"{_INSTANCE}/events", "ShowTaskInstanceEvents", instance_events),
    Route("GET", f"{_INSTANCE}/pod", "ShowTaskInstancePod", instance_pod),
    Route("GET", f"{_INSTANCE}/metric-data", "ShowTaskInstanceMetricData", instance_metrics),
)
