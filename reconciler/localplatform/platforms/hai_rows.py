"""A task as the platform answers it: one row per life, seen through the newest (platform contract, section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.localplatform.platforms.hai_words import iso, run_of
from reconciler.localplatform.work import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.localplatform.engines.protocol import InstanceSnapshot, RunSnapshot
    from reconciler.localplatform.store import Entity

_POD = {
    Status.PENDING: "created",
    Status.RUNNING: "running",
    Status.SUSPENDED: "running",
    Status.STOPPING: "stopped_terminating",
    Status.SUCCEEDED: "succeeded",
    Status.FAILED: "failed",
    Status.CANCELLED: "stopped",
    Status.SKIPPED: "stopped",
}
_WORST = (
    "failed",
    "stopped",
    "failed_terminating",
    "stopped_terminating",
    "created",
    "building",
    "running",
    "succeeded_terminating",
    "succeeded",
)
_WORKER_OF = {"queued": "queued", "scheduled": "running"}


def chain_status(chain: Entity) -> str:
    """Where the chain is (section 6)."""
    rows = chain.body["rows"]
    match rows[-1]["queue"]:
        case "queued":
            return "waiting_init" if len(rows) == 1 else "suspended"
        case "scheduled":
            return "running"
        case _:
            return "finished"


def shown(chain: Entity, snapshot: RunSnapshot | None = None, *, pods: bool = True) -> dict[str, Any]:
    """The full row. `snapshot` is that of the newest life while it runs."""
    body, rows = chain.body, chain.body["rows"]
    newest = rows[-1]
    return {
        "id": newest["id"],
        "nb_name": chain.name,
        "user_name": chain.owner,
        "code_file": body["code_file"],
        "workspace": body["task"]["spec"].get("workspace", ""),
        "config_json": _config(chain, newest),
        "group": body["group"],
        "nodes": body["nodes"],
        "assigned_nodes": newest["nodes"],
        "restart_count": len(rows) - 1,
        "whole_life_state": newest["whole_life_state"],
        "backend": body["backend"],
        "task_type": body["task"]["task_type"],
        "queue_status": newest["queue"],
        "notes": None,
        "priority": body["priority"],
        "first_id": rows[0]["id"],
        "chain_id": chain.id,
        "stop_code": newest["stop_code"],
        "suspend_code": newest["suspend_code"],
        "mount_code": body["task"]["options"].get("mount_code", 2),
        "suspend_updated_at": iso(newest["created"]),
        "begin_at": iso(newest["begin"]),
        "end_at": iso(newest["end"]),
        "created_at": iso(newest["created"]),
        "worker_status": _worker(newest, snapshot, chain),
        "star": body["star"],
        "tags": sorted(body["tags"]),
        "scheduled_info": None,
        "chain_status": chain_status(chain),
        "_pods_": _pods(chain, snapshot) if pods else [],
        **_lists(rows),
    }


def _config(chain: Entity, newest: Mapping[str, Any]) -> dict[str, Any]:
    body, task = chain.body, chain.body["task"]
    config = {
        "client_group": task["resource"]["group"],
        "schedule_zone": body["zone"],
        "environments": task["spec"].get("environments", {}),
        "whole_life_state": body["whole_life_state"],
        "train_image": None,
        "override_node_resource": task["options"].get("override_node_resource"),
        "schema": body["schema"],
    }
    return {**config, "running_priority": newest["level"]} if newest["level"] else config


def _lists(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {
        "id_list": [row["id"] for row in rows],
        "queue_status_list": [row["queue"] for row in rows],
        "begin_at_list": [iso(row["begin"]) for row in rows],
        "end_at_list": [iso(row["end"]) for row in rows],
        "created_at_list": [iso(row["created"]) for row in rows],
        "stop_code_list": [row["stop_code"] for row in rows],
        "suspend_code_list": [row["suspend_code"] for row in rows],
        "whole_life_state_list": [row["whole_life_state"] for row in rows],
        "worker_status_list": [row["worker"] for row in rows],
    }


def _worker(row: Mapping[str, Any], snapshot: RunSnapshot | None, chain: Entity) -> str:
    if row["queue"] == "scheduled" and snapshot is not None:
        return worst(live_pods(chain, row, snapshot))
    return str(row["worker"]) if row["queue"] == "finished" else _WORKER_OF[row["queue"]]


def _pods(chain: Entity, snapshot: RunSnapshot | None) -> list[dict[str, Any]]:
    """Those of the newest life; a suspended chain shows those of the one before, one that never ran none."""
    rows = chain.body["rows"]
    newest = rows[-1]
    if newest["queue"] == "scheduled":
        return live_pods(chain, newest, snapshot) if snapshot is not None else []
    if newest["queue"] == "queued" and len(rows) > 1:
        return list(rows[-2]["pods"])
    return list(newest["pods"])


def live_pods(chain: Entity, row: Mapping[str, Any], snapshot: RunSnapshot) -> list[dict[str, Any]]:
    """The instances of a life by rank."""
    instances = [instance for task in snapshot.tasks for instance in task.instances]
    return [_pod(chain, row, instance) for instance in instances]


def final_pods(chain: Entity, row: Mapping[str, Any], snapshot: RunSnapshot) -> list[dict[str, Any]]:
    """The same of a life that has ended; one that nobody can account for any more has failed on every node."""
    found = live_pods(chain, row, snapshot)
    if found:
        return found
    return [_blank(chain, row, rank) for rank in range(chain.body["nodes"])]


def worst(pods: list[dict[str, Any]]) -> str:
    """The status that counts over several pods (section 6)."""
    states = {pod["status"] for pod in pods}
    return next((status for status in _WORST if status in states), "created")


def _pod(chain: Entity, row: Mapping[str, Any], instance: InstanceSnapshot) -> dict[str, Any]:
    code = instance.exit_code
    if code is None and instance.signal is not None:
        code = 128 + instance.signal
    begin = instance.started or row["begin"]
    return {
        **_blank(chain, row, instance.index),
        "status": _POD[instance.status],
        "begin_at": iso(begin),
        "started_at": iso(begin),
        "end_at": iso(instance.finished or begin),
        "exit_code": "nan" if code is None else str(code),
    }


def _blank(chain: Entity, row: Mapping[str, Any], rank: int) -> dict[str, Any]:
    nodes = row["nodes"]
    return {
        "task_id": row["id"],
        "pod_id": f"{chain.owner.replace('_', '-')}-{row['id']}-{rank}",
        "job_id": rank,
        "status": "failed",
        "node": nodes[rank] if rank < len(nodes) else "",
        "role": "worker" if rank else "master",
        "assigned_gpus": [],
        "created_at": iso(row["created"]),
        "begin_at": iso(row["begin"]),
        "end_at": iso(row["end"]),
        "memory": 0,
        "cpu": 0,
        "exit_code": "nan",
        "started_at": iso(row["begin"]),
        "job_uid": run_of(row["id"]),
    }
