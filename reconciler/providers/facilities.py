"""What a connection may be able to tell beyond its runs: the account, its limits, the machines.

As with handlers, an ability is a method: commands ask with `isinstance` and say so where a platform has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class ClusterNode:
    """One machine. `group` is a dotted path; `free` None where the platform does not say; `user` runs something on it.
    `memory` is in the platform's own unit, as text.
    """

    name: str
    group: str
    status: str
    free: bool | None = None
    user: str = ""
    gpu: int = 0
    cpu: int = 0
    memory: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the platform takes us for. `facts` are what it tells besides, in its own words. Never a credential."""

    user: str
    role: str = ""
    groups: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Allowance:
    """One limit. `name` is what `set_quota` takes; `limit` None where there is none, `used` None where nobody says."""

    name: str
    limit: int | None
    used: int | None = None


@runtime_checkable
class ShowsNodes(Protocol):
    """Lists the machines of the cluster."""

    def nodes(self) -> tuple[ClusterNode, ...]:
        """By group and name."""


@runtime_checkable
class Identifies(Protocol):
    """Says who we are."""

    def whoami(self) -> Identity:
        """As the platform sees the credentials."""


@runtime_checkable
class LimitsUse(Protocol):
    """Tells, and where allowed changes, how much may be used at once."""

    def quota(self) -> tuple[Allowance, ...]:
        """By name."""

    def set_quota(self, name: str, amount: int) -> None:
        """Sets the limit called `name`. Idempotent. Raises UsageError for a name it cannot have."""
