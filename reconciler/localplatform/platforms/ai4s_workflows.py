"""Workflows (section 8): tasks, each an app with values, wired by `${task.output}`."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Refusal, Reply, Route
from reconciler.localplatform.platforms import ai4s_checks as checks
from reconciler.localplatform.platforms.ai4s_apps import import_app, subscribe
from reconciler.localplatform.platforms.ai4s_checks import Fields
from reconciler.localplatform.platforms.ai4s_tools import (
    check_unique,
    delete_unused,
    list_across_spaces,
    list_in_space,
    origin,
    redefine,
    resolve,
)
from reconciler.localplatform.platforms.ai4s_users import caller, want_member
from reconciler.localplatform.platforms.ai4s_words import (
    PLATFORM,
    SPACE,
    SPACES,
    UNKNOWN_REFERENCE,
    flag,
    found,
    in_space,
    invalid,
    space_of,
)
from reconciler.localplatform.store import Entity, Query
from reconciler.localplatform.work import topological_order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.localplatform.face import Call

WIRE = re.compile(r"\$\{([A-Za-z][A-Za-z0-9_-]*)\.([a-z][a-z0-9-]*)\}")
"""A value that is another task's output (8.1)."""


@dataclass(frozen=True, slots=True)
class Definition:
    """The stored form of a workflow, and the apps its tasks use, by task name."""

    body: dict[str, Any]
    apps: Mapping[str, Entity]

    @property
    def links(self) -> tuple[tuple[str, str], ...]:
        """What it uses, for the store."""
        return tuple(("App", app.id) for app in self.apps.values())


def definition(call: Call, space: Entity, members: dict[str, Any]) -> Definition:
    """Reads a create or update body and resolves its references. Raises Refusal 400."""
    fields = Fields(members)
    apps: dict[str, Entity] = {}
    tasks = [_task(call, space, item, apps) for item in fields.objects("tasks", checks.TASKS_MOST, least=1)]
    check_wiring(tasks, {name: app.body for name, app in apps.items()})
    body = {
        "name": fields.text("name", 1, 56, required=True, pattern=checks.TOOL_NAME),
        "version": fields.text("version", 1, 24, required=True, pattern=checks.VERSION),
        "summary": fields.text("summary", 0, 128),
        "description": fields.text("description"),
        "labels": checks.labels(fields),
        "timeout": fields.whole("timeout", 1, checks.TIMEOUT_MOST, checks.TIMEOUT_DEFAULT),
        "output_dir": checks.directory(fields, "output_dir"),
        "tasks": tasks,
        "app_snapshot_sign": {app.id: signature(app) for app in apps.values()},
    }
    return Definition(body, apps)


def _task(call: Call, space: Entity, fields: Fields, apps: dict[str, Entity]) -> dict[str, Any]:
    name = fields.text("task_name", 1, 32, required=True, pattern=checks.TASK_NAME)
    if name in apps:
        raise invalid(f"{fields.where}task_name stands twice: {name}")
    reference = fields.text("app_id", 1, 135, required=True, pattern=checks.REFERENCE)
    app = apps[name] = resolve(call, "App", space, reference)
    location = fields.object("location").members
    task: dict[str, Any] = {
        "task_name": name,
        "display_name": fields.text("display_name", 0, 64),
        "output_dir": checks.directory(fields, "output_dir") or f"/{name}",
        "io_acc_type": "",
        "resources": checks.resources(fields.object("resources")),
        "inputs": checks.values(fields, "inputs"),
        "outputs": checks.values(fields, "outputs"),
        "app_info": app_info(app, space),
    }
    if all(isinstance(location.get(axis), int | float) for axis in ("x", "y")):
        task["location"] = {axis: location[axis] for axis in ("x", "y")}
    return task


def app_info(app: Entity, space: Entity) -> dict[str, Any]:
    """The copy of an app that a task carries from then on: how a task refers to its app on read (trap 2)."""
    body = app.body
    return {
        "app_id": app.id,
        "app_name": app.name,
        "app_version": app.version,
        "app_src_project_name": body.get("source_project_name") or space.name,
        "app_labels": body["labels"],
        "app_summary": body["summary"],
        "app_description": body["description"],
        "app_image": body["image"],
        "app_commands": body["commands"],
        "app_input_parameters": body["inputs"],
        "app_output_parameters": body["outputs"],
        "app_node_labels": body["node_labels"],
        "app_resources": body["resources"],
    }


def signature(app: Entity) -> str:
    """Changes when the definition of an app does."""
    return hashlib.sha256(json.dumps(app.body, sort_keys=True).encode()).hexdigest()


def check_wiring(tasks: Sequence[Mapping[str, Any]], apps: Mapping[str, Mapping[str, Any]]) -> None:
    """Names of inputs exist, wires lead to outputs that exist, and the graph has no cycle. Raises Refusal 400."""
    for task in tasks:
        name = task["task_name"]
        for given, declared in (("inputs", apps[name]["inputs"]), ("outputs", apps[name]["outputs"])):
            known = {parameter["name"] for parameter in declared}
            for entry in task[given]:
                if entry["name"] not in known:
                    raise invalid(f"task {name}: the app has no {given[:-1]} {entry['name']}")
        for producer, output in wires(task):
            if output not in {parameter["name"] for parameter in apps.get(producer, {}).get("outputs", ())}:
                raise Refusal(400, UNKNOWN_REFERENCE, f"task {name}: there is no output {producer}.{output}")
    try:
        topological_order(needs_of(tasks))
    except ValueError as error:
        raise invalid(str(error)) from error


def wires(task: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(task, output) for every wired value of a task's inputs."""
    found_wires: list[tuple[str, str]] = []
    for entry in task["inputs"]:
        matches = (WIRE.fullmatch(value) for value in entry["values"])
        found_wires += [(match[1], match[2]) for match in matches if match]
    return found_wires


def needs_of(tasks: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """The graph that the wires imply (8.1): each task with the tasks it waits for."""
    return {task["task_name"]: tuple(dict.fromkeys(name for name, _ in wires(task))) for task in tasks}


def create_workflow(call: Call) -> Reply:
    """A new workflow; 400 when the space has this name and version, or a reference leads nowhere."""
    space = space_of(call)
    return Reply({"id": _insert(call, space, definition(call, space, call.body()), {}).id})


def _insert(call: Call, space: Entity, defined: Definition, source: dict[str, str]) -> Entity:
    workflow = Entity(
        PLATFORM,
        "Workflow",
        space.id,
        str(uuid.uuid4()),
        defined.body["name"],
        {**defined.body, **source},
        version=defined.body["version"],
        owner=caller(call).name,
        created=call.now,
        updated=call.now,
    )
    store = call.services.store
    with store.database.transaction():
        check_unique(store, "Workflow", space, workflow.name, workflow.version)
        store.insert(workflow)
        store.link(workflow, defined.links)
    return workflow


def show_workflow(call: Call) -> Reply:
    """The full definition; parameters of the apps and their signatures only when asked for."""
    space, workflow = space_of(call), in_space(call, "Workflow", "workflow_id")
    detailed = flag(call, "Show-Param-Detail")
    names = ("name", "version", "summary", "description", "labels", "timeout", "output_dir")
    answer = {"id": workflow.id, **{name: workflow.body[name] for name in names}, **origin(workflow, space)}
    answer["tasks"] = [shown_task(task, detailed=detailed) for task in workflow.body["tasks"]]
    if detailed:
        answer["app_snapshot_sign"] = workflow.body["app_snapshot_sign"]
    return Reply(answer)


def shown_task(task: Mapping[str, Any], *, detailed: bool) -> dict[str, Any]:
    """A task on read."""
    hidden = {"app_resources"} if detailed else {"app_resources", "app_input_parameters", "app_output_parameters"}
    return {**task, "app_info": {name: value for name, value in task["app_info"].items() if name not in hidden}}


def update_workflow(call: Call) -> Reply:
    """Replaces the definition, and what it refers to."""
    space, workflow = space_of(call), in_space(call, "Workflow", "workflow_id")
    defined, store = definition(call, space, call.body()), call.services.store
    with store.database.transaction():
        redefine(call, workflow, defined.body)
        store.link(workflow, defined.links)
    return Reply()


def delete_workflow(call: Call) -> Reply:
    """Refused while a job uses it."""
    return delete_unused(call, "Workflow", "workflow_id")


def import_workflow(call: Call) -> Reply:
    """Copies a workflow and its apps from another space."""
    space, fields = space_of(call), Fields(call.body())
    source = found(call, "Space", fields.text("source_project_id", 1, 128, required=True))
    want_member(call, source)
    original = found(call, "Workflow", fields.text("source_workflow_id", 1, 135, required=True), source)
    if original.body.get("source_resource_id"):
        raise Refusal(400, "eihealth.01040010", "the workflow is itself imported and cannot be imported on")
    name = fields.text("destination_workflow_name", 1, 56, required=True, pattern=checks.TOOL_NAME)
    version = fields.text("destination_workflow_version", 1, 24, required=True, pattern=checks.VERSION)
    apps, results = _import_apps(call, space, source, original)
    tasks = [{**task, "app_id": apps.get(task["app_info"]["app_id"], "")} for task in original.body["tasks"]]
    if not all(task["app_id"] for task in tasks):
        return Reply({"import_workflow_status": "IMPORT_FAIL", "import_app_results": results})
    members = {**original.body, "name": name, "version": version, "tasks": tasks}
    imported = _insert(
        call,
        space,
        definition(call, space, members),
        {"source_project_name": source.name, "source_resource_id": original.id},
    )
    return Reply({"id": imported.id, "import_workflow_status": "IMPORT_SUCCESS", "import_app_results": results})


def _import_apps(
    call: Call, space: Entity, source: Entity, workflow: Entity
) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Copies each app of a workflow once: new ids by old ones, and how it went."""
    apps: dict[str, str] = {}
    results = []
    infos = {task["app_info"]["app_id"]: task["app_info"] for task in workflow.body["tasks"]}
    for identifier, info in infos.items():
        try:
            app = _linked(call, space, identifier, info) or import_app(
                call, space, source, (identifier, info["app_name"], info["app_version"])
            )
        except Refusal as refusal:
            results.append({"source_app_id": identifier, "status": "IMPORT_FAIL", "message": refusal.message})
        else:
            apps[identifier] = app.id
            done = {"destination_app_id": app.id, "status": "IMPORT_SUCCESS"}
            results.append({"source_app_id": identifier, **done})
    return apps, results


def _linked(call: Call, space: Entity, identifier: str, info: Mapping[str, Any]) -> Entity | None:
    """The app as it was imported before, under its own name, or None."""
    wanted = Query(PLATFORM, "App", scopes=(space.id,), name=info["app_name"], version=info["app_version"])
    app = call.services.store.first(wanted)
    return app if app is not None and app.body.get("source_resource_id") == identifier else None


def list_workflows(call: Call) -> Reply:
    """The workflows of one space."""
    return list_in_space(call, "Workflow")


def list_all_workflows(call: Call) -> Reply:
    """The workflows of all my spaces."""
    return list_across_spaces(call, "Workflow", "sort_key")


ROUTES = (
    Route("GET", f"{SPACE}/workflows", "ListWorkflow", list_workflows),
    Route("POST", f"{SPACE}/workflows", "CreateWorkflow", create_workflow),
    Route("GET", f"{SPACE}/workflows/<workflow_id>", "ShowWorkflow", show_workflow),
    Route("PUT", f"{SPACE}/workflows/<workflow_id>", "UpdateWorkflow", update_workflow),
    Route("DELETE", f"{SPACE}/workflows/<workflow_id>", "DeleteWorkflow", delete_workflow),
    Route("POST", f"{SPACE}/workflows/import", "ImportWorkflow", import_workflow),
    Route("POST", f"{SPACE}/workflows/subscribe", "SubscribeWorkflow", subscribe),
    Route("GET", f"{SPACES}/workflows", "ListUserWorkflow", list_all_workflows),
)
