"""Which JSON types bodies may hold, as far as anything here looks at them (platform contract, 5.2, 5.3 and 6.2).

What got in with another type would not fail where it came from, but wherever it is listed later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

EACH: Final = "*"
"""Stands for every member of an object whose names are the caller's."""
_TEXTS: Final[Mapping[str, Any]] = {EACH: str}
_ROLE: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("Type", "Image", "EcsSpec", "UserCommand", "RestartPolicy", "QuotaId"), str),
    **dict.fromkeys(("IsChief", "ConsiderInSuccessPolicy"), bool),
    "PodCount": int,
    "ResourceConfig": _TEXTS,
    "AssignNodeSpec": {"EnableAssignNode": bool},
    "AutoScalingSpec": {"ScalingStrategy": str, "MinReplicas": int, "MaxReplicas": int},
    "StartupDependencies": [{"Type": str, "OnPhase": str, "MinReplicas": str}],
}
_SETTINGS: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("BusinessUserId", "Caller", "PipelineId", "OversoldType", "JobReservedPolicy", "Driver"), str),
    "Tags": _TEXTS,
    "JobReservedMinutes": int,
    "EnableSanityCheck": bool,
}
JOB: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("DisplayName", "JobType", "UserCommand", "WorkspaceId", "ResourceId", "Accessibility"), str),
    **dict.fromkeys(("SuccessPolicy", "Options", "ThirdpartyLibDir", "TemplateId", "Description"), str),
    **dict.fromkeys(("Priority", "JobMaxRunningTimeMinutes"), int),
    "UserVpc": {},
    "CredentialConfig": {},
    "Envs": _TEXTS,
    "CustomEnvs": [{"Key": str, "Value": str, "Visible": str}],
    "DataSources": [dict.fromkeys(("DataSourceId", "Uri", "MountPath", "Options", "MountAccess"), str)],
    "CodeSource": dict.fromkeys(("CodeSourceId", "Branch", "Commit", "MountPath"), str),
    "ThirdpartyLibs": [str],
    "Settings": _SETTINGS,
    "JobSpecs": [_ROLE],
}
"""A type, a list of one shape, or an object of shapes by name; what is not named is not looked at."""
TENSORBOARD: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("WorkspaceId", "DisplayName", "JobId", "DataSourceId", "DataSourceType", "Uri", "Options"), str),
    **dict.fromkeys(("SummaryPath", "SummaryRelativePath", "SourceType", "SourceId", "QuotaId"), str),
    **dict.fromkeys(("Priority", "Accessibility"), str),
    **dict.fromkeys(("MaxRunningTimeMinutes", "Cpu", "Memory"), int),
    "DataSources": [{}],
    "TensorboardDataSources": [{}],
    "TensorboardSpec": {},
}
_WORDS: Final = {str: "a text", int: "a whole number", bool: "true or false"}


def wrong(value: Any, shape: Any, where: str = "") -> Iterator[str]:  # noqa: ANN401 - any JSON value
    """What has another type than `shape` says, a sentence each. Nothing is wrong with what is absent or null."""
    if value is None:
        return
    if isinstance(shape, list):
        yield from _each(value, shape[0], where)
    elif isinstance(shape, dict):
        yield from _members(value, shape, where)
    elif not isinstance(value, shape) or (shape is int and isinstance(value, bool)):
        yield f"{where} must be {_WORDS[shape]}"


def _each(value: Any, shape: Any, where: str) -> Iterator[str]:  # noqa: ANN401
    if not isinstance(value, list):
        yield f"{where} must be a list"
        return
    for index, item in enumerate(value):
        if item is None:
            yield f"{where}[{index}] must not be null"
        yield from wrong(item, shape, f"{where}[{index}]")


def _members(value: Any, shapes: Mapping[str, Any], where: str) -> Iterator[str]:  # noqa: ANN401
    if not isinstance(value, dict):
        yield f"{where or 'the body'} must be an object"
        return
    for name, item in value.items():
        shape = shapes.get(name, shapes.get(EACH))
        if shape is not None:
            if item is None and EACH in shapes:
                yield f"{where}.{name} must not be null"
            yield from wrong(item, shape, f"{where}.{name}".lstrip("."))
