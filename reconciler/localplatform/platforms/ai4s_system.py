"""What belongs to the account and not to a space: the label library, node labels, quotas, switches (5, 12)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.clock import utc_text
from reconciler.localplatform.face import Reply, Route
from reconciler.localplatform.platforms.ai4s_checks import LABEL, Fields
from reconciler.localplatform.platforms.ai4s_jobs import known_node_labels
from reconciler.localplatform.platforms.ai4s_users import caller, users
from reconciler.localplatform.platforms.ai4s_words import PLATFORM, ROOT, found, query
from reconciler.localplatform.store import Entity, Query

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call

_LEVEL_MOST = 6
_QUOTAS = {
    "PROJECT": "Space",
    "PROJECT_APP": "App",
    "PROJECT_WORKFLOW": "Workflow",
    "PROJECT_IMAGE": "Image",
    "PROJECT_NOTEBOOK": "Notebook",
}


def list_labels(call: Call) -> Reply:
    """The library; no parameters."""
    page = call.services.store.find(query(call, "Label"))
    return Reply({"labels": [_label(label) for label in page.entities], "count": page.count})


def create_label(call: Call) -> Reply:
    """A new label. Nothing says that names are unique (trap 22), so they are not."""
    fields = Fields(call.body())
    name = fields.text("name", 1, 32, required=True, pattern=LABEL)
    body = {
        "name": name,
        "description": fields.text("description", 0, 255),
        "level": fields.whole("level", 1, _LEVEL_MOST, 1),
    }
    owner = caller(call).name
    label = Entity(PLATFORM, "Label", "", str(uuid.uuid4()), name, body, "", owner, call.now, call.now)
    call.services.store.insert(label)
    return Reply({"id": label.id}, 201)


def delete_label(call: Call) -> Reply:
    """Removes one."""
    call.services.store.delete(found(call, "Label", call.arguments["label_id"]), call.now)
    return Reply()


def batch_delete_labels(call: Call) -> Reply:
    """Removes several, all or none."""
    ids = Fields(call.body()).texts("ids", 1000, 128, required=True, least=1)
    with call.services.store.database.transaction():
        for label in [found(call, "Label", identifier) for identifier in dict.fromkeys(ids)]:
            call.services.store.delete(label, call.now)
    return Reply()


def _label(label: Entity) -> dict[str, Any]:
    return {
        "id": label.id,
        **label.body,
        "creator": label.owner,
        "create_time": utc_text(label.created),
        "update_time": utc_text(label.updated),
    }


def node_labels(call: Call) -> Reply:
    """The labels the nodes carry: a switch of this server."""
    labels = [{"name": name} for name in sorted(known_node_labels(call))]
    return Reply({"labels": labels, "count": len(labels)})


def quotas(call: Call) -> Reply:
    """Usage; nothing is limited here."""
    store = call.services.store
    rows = [
        {"name": name, "total": -1, "usage": store.find(Query(PLATFORM, kind, limit=0)).count, "unit": "count"}
        for name, kind in _QUOTAS.items()
    ]
    rows.append({"name": "USER", "total": -1, "usage": len(users(call)), "unit": "count"})
    if wanted := call.request.args.get("name", ""):
        rows = [row for row in rows if row["name"] == wanted]
    return Reply({"quotas": rows, "count": len(rows)})


def clusters(_call: Call) -> Reply:
    """One cluster: this machine."""
    cluster = {"id": "local", "name": "local", "status": "ACTIVE", "active_nodes_number": 1, "total_nodes_number": 1}
    return Reply({"clusters": [cluster], "count": 1})


def overview(call: Call) -> Reply:
    """The platform at a glance."""
    spaces = call.services.store.find(Query(PLATFORM, "Space")).entities
    size = sum(call.services.data.size(space.name) for space in spaces)
    return Reply({"id": "local", "storage": size, "project_num": len(spaces), "charge_mode": 0, "is_arrears": False})


def configs(_call: Call) -> Reply:
    """Switches of the environment."""
    return Reply({"dev_user_pool": False, "has_dev": False, "has_drug": False, "deploy_mode": "local"})


ROUTES = (
    Route("GET", f"{ROOT}/system/labels", "ListLabel", list_labels),
    Route("POST", f"{ROOT}/system/labels", "CreateLabel", create_label),
    Route("DELETE", f"{ROOT}/system/labels/<label_id>", "DeleteLabel", delete_label),
    Route("POST", f"{ROOT}/system/labels/batch-delete", "BatchDeleteLabel", batch_delete_labels),
    Route("GET", f"{ROOT}/system/cluster/labels", "ListClusterAllNodeLabel", node_labels),
    Route("GET", f"{ROOT}/system/computing-clusters", "ListComputingCluster", clusters),
    Route("GET", f"{ROOT}/system/overview", "ShowOverview", overview),
    Route("GET", f"{ROOT}/system/configs", "ShowEnv", configs),
    Route("GET", f"{ROOT}/quotas", "ListQuota", quotas),
)
