"""What can be asked for: engines, flavors, pools, quotas (contract, sections 6, 7.1 and 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Reply, Route
from reconciler.localplatform.platforms.modelarts_sizes import FLAVORS, POOL, POOL_FLAVOR
from reconciler.localplatform.platforms.modelarts_words import INVALID, JOB_V2, PLATFORM, V2, no_v2, text
from reconciler.localplatform.store import Query

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call

_ENGINES = (
    ("PyTorch", "pytorch_1.8.0-cuda_10.2-py_3.7-ubuntu_18.04-x86_64"),
    ("TensorFlow", "tensorflow_2.1.0-cuda_10.1-py_3.7-ubuntu_18.04-x86_64"),
    ("MindSpore-GPU", "mindspore_1.7.0-cuda_10.1-py_3.7-ubuntu_18.04-x86_64"),
    ("Ascend-Powered-Engine", "mindspore_1.7.0-cann_5.1.0-py_3.7-euler_2.8.3-aarch64"),
)
_NODES_MOST = 16
_JOBS_MOST = 1000


def engines(_call: Call) -> Reply:
    """The preset engines."""
    items = [
        {
            "engine_id": version,
            "engine_name": name,
            "engine_version": version,
            "v1_compatible": False,
            "run_user": "1102",
            "image_info": {"cpu_image_url": f"local/{name.lower()}:cpu", "image_version": "local"},
        }
        for name, version in _ENGINES
    ]
    return Reply({"total": len(items), "items": items})


def flavors(call: Call) -> Reply:
    """The flavors of the public pool, all or of one type."""
    wanted = text(call, "flavor_type")
    if wanted and wanted not in {kind for kind, *_ in FLAVORS.values()}:
        raise no_v2(INVALID, "flavor_type must be CPU, GPU or Ascend")
    rows = [_flavor(name, *row) for name, row in FLAVORS.items() if wanted in ("", row[0])]
    return Reply({"total_count": len(rows), "flavors": rows})


def _flavor(identifier: str, kind: str, cores: int, gigabytes: int, cards: int) -> dict[str, Any]:
    info: dict[str, Any] = {
        "max_num": _NODES_MOST,
        "cpu": {"arch": "arm64" if kind == "Ascend" else "x86", "core_num": cores},
        "memory": {"size": gigabytes, "unit": "GB"},
        "disk": {"size": 500, "unit": "GB"},
    }
    if kind == "GPU":
        info["gpu"] = {"unit_num": cards, "product_name": "NVIDIA-V100", "memory": "32GB"}
    if kind == "Ascend":
        info["npu"] = {"unit_num": str(cards), "product_name": "Ascend-910", "memory": "32GB"}
    return {
        "flavor_id": identifier,
        "flavor_name": f"Computing {kind} instance",
        "flavor_type": kind,
        "max_num": _NODES_MOST,
        "billing": {"code": identifier, "unit_num": 1},
        "flavor_info": info,
        "attributes": {"is_free": "false"},
    }


def quotas(call: Call) -> Reply:
    """How many jobs there may be, and are."""
    used = call.services.store.find(Query(PLATFORM, JOB_V2)).count
    return Reply({"quotas": [{"resource": "training_job", "quota": _JOBS_MOST, "used": used}]})


def pools(call: Call) -> Reply:
    """The dedicated pools."""
    status = text(call, "status")
    items = [_pool()] if status in ("", "created") else []
    return Reply({"kind": "PoolList", "apiVersion": "v2", "metadata": {}, "items": items})


def show_pool(call: Call) -> Reply:
    """One of them."""
    if call.arguments["pool_name"] != POOL:
        raise no_v2("ModelArts.50415001", "the pool does not exist", 404)
    return Reply(_pool())


def _pool() -> dict[str, Any]:
    resources = [{"flavor": POOL_FLAVOR, "count": 2}]
    return {
        "kind": "Pool",
        "apiVersion": "v2",
        "metadata": {"name": POOL, "creationTimestamp": "2026-01-01T00:00:00Z", "labels": {}, "annotations": {}},
        "spec": {"type": "Dedicate", "scope": ["Train", "Notebook"], "resources": resources},
        "status": {"phase": "Running", "scope": [{"scopeType": "Train", "state": "Enabled"}]},
    }


ROUTES = (
    Route("GET", f"{V2}/training-job-engines", "ShowTrainingJobEngines", engines),
    Route("GET", f"{V2}/training-job-flavors", "ShowTrainingJobFlavors", flavors),
    Route("GET", f"{V2}/training-quotas", "ShowTrainingQuotas", quotas),
    Route("GET", f"{V2}/pools", "ListPools", pools),
    Route("GET", f"{V2}/pools/<pool_name>", "ShowPool", show_pool),
)
