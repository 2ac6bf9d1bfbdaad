"""What a job has written, what happened to it, what it used, how its machines were checked (contract, 5.8).

None of these lists has a cursor, and each begins seven days ago, or an hour, unless told otherwise.
"""

from __future__ import annotations

from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from reconciler.errors import NotFound, UsageError
from reconciler.providers.exchange import segment
from reconciler.providers.facilities import HealthCheck, Series
from reconciler.providers.pai_dlc.place import EVER, moment, stamp
from reconciler.providers.pai_dlc.rows import numbered
from reconciler.providers.protocol import Event, LogLine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reconciler.model.address import Address
    from reconciler.providers.pai_dlc.place import Place

    Row = Mapping[str, Any]

MOST_LINES = 100_000
MOST_EVENTS = 10_000
_AHEAD = 86_400.0
_STEPS = ((60, "1m"), (24 * 60, "5m"))
"""Up to so many minutes, a point each so often."""
_COARSE = "1h"
METRICS = {
    "GpuCoreUsage": "%",
    "GpuMemoryUsage": "%",
    "CpuCoreUsage": "%",
    "MemoryUsage": "%",
    "NetworkInputRate": "bytes/s",
    "NetworkOutputRate": "bytes/s",
    "DiskReadRate": "bytes/s",
    "DiskWriteRate": "bytes/s",
}
"""What is measured, and the unit the console shows it in."""
_USUAL = ("CpuCoreUsage", "MemoryUsage", "GpuCoreUsage", "GpuMemoryUsage")


def logs(place: Place, address: Address, row: Row, role: str, index: int | None) -> Iterator[LogLine]:
    """The lines of the pods asked for, each pod whole with its earlier incarnations first. Raises NotFound for a pod
    the job does not have.
    """
    chosen = _chosen(address, row, role, index)
    return chain.from_iterable(_of_pod(place, address, row, pod, number) for pod, number in chosen)


def events(place: Place, address: Address, row: Row, role: str) -> Iterator[Event]:
    """Oldest first. The platform tells them as sentences."""
    job_id, query = str(row["JobId"]), _window(place, row)
    query["MaxEventsNum"] = str(MOST_EVENTS)
    if not role:
        path = f"/api/v1/jobs/{segment(job_id)}/events"
        told = place.read("GetJobEvents", f"read events of job {address.name}", path, query)
        return (Event("", "", str(text)) for text in told.get("Events") or ())
    return chain.from_iterable(
        _pod_events(place, address, job_id, pod, query) for pod, _ in _chosen(address, row, role, None)
    )


def metrics(place: Place, address: Address, row: Row, name: str, minutes: int) -> tuple[Series, ...]:
    """One series for each pod and measurement that has points. Raises UsageError for a measurement there is none of."""
    if name and name not in METRICS:
        msg = f"there is no measurement {name!r}"
        raise UsageError(msg, hint=f"one of: {', '.join(METRICS)}")
    pods = {str(pod.get("PodId")): (str(pod.get("Type") or ""), number) for pod, number in numbered(row)}
    step = next((text for most, text in _STEPS if minutes <= most), _COARSE)
    query = {"StartTime": stamp(place.clock() - minutes * 60), "EndTime": stamp(place.clock()), "TimeStep": step}
    found = []
    for metric in [name] if name else _USUAL:
        path = f"/api/v1/jobs/{segment(str(row['JobId']))}/metrics"
        operation = f"read metrics of job {address.name}"
        told = place.read("GetJobMetrics", operation, path, {**query, "MetricType": metric})
        for pod in place.rows(told, "PodMetrics", operation):
            points = tuple((point["Time"] / 1000, float(point["Value"])) for point in pod.get("Metrics") or ())
            task, number = pods.get(str(pod.get("PodId")), (str(pod.get("PodId")), 0))
            if points:
                found.append(Series(metric, METRICS[metric], points, task, number))
    return tuple(found)


def checks(place: Place, address: Address, job_id: str) -> tuple[HealthCheck, ...]:
    """Every check of every round, oldest round first."""
    operation = f"read sanity checks of job {address.name}"
    path = f"/api/v1/jobs/{segment(job_id)}/sanitycheckresults"
    told = place.read("ListJobSanityCheckResults", operation, path, {"Order": "asc"})
    return tuple(_check(each) for one in told.get("SanityCheckResults") or () for each in one)


def checks_of_round(place: Place, address: Address, job_id: str, number: int, phase: str) -> tuple[HealthCheck, ...]:
    """The checks of one round, `phase` "" for all."""
    operation = f"read sanity checks of job {address.name}"
    path = f"/api/v1/jobs/{segment(job_id)}/sanitycheckresult"
    query = {"SanityCheckNumber": str(number), **({"SanityCheckPhase": phase} if phase else {})}
    told = place.read("GetJobSanityCheckResult", operation, path, query)
    return tuple(_check(each) for each in place.rows(told, "SanityCheckResult", operation))


def _check(row: Row) -> HealthCheck:
    return HealthCheck(
        name=str(row.get("Phase") or ""),
        status=str(row.get("Status") or ""),
        message=str(row.get("Message") or ""),
        started=moment(row.get("StartedAt")),
        finished=moment(row.get("FinishedAt")),
        number=int(row.get("CheckNumber") or 0),
    )


def _chosen(address: Address, row: Row, role: str, index: int | None) -> list[tuple[dict[str, Any], int]]:
    pods = numbered(row)
    found = [
        (pod, number)
        for pod, number in pods
        if (not role or str(pod.get("Type")).lower() == role.lower()) and (index is None or index == number)
    ]
    if not found and (role or index is not None):
        msg = f"job {address.name} has no pod {role} {'' if index is None else index}".rstrip()
        there = ", ".join(f"{pod.get('Type')} {number}" for pod, number in pods)
        raise NotFound(msg, hint=f"it has: {there}" if there else "it has no pods yet")
    return found


def _of_pod(place: Place, address: Address, row: Row, pod: Row, number: int) -> Iterator[LogLine]:
    role = str(pod.get("Type") or "")
    lives = [each for each in pod.get("HistoryPods") or () if isinstance(each, dict)]
    for life in (*lives, pod):
        path = f"/api/v1/jobs/{segment(str(row['JobId']))}/pods/{segment(str(life.get('PodId')))}/logs"
        pod_uid = {"PodUid": str(life["PodUid"])} if life.get("PodUid") else {}

        def read(window: Mapping[str, str], path: str = path, more: Mapping[str, str] = pod_uid) -> list[str]:
            query = {**window, "MaxLines": str(MOST_LINES), **more}
            told = place.read("GetPodLogs", f"read log of job {address.name}", path, query)
            return [str(text).rstrip("\n") for text in told.get("Logs") or ()]

        start, end = _seconds(place, row)
        for text in _whole(read, start, end):
            yield LogLine(text, "", role, number)


def _whole(read: Callable[[Mapping[str, str]], list[str]], start: int, end: int) -> Iterator[str]:
    """Every line between two seconds: there is no cursor, so a window that was cut off is read in two halves. What one
    second holds beyond the most lines there are is lost.
    """
    lines = read({"StartTime": stamp(start), "EndTime": stamp(end)})
    if len(lines) < MOST_LINES or end <= start:
        yield from lines
        return
    middle = (start + end) // 2
    yield from _whole(read, start, middle)
    yield from _whole(read, middle + 1, end)


def _pod_events(place: Place, address: Address, job_id: str, pod: Row, query: Mapping[str, str]) -> Iterator[Event]:
    path = f"/api/v1/jobs/{segment(job_id)}/pods/{segment(str(pod.get('PodId')))}/events"
    told = place.read("GetPodEvents", f"read events of job {address.name}", path, query)
    return (Event("", "", str(text), task=str(pod.get("PodId"))) for text in told.get("Events") or ())


def _window(place: Place, row: Row) -> dict[str, str]:
    start, end = _seconds(place, row)
    return {"StartTime": stamp(start), "EndTime": stamp(end)}


def _seconds(place: Place, row: Row) -> tuple[int, int]:
    """From the submission on, as UNIX seconds: left out, the platform begins seven days ago."""
    created = moment(row.get("GmtCreateTime")) or EVER
    return int(datetime.fromisoformat(created).timestamp()), int(place.clock() + _AHEAD)
