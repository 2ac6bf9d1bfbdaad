"""The machines (platform contract, section 8). They are invented: work runs on this one machine."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Reply, Route
from reconciler.localplatform.platforms import hai_scheduler, hai_schema
from reconciler.localplatform.platforms.hai_tasks import DEFAULT_GROUP
from reconciler.localplatform.platforms.hai_words import ARTIFACT, NODE, PLATFORM, PRIORITIES, USER, fine
from reconciler.localplatform.store import Entity, Query

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call
    from reconciler.localplatform.services import Services

NODES = 4
USER_ID = 10001
_AUTO = -1
_ZONES = ("A", "B")


def first_start(services: Services) -> None:
    """A user with quota for everything there is, a few nodes of one group in two zones, and a record of data."""
    now = services.clock.now()
    quota = {f"node-{DEFAULT_GROUP}-{name}": NODES for value, name in PRIORITIES.items() if value != _AUTO}
    body = {"user_id": USER_ID, "role": "internal", "node_quota": quota}
    user = services.account.user
    services.store.insert(Entity(PLATFORM, USER, "", user, user, body, created=now, updated=now))
    place = {"type": "dataset", "location": "/demo", "description": "", "extra": "", "shared_group": user}
    for version in ("v1", "default"):
        artifact = Entity(PLATFORM, ARTIFACT, user, str(uuid.uuid4()), "demo", place, version, user, now, now)
        services.store.insert(artifact)
    for index in range(NODES):
        name = f"local-{index}"
        node = {"status": "Ready", "mars_group": DEFAULT_GROUP, "schedule_zone": _ZONES[index * len(_ZONES) // NODES]}
        services.store.insert(Entity(PLATFORM, NODE, "", name, name, node, created=now, updated=now))


def list_nodes(call: Call) -> Reply:
    """Every node, and what works on it."""
    hai_scheduler.advance(call.services, call.now)
    busy = {
        name: (chain, rank)
        for chain in hai_scheduler.open_chains(call.services)
        for rank, name in enumerate(chain.body["rows"][-1]["nodes"])
    }
    nodes = call.services.store.find(Query(PLATFORM, NODE, sort="name")).entities
    rows = [_node(node, busy.get(node.name)) for node in nodes]
    return fine(cluster_df=rows, containers=list(hai_schema.IMAGES), mount_code={})


def _node(node: Entity, work: tuple[Entity, int] | None) -> dict[str, Any]:
    group = node.body["mars_group"]
    chain, rank = work or (None, None)
    return {
        "name": node.name,
        "status": node.body["status"],
        "roles": "node",
        "mars_group": group,
        "group": group,
        "gpu_num": 0,
        "cpu": 0,
        "memory": 0,
        "nodes": 1,
        "cluster": "local",
        "type": "cpu",
        "use": group,
        "room": node.body["schedule_zone"],
        "origin_group": group,
        "schedule_zone": node.body["schedule_zone"],
        "internal_ip": "127.0.0.1",
        "working": chain.body["task"]["task_type"] if chain else None,
        "working_user": chain.owner if chain else None,
        "working_user_role": "internal" if chain else None,
        "working_task_id": chain.body["rows"][-1]["id"] if chain else None,
        "working_task_rank": rank,
        "cluster_host": "local",
        "flag": 0,
        "spine": None,
        "leaf": None,
        "current_category": group,
    }


def overview(call: Call) -> Reply:
    """How many nodes work and how many are free."""
    hai_scheduler.advance(call.services, call.now)
    total = call.services.store.find(Query(PLATFORM, NODE)).entities
    working = sum(len(chain.body["rows"][-1]["nodes"]) for chain in hai_scheduler.open_chains(call.services))
    counts = {
        "other": 0,
        "usage_rate": working / len(total) if total else 0,
        "total": len(total),
        "working": working,
        "free": len(total) - working,
    }
    nothing = dict.fromkeys(counts, 0)
    return fine(result={**counts, "gpu_detail": nothing, "cpu_detail": counts})


def performance(_call: Call) -> Reply:
    """Nothing is measured by chain here."""
    return fine(data=[])


def health(_call: Call) -> Reply:
    """Whether the server lives."""
    return Reply({"success": 1, "status": "running"})


ROUTES = (
    Route("POST", "/query/node/list", "ListNodes", list_nodes),
    Route("POST", "/query/node/overview", "NodeOverview", overview),
    Route("POST", "/query/node/client_overview", "ClientNodeOverview", overview),
    Route("POST", "/monitor/task/chain_perf_series", "ShowChainPerformance", performance),
    Route("GET", "/api_server_status", "ShowHealth", health, signed=False),
)
