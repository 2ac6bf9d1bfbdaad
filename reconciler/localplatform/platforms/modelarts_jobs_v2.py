"""Training jobs of v2: create, show, change, end, forget (contract, sections 7.1 to 7.5)."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.localplatform.data import OutsideData
from reconciler.localplatform.engines.protocol import RunActive
from reconciler.localplatform.face import Reply, Route
from reconciler.localplatform.platforms.modelarts_checks import check_job, endpoints_of
from reconciler.localplatform.platforms.modelarts_output import export
from reconciler.localplatform.platforms.modelarts_views_v2 import glance, look, shown_job
from reconciler.localplatform.platforms.modelarts_words import (
    DELETE_SECONDS,
    DUPLICATE_JOB,
    INVALID,
    JOB_V2,
    NO_JOB,
    PLATFORM,
    V2,
    member,
    no_v2,
    text,
)
from reconciler.localplatform.platforms.modelarts_work import job_v2, work_of
from reconciler.localplatform.store import Entity, Query
from reconciler.localplatform.work import Status, problems

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call
    from reconciler.localplatform.work import Run

JOBS = f"{V2}/training-jobs"
JOB = f"{JOBS}/<job_id>"


def create_job(call: Call) -> Reply:
    """Starts a run under a name that no other job of the project has."""
    sweep(call)
    body = check_job(call.body())
    name, scope = body["metadata"]["name"], body["metadata"]["workspace_id"]
    job = Entity(
        PLATFORM,
        JOB_V2,
        scope,
        str(uuid.uuid4()),
        name,
        {**body, "tags": {}},
        owner=call.services.account.user,
        created=call.now,
        updated=call.now,
    )
    work = _work(call, job)
    store, runs = call.services.store, call.services.runs
    with store.database.transaction():
        if store.first(Query(PLATFORM, JOB_V2, name=name)) is not None:
            raise no_v2(DUPLICATE_JOB, f"the name of the training job exists already: {name}")
        store.insert(job)
        runs.open(job.id, PLATFORM, JOB_V2)
    runs.start(work)
    return Reply(shown_job(call, job, glance(call, job.id)), 201)


def _work(call: Call, job: Entity) -> Run:
    try:
        work = work_of(call.services.data, job_v2(job.id, job.name, job.body))
    except OutsideData as error:
        raise no_v2("ModelArts.2791", f"the OBS path is wrong: {error}") from error
    if wrong := problems(work):
        raise no_v2(INVALID, "; ".join(wrong))
    return work


def found(call: Call) -> Entity:
    """The job in the path. Raises Refusal 400, which is how v2 says that there is none."""
    sweep(call)
    job = call.services.store.get(PLATFORM, JOB_V2, call.arguments["job_id"])
    if job is None:
        raise no_v2(NO_JOB, "the training job does not exist")
    return job


def show_job(call: Call) -> Reply:
    """The full job."""
    job = found(call)
    seen, spec = look(call, job.id), job.body["spec"]
    export(call, job.id, str(member(spec, "log_export_path", "obs_url") or ""), spec["resource"]["node_count"])
    return Reply(shown_job(call, job, seen))


def update_job(call: Call) -> Reply:
    """Description, priority, notification, key pairs and one annotation. The description stands at the top here and in
    metadata elsewhere, and annotations are called `annotation`.
    """
    job, given = found(call), call.body()
    body = dict(job.body)
    if "description" in given:
        description = given["description"]
        if description is not None and (not isinstance(description, str) or len(description) > 256):  # noqa: PLR2004
            raise no_v2(INVALID, "description must be a text of at most 256 characters")
        body["metadata"] = {**body["metadata"], "description": description or ""}
    spec = given.get("spec") if isinstance(given.get("spec"), dict) else {}
    for name in ("schedule_policy", "notification"):
        if isinstance((spec or {}).get(name), dict):
            body["spec"] = {**body["spec"], name: {**(body["spec"].get(name) or {}), **(spec or {})[name]}}
    if "endpoints" in given:
        body["endpoints"] = endpoints_of(given)
    annotation = member(given, "metadata", "annotation")
    if annotation is not None:
        if not isinstance(annotation, dict) or set(annotation) - {"jupyter-lab/enable"}:
            raise no_v2(INVALID, "metadata.annotation may hold jupyter-lab/enable alone")
        kept = {**(body["metadata"].get("annotations") or {}), **annotation}
        body["metadata"] = {**body["metadata"], "annotations": kept}
    priority = member(body, "spec", "schedule_policy", "priority")
    if priority is not None and priority not in (1, 2, 3):
        raise no_v2(INVALID, "priority must be 1, 2 or 3")
    call.services.store.update(replace(job, body=body, updated=call.now))
    return Reply(None)


def act_on_job(call: Call) -> Reply:
    """The one action there is: terminate."""
    job = found(call)
    action = call.body().get("action_type")
    if action != "terminate":
        raise no_v2("ModelArts.2812", f"the action type is not supported: {action}")
    state = call.services.runs.state(job.id)
    if state.ended or state is Status.STOPPING:
        raise no_v2("ModelArts.2796", "the state of the training job does not allow it to be terminated", 409)
    call.services.runs.cancel(job.id)
    return Reply(shown_job(call, job, glance(call, job.id)), 202)


def delete_job(call: Call) -> Reply:
    """Takes the job away, after a while; one that runs is ended first."""
    begin_deletion(call, found(call))
    return Reply(None, 202)


def batch_delete(call: Call) -> Reply:
    """The same for several."""
    jobs = call.body().get("jobs")
    if not isinstance(jobs, list):
        raise no_v2(INVALID, "jobs must be a list")
    answers = []
    for each in jobs:
        identifier = member(each, "metadata", "id")
        job = call.services.store.get(PLATFORM, JOB_V2, identifier) if isinstance(identifier, str) else None
        if job is None:
            answers.append(
                {"id": str(identifier), "error_code": NO_JOB, "error_msg": "the training job does not exist"}
            )
        else:
            begin_deletion(call, job)
            answers.append({"id": job.id})
    return Reply({"items": answers})


def begin_deletion(call: Call, job: Entity) -> None:
    """Notes that a job goes, ends its run, and takes it away when that is over and the time has come."""
    if "deleting" not in job.body:
        body = {**job.body, "deleting": "yes", "gone_at": call.now + int(call.services.switches[DELETE_SECONDS])}
        call.services.store.update(replace(job, body=body, updated=call.now))
        call.services.runs.cancel(job.id)
    sweep(call)


def sweep(call: Call) -> None:
    """Takes away what was deleted and is due."""
    store, runs = call.services.store, call.services.runs
    for job in store.find(Query(PLATFORM, JOB_V2, equals={"deleting": "yes"})).entities:
        if call.now < job.body["gone_at"] or not runs.look(job.id).status.ended:
            continue
        try:
            runs.drop(job.id)
        except RunActive:
            continue
        store.delete(job, call.now)


def name_is_free(call: Call) -> Reply:
    """Whether a name is taken."""
    sweep(call)
    name = text(call, "job_name")
    if not name:
        raise no_v2(INVALID, "job_name is required")
    taken = call.services.store.first(Query(PLATFORM, JOB_V2, name=name)) is not None
    return Reply({"is_duplicate": taken})


ROUTES = (
    Route("POST", JOBS, "CreateTrainingJob", create_job),
    Route("GET", JOB, "ShowTrainingJobDetails", show_job),
    Route("PUT", JOB, "ChangeTrainingJobDescription", update_job),
    Route("DELETE", JOB, "DeleteTrainingJob", delete_job),
    Route("POST", f"{JOB}/actions", "StopTrainingJob", act_on_job),
    Route("POST", f"{JOBS}/batch-delete", "BatchDeleteTrainingJob", batch_delete),
    Route("GET", f"{V2}/training-job-names", "ValidateTrainingJobName", name_is_free),
)
