"""Who may come in, and what there is to work with: login, virtual clusters, storages (platform contract, 3, 5.4, 5.6).

Clusters, storages and projects cannot be made by any operation: an administrator of the real platform makes them. Here
the first start does; a test or a person may seed more through the administration of the local platform.
"""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Route
from reconciler.localplatform.platforms.aihub_bodies import asked, at_least, taken, text, whole
from reconciler.localplatform.platforms.aihub_words import (
    PLATFORM,
    UNKNOWN_TOKEN,
    USER_ID,
    entity_id,
    every,
    fine,
    millis,
    new_token,
    no,
)
from reconciler.localplatform.store import Entity

if TYPE_CHECKING:
    from reconciler.localplatform.data import DataFolder
    from reconciler.localplatform.face import Call, Reply
    from reconciler.localplatform.services import Services

CLUSTER, STORAGE, PROJECT = "Cluster", "Storage", "Project"
_TRAINING, _WORKFLOW = 1, 2
GPU_TYPES = {1: "A800", 2: "4090", 3: "3090", 4: "2080", 5: "unknown"}
_SKU_A800 = {
    "id": 1,
    "description": "one A800",
    "cpu": 14,
    "memory": 120,
    "gpu_type": 1,
    "gpu_memory": 80,
    "network": 2,
}
_SKU_4090 = {"id": 2, "description": "one 4090", "cpu": 8, "memory": 60, "gpu_type": 2, "gpu_memory": 24, "network": 0}
_FIRST: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    CLUSTER: (
        ("vc-a800-train", {"uuid": "0-0-1", "sku": _SKU_A800, "module": _TRAINING, "units": 8}),
        ("vc-4090-debug", {"uuid": "0-0-2", "sku": _SKU_4090, "module": _TRAINING, "units": 4}),
        ("vc-workflow", {"uuid": "0-0-3", "sku": _SKU_4090, "module": _WORKFLOW, "units": 4}),
    ),
    STORAGE: (
        ("data1", {"path": "/mnt/data1", "server_path": "/data1", "server_type": "nfs", "permission": "rw"}),
        ("models", {"path": "/mnt/models", "server_path": "/models", "server_type": "hostpath", "permission": "rw"}),
    ),
    PROJECT: (("vision", {"description": "Looking at pictures"}), ("speech", {"description": "Listening"})),
}


def first_start(services: Services) -> None:
    """What the administrator of a real platform has made before anybody comes."""
    now = services.clock.now()
    services.store.insert_many(
        tuple(
            Entity(PLATFORM, kind, "", entity_id(kind, number), name, {**body, "id": number}, created=now, updated=now)
            for kind, those in _FIRST.items()
            for number, (name, body) in enumerate(those, start=1)
        )
    )


def login(call: Call) -> Reply:
    """A token for who knows the password, which here is the secret key of the account."""
    body = taken(call, {"username": text, "password": text}, ("username", "password"))
    account = call.services.account
    given, known = ((body["username"], body["password"]), (account.access_key, account.secret_key))
    if not hmac.compare_digest(json.dumps(given).encode(), json.dumps(known).encode()):
        raise no(call, UNKNOWN_TOKEN, "the user or the password is wrong")
    return fine({"id": USER_ID, "token": new_token(call.services, call.now)})


def list_clusters(call: Call) -> Reply:
    """The virtual clusters of a user; there is one user, so everybody else has none."""
    user, module = asked(call, "user_id", whole), asked(call, "module_type", at_least(_TRAINING, _WORKFLOW))
    rows = [
        {
            "id": cluster.body["id"],
            "name": cluster.name,
            "uuid": cluster.body["uuid"],
            "sku": {**cluster.body["sku"], "created_at": millis(cluster.created)},
            "created_at": millis(cluster.created),
        }
        for cluster in every(call.services, CLUSTER)
        if cluster.body["module"] == module and user == USER_ID
    ]
    return fine({"data": rows})


def list_storages(call: Call) -> Reply:
    """What can be mounted."""
    return fine({"data": [shown_storage(storage) for storage in every(call.services, STORAGE)]})


def shown_storage(storage: Entity) -> dict[str, Any]:
    """A storage as answers show it."""
    body = storage.body
    return {
        "id": body["id"],
        "name": storage.name,
        "path": body["path"],
        "server_path": body["server_path"],
        "server_host": "127.0.0.1",
        "server_type": body["server_type"],
        "permission": body["permission"],
        "description": body.get("description", ""),
    }


def mounts_of(services: Services, data: DataFolder, numbers: list[int]) -> dict[str, str]:
    """Folder by path in the container, the longest path first, of the storages with these numbers."""
    chosen = [storage for storage in every(services, STORAGE) if storage.body["id"] in numbers]
    found = {storage.body["path"]: str(data.area(storage.name)) for storage in chosen}
    return {path: found[path] for path in sorted(found, key=len, reverse=True)}


ROUTES = (
    Route("POST", "/api/v1/auth/login", "login", login, signed=False),
    Route("GET", "/tag-resource-management/api/v1/select-clusters", "listClusters", list_clusters),
    Route("GET", "/model-training-platform/api/v1/storages", "listStorages", list_storages),
)
