"""What one sees of a job: output and events of its pods, measurements, checks, ways in (platform contract, 5.8)."""

from __future__ import annotations

import secrets
from statistics import fmean
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.clock import utc_text
from reconciler.localplatform.engines.protocol import UnknownRun
from reconciler.localplatform.face import Refusal, Reply, Route
from reconciler.localplatform.measuring import CPU, MEMORY
from reconciler.localplatform.platforms.pai_dlc_starting import told
from reconciler.localplatform.platforms.pai_dlc_views import pod_id, pod_uid, status_of
from reconciler.localplatform.platforms.pai_dlc_words import (
    JOB,
    NOT_FOUND,
    PLATFORM,
    ROOT,
    TENSORBOARD,
    WEEK,
    fine,
    flag,
    found,
    instant,
    invalid,
    number,
    text,
    wrong_state,
)
from reconciler.localplatform.platforms.pai_dlc_work import PODS, pods_of, role_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.localplatform.engines.protocol import LogChunk
    from reconciler.localplatform.face import Call
    from reconciler.localplatform.history import EventRow
    from reconciler.localplatform.store import Entity

_JOB = f"{ROOT}/jobs/<job>"
_POD = f"{_JOB}/pods/<pod>"
LOG_MOST = 8 * 1024 * 1024
"""Bytes of one pod that are kept in reach; of more, the end."""
_LINES_DEFAULT, _LINES_MOST = 2000, 10**6
_EVENTS_DEFAULT, _EVENTS_MOST = 2000, 10_000
_HOUR = 3600.0
_MEASURED = {"CpuCoreUsage": CPU, "MemoryUsage": MEMORY}
_METRICS = frozenset(
    [
        "GpuCoreUsage",
        "GpuMemoryUsage",
        "CpuCoreUsage",
        "MemoryUsage",
        "NetworkInputRate",
        "NetworkOutputRate",
        "DiskReadRate",
        "DiskWriteRate",
    ]
)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_MACHINE = 8 * 2**30
"""Bytes that memory is a share of, in per cent."""
_CHECKS = ("CheckInit", "DeviceCheck", "SingleNodeCommCheck", "AllNodeCommCheck")
_TOKEN_DEFAULT, _TOKEN_MOST = 604_800, 10**9


def pod_logs(call: Call) -> Reply:
    """The lines of one pod between two times; of too many, the last."""
    job, rank = _pod(call)
    most = number(call, "MaxLines", _LINES_DEFAULT, 1, _LINES_MOST)
    start, end = instant(call, "StartTime", call.now - WEEK), instant(call, "EndTime", call.now + 1)
    # Parameters are whole seconds, and the last one is meant with all that is in it.
    lines = [line for at, line in _lines(_output(call, job, rank), job.created) if start <= at < end + 1]
    return fine(call, JobId=job.id, PodId=call.arguments["pod"], PodUid=text(call, "PodUid"), Logs=lines[-most:])


def _output(call: Call, job: Entity, rank: int) -> LogChunk:
    try:
        return call.services.runs.logs(job.id, PODS, rank, limit=LOG_MOST)
    except UnknownRun as error:
        raise Refusal(404, NOT_FOUND, f"the pod {call.arguments['pod']} has no log") from error


def _lines(chunk: LogChunk, created: float) -> Iterable[tuple[float, str]]:
    position, marks, at = chunk.next - len(chunk.content), list(chunk.marks), created
    for raw in chunk.content.splitlines(keepends=True):
        while marks and marks[0].offset <= position:
            at = marks.pop(0).at
        position += len(raw)
        yield at, raw.decode("utf-8", "replace").rstrip("\r\n")


def pod_events(call: Call) -> Reply:
    """What happened to one pod."""
    job, rank = _pod(call)
    events = call.services.runs.events(job.id, task=PODS, number=rank)
    pod = pods_of(job.body)[rank]
    waiting = told(job.body, role_of(job.body, pod))
    first = [f"{_stamp(job.created)} {waiting}"] if waiting else []
    lines = [*first, *_told(call, events)]
    return fine(call, JobId=job.id, PodId=call.arguments["pod"], PodUid=text(call, "PodUid"), Events=lines)


def job_events(call: Call) -> Reply:
    """What happened to the job as a whole."""
    job = found(call, JOB, "job")
    events = [event for event in call.services.runs.events(job.id) if event.number is None]
    return fine(call, JobId=job.id, Events=_told(call, events))


def _told(call: Call, events: Iterable[EventRow]) -> list[str]:
    most = number(call, "MaxEventsNum", _EVENTS_DEFAULT, 1, _EVENTS_MOST)
    start, end = instant(call, "StartTime", call.now - WEEK), instant(call, "EndTime", call.now + 1)
    told = [
        f"{_stamp(event.at)} {'Warning: ' if event.warning else ''}{event.message or event.type}"
        for event in events
        if start <= event.at <= end
    ]
    return told[-most:]


def _stamp(at: float) -> str:
    """`2021-01-28 14:07:24`, as events and lines of the platform begin."""
    return utc_text(at).replace("T", " ").removesuffix("Z")


def job_metrics(call: Call) -> Reply:
    """Measurements of every pod, a point for each step. Of what this machine does not measure there are no points."""
    job, metric = found(call, JOB, "job"), text(call, "MetricType")
    if metric not in _METRICS:
        raise invalid(f"MetricType must be one of {', '.join(sorted(_METRICS))}")
    start, end = instant(call, "StartTime", call.now - _HOUR), instant(call, "EndTime", call.now)
    step = _step(text(call, "TimeStep") or "5m")
    shown = []
    for rank, pod in enumerate(pods_of(job.body)):
        name, buckets = _MEASURED.get(metric, ""), dict[int, list[float]]()
        for sample in call.services.runs.history.measured(job.id, PODS, rank, name) if name else ():
            if start <= sample.at <= end + 1:
                share = 100 * sample.value / _MACHINE if name == MEMORY else sample.value
                buckets.setdefault(int(sample.at // step) * step, []).append(share)
        points = [{"Time": at * 1000, "Value": round(fmean(values), 3)} for at, values in sorted(buckets.items())]
        shown.append({"PodId": pod_id(job, pod.type, pod.number), "Metrics": points})
    return fine(call, JobId=job.id, PodMetrics=shown)


def _step(raw: str) -> int:
    """`5m` in seconds. Raises Refusal 400."""
    amount, unit = raw[:-1], raw[-1:]
    if unit not in _UNITS or not (amount.isascii() and amount.isdigit() and 0 < int(amount) < _EVENTS_MOST):
        raise invalid("TimeStep must be a number with s, m, h or d")
    return int(amount) * _UNITS[unit]


def sanity_checks(call: Call) -> Reply:
    """Every round, each a list; one round where checks are on, none elsewhere."""
    job = found(call, JOB, "job")
    rounds = [_round(job, call)] if _checked(job) else []
    if text(call, "Order").lower() == "desc":
        rounds.reverse()
    return Reply({"SanityCheckResults": rounds, "TotalCount": len(rounds), "RequestID": call.request_id})


def sanity_check(call: Call) -> Reply:
    """One round."""
    job = found(call, JOB, "job")
    if not text(call, "SanityCheckNumber"):
        raise Refusal(400, "MissingParameter", "SanityCheckNumber is required")
    wanted, phase = number(call, "SanityCheckNumber", 1, 1, _EVENTS_MOST), text(call, "SanityCheckPhase")
    checks = _round(job, call) if _checked(job) and wanted == 1 else []
    kept = [check for check in checks if phase in {"", check["Phase"]}]
    return Reply({"JobId": job.id, "SanityCheckResult": kept, "RequestID": call.request_id})


def _checked(job: Entity) -> bool:
    return bool((job.body.get("Settings") or {}).get("EnableSanityCheck"))


def _round(job: Entity, call: Call) -> list[dict[str, Any]]:
    run = call.services.runs.look(job.id)
    if run.started is None:
        return []
    at = utc_text(run.started).replace("Z", ".000000+00:00")
    fine_one = {"Message": "", "Status": "Succeeded", "StartedAt": at, "FinishedAt": at, "CheckNumber": 1}
    return [{"Phase": phase, **fine_one} for phase in _CHECKS]


def web_terminal(call: Call) -> Reply:
    """The shape of a way into a running pod. Nothing listens there: a local pod is a process of your own."""
    job, _ = _pod(call)
    if status_of(job, call.services.runs.look(job.id), call.now) != "Running":
        raise wrong_state("the job does not run")
    shared = flag(call, "IsShared", default=False)
    host = call.request.host
    url = f"ws://{host}/terminals/{call.arguments['pod']}?shared={str(shared).lower()}&token={secrets.token_hex(16)}"
    return fine(call, WebTerminalUrl=url)


def get_token(call: Call) -> Reply:
    """The shape of a token that shares one thing for a while. It opens nothing here, least of all the account."""
    kind, target = text(call, "TargetType") or "job", text(call, "TargetId")
    if kind not in {"job", "tensorboard"}:
        raise invalid("TargetType must be job or tensorboard")
    if call.services.store.get(PLATFORM, JOB if kind == "job" else TENSORBOARD, target) is None:
        raise Refusal(404, NOT_FOUND, f"the {kind} {target} does not exist")
    number(call, "ExpireTime", _TOKEN_DEFAULT, 0, _TOKEN_MOST)
    return fine(call, Token=secrets.token_urlsafe(24))


def ray_dashboard(call: Call) -> Reply:
    """Only Ray jobs have one."""
    job = found(call, JOB, "job")
    if job.body["JobType"] != "RayJob":
        raise invalid("the job is no RayJob")
    return Reply({"url": _dashboard(call, job, "ray"), "metricsEnabled": "false"})


def dashboard(call: Call) -> Reply:
    """The page of a job."""
    return Reply({"url": _dashboard(call, found(call, JOB, "job"), "job")})


def _dashboard(call: Call, job: Entity, what: str) -> str:
    token = text(call, "token")
    return f"http://{call.request.host}/dashboards/{what}/{job.id}" + (f"?token={token}" if token else "")


def _pod(call: Call) -> tuple[Entity, int]:
    """The pod in the path and its rank. Raises Refusal 404."""
    job = found(call, JOB, "job")
    for rank, pod in enumerate(pods_of(job.body)):
        if pod_id(job, pod.type, pod.number) == call.arguments["pod"]:
            if text(call, "PodUid") in {"", pod_uid(job, pod.type, pod.number)}:
                return job, rank
            break
    raise Refusal(404, NOT_FOUND, f"the job has no pod {call.arguments['pod']}")


ROUTES = (
    Route("GET", f"{_POD}/logs", "GetPodLogs", pod_logs),
    Route("GET", f"{_POD}/events", "GetPodEvents", pod_events),
    Route("GET", f"{_POD}/webterminal", "GetWebTerminal", web_terminal),
    Route("GET", f"{_JOB}/events", "GetJobEvents", job_events),
    Route("GET", f"{_JOB}/metrics", "GetJobMetrics", job_metrics),
    Route("GET", f"{_JOB}/sanitycheckresults", "ListJobSanityCheckResults", sanity_checks),
    Route("GET", f"{_JOB}/sanitycheckresult", "GetJobSanityCheckResult", sanity_check),
    Route("GET", f"{_JOB}/rayDashboard", "GetRayDashboard", ray_dashboard),
    Route("GET", f"{_JOB}/dashboard", "GetDashboard", dashboard),
    Route("GET", f"{ROOT}/tokens", "GetToken", get_token),
)
