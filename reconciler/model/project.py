"""The project file as values: environments, targets, policy."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.target import Target


class StateBackend(StrEnum):
    """Where memory lives."""

    FILE = "file"
    GIT = "git"


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits on what one apply may do. None: no limit. Percent is of the recorded resources of the environment."""

    max_deletes: int | None = None
    max_delete_percent: float | None = None
    max_gpu_hours: float | None = None


@dataclass(frozen=True, slots=True)
class Environment:
    """A named set of targets, by target name. `vars` are the project's with this environment's on top."""

    name: str
    targets: Mapping[str, Target]
    vars: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Project:
    """`root` is the folder of the project file; `manifests` the folders and globs below it; `file` its path or "" when
    there is none. Without a project file: one environment `local`, every platform on the local platform.
    """

    name: str
    root: str
    default_environment: str
    environments: Mapping[str, Environment]
    manifests: tuple[str, ...] = ()
    state: StateBackend = StateBackend.FILE
    policy: Policy = Policy()
    file: str = ""
