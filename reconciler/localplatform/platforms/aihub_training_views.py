"""What one sees of a training or a quota task (platform contract, 5.4). Ids that were sent come back as objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.localplatform.platforms.aihub_account import CLUSTER, GPU_TYPES, PROJECT, STORAGE, shown_storage
from reconciler.localplatform.platforms.aihub_scheduler import STARTED, WAITING, going
from reconciler.localplatform.platforms.aihub_words import PLATFORM, QUOTA_TASK, USER_ID, entity_id, every, millis
from reconciler.localplatform.platforms.aihub_work import PODS
from reconciler.localplatform.work import Status

if TYPE_CHECKING:
    from reconciler.localplatform.engines.protocol import InstanceSnapshot, RunSnapshot
    from reconciler.localplatform.face import Call
    from reconciler.localplatform.store import Entity

_WAITING, _RUNNING, _SUCCEEDED, _FAILED, _STOPPED, _STOPPING = 1, 2, 3, 4, 5, 6
_STATUS = {
    Status.PENDING: _WAITING,
    Status.RUNNING: _RUNNING,
    Status.SUSPENDED: _RUNNING,
    Status.STOPPING: _RUNNING,
    Status.SUCCEEDED: _SUCCEEDED,
    Status.FAILED: _FAILED,
    Status.CANCELLED: _STOPPED,
}
_POD = {
    Status.PENDING: "Pending",
    Status.RUNNING: "Running",
    Status.SUSPENDED: "Running",
    Status.STOPPING: "Running",
    Status.SUCCEEDED: "Succeeded",
    Status.FAILED: "Failed",
    Status.CANCELLED: "Deleted",
    Status.SKIPPED: "Deleted",
}
_CATEGORIES = {1: "training", 2: "inference", 3: "debugging", 4: "special"}
_SSH_PORT = 30_000


def status_of(entity: Entity, now: RunSnapshot | None) -> int:
    """The number of its status. Only quota tasks have one for being stopped."""
    if now is None:
        return _WAITING if entity.body["state"] == WAITING else _STOPPED
    if now.status is Status.STOPPING and entity.kind == QUOTA_TASK:
        return _STOPPING
    return _STATUS[now.status]


def look(call: Call, entity: Entity) -> RunSnapshot | None:
    """How its work is, None where none was begun."""
    known = call.services.runs.history.get(entity.id) is not None
    return call.services.runs.look(entity.id) if known else None


def shown(call: Call, entity: Entity) -> dict[str, Any]:
    """Everything about one."""
    body, now = entity.body, look(call, entity)
    status = status_of(entity, now)
    view = {
        "id": body["id"],
        "name": entity.name,
        "description": body.get("description", ""),
        **{member: body[member] for member in ("framework", "image", "sku_cnt", "instances")},
        **{member: body.get(member, False) for member in ("enable_ssh", "use_ib_network", "always_pull_image")},
        "virtual_cluster": _cluster(call, entity),
        "envs": body.get("envs") or None,
        "storages": _storages(call, body.get("storage_ids") or []),
        "created_at": millis(entity.created),
        "started_at": millis(now.started if now else None),
        "finished_at": millis(now.finished if now else None),
        "username": entity.owner,
        "user_id": USER_ID,
        "namespace": "local",
        "res_name": resource_of(entity),
        "status": status,
        "shm": body.get("shm", 0),
        "category": {"id": body["category_id"], "name": _CATEGORIES[body["category_id"]]},
        "project": _project(call, body["project_id"]),
        "avg_gpu_util": 0,
        "estimate_run_time": body.get("estimate_run_time", 0),
        "is_vip": body.get("is_vip", False),
        "cluster_partition": "vip" if body.get("is_vip") else "",
        "preempt_policy": body.get("preempt_policy", 0) if body.get("is_vip") else 0,
        "vip_node_names": body.get("vip_node_names") or None,
        "use_new_log": True,
    }
    if status == _STOPPED:
        view["stop_op_user"] = body.get("stop_op_user") or {"id": 0, "name": ""}
    if entity.kind == QUOTA_TASK:
        view |= {"priority": body["priority"], "command": body["command"], "mtp_id": body["id"]}
    return view


def pods_of(call: Call, entity: Entity, node: str) -> list[dict[str, Any]]:
    """One for each instance; of what has not started there is none."""
    now = look(call, entity)
    instances = now.task(PODS).instances if now is not None and now.tasks else ()
    return [_pod(call, entity, instance, node) for instance in instances]


def resource_of(entity: Entity) -> str:
    """Its name in Kubernetes."""
    return f"{'task' if entity.kind == QUOTA_TASK else 'train'}-{entity.body['id']}"


def _pod(call: Call, entity: Entity, instance: InstanceSnapshot, node: str) -> dict[str, Any]:
    name = f"{resource_of(entity)}-worker-{instance.index}"
    # Nothing listens at the port: a local pod is a process of your own.
    port = _SSH_PORT + instance.index if entity.body.get("enable_ssh") else 0
    lasted = (instance.finished or call.now) - instance.started if instance.started else 0
    return {
        "id": entity.body["id"] * 100 + instance.index,
        "namespace": "local",
        "name": name,
        "status": _POD[instance.status],
        "created_at": millis(entity.created),
        "started_at": millis(instance.started),
        "finished_at": millis(instance.finished),
        "host_ip": "127.0.0.1",
        "node_name": node,
        "ssh_port": port,
        "ssh_info": f"ssh -p {port} root@127.0.0.1" if port else "",
        "duration": max(int(lasted), 0),
        "use_new_log": True,
    }


def _cluster(call: Call, entity: Entity) -> dict[str, Any]:
    """The cluster of one; a quota task also tells who else works on its nodes."""
    number = entity.body["virtual_cluster_id"]
    cluster = call.services.store.get(PLATFORM, CLUSTER, entity_id(CLUSTER, number))
    if cluster is None:
        return {"id": number, "name": ""}
    sku = cluster.body["sku"]
    shown = {
        "id": number,
        "name": cluster.name,
        "gpu_type": GPU_TYPES[sku["gpu_type"]],
        "label": cluster.body["uuid"],
        "sku": {"cpu": sku["cpu"], "gpu": 1, "memory": sku["memory"]},
    }
    if entity.kind == QUOTA_TASK:
        tasks = [
            _task(call, each) for each in going(call.services, STARTED) if each.body["virtual_cluster_id"] == number
        ]
        shown["node_tasks"] = [{"node_name": f"{cluster.name}-node-1", "node_ip": "127.0.0.1", "tasks": tasks}]
    return shown


def _task(call: Call, entity: Entity) -> dict[str, Any]:
    run = call.services.runs.history.get(entity.id)
    began = run.started if run else None
    return {
        "id": str(entity.body["id"]),
        "name": entity.name,
        "sku_cnt": int(entity.body["sku_cnt"]) * int(entity.body["instances"]),
        "category_name": _CATEGORIES[entity.body["category_id"]],
        "project_name": _project(call, entity.body["project_id"])["name"],
        "estimate_run_time": entity.body.get("estimate_run_time", 0),
        "actual_run_time": max(int(call.now - began), 0) if began else 0,
        "username": entity.owner,
    }


def _project(call: Call, number: int) -> dict[str, Any]:
    project = call.services.store.get(PLATFORM, PROJECT, entity_id(PROJECT, number))
    told = (project.name, project.body["description"]) if project else ("", "")
    return {"id": number, "name": told[0], "description": told[1]}


def _storages(call: Call, numbers: list[int]) -> list[dict[str, Any]] | None:
    """Null where there are none, as the document shows it."""
    chosen = [shown_storage(each) for each in every(call.services, STORAGE) if each.body["id"] in numbers]
    return chosen or None
