"""From objects of AIHub to work an engine can run.

| on the platform | here |
|---|---|
| a training, a quota task | `command` once in each instance, all started together |
| a storage mounted at a path | a folder of the data folder; its path in the command and in `envs` is rewritten |
| units of a virtual cluster | so many times what its SKU has, which a cluster is asked for |
| rank, world size, a place to meet | `RANK`, `NODE_RANK`, `WORLD_SIZE`, `MASTER_ADDR`, `MASTER_PORT` |
| a node of a pipeline | its script, with the params of the run as variables, after the nodes it depends on |
| `AI_HUB_TOKEN` in a node of a pipeline | a token of the user, made when the run was made |
| a search, a version of a dataset | done when asked for: a command that only ends as they did |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.localplatform.mounts import placed
from reconciler.localplatform.platforms.aihub_account import CLUSTER, mounts_of
from reconciler.localplatform.platforms.aihub_pipelines import nodes_of, variables_of
from reconciler.localplatform.platforms.aihub_words import PLATFORM, QUOTA_TASK, RUN, TRAINING, entity_id
from reconciler.localplatform.work import Instance, Limits, Run, Script, Size, Task, Together

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.localplatform.services import Services
    from reconciler.localplatform.store import Entity

PODS = "pods"
"""Name of the one task of a training in the engine's terms; its instances are the pods."""
_CPU = 0.1
"""Cores asked of this machine for each pod: what they really use is seen to by the machine."""
_LOW, _HIGH = 1, 5
_GIB = 1024**3


def translate(services: Services, entity: Entity) -> Run:
    """The work of an object, from what is stored alone."""
    if entity.kind in {TRAINING, QUOTA_TASK}:
        return _training(services, entity)
    if entity.kind == RUN:
        return _pipeline(services, entity)
    return pretence(entity, fails=bool(entity.body["message"]))


def pretence(entity: Entity, *, fails: bool) -> Run:
    """Work that does nothing, and ends as it should."""
    command = Script(("exit 1",) if fails else ("true",))
    return Run(entity.id, (Task("work", (Instance(command, limits=Limits(cpu=_CPU)),)),), labels=_labels(entity))


def _training(services: Services, entity: Entity) -> Run:
    body = entity.body
    mounts = mounts_of(services, services.data, body.get("storage_ids") or [])
    given = {each["key"]: placed(each["value"], mounts) for each in body.get("envs") or ()}
    command = Script((placed(body["command"], mounts),), stop_at_failure=False)
    size, requested = _asked(services, body)
    instances = tuple(
        Instance(
            command=command,
            environment={
                "RANK": str(rank),
                "NODE_RANK": str(rank),
                "WORLD_SIZE": str(body["instances"]),
                "MASTER_ADDR": "127.0.0.1",
                "PYTHONUNBUFFERED": "1",
                **given,
            },
            outputs=tuple(mounts.values()),
            limits=Limits(cpu=_CPU),
            requested=requested,
            size=size,
            name=f"worker-{rank}",
            image=body["image"],
        )
        for rank in range(body["instances"])
    )
    task = Task(PODS, instances, together=Together.GANG, ports=("MASTER_PORT",))
    priority = _HIGH if body.get("priority") == 2 or body.get("is_vip") else _LOW  # noqa: PLR2004 - 2 is high
    return Run(entity.id, (task,), name=entity.name, priority=priority, labels=_labels(entity))


def _asked(services: Services, body: Mapping[str, Any]) -> tuple[Size, Limits | None]:
    """What a cluster is asked for in each instance; each unit has one accelerator."""
    number, count = body["virtual_cluster_id"], int(body["sku_cnt"])
    cluster = services.store.get(PLATFORM, CLUSTER, entity_id(CLUSTER, number))
    if cluster is None:
        return Size(f"{PLATFORM}/{number}", count), None
    sku = cluster.body["sku"]
    limits = Limits(cpu=max(count * sku["cpu"], _CPU), memory=count * sku["memory"] * _GIB, gpu=count)
    return Size(f"{PLATFORM}/{cluster.name}", count), limits


def _pipeline(services: Services, entity: Entity) -> Run:
    body = entity.body
    shared = str(services.data.locate("pipelines", entity.id))
    environment = {**variables_of(body.get("params")), "AI_HUB_TOKEN": body["token"], "PIPELINE_DIR": shared}
    tasks = tuple(
        Task(
            node.name,
            (Instance(Script(node.lines), environment, outputs=(shared,), limits=Limits(cpu=_CPU), name=node.name),),
            needs=node.after,
        )
        for node in nodes_of(body["pipeline_id"], body["pipeline_version_id"])
    )
    return Run(entity.id, tasks, name=entity.name, labels=_labels(entity))


def _labels(entity: Entity) -> dict[str, Any]:
    return {"platform": PLATFORM, "kind": entity.kind}
