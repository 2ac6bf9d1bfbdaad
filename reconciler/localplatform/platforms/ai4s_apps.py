"""Apps (section 7): what runs, with which image, commands, parameters and resources."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Refusal, Reply, Route
from reconciler.localplatform.platforms import ai4s_checks as checks
from reconciler.localplatform.platforms.ai4s_checks import Fields
from reconciler.localplatform.platforms.ai4s_tools import (
    check_unique,
    delete_unused,
    list_across_spaces,
    list_in_space,
    origin,
    redefine,
)
from reconciler.localplatform.platforms.ai4s_users import caller, want_member
from reconciler.localplatform.platforms.ai4s_words import (
    NO_ASSET,
    PLATFORM,
    SPACE,
    SPACES,
    found,
    in_space,
    invalid,
    space_of,
)
from reconciler.localplatform.store import Entity

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call

DEFAULT_RESOURCES = {"cpu_type": "X86", "cpu": "1C", "memory": "1G", "gpu_type": "", "gpu": "0"}
"""What the server fills in at app level, and only there (9.1)."""


def definition(members: dict[str, Any]) -> dict[str, Any]:
    """The stored form of a create or update body, defaults filled in. Raises Refusal 400."""
    fields = Fields(members)
    inputs, outputs = checks.parameters(fields, "inputs"), checks.parameters(fields, "outputs")
    names = [parameter["name"] for parameter in (*inputs, *outputs)]
    if len(set(names)) < len(names):
        raise invalid("the names of inputs and outputs must be unique in the app")
    given = {name: value for name, value in checks.resources(fields.object("resources")).items() if value}
    return {
        "name": fields.text("name", 1, 56, required=True, pattern=checks.TOOL_NAME),
        "version": fields.text("version", 1, 24, required=True, pattern=checks.VERSION),
        "summary": fields.text("summary", 0, 128),
        "description": fields.text("description"),
        "labels": checks.labels(fields),
        "image": checks.image(fields),
        "commands": checks.commands(fields),
        "resources": {**DEFAULT_RESOURCES, **given},
        "inputs": inputs,
        "outputs": outputs,
        "node_labels": checks.node_labels(fields),
        "icon": fields.text("icon", 0, 1024 * 1024),
    }


def create_app(call: Call) -> Reply:
    """A new app; 400 when the space has this name and version."""
    space, body = space_of(call), definition(call.body())
    return Reply({"id": insert(call, space, body).id})


def insert(call: Call, space: Entity, body: dict[str, Any]) -> Entity:
    """Stores a new app. Raises Refusal 400 when the space has this name and version."""
    app = Entity(
        PLATFORM,
        "App",
        space.id,
        str(uuid.uuid4()),
        body["name"],
        body,
        version=body["version"],
        owner=caller(call).name,
        created=call.now,
        updated=call.now,
    )
    with call.services.store.database.transaction():
        check_unique(call.services.store, "App", space, app.name, app.version)
        call.services.store.insert(app)
    return app


def show_app(call: Call) -> Reply:
    """The full definition."""
    space = space_of(call)
    app = in_space(call, "App", "app_id")
    shown = {
        name: value for name, value in app.body.items() if name not in {"source_project_name", "source_resource_id"}
    }
    return Reply({"id": app.id, **shown, **origin(app, space)})


def update_app(call: Call) -> Reply:
    """Replaces the definition."""
    redefine(call, in_space(call, "App", "app_id"), definition(call.body()))
    return Reply()


def delete_app(call: Call) -> Reply:
    """Refused while a workflow uses it."""
    return delete_unused(call, "App", "app_id")


def batch_import(call: Call) -> Reply:
    """Copies apps from another space; each item says how it went, and 207 when one failed (trap 18)."""
    space, fields = space_of(call), Fields(call.body())
    source = found(call, "Space", fields.text("source_project_id", 1, 128, required=True))
    want_member(call, source)
    items = [_import_one(call, space, source, item) for item in fields.objects("import_apps", 100, least=1)]
    return Reply(items, 200 if all(item["status"] == "IMPORT_SUCCESS" for item in items) else 207)


def _import_one(call: Call, space: Entity, source: Entity, fields: Fields) -> dict[str, Any]:
    item = {
        "source_app_id": fields.text("source_app_id", 1, 135, required=True),
        "destination_app_id": "",
        "destination_app_name": fields.text("destination_app_name", 1, 56, required=True, pattern=checks.TOOL_NAME),
        "version": fields.text("destination_app_version", 1, 24, required=True, pattern=checks.VERSION),
    }
    try:
        app = import_app(call, space, source, (item["source_app_id"], item["destination_app_name"], item["version"]))
    except Refusal as refusal:
        return {**item, "status": "IMPORT_FAIL", "message": refusal.message}
    return {**item, "destination_app_id": app.id, "status": "IMPORT_SUCCESS"}


def import_app(call: Call, space: Entity, source: Entity, wanted: tuple[str, str, str]) -> Entity:
    """Copies one app of `source`, by id, under a new name and version. Raises Refusal."""
    identifier, name, version = wanted
    app = found(call, "App", identifier, source)
    if app.body.get("source_resource_id"):
        raise Refusal(400, "eihealth.01040010", f"the app {app.name} is itself imported and cannot be imported on")
    origin_of = {"source_project_name": source.name, "source_resource_id": app.id}
    return insert(call, space, {**app.body, "name": name, "version": version, **origin_of})


def subscribe(call: Call) -> Reply:
    """Refused: the asset market of this server is empty."""
    asset = Fields(call.body()).text("asset_id", 1, 128, required=True)
    raise Refusal(404, NO_ASSET, f"the asset {asset} does not exist")


def list_apps(call: Call) -> Reply:
    """The apps of one space."""
    return list_in_space(call, "App")


def list_all_apps(call: Call) -> Reply:
    """The apps of all my spaces."""
    return list_across_spaces(call, "App", "sort_by")


ROUTES = (
    Route("GET", f"{SPACE}/apps", "ListApp", list_apps),
    Route("POST", f"{SPACE}/apps", "CreateApp", create_app),
    Route("GET", f"{SPACE}/apps/<app_id>", "ShowApp", show_app),
    Route("PUT", f"{SPACE}/apps/<app_id>", "UpdateApp", update_app),
    Route("DELETE", f"{SPACE}/apps/<app_id>", "DeleteApp", delete_app),
    Route("POST", f"{SPACE}/apps/batch-import", "BatchImportApp", batch_import),
    Route("POST", f"{SPACE}/apps/subscribe", "SubscribeApp", subscribe),
    Route("GET", f"{SPACES}/apps", "ListUserApp", list_all_apps),
)
