"""Jobs (section 9): start, look, list, change, end, run again, forget."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.data import OutsideData
from reconciler.localplatform.engines.protocol import RunActive
from reconciler.localplatform.face import Refusal, Reply, Route
from reconciler.localplatform.platforms import ai4s_checks as checks
from reconciler.localplatform.platforms.ai4s_checks import Fields
from reconciler.localplatform.platforms.ai4s_effective import check_known_spaces, merge, overrides
from reconciler.localplatform.platforms.ai4s_job_list import list_all_jobs, list_jobs
from reconciler.localplatform.platforms.ai4s_job_views import shown_job
from reconciler.localplatform.platforms.ai4s_resources import resource_named, running_on
from reconciler.localplatform.platforms.ai4s_retention import expire
from reconciler.localplatform.platforms.ai4s_tools import resolve
from reconciler.localplatform.platforms.ai4s_users import caller
from reconciler.localplatform.platforms.ai4s_words import (
    INVALID,
    PLATFORM,
    SPACE,
    SPACES,
    UNKNOWN_REFERENCE,
    WRONG_STATE,
    batch,
    flag,
    found,
    in_space,
    invalid,
    space_of,
)
from reconciler.localplatform.platforms.ai4s_work import translate
from reconciler.localplatform.platforms.ai4s_workflows import app_info
from reconciler.localplatform.store import Entity, Query
from reconciler.localplatform.work import Status, problems

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call
    from reconciler.localplatform.work import Run

NODE_LABELS = "node_labels"
"""Switch: the labels the nodes carry, separated by commas."""
REFUSE_DELETE_OF_ACTIVE = "refuse_delete_of_active_job"
_ACCELERATION = ("auto_schedule", "local_disk")


def create_job(call: Call) -> Reply:
    """Starts a run. The name may be in use already: two calls are two runs (trap 11)."""
    space = space_of(call)
    job = _read(call, space, call.body())
    work = _work(call, job)
    store, runs = call.services.store, call.services.runs
    with store.database.transaction():
        store.insert(job)
        store.link(job, (_link(job),))
        runs.open(job.id, PLATFORM, "Job")
    runs.start(work)
    expire(call)
    return Reply({"id": job.id})


def _read(call: Call, space: Entity, members: dict[str, Any]) -> Entity:
    fields, identifier = Fields(members), str(uuid.uuid4())
    name = fields.text("name", 1, 63, required=True, pattern=checks.JOB_NAME)
    kind = fields.choice("tool_type", ("workflow", "app"), required=True)
    reference = fields.text("tool_id", 1, 135, required=True, pattern=checks.REFERENCE)
    tool = resolve(call, kind.capitalize(), space, reference)
    base = _base_of_workflow(call, space, tool) if kind == "workflow" else _base_of_app(space, tool, members)
    working = tool.body.get("output_dir", "")
    output_dir = checks.directory(fields, "output_dir", 128) or f"{working}/{name}-{identifier}"
    given = overrides(fields, base)
    body = {
        "name": name,
        "description": fields.text("description", 0, 255),
        "labels": checks.labels(fields),
        "priority": fields.whole("priority", 0, checks.PRIORITY_MOST, 0),
        "timeout": fields.whole("timeout", 1, checks.TIMEOUT_MOST, checks.TIMEOUT_DEFAULT),
        "output_dir": output_dir,
        "tool": {"tool_id": tool.id, "tool_name": tool.name, "tool_version": tool.version, "tool_type": kind},
        "io_acc_id": _acceleration(call, fields),
        "io_acc_expected_usage": fields.whole("io_acc_expected_usage", 0, 10**9, 0),
        "node_labels": checks.node_labels(fields),
        "base": base,
        "given": given,
        "tasks": merge(base, given, output_dir),
    }
    _check_world(call, body)
    owner = caller(call).name
    return Entity(PLATFORM, "Job", space.id, identifier, name, body, owner=owner, created=call.now, updated=call.now)


def _base_of_workflow(call: Call, space: Entity, workflow: Entity) -> list[dict[str, Any]]:
    """The workflow's tasks with their apps as they are now, or as they were when an app is gone (trap 17)."""
    tasks = []
    for task in workflow.body["tasks"]:
        app = call.services.store.get(PLATFORM, "App", task["app_info"]["app_id"])
        tasks.append({**task, "app_info": app_info(app, space) if app else task["app_info"]})
    return tasks


def _base_of_app(space: Entity, app: Entity, members: dict[str, Any]) -> list[dict[str, Any]]:
    """One task that runs the app, under the name the job gives it or the app's own."""
    given = Fields(members).objects("tasks", 1)
    name = given[0].text("task_name", 1, 32, pattern=checks.TASK_NAME) if given else ""
    name = name or re.sub(r"[^A-Za-z0-9]+$", "", app.name[:32])
    task = {
        "task_name": name,
        "display_name": "",
        "output_dir": f"/{name}",
        "io_acc_type": "",
        "resources": {},
        "inputs": [],
        "outputs": [],
        "app_info": app_info(app, space),
    }
    return [task]


def _acceleration(call: Call, fields: Fields) -> str:
    """One of the two words, or a performance resource that takes one more job."""
    value = fields.text("io_acc_id", 0, 128)
    if not value or value in _ACCELERATION:
        return value
    resource = resource_named(call, value)
    if resource is None:
        raise Refusal(400, UNKNOWN_REFERENCE, f"io_acc_id: there is no performance resource {value}")
    if not resource.body["schedulable"] or running_on(call, value) >= resource.body["job_quota"]:
        raise Refusal(400, WRONG_STATE, f"io_acc_id: the performance resource {value} takes no more jobs")
    return value


def _check_world(call: Call, body: dict[str, Any]) -> None:
    """What is right in itself may still not fit this platform: labels of nodes, names of spaces."""
    wanted = set(body["node_labels"])
    for task in body["tasks"]:
        wanted |= set(task["app_info"]["app_node_labels"])
    known = known_node_labels(call)
    if unknown := sorted(wanted - known):
        raise invalid(f"no node carries the label {unknown[0]}")
    if body["io_acc_id"] and any(task["io_acc_type"] for task in body["tasks"]):
        raise invalid("tasks cannot choose an acceleration when the job has chosen one")
    spaces = call.services.store.find(Query(PLATFORM, "Space")).entities
    check_known_spaces(body["tasks"], frozenset(space.name for space in spaces))


def known_node_labels(call: Call) -> set[str]:
    """The labels the nodes carry."""
    return {label.strip() for label in str(call.services.switches[NODE_LABELS]).split(",") if label.strip()}


def _work(call: Call, job: Entity) -> Run:
    """The work of a job. Raises Refusal 400 when it cannot be work."""
    try:
        work = translate(call.services, job)
    except OutsideData as error:
        raise invalid(str(error)) from error
    if wrong := problems(work):
        raise Refusal(400, INVALID, "; ".join(wrong))
    return work


def _link(job: Entity) -> tuple[str, str]:
    return job.body["tool"]["tool_type"].capitalize(), job.body["tool"]["tool_id"]


def show_job(call: Call) -> Reply:
    """The full run, its definition flat, and where each task and instance is."""
    expire(call)
    job = in_space(call, "Job", "job_id")
    return Reply(shown_job(job, call.services.runs.look(job.id), with_logs=_wants_logs(call)))


def _wants_logs(call: Call) -> bool:
    return "LOG" in call.request.headers.get("X-Addition-Info", "").upper()


def update_job(call: Call) -> Reply:
    """New values for tasks of a job that has ended without success; a retry then uses them. Name, priority, timeout
    and folders stay (trap 12).
    """
    job, fields = in_space(call, "Job", "job_id"), Fields(call.body())
    _want_unsuccessful(call, job)
    given = {**job.body["given"], **overrides(fields, job.body["base"])}
    tasks = merge(job.body["base"], given, job.body["output_dir"])
    body = {**job.body, "given": given, "tasks": tasks}
    _check_world(call, body)
    changed = replace(job, body=body, updated=call.now)
    _work(call, changed)
    call.services.store.update(changed)
    return Reply()


def terminate_job(call: Call) -> Reply:
    """Cancels: asynchronous, the state is CANCELLING until the last process is gone (trap 14)."""
    job = in_space(call, "Job", "job_id")
    _terminate(call, job, force=Fields(call.body_or_empty()).truth("force"))
    return Reply()


def _terminate(call: Call, job: Entity, *, force: bool) -> None:
    state = call.services.runs.state(job.id)
    if state.ended:
        raise Refusal(400, WRONG_STATE, f"the job has ended already: {state.upper()}")
    call.services.runs.cancel(job.id, force=force)


def retry_job(call: Call) -> Reply:
    """Runs again what has not succeeded, under the same id (trap 13)."""
    _retry(call, in_space(call, "Job", "job_id"))
    return Reply(status=202)


def _retry(call: Call, job: Entity) -> None:
    _want_unsuccessful(call, job)
    try:
        call.services.runs.retry(_work(call, job))
    except RunActive as error:
        raise Refusal(400, WRONG_STATE, "the job has not ended") from error


def _want_unsuccessful(call: Call, job: Entity) -> None:
    """Raises Refusal 400 unless the job has ended, and not with success."""
    state = call.services.runs.state(job.id)
    if not state.ended or state is Status.SUCCEEDED:
        raise Refusal(400, WRONG_STATE, f"not possible while the job is {state.upper()}")


def delete_job(call: Call) -> Reply:
    """Forgets a job that has ended; its files stay. One that is active is refused, unless the switch says otherwise."""
    _delete(call, in_space(call, "Job", "job_id"))
    return Reply()


def _delete(call: Call, job: Entity) -> None:
    runs, store = call.services.runs, call.services.store
    if not runs.state(job.id).ended:
        if call.services.switches[REFUSE_DELETE_OF_ACTIVE]:
            raise Refusal(400, WRONG_STATE, "the job has not ended: cancel it first")
        runs.cancel(job.id, force=True)
        runs.wait(job.id, patience=10.0)
    try:
        with store.database.transaction():
            store.delete(job, call.now)
            runs.drop(job.id)
    except RunActive as error:
        raise Refusal(400, WRONG_STATE, "the job has not ended: cancel it first") from error


def batch_terminate(call: Call) -> Reply:
    """Cancels several; 207 when one could not be."""
    space, force = space_of(call), flag(call, "X-Force")
    items, status = batch(call, lambda i: _terminate(call, found(call, "Job", i, space), force=force))
    return Reply(items, status)


def batch_retry(call: Call) -> Reply:
    """Runs several again; 207 when one could not be."""
    space = space_of(call)
    items, status = batch(call, lambda i: _retry(call, found(call, "Job", i, space)))
    return Reply(items, status)


def batch_delete(call: Call) -> Reply:
    """Forgets several; 207 when one could not be."""
    space = space_of(call)
    items, status = batch(call, lambda i: _delete(call, found(call, "Job", i, space)))
    return Reply(items, status)


ROUTES = (
    Route("GET", f"{SPACE}/jobs", "ListJob", list_jobs),
    Route("POST", f"{SPACE}/jobs", "ExecuteJob", create_job),
    Route("GET", f"{SPACE}/jobs/<job_id>", "ShowJob", show_job),
    Route("PUT", f"{SPACE}/jobs/<job_id>", "UpdateJob", update_job),
    Route("DELETE", f"{SPACE}/jobs/<job_id>", "DeleteJob", delete_job),
    Route("POST", f"{SPACE}/jobs/<job_id>/terminate", "CancelJob", terminate_job),
    Route("POST", f"{SPACE}/jobs/<job_id>/retry", "RetryJob", retry_job),
    Route("POST", f"{SPACE}/jobs/batch-terminate", "BatchCancelJob", batch_terminate),
    Route("POST", f"{SPACE}/jobs/batch-retry", "BatchRetryJob", batch_retry),
    Route("POST", f"{SPACE}/jobs/batch-delete", "BatchDeleteJob", batch_delete),
    Route("GET", f"{SPACES}/jobs", "ListUserJob", list_all_jobs),
)
