"""Jobs: submit, look, list, change, stop, delete (platform contract, sections 5.1 to 5.7)."""

from __future__ import annotations

import re
import secrets
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.data import OutsideData
from reconciler.localplatform.face import Refusal, Route
from reconciler.localplatform.platforms.pai_dlc_job_list import list_jobs
from reconciler.localplatform.platforms.pai_dlc_shapes import JOB as SHAPE
from reconciler.localplatform.platforms.pai_dlc_shapes import wrong
from reconciler.localplatform.platforms.pai_dlc_specs import TYPES
from reconciler.localplatform.platforms.pai_dlc_starting import check_waits
from reconciler.localplatform.platforms.pai_dlc_views import BEFORE_RUNNING, ENDED, RESERVING, shown_job, status_of
from reconciler.localplatform.platforms.pai_dlc_words import (
    JOB,
    MISSING,
    PLATFORM,
    ROOT,
    fine,
    flag,
    found,
    invalid,
    wrong_state,
)
from reconciler.localplatform.platforms.pai_dlc_work import meeting_of, translate
from reconciler.localplatform.store import Entity
from reconciler.localplatform.work import problems

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.localplatform.face import Call, Reply
    from reconciler.localplatform.work import Run

LARGEST = 65_536
TYPES_OF_JOB = frozenset(
    [
        "TFJob",
        "PyTorchJob",
        "MPIJob",
        "XGBoostJob",
        "OneFlowJob",
        "ElasticBatchJob",
        "SlurmJob",
        "RayJob",
        "DataJuicerJob",
    ]
)
DEFAULT_WORKSPACE = "default"
_REQUIRED = ("DisplayName", "JobType", "JobSpecs", "UserCommand")
_NAME = re.compile(r"[0-9A-Za-z_.\-\u4e00-\u9fff]{1,256}")
_LEAST, _HIGHEST = 1, 9
_MOST_PODS = 1000


def create_job(call: Call) -> Reply:
    """Submits and starts. No name is taken, and there is no token: two calls are two jobs (trap 3)."""
    if len(call.request.get_data(cache=True)) > LARGEST:
        raise invalid(f"all parameters together have more than {LARGEST} bytes")
    job = _read(call, call.body())
    work = _work(call, job)
    store, runs = call.services.store, call.services.runs
    with store.database.transaction():
        store.insert(job)
        runs.open(job.id, PLATFORM, JOB)
    runs.start(work)
    return fine(call, JobId=job.id)


def _read(call: Call, body: dict[str, Any]) -> Entity:
    for name in _REQUIRED:
        if not body.get(name):
            raise Refusal(400, MISSING, f"{name} is required")
    _check_shapes(body)
    if not _NAME.fullmatch(body["DisplayName"]):
        raise invalid("DisplayName must be at most 256 letters, digits, `_`, `.` and `-`")
    if body["JobType"] not in TYPES_OF_JOB:
        raise invalid(f"JobType: {body['JobType']!r} is none")
    for role in body["JobSpecs"]:
        _check_role(role, body)
    try:
        check_waits(body)
    except ValueError as error:
        raise invalid(str(error)) from error
    return Entity(
        platform=PLATFORM,
        kind=JOB,
        scope=str(body.get("WorkspaceId") or DEFAULT_WORKSPACE),
        id=f"dlc{secrets.token_hex(8)}",
        name=body["DisplayName"],
        body={name: value for name, value in body.items() if name != "DisplayName"},
        owner=call.services.account.user,
        created=call.now,
        updated=call.now,
    )


def _check_shapes(body: Mapping[str, Any]) -> None:
    if why := next(wrong(body, SHAPE), ""):
        raise invalid(why)
    _check_number("Priority", body.get("Priority", _LEAST), _HIGHEST)
    _check_number("JobMaxRunningTimeMinutes", body.get("JobMaxRunningTimeMinutes", 1), None)
    if not all(each.get("Key") for each in body.get("CustomEnvs") or ()):
        raise invalid("CustomEnvs: each has a Key")


def _check_number(name: str, value: object, most: int | None) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < _LEAST or (most is not None and value > most):
        raise invalid(f"{name} must be a number of at least {_LEAST}{f' and at most {most}' if most else ''}")


def _check_role(role: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    machine = role.get("EcsSpec")
    _check_number("PodCount", role.get("PodCount", 1), _MOST_PODS)
    if machine and role.get("ResourceConfig"):
        raise invalid("EcsSpec and ResourceConfig exclude each other")
    if machine and body.get("ResourceId"):
        raise invalid("EcsSpec is for the public pool, ResourceId for a quota")
    if machine and machine not in TYPES:
        raise invalid(f"EcsSpec: there is no instance type {machine}")


def _work(call: Call, job: Entity) -> Run:
    """The work of a job. Raises Refusal where it makes none."""
    try:
        work = translate(call.services, job)
    except OutsideData as error:
        raise invalid(str(error)) from error
    if wrong := problems(work):
        raise invalid(wrong[0])
    return work


def get_job(call: Call) -> Reply:
    """Everything about one; without `NeedDetail` the pods are left out."""
    job = found(call, JOB, "job")
    shown = shown_job(call, job, call.services.runs.look(job.id))
    if not flag(call, "NeedDetail", default=True):
        del shown["Pods"]
    return fine(call, **{name: value for name, value in shown.items() if value is not None})


def update_job(call: Call) -> Reply:
    """Changes little, and says yes to more than it does: a priority that comes too late is taken and ignored."""
    job, body = found(call, JOB, "job"), call.body()
    if why := next(wrong(body, SHAPE), ""):
        raise invalid(why)
    status = status_of(job, call.services.runs.look(job.id), call.now)
    new = dict(job.body)
    if "Priority" in body:
        _check_number("Priority", body["Priority"], _HIGHEST)
        if status in BEFORE_RUNNING and job.body.get("ResourceId"):
            new["Priority"] = body["Priority"]
    if "Accessibility" in body:
        if (job.body.get("Accessibility"), body["Accessibility"]) == ("PUBLIC", "PRIVATE"):
            raise invalid("Accessibility can only be widened")
        new["Accessibility"] = body["Accessibility"]
    if "Description" in body:
        new["Description"] = body["Description"]
    if body.get("JobSpecs"):
        if status in ENDED or status in RESERVING or status == "Stopping":
            raise wrong_state(f"the job is {status}")
        new["scaled"] = {**new.get("scaled", {}), **_scaled(job.body, body["JobSpecs"])}
    call.services.store.update(replace(job, body=new, updated=call.now))
    return fine(call, JobId=job.id)


def _scaled(job: Mapping[str, Any], roles: list[dict[str, Any]]) -> dict[str, int]:
    """New numbers of pods by role. Only those of roles that are scaled by calls can change, and nothing else of them;
    the contract does not say more of it.
    """
    known = {role.get("Type"): role for role in job["JobSpecs"]}
    found = {}
    for role in roles:
        name, pods = str(role.get("Type") or ""), role.get("PodCount", 1)
        if name not in known:
            raise invalid(f"the job has no role {name}")
        _check_number("PodCount", pods, _MOST_PODS)
        scaling = known[name].get("AutoScalingSpec") or {}
        if pods == known[name].get("PodCount", 1) and name not in job.get("scaled", {}):
            continue
        if scaling.get("ScalingStrategy") != "ScaleByAPI":
            raise invalid(f"{name} is not scaled by calls")
        if not scaling.get("MinReplicas", 0) <= pods <= scaling.get("MaxReplicas", _MOST_PODS):
            raise invalid(f"{name} has from {scaling.get('MinReplicas', 0)} to {scaling.get('MaxReplicas')} pods")
        found[name] = pods
    return found


def stop_job(call: Call) -> Reply:
    """Asks it to end, or lets go of what it holds after its end. Refused for one that has ended."""
    job = found(call, JOB, "job")
    status = status_of(job, call.services.runs.look(job.id), call.now)
    if status in ENDED:
        raise wrong_state(f"the job is {status}")
    if status in RESERVING:
        call.services.store.update(replace(job, body={**job.body, "released": True}, updated=call.now))
    else:
        call.services.runs.cancel(job.id)
    return fine(call, JobId=job.id)


def delete_job(call: Call) -> Reply:
    """Removes one that has ended."""
    job = found(call, JOB, "job")
    status = status_of(job, call.services.runs.look(job.id), call.now)
    if status not in ENDED:
        raise wrong_state(f"the job is {status}: stop it first")
    with call.services.store.database.transaction():
        call.services.store.delete(job, call.now)
        call.services.runs.drop(job.id)
    shutil.rmtree(meeting_of(call.services.data, job.id), ignore_errors=True)
    return fine(call, JobId=job.id)


ROUTES = (
    Route("POST", f"{ROOT}/jobs", "CreateJob", create_job),
    Route("GET", f"{ROOT}/jobs", "ListJobs", list_jobs),
    Route("GET", f"{ROOT}/jobs/<job>", "GetJob", get_job),
    Route("PUT", f"{ROOT}/jobs/<job>", "UpdateJob", update_job),
    Route("DELETE", f"{ROOT}/jobs/<job>", "DeleteJob", delete_job),
    Route("POST", f"{ROOT}/jobs/<job>/stop", "StopJob", stop_job),
)
