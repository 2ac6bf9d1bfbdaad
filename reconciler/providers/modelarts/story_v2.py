"""What happened in a v2 job: its output, its events, its instances, its measurements (contract, section 7.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from reconciler.errors import NotFound, Refused
from reconciler.providers.exchange import Call
from reconciler.providers.facilities import Link
from reconciler.providers.modelarts.faults import number
from reconciler.providers.modelarts.logs import whole_log
from reconciler.providers.modelarts.phases import of_v2
from reconciler.providers.modelarts.place import part, path_to, whole
from reconciler.providers.modelarts.times import utc
from reconciler.providers.protocol import Event, LogLine, Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.providers.modelarts.place import Place

EVENTS_A_PAGE = 100
_NOT_READY = frozenset({"2776", "2777", "2818"})
_BESIDE = {"jupyter_lab": "JupyterLab", "tensorboard": "TensorBoard", "mindstudio_insight": "MindStudio Insight"}
_LANGUAGE = {"X-Language": "en-us"}


def tasks_of(row: Mapping[str, Any]) -> list[str]:
    """The instances of a job, in order: `worker-0` and so on."""
    found = part(row, "status").get("tasks")
    return [str(name) for name in found] if isinstance(found, list) and found else ["worker-0"]


def selected(row: Mapping[str, Any], task: str, index: int | None) -> list[str]:
    """The instances asked for: all, the one called `task`, or the one that ends in `index`."""
    found = tasks_of(row)
    kept = [name for name in found if not task or name == task or name.rpartition("-")[0] == task]
    return [name for name in kept if index is None or index_of(name) == index]


def index_of(task: str) -> int:
    """3 of `worker-3`."""
    ending = task.rpartition("-")[2]
    return int(ending) if ending.isascii() and ending.isdigit() else 0


def logs(place: Place, remote_id: str, tasks: list[str]) -> Iterator[LogLine]:
    """The lines of each instance in turn, oldest first; none where there is no output yet."""
    for task in tasks:
        for line in _whole_log(place, remote_id, task):
            yield LogLine(line, task=task, index=index_of(task))


def log_link(place: Place, remote_id: str, task: str) -> str:
    """A link to the whole output of an instance, to download; it ends after a while by itself."""
    path = path_to("training-jobs", remote_id, "tasks", task, "logs", "url")
    call = Call(f"link to the log of {task}", "GET", path, headers={"Content-Type": "application/octet-stream"})
    answer = place.object(place.v2(call), call)
    if not answer.get("obs_url"):
        raise place.unreadable(call, "the answer holds no link")
    return str(answer["obs_url"])


def ways_in(row: Mapping[str, Any]) -> Iterator[Link]:
    """What runs beside a job, with what lets a person in, and where its machines answer to a secure shell."""
    endpoints = part(row, "endpoints")
    for name, title in _BESIDE.items():
        beside = part(endpoints, name)
        if beside.get("url"):
            url, token = str(beside["url"]), str(beside.get("token") or "")
            yield Link(
                title, f"{url}{'&' if '?' in url else '?'}token={quote(token)}" if token else url, secret=bool(token)
            )
    for each in part(endpoints, "ssh").get("task_urls") or ():
        if isinstance(each, dict) and each.get("url"):
            yield Link(f"ssh to {each.get('task')}", str(each["url"]), "with a key pair of the job")


def without_tokens(row: Mapping[str, Any]) -> dict[str, Any]:
    """The endpoints of a job without what would let anybody in."""
    return {
        name: {key: value for key, value in each.items() if key != "token"} if isinstance(each, dict) else each
        for name, each in part(row, "endpoints").items()
    }


def events(place: Place, remote_id: str) -> Iterator[Event]:
    """What the platform tells of a job, oldest first.

    Two texts of the vendor disagree whether `offset` counts events or pages of events: the second answer shows it.
    """
    offset, unit, seen = 0, 0, 0
    first: list[dict[str, Any]] = []
    while True:
        rows, total = _events(place, remote_id, offset)
        if offset == 1 and not unit:
            unit = EVENTS_A_PAGE if first[1:] == rows[: len(first) - 1] else 1
            if unit == EVENTS_A_PAGE:
                offset = EVENTS_A_PAGE
                continue
        yield from map(_event, rows)
        seen += len(rows)
        first = first or rows
        if not rows or seen >= total:
            return
        offset += unit or 1


def parts(row: Mapping[str, Any]) -> tuple[Part, ...]:
    """One per instance; where it alone has a status it is that, else the job's."""
    status = part(row, "status")
    own = {str(each.get("task")): each for each in status.get("task_statuses") or () if isinstance(each, dict)}
    word = of_v2(status.get("phase"))[1]
    return tuple(
        Part(
            name=task,
            index=index_of(task),
            status=word,
            started=utc(status.get("start_time")),
            detail=_ending(own.get(task, {})),
        )
        for task in tasks_of(row)
    )


def metrics(place: Place, remote_id: str, task: str) -> dict[str, list[float]]:
    """Measurements of one instance by name, oldest first; none where there are none yet."""
    path = path_to("training-jobs", remote_id, "metrics", task)
    call = Call(f"read metrics of {task}", "GET", path)
    try:
        answer = place.v2(call)
    except Refused as error:
        if number(error.platform_code) in _NOT_READY:
            return {}
        raise
    rows = place.rows(answer, "metrics", call) if answer is not None else []
    return {str(row.get("metric")): [float(value) for value in row.get("value") or ()] for row in rows}


def _whole_log(place: Place, remote_id: str, task: str) -> list[str]:
    call = Call(f"read log of {task}", "GET", path_to("training-jobs", remote_id, "logs", task))

    def fetch(query: dict[str, str]) -> dict[str, Any] | None:
        answer = place.v2(Call(call.operation, "GET", call.path, query=query))
        return None if answer is None else place.object(answer, call)

    try:
        return whole_log(fetch)
    except NotFound:
        raise
    except Refused as error:
        if number(error.platform_code) in _NOT_READY:
            return []
        raise


def _events(place: Place, remote_id: str, offset: int) -> tuple[list[dict[str, Any]], int]:
    query = {"offset": str(offset), "limit": str(EVENTS_A_PAGE), "order": "asc"}
    path = path_to("training-jobs", remote_id, "events")
    call = Call("list events", "GET", path, query=query, headers=_LANGUAGE)
    answer = place.v2(call)
    return place.rows(answer, "events", call), whole(answer.get("total")) or 0


def _event(row: Mapping[str, Any]) -> Event:
    at = utc(row.get("time"))
    level = str(row.get("level") or "")
    kind = {"Info": "Normal"}.get(level, level)
    source = row.get("source")
    return Event(kind, str(source or ""), str(row.get("message") or ""), first=at, last=at)


def _ending(row: Mapping[str, Any]) -> str:
    code = row.get("exit_code")
    said = [f"exit code {code}" if code not in (None, "", -1) else "", str(row.get("message") or "")]
    return ", ".join(part for part in said if part)
