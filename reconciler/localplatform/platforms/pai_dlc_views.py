"""How a job looks on the wire: its status with the way there, its pods, and the two shapes of section 5.5."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.clock import utc_text
from reconciler.localplatform.platforms.pai_dlc_specs import requested
from reconciler.localplatform.platforms.pai_dlc_starting import begun
from reconciler.localplatform.platforms.pai_dlc_work import PODS, RESTARTS, pods_of, role_of
from reconciler.localplatform.work import Cause, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.localplatform.engines.protocol import InstanceSnapshot, RunSnapshot
    from reconciler.localplatform.face import Call
    from reconciler.localplatform.platforms.pai_dlc_work import Pod
    from reconciler.localplatform.store import Entity

ENDED = frozenset({"Succeeded", "Failed", "Stopped"})
RESERVING = {"SucceededReserving": "Succeeded", "FailedReserving": "Failed"}
BEFORE_RUNNING = frozenset({"Creating", "Queuing", "EnvPreparing"})
"""Where a new priority counts."""
_HIDDEN = (
    "SuccessPolicy",
    "Options",
    "JobMaxRunningTimeMinutes",
    "DebuggerConfigContent",
    "TemplateId",
    "TemplateVersion",
)
_HIDDEN_HERE = (*_HIDDEN, "released", "scaled", "WorkspaceId")
_HIDDEN_MOUNT = ("Options", "DataSourceVersion", "MountAccess", "EnableCache", "AccessPointId", "RoleArn", "RoleChain")
_HIDDEN_CODE = ("IsSharedMountPath",)
_STATES = {
    Status.PENDING: "Queuing",
    Status.RUNNING: "Running",
    Status.SUSPENDED: "Running",
    Status.STOPPING: "Stopping",
    Status.SUCCEEDED: "Succeeded",
    Status.FAILED: "Failed",
    Status.CANCELLED: "Stopped",
    Status.SKIPPED: "Stopped",
}
_POD_STATES = {
    Status.PENDING: "Pending",
    Status.RUNNING: "Running",
    Status.STOPPING: "Running",
    Status.SUSPENDED: "Running",
    Status.SUCCEEDED: "Succeeded",
    Status.FAILED: "Failed",
    Status.CANCELLED: "Failed",
    Status.SKIPPED: "Failed",
}
_REASONS = {"Succeeded": "JobSucceeded", "Stopped": "JobStoppedByUser"}
_END_TIMES = {"Succeeded": "GmtSuccessedTime", "Failed": "GmtFailedTime", "Stopped": "GmtStoppedTime"}
_RESERVED_AFTER = {"Always": {"Succeeded", "Failed"}, "OnFailure": {"Failed"}, "OnSucceed": {"Succeeded"}}
_FINAL = {word: f"{word}Reserving" for word in ("Succeeded", "Failed")}


def status_of(job: Entity, run: RunSnapshot, now: float) -> str:
    """The platform's word. After its end a job may hold its resources for a while."""
    word = _STATES[run.status]
    if word == "Running" and any(i.restarts and i.status is Status.PENDING for t in run.tasks for i in t.instances):
        return "Restarting"
    return _FINAL[word] if _reserved(job, run, word, now) else word


def _reserved(job: Entity, run: RunSnapshot, word: str, now: float) -> bool:
    settings = job.body.get("Settings") or {}
    minutes, policy = settings.get("JobReservedMinutes") or 0, settings.get("JobReservedPolicy") or "Always"
    if not minutes or word not in _RESERVED_AFTER.get(policy, set()) or job.body.get("released"):
        return False
    return run.finished is not None and now < run.finished + minutes * 60


def shown_job(call: Call, job: Entity, run: RunSnapshot) -> dict[str, Any]:
    """The answer of GetJob."""
    restarts = max((i.restarts for t in run.tasks for i in t.instances), default=0)
    return {
        **_common(call, job, run),
        "DataSources": [_without(each, _HIDDEN_MOUNT) for each in job.body.get("DataSources") or ()],
        "CustomEnvs": job.body.get("CustomEnvs") or [],
        "RestartTimes": f"{restarts}/{RESTARTS}",
        "RestartRecord": [],
        "Pods": pods_shown(call, job, run),
    }


def job_row(call: Call, job: Entity, run: RunSnapshot) -> dict[str, Any]:
    """An item of ListJobs: another shape."""
    restarts = max((i.restarts for t in run.tasks for i in t.instances), default=0)
    hidden = (*_HIDDEN_MOUNT, "Uri")
    limits = {name: job.body[name] for name in ("JobMaxRunningTimeMinutes", "TemplateId") if name in job.body}
    return {
        **{name: value for name, value in _common(call, job, run).items() if name != "CustomEnvs"},
        **limits,
        "DataSources": [_without(each, hidden) for each in job.body.get("DataSources") or ()],
        **_requests(job),
        "Username": job.owner,
        "IsDeleted": False,
        "NodeCount": str(len(pods_of(job.body))),
        "NodeNames": ["local"],
        "RestartTimes": str(restarts),
        "GmtModifiedTime": utc_text(job.updated),
        "SystemEnvs": {},
    }


def _requests(job: Entity) -> dict[str, Any]:
    """What it asks for, and of which quota, in the types of the list: one number, two texts."""
    asked, quota = requested(job.body), job.body.get("ResourceId")
    of_quota = {"ResourceName": quota, "ResourceQuotaName": quota} if quota else {}
    return {
        "RequestCPU": round(asked.cpu),
        "RequestGPU": f"{asked.gpu:g}",
        "RequestMemory": f"{asked.memory:g}Gi",
        "UseOversoldResource": False,
        **of_quota,
    }


def _common(call: Call, job: Entity, run: RunSnapshot) -> dict[str, Any]:
    status = status_of(job, run, call.now)
    ended = status in {*ENDED, *RESERVING}
    word = RESERVING.get(status, status)
    finished = run.finished if ended else None
    shown = _without(job.body, _HIDDEN_HERE)
    times = {_END_TIMES[word]: utc_text(finished)} if ended else {}
    return {
        **shown,
        "JobSpecs": [_echoed(role, job.body.get("scaled", {})) for role in job.body["JobSpecs"]],
        "CodeSource": _without(job.body["CodeSource"], _HIDDEN_CODE) if job.body.get("CodeSource") else None,
        "UserVpc": _network(job.body.get("UserVpc")),
        "JobId": job.id,
        "DisplayName": job.name,
        "WorkspaceId": job.scope,
        "WorkspaceName": job.scope,
        "UserId": call.services.account.user_id,
        "Status": status,
        "SubStatus": "",
        "ReasonCode": _reason(word, run),
        "ReasonMessage": run.message if ended else "",
        "Priority": job.body.get("Priority") or 1,
        "Accessibility": job.body.get("Accessibility") or "PRIVATE",
        "ResourceType": "ECS",
        "GmtCreateTime": utc_text(job.created),
        "GmtSubmittedTime": utc_text(job.created),
        "GmtRunningTime": utc_text(run.started) or "null",
        "GmtFinishTime": utc_text(finished) or "null",
        **times,
        "Duration": int((finished or call.now) - run.started) if run.started else 0,
        "StatusHistory": _history(job, run, status),
    }


def _history(job: Entity, run: RunSnapshot, status: str) -> list[dict[str, str]]:
    """The way from the submission to now."""
    begun, ended = utc_text(run.started), utc_text(run.finished)
    created = utc_text(job.created)
    steps = [("Creating", created, created), ("Queuing", created, begun)]
    if run.started is not None:
        steps.append(("EnvPreparing", begun, begun))
        if (job.body.get("Settings") or {}).get("EnableSanityCheck"):
            steps.append(("SanityChecking", begun, begun))
        steps.append(("Running", begun, ended))
    if status in RESERVING:
        steps.append((status, ended, ""))
    elif status in ENDED:
        steps.append((status, ended, ended))
    elif status in {"Stopping", "Restarting"}:
        steps.append((status, "", ""))
    word = RESERVING.get(status, status)
    return [
        {
            "Status": name,
            "StartTime": start,
            "EndTime": end,
            "ReasonCode": _reason(word, run) if name == status else "",
            "ReasonMessage": run.message if name == status else "",
        }
        for name, start, end in steps
    ]


def _reason(word: str, run: RunSnapshot) -> str:
    if word == "Failed":
        return "JobExceedMaxRunningTime" if run.cause is Cause.RUN_TIMEOUT else "JobFailed"
    return _REASONS.get(word, "")


def pods_shown(call: Call, job: Entity, run: RunSnapshot) -> list[dict[str, Any]]:
    """The pods with where each one is; they are there as soon as the job is scheduled."""
    states = {i.index: i for task in run.tasks if task.name == PODS for i in task.instances}
    pods = pods_of(job.body)
    waiting = _waiting(job, pods, states)
    return [
        {
            "Type": pod.type,
            "PodId": pod_id(job, pod.type, pod.number),
            "PodUid": pod_uid(job, pod.type, pod.number),
            "Status": _POD_STATES[state.status] if state and rank not in waiting else "Pending",
            "SubStatus": "Normal",
            "Ip": "127.0.0.1",
            "GmtCreateTime": utc_text(job.created),
            "GmtStartTime": utc_text(state.started) if state else "",
            "GmtFinishTime": utc_text(state.finished) if state else "",
            "Duration": _seconds(state, call.now),
            "NodeName": "local",
            "ResourceType": "ECS",
            "HistoryPods": [],
        }
        for rank, pod in enumerate(pods)
        for state in [states.get(rank)]
    ]


def _waiting(job: Entity, pods: list[Pod], states: Mapping[int, InstanceSnapshot]) -> set[int]:
    """The ranks of pods that are there, and whose command waits for other roles."""
    roles: dict[int, list[Status]] = {}
    for rank, pod in enumerate(pods):
        roles.setdefault(role_of(job.body, pod), []).append(states[rank].status if rank in states else Status.PENDING)
    late = {role for role in roles if not begun(job.body, role, roles)}
    here = {rank for rank, state in states.items() if state.status is Status.RUNNING}
    return {rank for rank in here if role_of(job.body, pods[rank]) in late}


def pod_id(job: Entity, role: str, number: int) -> str:
    """`<job>-worker-0`."""
    return f"{job.id}-{role.lower()}-{number}"


def pod_uid(job: Entity, role: str, number: int) -> str:
    """The same for the same pod, always."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, pod_id(job, role, number)))


def _seconds(state: InstanceSnapshot | None, now: float) -> float:
    return round((state.finished or now) - state.started, 3) if state and state.started else 0.0


def _echoed(role: Mapping[str, Any], scaled: Mapping[str, int]) -> dict[str, Any]:
    """With the twins and zeroes the real platform adds (trap 12). A role that was scaled says so; its processes are as
    many as there were, since none of this machine can be put into a gang that runs.
    """
    spot = bool(role.get("SpotSpec") or role.get("UseSpotInstance"))
    added = {
        "IsCheif": bool(role.get("IsChief")),
        "UseSpotInstance": spot,
        "LocalMountSpecs": [],
        "StartupDependencies": [],
        "SpotSpec": {"SpotStrategy": ""},
        "ServiceSpec": {"ServiceMode": "", "ExtraPorts": [], "DefaultPort": 0},
    }
    pods = {"PodCount": scaled[role["Type"]]} if role.get("Type") in scaled else {}
    return {**added, **role, **pods}


def _network(vpc: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not vpc:
        return None
    rest = _without(vpc, ("ExtendedCIDRs",))
    return {**rest, "ExtendedCidrs": vpc["ExtendedCIDRs"]} if "ExtendedCIDRs" in vpc else rest


def _without(value: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: item for name, item in value.items() if name not in names}
