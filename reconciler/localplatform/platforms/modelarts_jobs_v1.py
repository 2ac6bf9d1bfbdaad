"""Training jobs of v1 and their versions (contract, section 4).

Job and version ids are numbers that never come back. A version is what runs; a job is a name, a description and the
chain of its versions.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.data import OutsideData
from reconciler.localplatform.engines.protocol import RunActive
from reconciler.localplatform.face import Reply, Route
from reconciler.localplatform.platforms.modelarts_fields_v1 import (
    config_of,
    description_of,
    name_of,
    told,
    volumes_of,
)
from reconciler.localplatform.platforms.modelarts_output import export
from reconciler.localplatform.platforms.modelarts_views_v1 import job_row, version_record
from reconciler.localplatform.platforms.modelarts_views_v2 import glance
from reconciler.localplatform.platforms.modelarts_words import (
    ABSENT,
    DELETE_SECONDS,
    DRIFT,
    EXISTS,
    FAILURES_AS_400,
    INVALID,
    JOB_V1,
    NOT_ALLOWED,
    PLATFORM,
    V1,
    VERSION,
    milliseconds,
    no_v1,
    number,
    text,
)
from reconciler.localplatform.platforms.modelarts_work import job_v1, work_of
from reconciler.localplatform.store import Entity, Query
from reconciler.localplatform.work import Run, Status, problems

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.localplatform.face import Call

JOBS = f"{V1}/training-jobs"
JOB = f"{JOBS}/<job_id>"
VERSIONS = f"{JOB}/versions"
ONE = f"{VERSIONS}/<version_id>"
_SORTS = {"job_name": "name", "create_time": "created", "job_desc": "name", "status": "created", "duration": "created"}
_PAGE_MOST, _SIZE_MOST = 65535, 1000
_COUNTER = "modelarts_numbers"


def create_job(call: Call) -> Reply:
    """A job and, unless it is not wanted, its first version, which starts at once."""
    sweep(call)
    body = call.body()
    name, given = name_of(body, "job_name"), body.get("config")
    config = config_of(given, pools=True)
    volumes = volumes_of(given or {})
    scope = body.get("workspace_id") or "0"
    if not isinstance(scope, str):
        raise no_v1(INVALID, "workspace_id must be a text")
    store = call.services.store
    with store.database.transaction():
        if store.first(Query(PLATFORM, JOB_V1, name=name)) is not None:
            raise no_v1(EXISTS, f"the training job name exists already: {name}")
        members = {"job_desc": description_of(body, "job_desc"), "made": 0}
        job = Entity(
            PLATFORM,
            JOB_V1,
            scope,
            str(_next(call)),
            name,
            members,
            owner=call.services.account.user,
            created=call.now,
            updated=call.now,
        )
        store.insert(job)
        if given and given.get("create_version") is False:
            return Reply(_made(call, job, None))
        version, work = _new_version(call, job, config, volumes, None)
    call.services.runs.start(work)
    return Reply(_made(call, job, version))


def create_version(call: Call) -> Reply:
    """One more version, derived from an earlier one. It mounts no volumes, whatever is sent."""
    job, body = job_of(call), call.body()
    given = body.get("config")
    config = config_of(given, pools=True, train_url=True)
    earlier = (given or {}).get("pre_version_id")
    known = [version.body["version_id"] for version in versions_of(call, job)]
    if earlier not in known:
        raise no_v1(INVALID, "pre_version_id must be a version of this job")
    store = call.services.store
    with store.database.transaction():
        job = store.get(PLATFORM, JOB_V1, job.id) or job
        if "job_desc" in body:
            job = replace(job, body={**job.body, "job_desc": description_of(body, "job_desc")}, updated=call.now)
        version, work = _new_version(call, job, config, [], earlier)
    call.services.runs.start(work)
    return Reply(_made(call, job, version))


def _new_version(
    call: Call, job: Entity, config: Mapping[str, Any], volumes: list[Any], earlier: int | None
) -> tuple[Entity, Run]:
    """A version and its run, opened; inside a transaction. Raises Refusal."""
    store, identifier, made = call.services.store, _next(call), job.body["made"] + 1
    body = {
        "job": job.id,
        "version_id": identifier,
        "pre_version_id": earlier,
        "config": dict(config),
        "volumes": volumes,
    }
    run = f"version-{identifier}"
    version = Entity(
        PLATFORM, VERSION, job.scope, run, f"V{made:04d}", body, version=job.id, created=call.now, updated=call.now
    )
    work = _work(call, version)
    store.update(replace(job, body={**job.body, "made": made}, updated=call.now))
    store.insert(version)
    call.services.runs.open(run, PLATFORM, VERSION)
    return version, work


def _work(call: Call, version: Entity) -> Run:
    try:
        work = work_of(call.services.data, job_v1(version.id, version.name, version.body["config"]))
    except OutsideData as error:
        raise no_v1(INVALID, f"the OBS path is wrong: {error}") from error
    if wrong := problems(work):
        raise no_v1(INVALID, "; ".join(wrong))
    return work


def _next(call: Call) -> int:
    """The next number for a job or a version."""
    store = call.services.store
    following = int(store.setting(_COUNTER) or 0) + 1
    store.save_setting(_COUNTER, following)
    return following


def _made(call: Call, job: Entity, version: Entity | None) -> dict[str, Any]:
    """The answer to a create: the numbers of a job's come as texts, those of a version's do not."""
    numbers: dict[str, Any] = {
        "job_id": int(job.id),
        "status": 1,
        "create_time": milliseconds(call.now),
        **({"version_id": version.body["version_id"]} if version else {}),
    }
    as_texts = call.services.switches[DRIFT] and (version is None or version.body["pre_version_id"] is None)
    shown = {key: str(value) for key, value in numbers.items()} if as_texts else numbers
    named = {"version_name": version.name, "resource_id": f"local-{version.id}"} if version else {}
    return {"is_success": True, "job_name": job.name, **shown, **named}


def job_of(call: Call) -> Entity:
    """The job in the path. Raises Refusal."""
    sweep(call)
    job = call.services.store.get(PLATFORM, JOB_V1, call.arguments["job_id"])
    if job is None:
        raise no_v1(ABSENT, "the training job does not exist")
    return job


def version_of(call: Call) -> tuple[Entity, Entity]:
    """The job and the version in the path. Raises Refusal."""
    job, wanted = job_of(call), call.arguments["version_id"]
    for version in versions_of(call, job):
        if str(version.body["version_id"]) == wanted:
            return job, version
    raise no_v1(ABSENT, "the training job version does not exist")


def versions_of(call: Call, job: Entity) -> tuple[Entity, ...]:
    """The versions of a job, oldest first."""
    return call.services.store.find(Query(PLATFORM, VERSION, version=job.id)).entities


def list_jobs(call: Call) -> Reply:
    """A page of the jobs of a workspace whose name holds a text."""
    sweep(call)
    page, size = number(call, "page", 1, 1, _PAGE_MOST), number(call, "per_page", 10, 1, _SIZE_MOST)
    sort, order = text(call, "sortBy", "job_name"), text(call, "order", "asc")
    if sort not in _SORTS or order not in ("asc", "desc"):
        raise no_v1(INVALID, f"sortBy must be one of {', '.join(_SORTS)}, order asc or desc")
    query = Query(
        PLATFORM,
        JOB_V1,
        scopes=(text(call, "workspace_id", "0"),),
        name_part=text(call, "search_content"),
        sort=_SORTS[sort],
        descending=order == "desc",
        as_of=call.as_of,
    )
    rows = [job_row(call, job, versions_of(call, job)) for job in call.services.store.find(query).entities]
    wanted = {part for part in text(call, "status").replace("|", ",").split(",") if part}
    rows = [row for row in rows if not wanted or str(row["status"]) in wanted]
    counts = {"job_total_count": len(rows), "job_count_limit": -1, "quotas": 1000}
    return Reply({"is_success": True, **counts, "jobs": rows[(page - 1) * size : page * size]})


def list_versions(call: Call) -> Reply:
    """All versions of a job, or a page of them."""
    job = job_of(call)
    page, size = number(call, "page", 0, 0, _PAGE_MOST), number(call, "per_page", 10, 1, _SIZE_MOST)
    versions = versions_of(call, job)[::-1]
    shown = versions[(page - 1) * size : page * size] if page else versions
    rows = [version_record(call, version, show=False) for version in shown]
    return Reply({"is_success": True, **_job(job), "version_count": len(versions), "versions": rows})


def show_version(call: Call) -> Reply:
    """The full record, flat, with its job's name and description."""
    job, version = version_of(call)
    record, config = version_record(call, version, show=True), version.body["config"]
    export(call, version.id, config.get("log_url", ""), config["worker_server_num"])
    return Reply({"is_success": True, **_job(job), **record})


def _job(job: Entity) -> dict[str, Any]:
    return {"job_id": int(job.id), "job_name": job.name, "job_desc": job.body["job_desc"]}


def describe_job(call: Call) -> Reply:
    """Another description: the one thing of a job that can be changed."""
    job, body = job_of(call), call.body()
    if "job_desc" not in body:
        raise no_v1(INVALID, "job_desc is required")
    members = {**job.body, "job_desc": description_of(body, "job_desc")}
    call.services.store.update(replace(job, body=members, updated=call.now))
    return Reply({"is_success": True})


def stop_version(call: Call) -> Reply:
    """Ends a version; it goes on for a while."""
    _, version = version_of(call)
    state = call.services.runs.state(version.id)
    if state.ended or state is Status.STOPPING:
        raise no_v1(NOT_ALLOWED, "the state of the version does not allow it to be stopped")
    call.services.runs.cancel(version.id)
    return Reply({"is_success": True})


def delete_version(call: Call) -> Reply:
    """Takes a version away that has ended."""
    _, version = version_of(call)
    _refuse_active(call, (version,))
    _begin(call, version)
    return Reply({"is_success": True})


def delete_job(call: Call) -> Reply:
    """Takes a job away with its versions, none of which may be running."""
    job = job_of(call)
    _refuse_active(call, versions_of(call, job))
    _begin(call, job)
    return Reply({"is_success": True})


def _refuse_active(call: Call, versions: tuple[Entity, ...]) -> None:
    for version in versions:
        if not glance(call, version.id).status.ended:
            raise no_v1(NOT_ALLOWED, f"version {version.name} is not at its end: stop it first")


def _begin(call: Call, entity: Entity) -> None:
    """Notes that something goes, and takes it away when the time has come."""
    if "deleting" not in entity.body:
        due = call.now + int(call.services.switches[DELETE_SECONDS])
        body = {**entity.body, "deleting": "yes", "gone_at": due}
        call.services.store.update(replace(entity, body=body, updated=call.now))
    sweep(call)


def sweep(call: Call) -> None:
    """Takes away what was deleted and is due."""
    store = call.services.store
    for kind in (JOB_V1, VERSION):
        for entity in store.find(Query(PLATFORM, kind, equals={"deleting": "yes"})).entities:
            if call.now >= entity.body["gone_at"]:
                _take_away(call, entity)


def _take_away(call: Call, entity: Entity) -> None:
    for version in (entity,) if entity.kind == VERSION else versions_of(call, entity):
        try:
            call.services.runs.drop(version.id)
        except RunActive:
            return
        call.services.store.delete(version, call.now)
    call.services.store.delete(entity, call.now)


ROUTES = tuple(
    Route(method, path, operation, told(handle, FAILURES_AS_400))
    for method, path, operation, handle in (
        ("POST", JOBS, "CreateTrainingJobV1", create_job),
        ("GET", JOBS, "ListTrainingJobsV1", list_jobs),
        ("PUT", JOB, "UpdateTrainingJobV1", describe_job),
        ("DELETE", JOB, "DeleteTrainingJobV1", delete_job),
        ("POST", VERSIONS, "CreateTrainingJobVersion", create_version),
        ("GET", VERSIONS, "ListTrainingJobVersions", list_versions),
        ("GET", ONE, "ShowTrainingJobVersion", show_version),
        ("POST", f"{ONE}/stop", "StopTrainingJobVersion", stop_version),
        ("DELETE", ONE, "DeleteTrainingJobVersion", delete_version),
    )
)
