"""The instances of a task of a job, which are pods of the cluster underneath (ai4s contract, section 9)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reconciler.errors import NotFound, Unanswered
from reconciler.providers.ai4s.job_story import asked_tasks, parts, read_events
from reconciler.providers.ai4s.place import items
from reconciler.providers.ai4s.times import utc
from reconciler.providers.exchange import Call, segment
from reconciler.providers.facilities import Instance

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.providers.ai4s.place import Place
    from reconciler.providers.protocol import Event


def instances(place: Place, path: str, job: Mapping[str, Any], task: str, index: int | None) -> tuple[Instance, ...]:
    """Those of `task` of a shown job whose path is `path`, or the one with this index. None has a pod before it starts.

    Raises NotFound for a task the job does not have.
    """
    asked_tasks(job, task)
    numbers = [part.index for part in parts(job) if part.name == task and index in {None, part.index}]
    if index is not None and not numbers:
        msg = f"there is no instance {index} of task {task!r}"
        raise NotFound(msg, hint="instances are counted from 0")
    return tuple(_instance(pod, task, number) for number in numbers for pod in _pods(place, path, task, number))


def document(place: Place, path: str, task: str, name: str, index: int | None) -> dict[str, Any]:
    """The pod called `name`, as the cluster has it: the platform sends its document as a text inside JSON."""
    where = f"{path}/tasks/{segment(task)}/instances/{segment(name)}/pod"
    call = Call(f"read instance {name}", "GET", where, query=_of_index(index))
    answer = place.call(call)
    text = answer.get("metadata") if isinstance(answer, dict) else None
    found = _parsed(text) if isinstance(text, str) else text
    if not isinstance(found, dict):
        msg = f"{place.target}: {call.operation}: the answer holds no document"
        raise Unanswered(msg, hint="is the endpoint right?")
    return found


def events(place: Place, path: str, task: str, name: str, index: int | None) -> Iterator[Event]:
    """What happened to one pod; with its `index` also what the task's controller tells of it. Oldest first."""
    base = f"{path}/tasks/{segment(task)}"
    query, own = _of_index(index), f"{base}/instances/{segment(name)}/events"
    found = read_events(place, Call(f"list events of {name}", "GET", own, query=query), task)
    if index is not None:
        of_task = read_events(place, Call(f"list events of task {task}", "GET", f"{base}/events", query=query), task)
        found += [event for event in of_task if event not in found]
    return iter(sorted(found, key=lambda event: event.first or event.last))


def _of_index(index: int | None) -> dict[str, str]:
    return {} if index is None else {"task_index": str(index)}


def _pods(place: Place, path: str, task: str, index: int) -> list[dict[str, Any]]:
    where = f"{path}/tasks/{segment(task)}/instances"
    call = Call(f"list instances of task {task}", "GET", where, query=_of_index(index))
    try:
        return items(place.call(call), "instances", place.target, call)
    except NotFound:
        return []


def _instance(pod: Mapping[str, Any], task: str, index: int) -> Instance:
    status, spec = pod.get("status") or {}, pod.get("spec") or {}
    restarts = [c.get("restart_count") for c in status.get("container_statuses") or ()]
    resources = [container.get("resources") or {} for container in spec.get("containers") or ()]
    return Instance(
        name=str((pod.get("metadata") or {}).get("name") or ""),
        task=task,
        index=index,
        status=str(status.get("phase") or ""),
        node=str(status.get("host_name") or status.get("host_ip") or ""),
        ip=str(status.get("pod_ip") or ""),
        restarts=sum(r for r in restarts if isinstance(r, int)) if restarts else None,
        cpu=_asked_and_most(resources, "cpu"),
        memory=_asked_and_most(resources, "memory"),
        started=utc(status.get("start_time")),
    )


def _asked_and_most(resources: list[dict[str, Any]], name: str) -> str:
    """`asked/most` of the first container, which is the task's own; "" when the platform says neither."""
    first = resources[0] if resources else {}
    asked, most = ((first.get(key) or {}).get(name) or "" for key in ("requests", "limits"))
    return f"{asked}/{most}" if asked or most else ""


def _parsed(text: str) -> object:
    """A document in JSON, or in the YAML that such documents are also written in."""
    try:
        return json.loads(text)
    except ValueError:
        import yaml

        try:
            return yaml.safe_load(text)
        except yaml.YAMLError:
            return None
