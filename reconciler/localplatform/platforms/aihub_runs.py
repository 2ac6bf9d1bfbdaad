"""Runs of pipelines (platform contract, 5.3). Nothing stops one, though the platform knows a status for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Route
from reconciler.localplatform.platforms.aihub_bodies import anything, listed, name, taken, text, whole
from reconciler.localplatform.platforms.aihub_pipelines import PIPELINES, nodes_of
from reconciler.localplatform.platforms.aihub_words import (
    MISSING,
    PLATFORM,
    RUN,
    fine,
    found,
    insert,
    millis,
    new_token,
    no,
)
from reconciler.localplatform.platforms.aihub_work import translate
from reconciler.localplatform.work import Status

if TYPE_CHECKING:
    from reconciler.localplatform.engines.protocol import RunSnapshot, TaskSnapshot
    from reconciler.localplatform.face import Call, Reply
    from reconciler.localplatform.store import Entity

_ROOT = "/workflow-center/api/v1/runs"
_STATUS = {
    Status.PENDING: 1,
    Status.RUNNING: 2,
    Status.SUSPENDED: 2,
    Status.STOPPING: 2,
    Status.SUCCEEDED: 3,
    Status.FAILED: 4,
    Status.CANCELLED: 5,
    Status.SKIPPED: 5,
}
_FIELDS = {
    "name": name,
    "description": text,
    "pipeline_id": whole,
    "pipeline_version_id": whole,
    "params": listed(anything),
}


def create(call: Call) -> Reply:
    """Starts a version of a pipeline."""
    body = taken(call, _FIELDS, ("name", "pipeline_id", "pipeline_version_id"))
    if body["pipeline_version_id"] not in PIPELINES.get(body["pipeline_id"], ("", {}))[1]:
        raise no(call, MISSING, f"pipeline {body['pipeline_id']} has no version {body['pipeline_version_id']}")
    kept = {member: value for member, value in body.items() if member != "name"}
    run = insert(call, RUN, body["name"], {**kept, "token": new_token(call.services, call.now)})
    call.services.runs.open(run.id, PLATFORM, RUN)
    call.services.runs.start(translate(call.services, run))
    return fine({"id": run.body["id"]})


def read(call: Call) -> Reply:
    """A run as it is now."""
    run = found(call, RUN, "run")
    now = call.services.runs.look(run.id)
    pipeline, versions = PIPELINES[run.body["pipeline_id"]]
    shown = {
        "id": run.body["id"],
        "name": run.name,
        "description": run.body.get("description", ""),
        "duration": int((now.finished or call.now) - now.started) if now.started else 0,
        "pipeline_id": run.body["pipeline_id"],
        "pipeline_name": pipeline,
        "pipeline_version_id": run.body["pipeline_version_id"],
        "pipeline_version_name": versions[run.body["pipeline_version_id"]].name,
        "started_at": millis(now.started),
        "finished_at": millis(now.finished),
        "created_at": millis(run.created),
        "status": _STATUS[now.status],
        "task_nodes": _nodes(run, now),
        "params": run.body.get("params") or [],
    }
    return fine(shown)


def _nodes(run: Entity, now: RunSnapshot) -> list[dict[str, Any]]:
    known = {task.name: task for task in now.tasks}
    return [
        {"name": node.name, **_node(run, node.name, known.get(node.name)), "dependencies": list(node.after)}
        for node in nodes_of(run.body["pipeline_id"], run.body["pipeline_version_id"])
    ]


def _node(run: Entity, node: str, task: TaskSnapshot | None) -> dict[str, Any]:
    return {
        "message": task.message if task else "",
        "status": _STATUS[task.status if task else Status.PENDING],
        "pod_name": f"run-{run.body['id']}-{node}",
        "started_at": millis(task.started if task else None),
        "finished_at": millis(task.finished if task else None),
    }


ROUTES = (
    Route("POST", _ROOT, "createRun", create),
    Route("POST", f"{_ROOT}/<id>", "getRun", read),
    Route("GET", f"{_ROOT}/<id>", "getRunByGet", read),
)
"""The document reads a run by POST, and surely means GET: a stand-in answers both."""
