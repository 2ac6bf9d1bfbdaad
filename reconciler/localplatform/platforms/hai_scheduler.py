"""Time slicing on demand: whenever somebody asks about tasks, what has ended is folded in and what may run is started.

    order      priority high to low; at the same priority what runs before what waits; then custom rank, then age
    quota      of (priority, group), in nodes; a task beyond it waits, however many nodes are free
    giving way a task within its quota takes nodes from the lowest priority below its own: those are suspended, get a
               new row with a new number in the same chain, and start from the top when there is room again

A row that was just suspended is started by the next request at the earliest, so that whoever looks sees it waiting.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.platforms.hai_rows import final_pods, worst
from reconciler.localplatform.platforms.hai_words import CHAIN, LIFE, NODE, PLATFORM, PRIORITIES, run_of, user_of
from reconciler.localplatform.platforms.hai_work import flag_of, work_of
from reconciler.localplatform.store import Entity, Query
from reconciler.localplatform.work import Cause, Status

if TYPE_CHECKING:
    from reconciler.localplatform.engines.protocol import RunSnapshot
    from reconciler.localplatform.services import Services

OPEN, CLOSED = "open", "closed"
QUEUED, SCHEDULED, FINISHED = "queued", "scheduled", "finished"
STOP_ENDED, STOP_INTERRUPTED, STOP_FAILED, STOP_TIMEOUT, STOP_BY_HAND = 1, 16, 128, 512, 1024
_STOP_OF_OP = {"stop": STOP_BY_HAND, "succeed": 4096, "fail": 8192}
_WORKER_OF_OP = {"stop": "stopped", "succeed": "succeeded", "fail": "failed"}
_AUTO = -1
_COUNTER = f"{PLATFORM}.next_id"
_MOST_PASSES = 64


@dataclass(slots=True)
class _Pass:
    """What one look at the queue decides. `started` and `stopped` are carried out when it is written down."""

    started: list[tuple[Entity, dict[str, Any]]] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    fresh: set[int] = field(default_factory=set)


def next_row(services: Services, chain_id: str, now: float, whole_life_state: int) -> dict[str, Any]:
    """A new queued row. Its number is never given again. Inside a transaction."""
    identifier = int(services.store.setting(_COUNTER) or 1)
    services.store.save_setting(_COUNTER, identifier + 1)
    life = Entity(
        PLATFORM, LIFE, "", run_of(identifier), str(identifier), {"chain": chain_id}, created=now, updated=now
    )
    services.store.insert(life)
    return {
        "id": identifier,
        "queue": QUEUED,
        "worker": "queued",
        "stop_code": 0,
        "suspend_code": 0,
        "whole_life_state": whole_life_state,
        "created": now,
        "begin": now,
        "end": now,
        "nodes": [],
        "level": "",
        "pods": [],
    }


def open_chains(services: Services) -> tuple[Entity, ...]:
    """Every chain that has not finished, oldest first."""
    return services.store.find(Query(PLATFORM, CHAIN, equals={"state": OPEN})).entities


def save(services: Services, chain: Entity, now: float, **members: Any) -> Entity:  # noqa: ANN401 - any JSON value
    """Writes members of a chain's body; the others stay as they are by now, whatever the caller has seen of them."""
    with services.store.database.transaction():
        fresh = current(services, chain)
        changed = replace(fresh, body={**fresh.body, **members}, updated=now)
        services.store.update(changed)
    return changed


def current(services: Services, chain: Entity) -> Entity:
    """The chain as it is by now."""
    return services.store.get(PLATFORM, CHAIN, chain.id) or chain


def look(services: Services, chain: Entity) -> RunSnapshot | None:
    """How the newest life is, which for simulated work is a step; None where it is not running."""
    row = chain.body["rows"][-1]
    return services.runs.look(run_of(row["id"])) if row["queue"] == SCHEDULED else None


def advance(services: Services, now: float) -> None:
    """Folds in what has ended, starts what may run, and again as long as what was started is over at once."""
    fresh: set[int] = set()
    for _ in range(_MOST_PASSES):
        decided = _Pass(fresh=fresh)
        with services.store.database.transaction():
            for chain in open_chains(services):
                _fold(services, chain, now, decided)
            _place(services, now, decided)
        for run in decided.stopped:
            _end(services, run)
        for chain, row in decided.started:
            services.runs.start(work_of(services, chain, row))
            wanted = current(services, chain).body
            if wanted["op"] or wanted["yielding"]:
                services.runs.cancel(run_of(row["id"]))
        if not any(services.runs.state(run_of(row["id"])).ended for _, row in decided.started):
            return


def suspend(services: Services, chain: Entity, now: float) -> None:
    """Tells a running life to give way. One that waits or has ended is left as it is."""
    with services.store.database.transaction():
        chain = current(services, chain)
        row = chain.body["rows"][-1]
        if row["queue"] != SCHEDULED:
            return
        _give_way(services, chain, now)
    _end(services, run_of(row["id"]))


def stop(services: Services, chain: Entity, op: str, now: float) -> None:
    """Ends a chain: at once in the queue, when its processes are gone while it runs."""
    with services.store.database.transaction():
        chain = current(services, chain)
        row = chain.body["rows"][-1]
        if row["queue"] == QUEUED:
            worker = "canceled" if op == "stop" else _WORKER_OF_OP[op]
            _finish(services, chain, now, {"worker": worker, "stop_code": _STOP_OF_OP[op], "end": now})
        if row["queue"] != SCHEDULED:
            return
        save(services, chain, now, op=op)
    _end(services, run_of(row["id"]))


def _end(services: Services, run: str) -> None:
    """Tells the engine to end a life whose end is written down as wanted. One that another call is just handing to the
    engine is left to that call, which looks at what is wanted afterwards.
    """
    row = services.runs.history.get(run)
    if row is not None and row.sequence > 0:
        services.runs.cancel(run)


def requeue(services: Services, chain: Entity, now: float) -> Entity:
    """A new life of a chain."""
    with services.store.database.transaction():
        row = next_row(services, chain.id, now, chain.body["whole_life_state"])
        asked = chain.body["task"]["priority"]
        # On restart the priority is that of the submitted schema again, unless that was AUTO (section 3).
        priority = chain.body["priority"] if asked == _AUTO else asked
        rows = [*chain.body["rows"], row]
        return save(services, chain, now, rows=rows, priority=priority, state=OPEN, op="", yielding=False)


def _fold(services: Services, chain: Entity, now: float, decided: _Pass) -> None:
    row = chain.body["rows"][-1]
    if row["queue"] != SCHEDULED or not services.runs.state(run_of(row["id"])).ended:
        return
    snapshot = services.runs.look(run_of(row["id"]))
    pods = final_pods(chain, row, snapshot)
    ended = {"pods": pods, "end": snapshot.finished or now, "begin": snapshot.started or row["begin"]}
    if chain.body["yielding"] and not chain.body["op"]:
        # Whatever its exit code: a program that gives way in good order ends with 0, and is not done.
        worker = "stopped" if worst(pods) == "succeeded" else worst(pods)
        told = {**ended, "worker": worker, "stop_code": STOP_INTERRUPTED, "suspend_code": 3}
        again = requeue(services, _closed(services, chain, now, told), now)
        decided.fresh.add(again.body["rows"][-1]["id"])
        return
    _finish(services, chain, now, {**ended, **_verdict(chain.body["op"], snapshot, worst(pods))})


def _verdict(op: str, snapshot: RunSnapshot, worker: str) -> dict[str, Any]:
    if snapshot.status is Status.SUCCEEDED:
        return {"worker": "succeeded", "stop_code": STOP_ENDED}
    if op:
        return {"worker": _WORKER_OF_OP[op], "stop_code": _STOP_OF_OP[op]}
    if snapshot.cause is Cause.RUN_TIMEOUT:
        return {"worker": "stopped", "stop_code": STOP_TIMEOUT}
    return {"worker": "failed" if worker == "succeeded" else worker, "stop_code": STOP_FAILED}


def _closed(services: Services, chain: Entity, now: float, members: dict[str, Any]) -> Entity:
    """The newest row finished, the chain itself not."""
    rows = [*chain.body["rows"][:-1], {**chain.body["rows"][-1], "queue": FINISHED, **members}]
    return save(services, chain, now, rows=rows)


def _finish(services: Services, chain: Entity, now: float, members: dict[str, Any]) -> None:
    save(services, _closed(services, chain, now, members), now, state=CLOSED)


def _give_way(services: Services, chain: Entity, now: float) -> None:
    row = chain.body["rows"][-1]
    rows = [*chain.body["rows"][:-1], {**row, "suspend_code": 1}]
    save(services, chain, now, rows=rows, yielding=True)
    flag = flag_of(services.data, row["id"])
    flag.parent.mkdir(parents=True, exist_ok=True)
    flag.touch()


def _place(services: Services, now: float, decided: _Pass) -> None:
    """Gives nodes to what may run, and takes them from what has to give way."""
    chains = {chain.id: chain for chain in open_chains(services)}
    running = {c.id: c for c in chains.values() if c.body["rows"][-1]["queue"] == SCHEDULED}
    free = _free_nodes(services, tuple(running.values()))
    used: dict[str, int] = {}
    for chain in running.values():
        key = f"{chain.body['group']}-{chain.body['rows'][-1]['level']}"
        used[key] = used.get(key, 0) + chain.body["nodes"]
    quota = user_of(services).body["node_quota"]
    waiting = [c for c in chains.values() if c.id not in running and c.body["rows"][-1]["id"] not in decided.fresh]
    for chain in sorted(waiting, key=_rank):
        level = _level(chain, quota, used)
        if level is None:
            continue
        matching = [node for node in free if _fits(node, chain)]
        if len(matching) < chain.body["nodes"]:
            _make_room(services, chain, tuple(running.values()), now, decided)
            continue
        taken = matching[: chain.body["nodes"]]
        free = [node for node in free if node not in taken]
        used[f"{chain.body['group']}-{level}"] = used.get(f"{chain.body['group']}-{level}", 0) + chain.body["nodes"]
        _schedule(services, chain, [node.name for node in taken], level, now, decided)


def _schedule(services: Services, chain: Entity, nodes: list[str], level: str, now: float, decided: _Pass) -> None:
    row = {
        **chain.body["rows"][-1],
        "queue": SCHEDULED,
        "worker": "running",
        "nodes": nodes,
        "level": level,
        "begin": now,
    }
    changed = save(services, chain, now, rows=[*chain.body["rows"][:-1], row], yielding=False)
    services.runs.open(run_of(row["id"]), PLATFORM, LIFE)
    decided.started.append((changed, row))


def _make_room(services: Services, chain: Entity, running: tuple[Entity, ...], now: float, decided: _Pass) -> None:
    """Suspends the lowest that are below this one, when that makes enough room; else nobody is disturbed."""
    below = [c for c in running if c.body["priority"] < chain.body["priority"] and not c.body["op"]]
    victims, room = [], 0
    for other in sorted(below, key=_rank, reverse=True):
        if room < chain.body["nodes"] and other.body["group"] == chain.body["group"]:
            victims.append(other)
            room += other.body["nodes"]
    if room < chain.body["nodes"]:
        return
    for victim in victims:
        run = run_of(victim.body["rows"][-1]["id"])
        if not victim.body["yielding"] and run not in decided.stopped:
            _give_way(services, victim, now)
            decided.stopped.append(run)


def _rank(chain: Entity) -> tuple[float, float, int]:
    return (-chain.body["priority"], chain.body["custom_rank"], chain.body["rows"][0]["id"])


def _level(chain: Entity, quota: dict[str, int], used: dict[str, int]) -> str | None:
    """The priority whose quota has room, None when there is none. AUTO takes the highest that has."""
    group, count, priority = chain.body["group"], chain.body["nodes"], chain.body["priority"]
    levels = PRIORITIES if priority == _AUTO else {priority: PRIORITIES[priority]}
    for name in levels.values():
        if used.get(f"{group}-{name}", 0) + count <= quota.get(f"node-{group}-{name}", 0):
            return name
    return None


def _free_nodes(services: Services, running: tuple[Entity, ...]) -> list[Entity]:
    taken = {node for chain in running for node in chain.body["rows"][-1]["nodes"]}
    nodes = services.store.find(Query(PLATFORM, NODE, sort="name")).entities
    return [node for node in nodes if node.name not in taken and node.body["status"] == "Ready"]


def _fits(node: Entity, chain: Entity) -> bool:
    group, zone = chain.body["group"], chain.body["zone"]
    inside = node.body["mars_group"] == group or node.body["mars_group"].startswith(f"{group}.")
    wanted = chain.body["task"]["options"].get("assigned_nodes")
    chosen = not isinstance(wanted, list) or not wanted or node.name in wanted
    return inside and zone in {None, node.body["schedule_zone"]} and chosen
