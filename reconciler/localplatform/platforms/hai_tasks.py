"""Operations on one task (platform contract, section 3)."""

from __future__ import annotations

import math
import uuid
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Reply, Route
from reconciler.localplatform.platforms import hai_scheduler, hai_schema
from reconciler.localplatform.platforms.hai_rows import shown
from reconciler.localplatform.platforms.hai_scheduler import FINISHED, OPEN, advance, save
from reconciler.localplatform.platforms.hai_words import (
    ARTIFACT,
    CHAIN,
    PLATFORM,
    PRIORITIES,
    Unprocessable,
    chain_of,
    choice,
    fine,
    no,
    number,
    text,
)
from reconciler.localplatform.store import Entity, Query

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call

DEFAULT_GROUP = "training"
PRIORITY_REST = 10.0
"""Seconds between two priorities of one row."""
_MOST_UNFINISHED = 10_000
_SHARED = "_shared_in_"
_DIRECTIONS = ("input", "output")


def create_task(call: Call) -> Reply:
    """Takes a task. The name is a lock among the unfinished ones of a user; quota is not looked at."""
    body = {key: value for key, value in call.body().items() if key != "token"}
    task = hai_schema.read(body)
    advance(call.services, call.now)
    with call.services.store.database.transaction():
        user, unfinished = call.services.account.user, hai_scheduler.open_chains(call.services)
        if sum(chain.owner == user for chain in unfinished) >= _MOST_UNFINISHED:
            raise no(f"a user has at most {_MOST_UNFINISHED} unfinished tasks")
        if any(chain.name == task["name"] and chain.owner == user for chain in unfinished):
            raise no(f"a task called {task['name']} has not finished yet")
        chain = _insert(call, task, body)
    answer = fine(msg="queued", task=shown(chain))
    advance(call.services, call.now)
    return answer


def _insert(call: Call, task: dict[str, Any], body: dict[str, Any]) -> Entity:
    identifier, user = str(uuid.uuid4()), call.services.account.user
    group, _, zone = task["resource"]["group"].partition("#")
    options, spec = task["options"], task["spec"]
    asked = options.get("whole_life_state", 0)
    state = asked if isinstance(asked, int) else 0
    image = task["resource"]["image"]
    shared = [f"{_SHARED}{user}"] if options.get("shared_in_group") else []
    words = (spec.get("workspace", ""), spec.get("entrypoint", ""))
    members = {
        "schema": body,
        "task": task,
        "state": OPEN,
        "group": DEFAULT_GROUP if group == "default" else group,
        "zone": zone or None,
        "backend": hai_schema.IMAGES[0] if image == "default" else image,
        "nodes": task["resource"]["node_count"],
        "code_file": " ".join(part for part in ("/".join(words).lstrip("/"), spec.get("parameters", "")) if part),
        "priority": task["priority"],
        "custom_rank": 0.0,
        "whole_life_state": state,
        "tags": [*hai_schema.tags_of(options), *shared],
        "star": False,
        "op": "",
        "yielding": False,
        "priority_at": {},
        "artifacts": {},
        "rows": [hai_scheduler.next_row(call.services, identifier, call.now, state)],
    }
    chain = Entity(
        PLATFORM, CHAIN, user, identifier, task["name"], members, owner=user, created=call.now, updated=call.now
    )
    call.services.store.insert(chain)
    return chain


def show_task(call: Call) -> Reply:
    """One task with its pods. Nothing found is HTTP 200 here, unlike everywhere else."""
    chain = chain_of(call, missing=200)
    snapshot = hai_scheduler.look(call.services, chain)
    advance(call.services, call.now)
    now = hai_scheduler.current(call.services, chain)
    if snapshot is None:  # it may have begun just now
        snapshot = hai_scheduler.look(call.services, now)
    return fine(result={"task": shown(now, snapshot)})


def stop_task(call: Call) -> Reply:
    """Ends a task for good. One that has ended is no error."""
    chain, op = chain_of(call), choice(call, "op", ("stop", "succeed", "fail", "suspend"), "stop")
    if op == "suspend":
        return suspend_task(call)
    advance(call.services, call.now)
    hai_scheduler.stop(call.services, hai_scheduler.current(call.services, chain), op, call.now)
    return fine(msg="stop sent")


def suspend_task(call: Call) -> Reply:
    """Makes a running task give way. `restart_delay` is taken and has no effect."""
    chain = chain_of(call)
    advance(call.services, call.now)
    hai_scheduler.suspend(call.services, hai_scheduler.current(call.services, chain), call.now)
    return fine()


def resume_task(call: Call) -> Reply:
    """A new row in the chain of a task that has ended."""
    chain = chain_of(call)
    advance(call.services, call.now)
    with call.services.store.database.transaction():
        chain = hai_scheduler.current(call.services, chain)
        if chain.body["rows"][-1]["queue"] != FINISHED:
            raise no("the task has not finished")
        if any(_is_named_as(other, chain) for other in hai_scheduler.open_chains(call.services)):
            raise no(f"a task called {chain.name} has not finished yet")
        answer = fine(task=shown(hai_scheduler.requeue(call.services, chain, call.now)))
    advance(call.services, call.now)
    return answer


def _is_named_as(one: Entity, other: Entity) -> bool:
    """Whether they are of the same user and name, of which only one may be unfinished."""
    return (one.owner, one.name) == (other.owner, other.name)


def update_priority(call: Call) -> Reply:
    """A new priority or rank, at most every ten seconds for one row; `real_priority` rewrites the schema too."""
    chain, asked = chain_of(call), call.request.args
    if not {"priority", "custom_rank", "real_priority"} & set(asked):
        raise Unprocessable(("query", "priority"), "field required", "value_error.missing")
    advance(call.services, call.now)
    chain = hai_scheduler.current(call.services, chain)
    row = str(chain.body["rows"][-1]["id"])
    if chain.body["rows"][-1]["queue"] == FINISHED:
        raise no("the task has finished")
    members: dict[str, Any] = {}
    if "priority" in asked or "real_priority" in asked:
        name = "real_priority" if "real_priority" in asked else "priority"
        members = _priority(chain, name, number(call, name))
    if "custom_rank" in asked:
        members["custom_rank"] = _rank(asked["custom_rank"])
    if call.now - chain.body["priority_at"].get(row, float("-inf")) < PRIORITY_REST:
        raise no("the priority of this task was changed less than 10 s ago")
    save(call.services, chain, call.now, **members, priority_at={row: call.now})
    advance(call.services, call.now)
    return fine(timestamp=call.now)


def _priority(chain: Entity, name: str, priority: int) -> dict[str, Any]:
    if priority not in PRIORITIES:
        raise no(f"priority must be one of {', '.join(map(str, PRIORITIES))}")
    if name == "priority":
        return {"priority": priority}
    task = {**chain.body["task"], "priority": priority}
    return {"priority": priority, "task": task, "schema": {**chain.body["schema"], "priority": priority}}


def _rank(text: str) -> float:
    try:
        rank = float(text)
    except ValueError:
        rank = math.nan
    if not math.isfinite(rank):
        raise Unprocessable(("query", "custom_rank"), "value is not a valid float", "type_error.float")
    return rank


def update_group(call: Call) -> Reply:
    """Another group, which nobody checks."""
    chain, group = chain_of(call), text(call, "group")
    save(call.services, chain, call.now, group=group)
    return fine(data={"chain_id": chain.id})


def tag_task(call: Call) -> Reply:
    """One more tag."""
    tag = text(call, "tag")
    hai_schema.check_tag(tag)
    return _retag(call, add=(tag,))


def untag_task(call: Call) -> Reply:
    """One tag less; one that is not there is no error."""
    return _retag(call, remove=(text(call, "tag"),))


def share_task(call: Call) -> Reply:
    """Shows it to the group of the user."""
    return _retag(call, add=(f"{_SHARED}{call.services.account.user}",))


def unshare_task(call: Call) -> Reply:
    """The opposite."""
    return _retag(call, remove=(f"{_SHARED}{call.services.account.user}",))


def _retag(call: Call, add: tuple[str, ...] = (), remove: tuple[str, ...] = ()) -> Reply:
    with call.services.store.database.transaction():
        chain = chain_of(call)
        tags = [tag for tag in dict.fromkeys((*chain.body["tags"], *add)) if tag not in remove]
        save(call.services, chain, call.now, tags=tags)
    return fine()


def control_service(call: Call) -> Reply:
    """Takes the wish; services are not run here."""
    chain, name = chain_of(call), text(call, "service")
    choice(call, "action", ("start", "stop", "restart"))
    if name not in {service["name"] for service in chain.body["task"]["services"]}:
        raise no(f"the task has no service {name}")
    return fine()


def map_artifact(call: Call) -> Reply:
    """Says which recorded data a task reads or writes."""
    chain, name = chain_of(call), text(call, "artifact_name")
    version, direction = text(call, "artifact_version", "default"), choice(call, "direction", _DIRECTIONS)
    if call.services.store.first(Query(PLATFORM, ARTIFACT, name=name, version=version)) is None:
        raise no(f"there is no artifact {name}:{version}")
    _map(call, chain, {direction: f"{name}:{version}"})
    return fine()


def unmap_artifact(call: Call) -> Reply:
    """Takes it back."""
    chain, direction = chain_of(call), choice(call, "direction", (*_DIRECTIONS, "all"))
    _map(call, chain, dict.fromkeys(_DIRECTIONS if direction == "all" else (direction,), ""))
    return fine()


def _map(call: Call, chain: Entity, changed: dict[str, str]) -> None:
    with call.services.store.database.transaction():
        mapped = hai_scheduler.current(call.services, chain).body["artifacts"]
        save(call.services, chain, call.now, artifacts={**mapped, **changed})


def show_artifacts(call: Call) -> Reply:
    """The mapping of a task, or a sentence when there is none."""
    chain = chain_of(call)
    mapped = chain.body["artifacts"]
    if not any(mapped.values()):
        return fine(msg="no artifact is mapped to this task")
    return fine(msg=mapping_of(chain))


def mapping_of(chain: Entity) -> dict[str, Any]:
    """What is mapped to a task, as the platform answers it."""
    mapped = chain.body["artifacts"]
    return {
        "user_name": chain.owner,
        "chain_id": chain.id,
        "nb_name": chain.name,
        "task_ids": [row["id"] for row in chain.body["rows"]],
        "in_artifact": mapped.get("input", ""),
        "out_artifact": mapped.get("output", ""),
    }


ROUTES = (
    Route("POST", "/operating/task/create", "CreateTask", create_task),
    Route("POST", "/query/task", "ShowTask", show_task),
    Route("POST", "/operating/task/stop", "StopTask", stop_task),
    Route("POST", "/operating/task/suspend", "SuspendTask", suspend_task),
    Route("POST", "/operating/task/resume", "ResumeTask", resume_task),
    Route("POST", "/operating/task/priority/update", "UpdateTaskPriority", update_priority),
    Route("POST", "/operating/task/group/update", "UpdateTaskGroup", update_group),
    Route("POST", "/operating/task/tag", "TagTask", tag_task),
    Route("POST", "/operating/task/untag", "UntagTask", untag_task),
    Route("POST", "/operating/task/share", "ShareTask", share_task),
    Route("POST", "/operating/task/unshare", "UnshareTask", unshare_task),
    Route("POST", "/operating/task/service_control", "ControlTaskService", control_service),
    Route("POST", "/operating/task/artifact/map", "MapTaskArtifact", map_artifact),
    Route("POST", "/operating/task/artifact/unmap", "UnmapTaskArtifact", unmap_artifact),
    Route("POST", "/query/task/artifact/get", "ShowTaskArtifacts", show_artifacts),
)
