"""What a connection may be able to tell beyond its runs: the account, its limits, the machines.

As with handlers, an ability is a method: commands ask with `isinstance` and say so where a platform has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.errors import PlatformError
    from reconciler.model.address import Address
    from reconciler.model.manifest import Spec
    from reconciler.providers.protocol import Event, RunSummary


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
class Reach:
    """A scope that we can see, and our role there in the platform's words. `writes`: whether that role may apply."""

    scope: str
    role: str
    writes: bool = True


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the platform takes us for. `facts` are what it tells besides, in its own words. Never a credential.
    `scopes` are those that we can see, None where the platform does not tell.
    """

    user: str
    role: str = ""
    groups: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    scopes: tuple[Reach, ...] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What an examination of the access found: `subject` in a word, what is the matter, and what to do, "" for fine."""

    subject: str
    said: str
    remedy: str = ""


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
class TellsTime(Protocol):
    """Of a connection: compares clocks."""

    def clock_skew(self) -> float | None:
        """Seconds that the platform's clock is ahead of ours, by its last answer; None before there was one."""


@runtime_checkable
class Examines(Protocol):
    """Of a connection: looks closer at what commonly goes wrong with the access to this platform."""

    def examine(self) -> Iterator[Finding]:
        """What could be found out by reading. Raises PlatformError where that is impossible."""

    def diagnose(self, error: PlatformError) -> Finding | None:
        """What an error of the platform means for the access, where it means more than its class."""


@runtime_checkable
class LimitsUse(Protocol):
    """Tells, and where allowed changes, how much may be used at once."""

    def quota(self) -> tuple[Allowance, ...]:
        """By name."""

    def set_quota(self, name: str, amount: int) -> None:
        """Sets the limit called `name`. Idempotent. Raises UsageError for a name it cannot have."""


@dataclass(frozen=True, slots=True)
class MachineType:
    """A machine one can ask for by `name`. `available` None where the platform does not say; `spot_discount` is the
    share of the regular price that a spot one costs now, None where there is none. `memory` is text with its unit.
    """

    name: str
    accelerator: str = ""
    cpu: int = 0
    memory: str = ""
    gpu: int = 0
    gpu_type: str = ""
    available: bool | None = None
    spot: bool = False
    spot_discount: float | None = None
    drivers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """What was measured of one instance of a run. `points` are (UNIX seconds, value), oldest first."""

    metric: str
    unit: str
    points: tuple[tuple[float, float], ...]
    task: str = ""
    index: int = 0


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One check of the machines of a run. `number` counts the rounds from 1. Times are UTC ISO 8601 or ""."""

    name: str
    status: str
    message: str = ""
    started: str = ""
    finished: str = ""
    number: int = 1


@dataclass(frozen=True, slots=True)
class Link:
    """A way in for a person. `secret`: whoever has it may use it, so it is shown only when asked for."""

    name: str
    url: str
    note: str = ""
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Engine:
    """A framework that the platform brings along. `id` is what manifests name; `note` says where it may be used."""

    id: str
    name: str
    version: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Pool:
    """Machines of one's own. `scope` says what they may be used for; `machines` are (flavor, how many)."""

    name: str
    status: str = ""
    scope: tuple[str, ...] = ()
    machines: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance of a task as the cluster sees it. `index` counts from 0 within its task; `restarts` None where the
    platform does not say; `cpu` and `memory` are "asked/most". `started` is UTC ISO 8601 or "".
    """

    name: str
    task: str
    index: int
    status: str
    node: str = ""
    ip: str = ""
    restarts: int | None = None
    cpu: str = ""
    memory: str = ""
    started: str = ""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that a platform keeps as part of something. `name` is a file name, never a path."""

    name: str
    content: bytes


@runtime_checkable
class OffersEngines(Protocol):
    """Of a connection: lists the frameworks one can run code with."""

    def engines(self) -> tuple[Engine, ...]:
        """By name and version."""


@runtime_checkable
class OffersPools(Protocol):
    """Of a connection: lists the pools of machines of the account."""

    def pools(self) -> tuple[Pool, ...]:
        """By name."""


@runtime_checkable
class OffersMachines(Protocol):
    """Of a connection: lists the machines one can ask for."""

    def specs(self, *, accelerator: str = "", names: Sequence[str] = ()) -> tuple[MachineType, ...]:
        """By name; `accelerator` and `names` limit it, empty ones do not."""


@runtime_checkable
class Measures(Protocol):
    """Of a handler: tells what runs use."""

    def metrics(self, address: Address, remote_id: str, *, name: str = "", minutes: int = 60) -> tuple[Series, ...]:
        """The last `minutes`, of the measurement `name` or of the usual ones. Raises UsageError for an unknown name."""


@runtime_checkable
class ChecksHealth(Protocol):
    """Of a handler: tells how the machines of a run were checked."""

    def checks(self, address: Address, remote_id: str, *, number: int = 0, name: str = "") -> tuple[HealthCheck, ...]:
        """Oldest round first; only the round `number` unless that is 0, only the check `name` unless that is empty."""


@runtime_checkable
class Links(Protocol):
    """Of a handler: opens ways in for a person."""

    def links(self, address: Address, remote_id: str, *, shared: bool = False) -> tuple[Link, ...]:
        """What there is now; `shared` ones need no login. Asking may make tokens that expire by themselves."""


@runtime_checkable
class ShowsInstances(Protocol):
    """Of a handler: tells of the single instances of a task."""

    def instances(
        self, address: Address, remote_id: str, *, task: str, index: int | None = None
    ) -> tuple[Instance, ...]:
        """Those of one task by index, or the one with `index`. Raises NotFound for a task or an index there is not."""

    def instance(self, address: Address, remote_id: str, *, task: str, name: str, index: int | None = None) -> Spec:
        """The whole document of the instance called `name`, in the cluster's own words. `index` helps where known."""

    def instance_events(
        self, address: Address, remote_id: str, *, task: str, name: str, index: int | None = None
    ) -> Iterator[Event]:
        """What happened to the instance `name`, oldest first; with its `index` also what is told of it by that."""


@runtime_checkable
class Details(Protocol):
    """Of a handler: tells everything the platform knows about one thing."""

    def detail(self, address: Address, remote_id: str) -> Spec:
        """The platform's own document, with what only it knows; without credentials. Raises NotFound."""


@runtime_checkable
class Summarises(Protocol):
    """Of a handler: one row about one thing, as `browse` gives them."""

    def summary(self, address: Address, remote_id: str) -> RunSummary:
        """Raises NotFound."""


@runtime_checkable
class KeepsFiles(Protocol):
    """Of a handler: things of this kind hold files, which a person may want to have."""

    def files(self, address: Address, remote_id: str) -> tuple[StoredFile, ...]:
        """All of them, whole. Raises NotFound."""
