"""What a job tells about itself while it runs and afterwards: parts, logs, events."""

from __future__ import annotations

import difflib
from dataclasses import replace
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypeVar

from reconciler.errors import NotFound
from reconciler.providers.ai4s.place import items
from reconciler.providers.ai4s.times import utc
from reconciler.providers.exchange import Call, segment
from reconciler.providers.protocol import Event, LogLine, Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reconciler.providers.ai4s.place import Place

_Item = TypeVar("_Item")
_LANGUAGE = {"X-Language": "en_us"}


def parts(job: Mapping[str, Any]) -> tuple[Part, ...]:
    """The instances of every task of a shown job, in the order of its tasks."""
    return tuple(part for task in task_names(job) for part in _parts_of(job, task))


def logs(place: Place, path: str, job: Mapping[str, Any], task: str, index: int | None) -> Iterator[LogLine]:
    """The lines of the instances asked for, in the order of their times. `path` is that of the job. An instance that
    has not started has no lines yet. Raises NotFound for a task the job does not have.
    """
    wanted = [
        (name, part.index)
        for name in asked_tasks(job, task)
        for part in _parts_of(job, name)
        if index is None or part.index == index
    ]
    if index is not None and not wanted:
        msg = f"there is no instance {index} of this task"
        raise NotFound(msg, hint="instances are counted from 0")
    lines = [line for name, number in wanted for line in _lines(place, path, name, number)]
    return iter(lines if len(wanted) == 1 else sorted(lines, key=lambda line: line.at))


def events(place: Place, path: str, job: Mapping[str, Any], task: str) -> Iterator[Event]:
    """Those of the job itself and of its tasks, or of one task only, oldest first. What the platform tells both of a
    task and of the job is given once, with its task, where the job's own order has it.
    """
    of_tasks: list[Event] = []
    for name in asked_tasks(job, task):
        call = Call(f"list events of task {name}", "GET", f"{path}/tasks/{segment(name)}/events")
        of_tasks += _unless_missing(partial(read_events, place, call, name))
    if task:
        return iter(of_tasks)
    untold = {replace(event, task=""): event for event in of_tasks}
    own = read_events(place, Call("list events", "GET", f"{path}/events", headers=_LANGUAGE), "")
    merged = [untold.pop(event, event) for event in own]
    return iter(sorted([*merged, *untold.values()], key=lambda event: event.first or event.last))


def task_names(job: Mapping[str, Any]) -> list[str]:
    """Every task of a shown job once, those with a definition first."""
    listed = [*(job.get("tasks") or ()), *(job.get("task_runtime_info") or ())]
    return list(dict.fromkeys(str(task["task_name"]) for task in listed if task.get("task_name")))


def asked_tasks(job: Mapping[str, Any], task: str) -> list[str]:
    """Every task of a shown job, or only `task`. Raises NotFound for one it does not have."""
    names = task_names(job)
    if not task:
        return names
    if task in names:
        return [task]
    near = difflib.get_close_matches(task, names, n=1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    msg = f"the job has no task {task!r}"
    raise NotFound(msg, hint=f"{meant}tasks: {', '.join(names) or 'none'}")


def _parts_of(job: Mapping[str, Any], task: str) -> list[Part]:
    runtimes = (r for r in job.get("task_runtime_info") or () if r.get("task_name") == task)
    runtime: Mapping[str, Any] = next(runtimes, {})
    instances = runtime.get("sub_tasks") or [runtime]
    return [_part(task, number, instance, runtime) for number, instance in enumerate(instances)]


def _part(task: str, number: int, instance: Mapping[str, Any], runtime: Mapping[str, Any]) -> Part:
    failures = instance.get("job_failed_times") or 0
    return Part(
        name=task,
        index=number,
        status=str(instance.get("status") or runtime.get("status") or "PENDING"),
        started=utc(instance.get("pod_start_time") or instance.get("create_time")),
        finished=utc(instance.get("finish_time")),
        detail=f"failed {failures} times" if failures else "",
    )


def _lines(place: Place, path: str, task: str, index: int) -> list[LogLine]:
    query = {"task_name": task, "task_index": str(index)}
    call = Call(f"read logs of task {task}", "GET", f"{path}/logs", query=query)
    chunks = _unless_missing(lambda: items(place.call(call), "logs", place.target, call))
    lines = [
        LogLine(text.removesuffix("\r"), utc(chunk.get("collect_time")), task, index)
        for chunk in chunks
        for text in str(chunk.get("content") or "").removesuffix("\n").split("\n")
    ]
    # A line without a time belongs after the one before it, so that sorting by time keeps them together.
    times: Iterator[str] = accumulate((line.at for line in lines), _later_or_same)
    return [replace(line, at=at) for line, at in zip(lines, times, strict=True)]


def _later_or_same(before: str, at: str) -> str:
    return at or before


def read_events(place: Place, call: Call, task: str) -> list[Event]:
    """What one list of events tells, each with `task`, in the platform's order."""
    return [event_of(item, task) for item in items(place.call(call), "events", place.target, call)]


def event_of(item: Mapping[str, Any], task: str = "") -> Event:
    """One event as the platform tells it, of a job, a task, a pod or a notebook."""
    return Event(
        type=str(item.get("type") or ""),
        reason=str(item.get("reason") or item.get("action_name") or ""),
        message=str(item.get("message") or ""),
        count=item["count"] if isinstance(item.get("count"), int) else 1,
        first=utc(item.get("first_timestamp")),
        last=utc(item.get("last_timestamp")),
        task=task,
    )


def _unless_missing(fetch: Callable[[], list[_Item]]) -> list[_Item]:
    """What `fetch` returns; nothing when the platform has no such instance, which is so until it starts."""
    try:
        return fetch()
    except NotFound:
        return []
