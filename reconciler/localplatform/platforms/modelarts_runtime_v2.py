"""What happens in a v2 job: output, events, tasks, measurements (contract, section 7.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Reply, Route
from reconciler.localplatform.measuring import CPU, MEMORY
from reconciler.localplatform.platforms.modelarts_jobs_v2 import JOB, found
from reconciler.localplatform.platforms.modelarts_output import output_of, window
from reconciler.localplatform.platforms.modelarts_views_v2 import tasks_of
from reconciler.localplatform.platforms.modelarts_words import INVALID, milliseconds, no_v2, number, text
from reconciler.localplatform.platforms.modelarts_work import WORK

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call
    from reconciler.localplatform.history import EventRow
    from reconciler.localplatform.store import Entity

EVENT_OFFSET = "modelarts_event_offset"
"""Switch: whether `offset` of events counts `pages` or `events`; two texts of the vendor disagree."""
LOG_AREA = "modelarts-logs"
_METRICS = {CPU: "cpuUsage", MEMORY: "memUsage"}
_LEVELS = ("Info", "Warning", "Error")
_PREVIEW = 5 * 1024 * 1024


def show_logs(call: Call) -> Reply:
    """A window of the output of one task."""
    job, index = _task(call)
    return Reply(window(call, output_of(call, job.id, index)))


def preview_logs(call: Call) -> Reply:
    """The end of the output of one task."""
    job, index = _task(call)
    whole = output_of(call, job.id, index).whole
    content = whole[-_PREVIEW:]
    return Reply({"content": content, "current_size": len(content.encode()), "full_size": len(whole.encode())})


def link_to_logs(call: Call) -> Reply:
    """A link to the whole output, which is written into the data folder for it."""
    job, index = _task(call)
    file = call.services.data.locate(LOG_AREA, f"{job.id}/{WORK}-{index}.log")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(output_of(call, job.id, index).whole, encoding="utf-8")
    return Reply({"obs_url": file.as_uri()})


def list_events(call: Call) -> Reply:
    """What happened, a page of it."""
    job = found(call)
    offset, limit = number(call, "offset", 0, 0, 10**6), number(call, "limit", 50, 1, 100)
    level, pattern, order = text(call, "level"), text(call, "pattern"), text(call, "order", "desc")
    if level and level not in _LEVELS:
        raise no_v2(INVALID, f"level must be one of {', '.join(_LEVELS)}")
    rows = [_event(row) for row in call.services.runs.events(job.id)]
    rows = [row for row in rows if level in ("", row["level"]) and pattern in row["message"]]
    if order == "desc":
        rows.reverse()
    start = offset if call.services.switches[EVENT_OFFSET] == "events" else offset * limit
    page = rows[start : start + limit]
    return Reply({"total": len(rows), "limit": limit, "offset": offset, "events": page})


def _event(row: EventRow) -> dict[str, Any]:
    what = f"{row.task}-{row.number}: " if row.task and row.number is not None else ""
    return {
        "message": f"{what}{row.type.value}{f': {row.message}' if row.message else ''}",
        "level": "Warning" if row.warning else "Info",
        "time": milliseconds(row.at),
        "source": row.task or "job",
    }


def list_tasks(call: Call) -> Reply:
    """The instances: a bare list."""
    job = found(call)
    address = {"ip": "127.0.0.1", "host_ip": "127.0.0.1", "schedule_count": 1}
    return Reply([{"task": name, **address} for name in tasks_of(job)])


def list_stages(call: Call) -> Reply:
    """The one time it ran."""
    job = found(call)
    snapshot = call.services.runs.look(job.id)
    started = milliseconds(snapshot.started)
    records = [{"start_at": started, "end_at": milliseconds(snapshot.finished), "start_type": "start"}]
    return Reply({"total_count": 1 if started else 0, "running_records": records if started else []})


def show_metrics(call: Call) -> Reply:
    """Measurements of one task, oldest first."""
    job, index = _task(call)
    rows = []
    for metric, name in _METRICS.items():
        samples = call.services.runs.history.measured(job.id, WORK, index, metric)
        rows.append({"metric": name, "value": [sample.value for sample in samples]})
    return Reply({"metrics": rows})


def _task(call: Call) -> tuple[Entity, int]:
    """The job and the index of the task in the path. Raises Refusal."""
    job, name = found(call), call.arguments["task_id"]
    if name not in tasks_of(job):
        raise no_v2(INVALID, f"the training job has no task {name}")
    return job, tasks_of(job).index(name)


ROUTES = (
    Route("GET", f"{JOB}/logs/<task_id>", "ShowTrainingJobLogsFromAom", show_logs),
    Route("GET", f"{JOB}/tasks/<task_id>/logs/preview", "ShowTrainingJobLogsPreview", preview_logs),
    Route("GET", f"{JOB}/tasks/<task_id>/logs/url", "ShowTrainingJobLogsUrl", link_to_logs),
    Route("GET", f"{JOB}/events", "ListTrainingJobEvents", list_events),
    Route("GET", f"{JOB}/tasks", "ListTrainingJobTasks", list_tasks),
    Route("GET", f"{JOB}/stages", "ListTrainingJobStages", list_stages),
    Route("GET", f"{JOB}/metrics/<task_id>", "ShowTrainingJobMetrics", show_metrics),
)
