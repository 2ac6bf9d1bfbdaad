"""The project file as values: environments, targets, policy."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.address import Address
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


class Allowed(StrEnum):
    """What an allowance may let through that a plan refuses by itself.

    `DELETE`: removals beyond the limits on them. `CANCEL`: a removed run that is active. `GPU_HOURS`: runs beyond the
    budget. `RENAME`: a removal beside a creation of the same meaning, which looks like a rename nobody declared.
    """

    DELETE = "delete"
    CANCEL = "cancel"
    GPU_HOURS = "gpu_hours"
    RENAME = "rename"


@dataclass(frozen=True, slots=True)
class Allowance:
    """A reviewed exception for exactly these addresses, through the end of the day `until` (`2026-08-01`, UTC)."""

    what: Allowed
    addresses: frozenset[Address]
    until: str
    reason: str

    def holds(self, today: str) -> bool:
        """Whether it has not expired. `today` is a date such as `2026-07-31`, "" for no clock at hand: it holds."""
        return not today or today <= self.until


@dataclass(frozen=True, slots=True)
class Move:
    """What was at one address is meant to be at the other: a rename, not a removal and a creation."""

    former: Address
    address: Address


@dataclass(frozen=True, slots=True)
class Ignore:
    """A field of standing things that is left to others: not compared, not undone, and kept as it is by updates.

    `address` and `path` are globs (`*` any text); `path` is a JSON pointer into the spec and means what is below it
    too. `kind` "" means every kind. `reason` is for the next reader.
    """

    path: str
    reason: str
    address: str = "*"
    kind: str = ""


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
    moves: tuple[Move, ...] = ()
    ignore: tuple[Ignore, ...] = ()
    allow: tuple[Allowance, ...] = ()
    adopt: frozenset[Address] = frozenset()
    """Live objects without a mark that may be taken over when they are declared."""
