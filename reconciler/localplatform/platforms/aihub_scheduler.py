"""Who may run on a virtual cluster: whenever somebody asks about trainings or quota tasks, what has ended gives its
units back and what may start is started.

    units      of a cluster; a training or task takes `sku_cnt` for each of its `instances` from start to end
    order      VIP trainings first, then high priority, then low, then age; nobody overtakes who waits before him
    way        is made for a VIP training with `preempt_policy` 2: ordinary ones of low priority are stopped, the
               youngest first, and end as stopped by the scheduler

An object runs from the moment its run is opened; before that nothing of it is in any engine. One that asks for more
than a cluster has waits for ever, as nothing in the document says that it is refused.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.platforms.aihub_account import CLUSTER
from reconciler.localplatform.platforms.aihub_words import PLATFORM, QUOTA_TASK, TRAINING, USER_ID, every
from reconciler.localplatform.platforms.aihub_work import translate
from reconciler.localplatform.store import Entity, Query

if TYPE_CHECKING:
    from reconciler.localplatform.services import Services

WAITING, STARTED, OVER = "waiting", "started", "over"
BY_SCHEDULER = {"id": 0, "name": "scheduler"}
_HIGH, _KILL = 2, 2
_MOST_PASSES = 64


def advance(services: Services, now: float) -> None:
    """Folds in what has ended, starts what may run, and again as long as what was started is over at once."""
    for _ in range(_MOST_PASSES):
        with services.store.database.transaction():
            _fold(services, now)
            begun = [each for cluster in every(services, CLUSTER) for each in _admit(services, cluster, now)]
        for entity in begun:
            services.runs.start(translate(services, entity))
        if not any(services.runs.state(entity.id).ended for entity in begun):
            return


def stop(services: Services, entity: Entity, now: float) -> None:
    """Ends one for its user. One that waits is over at once."""
    by = {"id": USER_ID, "name": services.account.user}
    with services.store.database.transaction():
        entity = services.store.get(PLATFORM, entity.kind, entity.id) or entity
        waits = entity.body["state"] == WAITING
        _save(services, entity, now, stop_op_user=by, **({"state": OVER} if waits else {}))
    if not waits:
        services.runs.cancel(entity.id)


def going(services: Services, state: str) -> list[Entity]:
    """The trainings and quota tasks in that state, in the order in which they may start."""
    found = [
        entity
        for kind in (TRAINING, QUOTA_TASK)
        for entity in services.store.find(Query(PLATFORM, kind, equals={"state": state})).entities
    ]
    return sorted(found, key=_turn)


def units_of(entity: Entity) -> int:
    """How much of its cluster it takes."""
    return int(entity.body["sku_cnt"]) * int(entity.body["instances"])


def _turn(entity: Entity) -> tuple[bool, bool, float, int]:
    body = entity.body
    return not body.get("is_vip"), body.get("priority") != _HIGH, entity.created, int(body["id"])


def _fold(services: Services, now: float) -> None:
    for entity in going(services, STARTED):
        if services.runs.state(entity.id).ended:
            _save(services, entity, now, state=OVER)


def _admit(services: Services, cluster: Entity, now: float) -> list[Entity]:
    """Opens the runs of those whose turn it is."""
    number, begun = cluster.body["id"], list[Entity]()
    running = [each for each in going(services, STARTED) if each.body["virtual_cluster_id"] == number]
    free = int(cluster.body["units"]) - sum(map(units_of, running))
    for entity in [each for each in going(services, WAITING) if each.body["virtual_cluster_id"] == number]:
        if units_of(entity) > free:
            _make_way(services, entity, running, units_of(entity) - free, now)
            break
        free -= units_of(entity)
        services.runs.open(entity.id, PLATFORM, entity.kind)
        begun.append(_save(services, entity, now, state=STARTED))
    return begun


def _make_way(services: Services, entity: Entity, running: list[Entity], lacks: int, now: float) -> None:
    """Stops as few as give enough; nothing when all of them would not."""
    if not entity.body.get("is_vip") or entity.body.get("preempt_policy") != _KILL:
        return
    low = [each for each in running if not each.body.get("is_vip") and each.body.get("priority") != _HIGH]
    victims = []
    for each in sorted(low, key=lambda one: (one.created, one.body["id"]), reverse=True):
        if lacks <= 0:
            break
        victims.append(each)
        lacks -= units_of(each)
    for each in victims if lacks <= 0 else ():
        if not each.body.get("stop_op_user"):
            _save(services, each, now, stop_op_user=BY_SCHEDULER)
            services.runs.cancel(each.id)


def _save(services: Services, entity: Entity, now: float, **members: Any) -> Entity:  # noqa: ANN401 - any JSON value
    changed = replace(entity, body={**entity.body, **members}, updated=now)
    services.store.update(changed)
    return changed
