"""From what the platform shows of a job to what the rest of the program knows: phase, spec, pods, a line of a list.

`GetJob` and the items of `ListJobs` are different shapes (contract, 5.5); what is read here is in both, or absent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.model.resource import Phase
from reconciler.providers.pai_dlc.marks import TAG, mark_of
from reconciler.providers.pai_dlc.place import moment
from reconciler.providers.protocol import Part, RunSummary

if TYPE_CHECKING:
    from collections.abc import Mapping

    Row = Mapping[str, Any]

PENDING = frozenset({"Creating", "Queuing", "Bidding", "EnvPreparing", "SanityChecking"})
PRIORITY_COUNTS = frozenset({"Creating", "Queuing", "EnvPreparing"})
"""Where a new priority has an effect; elsewhere the platform says yes and does nothing (trap 10)."""
ENDED = frozenset({"Succeeded", "Failed", "Stopped"})
_RESERVING = {"SucceededReserving": "succeeded", "FailedReserving": "failed"}
_PHASES = {
    **dict.fromkeys(PENDING, Phase.PENDING),
    "Running": Phase.RUNNING,
    "Restarting": Phase.RUNNING,
    "Stopping": Phase.STOPPING,
    **dict.fromkeys(_RESERVING, Phase.STOPPING),
    "Succeeded": Phase.SUCCEEDED,
    "Failed": Phase.FAILED,
    "Stopped": Phase.CANCELLED,
}
_FIELDS = (
    "DisplayName",
    "Description",
    "JobType",
    "JobSpecs",
    "UserCommand",
    "ResourceId",
    "Priority",
    "Envs",
    "CustomEnvs",
    "DataSources",
    "CodeSource",
    "UserVpc",
    "ThirdpartyLibs",
    "ThirdpartyLibDir",
    "Settings",
    "CredentialConfig",
    "Accessibility",
    "SchedulingStrategy",
)
_UNREAD = frozenset({"IsCheif", "UseSpotInstance", "ImageConfig", "SecurityToken"})
"""Members that are not taken from an answer, wherever they stand: twins of others, and secrets."""
_MAPS = frozenset({"Envs", "Tags", "AdvancedSettings", "PodLabels", "PodAnnotations", "Limits", "Requests"})


def status_of(row: Row) -> str:
    """The platform's own word."""
    return str(row.get("Status") or "")


def phase_of(row: Row) -> Phase:
    """In one vocabulary. A status nobody knows is not an end; while resources are held, neither (traps 21 and 22)."""
    return _PHASES.get(status_of(row), Phase.UNKNOWN)


def detail_of(row: Row) -> str:
    """What a person asks next: why, how often it was restarted, what is still held."""
    status = status_of(row)
    held = f"the work has {_RESERVING[status]}; its resources are held" if status in _RESERVING else ""
    restarts = str(row.get("RestartTimes") or "0").partition("/")[0]
    again = f"restarted {restarts} times" if restarts.isdigit() and int(restarts) > 0 else ""
    reason = ": ".join(str(row.get(name)) for name in ("ReasonCode", "ReasonMessage") if row.get(name))
    return "; ".join(part for part in (held, again, reason if status not in {"Running", "Succeeded"} else "") if part)


def spec_of(row: Row) -> dict[str, Any]:
    """The job as its manifest says it, as far as the platform shows it; without our mark."""
    spec: dict[str, Any] = _lean({name: row[name] for name in _FIELDS if row.get(name) not in (None, "", [], {})})
    vpc = spec.get("UserVpc") or {}
    if "ExtendedCidrs" in vpc:
        rest = {name: value for name, value in vpc.items() if name != "ExtendedCidrs"}
        spec["UserVpc"] = {**rest, "ExtendedCIDRs": vpc["ExtendedCidrs"]}
    if settings := _settings(spec.pop("Settings", {})):
        spec["Settings"] = settings
    return spec


def parts_of(row: Row) -> tuple[Part, ...]:
    """One per pod, by role and number."""
    return tuple(
        Part(
            name=str(pod.get("Type") or ""),
            index=index,
            status=str(pod.get("Status") or ""),
            started=moment(pod.get("GmtStartTime")),
            finished=moment(pod.get("GmtFinishTime")),
            detail=", ".join(str(pod[name]) for name in ("PodId", "NodeName", "SubStatus") if pod.get(name)),
        )
        for pod, index in numbered(row)
    )


def numbered(row: Row) -> list[tuple[dict[str, Any], int]]:
    """The pods, each with its number within its role."""
    pods = [pod for pod in row.get("Pods") or () if isinstance(pod, dict)]
    counts: dict[str, int] = {}
    found = []
    for pod in sorted(pods, key=_order):
        role = str(pod.get("Type") or "")
        found.append((pod, counts.get(role, 0)))
        counts[role] = counts.get(role, 0) + 1
    return found


def summary_of(row: Row) -> RunSummary:
    """A line of a list."""
    return RunSummary(
        remote_id=str(row.get("JobId") or ""),
        name=str(row.get("DisplayName") or ""),
        status=status_of(row),
        created=moment(row.get("GmtCreateTime")),
        started=moment(row.get("GmtRunningTime")),
        finished=moment(row.get("GmtFinishTime")),
        user=str(row.get("Username") or row.get("UserId") or ""),
        detail=", ".join(part for part in (str(row.get("JobType") or ""), resources_of(row), detail_of(row)) if part),
        mark=mark_of(row),
    )


def resources_of(row: Row) -> str:
    """`2 Worker x ecs.g6.large`, for each role."""
    told = []
    for role in row.get("JobSpecs") or ():
        if not isinstance(role, dict):
            continue
        config = role.get("ResourceConfig") or {}
        machine = role.get("EcsSpec") or "/".join(str(config[n]) for n in ("CPU", "Memory", "GPU") if config.get(n))
        told.append(f"{role.get('PodCount') or 1} {role.get('Type') or 'pods'}{f' x {machine}' if machine else ''}")
    return ", ".join(told)


def pods_by_role(spec: Row) -> dict[str, int]:
    """How many pods each role asks for."""
    roles = [role for role in spec.get("JobSpecs") or () if isinstance(role, dict)]
    return {str(role.get("Type")): int(role.get("PodCount") or 1) for role in roles}


def scaled_roles(spec: Row) -> dict[str, int]:
    """The same of the roles whose pods are added and taken away by calls."""
    scaling = {str(role.get("Type")): role.get("AutoScalingSpec") or {} for role in spec.get("JobSpecs") or ()}
    by_call = {name for name, how in scaling.items() if how.get("ScalingStrategy") == "ScaleByAPI"}
    return {name: pods for name, pods in pods_by_role(spec).items() if name in by_call}


def unshown(row: Row, wanted: Row) -> str:
    """What of `wanted` the platform does not show yet, "" when it shows all; of roles only how many pods they have."""
    told = [f"{name} {value}" for name, value in wanted.items() if name != "JobSpecs" and row.get(name) != value]
    has = pods_by_role(row)
    told += [f"{pods} pods of {name}" for name, pods in scaled_roles(wanted).items() if has.get(name) != pods]
    return ", ".join(told)


def _order(pod: Row) -> tuple[str, int, str]:
    identifier = str(pod.get("PodId") or "")
    number = identifier.rpartition("-")[2]
    return str(pod.get("Type") or ""), int(number) if number.isascii() and number.isdigit() else 0, identifier


def _lean(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Without the empties, and the objects of zeroes, that the platform adds (trap 12), and without what is not read.

    Maps of the author's own stay as they are, and so does an empty value of a variable.
    """
    if isinstance(value, list):
        return [_lean(item) for item in value if not (isinstance(item, dict) and _hollow(item))]
    if not isinstance(value, dict):
        return value
    kept = {name: item if name in _MAPS else _lean(item) for name, item in value.items() if name not in _UNREAD}
    return {name: item for name, item in kept.items() if name == "Value" or name in _MAPS or not _says_nothing(item)}


def _says_nothing(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    return value in (None, "") or (isinstance(value, dict | list) and _hollow(value))


def _hollow(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Nothing but empties and zeroes, however deep."""
    if isinstance(value, dict | list):
        return all(map(_hollow, value.values() if isinstance(value, dict) else value))
    return value in (None, "", 0, False)


def _settings(settings: Row) -> dict[str, Any]:
    """Without our mark."""
    tags = {name: value for name, value in (settings.get("Tags") or {}).items() if name != TAG}
    rest = {name: value for name, value in settings.items() if name != "Tags"}
    return {**rest, "Tags": tags} if tags else rest
