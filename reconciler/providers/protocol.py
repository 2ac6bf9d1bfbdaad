"""What a platform is to the rest of the program.

A handler serves one kind on one target. Its abilities are the methods it has: `Creates` is the only one required.
Why not one fat base class: some platforms only create, some cannot delete, some runs are almost immutable
(design.md section 3). Every method raises only `PlatformError`s, and a mutating one tells by the class of the
error whether the call may have had its effect (reconciler/errors.py).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from reconciler.model.kind import Ability, CreateClass
from reconciler.providers.containers import KeepsResults, ShowsLoad, ShowsPods
from reconciler.providers.facilities import ChecksHealth, KeepsFiles, Links, Measures, ShowsInstances

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from requests.adapters import BaseAdapter

    from reconciler.model.address import Address
    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.manifest import Manifest, Spec
    from reconciler.model.mark import Mark
    from reconciler.model.resource import Desired, Listed, Live
    from reconciler.model.secret import Redactor
    from reconciler.model.target import Target


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a run's output. `at` is UTC ISO 8601 or ""; `task` and `index` name the instance it came from."""

    text: str
    at: str = ""
    task: str = ""
    index: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a run. `first` and `last` are UTC ISO 8601 or ""."""

    type: str
    reason: str
    message: str
    count: int = 1
    first: str = ""
    last: str = ""
    task: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One task instance of a run, for `status`."""

    name: str
    index: int
    status: str
    started: str = ""
    finished: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One row of `get`. Times are UTC ISO 8601 or "". `facts` are further columns that only this kind has, the same
    ones in every row of it.
    """

    remote_id: str
    name: str
    status: str
    created: str = ""
    started: str = ""
    finished: str = ""
    user: str = ""
    detail: str = ""
    mark: Mark | None = None
    facts: tuple[tuple[str, str], ...] = ()


@runtime_checkable
class Creates(Protocol):
    """Makes one. Must send exactly one mutating request and never repeat it."""

    def create(self, desired: Desired) -> Live:
        """The new object; at least `remote_id` is right, `phase` as far as the answer says."""


@runtime_checkable
class Reads(Protocol):
    """Reads one by id."""

    def read(self, address: Address, remote_id: str) -> Live | None:
        """The object in manifest shape, or None when the platform says it does not exist."""


@runtime_checkable
class Lists(Protocol):
    """Lists all of a scope, every page."""

    def list(self, scope: str) -> Iterator[Listed]:
        """Each object once; addresses are this target's."""


@runtime_checkable
class Finds(Protocol):
    """Finds what a create may have left behind."""

    def find(self, address: Address, mark: Mark) -> tuple[Live, ...]:
        """Every object that carries exactly this mark, every page searched; more than one is a duplicate."""


@runtime_checkable
class Updates(Protocol):
    """Changes one in place, by sending the complete desired object. Idempotent."""

    def update(self, remote_id: str, desired: Desired) -> None:
        """Returns when the platform has accepted it, and the object is as desired where that takes a while: Busy says
        that it is on its way, and that the same call is to be made again.
        """


@runtime_checkable
class Stops(Protocol):
    """Ends an active run. Asynchronous on every platform: read until `phase.ended`."""

    def stop(self, address: Address, remote_id: str, *, force: bool = False) -> None:
        """Returns when the platform has accepted it. A run that has ended already is no error."""


@runtime_checkable
class Deletes(Protocol):
    """Removes one. Something that is gone already is no error."""

    def delete(self, address: Address, remote_id: str) -> None:
        """Returns when the platform has accepted it."""


@runtime_checkable
class Logs(Protocol):
    """The output of a run."""

    def logs(self, address: Address, remote_id: str, *, task: str = "", index: int | None = None) -> Iterator[LogLine]:
        """What there is now, oldest first. `task` "" means every task; `index` None every instance."""


@runtime_checkable
class Events(Protocol):
    """What happened to a run."""

    def events(self, address: Address, remote_id: str, *, task: str = "") -> Iterator[Event]:
        """Oldest first."""


@runtime_checkable
class Retries(Protocol):
    """Asks the platform to run a failed run again under the same id."""

    def retry(self, address: Address, remote_id: str) -> None:
        """Returns when the platform has accepted it."""


@runtime_checkable
class Suspends(Protocol):
    """Lets an active run give way, and go on later, under the same id."""

    def suspend(self, address: Address, remote_id: str) -> None:
        """Returns when the platform has accepted it. How much of the work is kept is the run's own business."""

    def resume(self, address: Address, remote_id: str) -> None:
        """Lets it go on. Where the platform does that by itself nothing is sent; one that has ended is started again
        under the same id where the platform can, and refused elsewhere.
        """


@runtime_checkable
class Describes(Protocol):
    """Tells what was submitted, in the platform's own file format."""

    def describe(self, address: Address, remote_id: str) -> Spec:
        """A document that can be submitted again as it is; without our mark and without credentials."""


@runtime_checkable
class Inspects(Protocol):
    """The instances of a run, for `status`."""

    def parts(self, address: Address, remote_id: str) -> tuple[Part, ...]:
        """One per task instance, in a stable order."""


@runtime_checkable
class Browses(Protocol):
    """Rows of runs for `get`, ours or not."""

    def browse(self, scope: str, filters: Mapping[str, str], limit: int) -> Iterator[RunSummary]:
        """Newest first. Unknown filter names raise UsageError."""


@runtime_checkable
class BrowsesFrom(Browses, Protocol):
    """Leaves out the first rows by the platform's own paging, so that they never travel."""

    def browse_from(self, scope: str, filters: Mapping[str, str], limit: int, offset: int) -> Iterator[RunSummary]:
        """What `browse` gives, without the first `offset` rows; `limit` rows at most."""


_ABILITIES: tuple[tuple[type[Any], Ability], ...] = (
    (Creates, Ability.CREATE),
    (Reads, Ability.READ),
    (Lists, Ability.LIST),
    (Finds, Ability.FIND),
    (Updates, Ability.UPDATE),
    (Stops, Ability.STOP),
    (Deletes, Ability.DELETE),
    (Logs, Ability.LOGS),
    (Events, Ability.EVENTS),
    (Retries, Ability.RETRY),
    (Suspends, Ability.SUSPEND),
    (Describes, Ability.DESCRIBE),
    (ShowsInstances, Ability.INSTANCES),
    (Measures, Ability.METRICS),
    (ChecksHealth, Ability.CHECKS),
    (Links, Ability.LINKS),
    (ShowsPods, Ability.PODS),
    (ShowsLoad, Ability.LOAD),
    (KeepsResults, Ability.RESULTS),
    (KeepsFiles, Ability.FILES),
)


def abilities(handler: type[Any]) -> frozenset[Ability]:
    """What a handler class can do, before any connection."""
    return frozenset(ability for protocol, ability in _ABILITIES if issubclass(handler, protocol))


@dataclass(frozen=True, slots=True)
class CredentialVariable:
    """An environment variable a provider reads its credentials from. `name` is the key handed to `connect`;
    `variables` are looked at in order; `required_with` names keys that must come together ("" : optional alone).
    """

    name: str
    variables: tuple[str, ...]
    help: str
    secret: bool = True


@dataclass(frozen=True, slots=True)
class VendorAccount:
    """What a file of a vendor's own tool says. `credentials` are by the keys `connect` knows; `region`, `endpoint` and
    `settings` are those of a target that does not say them itself; `notes` are about what could not be taken over.
    """

    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    region: str = ""
    endpoint: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    proxy: str = field(default="", repr=False)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VendorFile:
    """A file, `path` below the person's home, in which the vendor's own tool keeps an account. `read` takes its text;
    it raises ValueError when that is none of these files.
    """

    path: str
    read: Callable[[str], VendorAccount]


class TokenCache(Protocol):
    """Keeps what was got by signing in for the next process of the same person. Never fails: it only forgets."""

    def load(self, key: str) -> str:
        """What was kept under `key`, "" for nothing."""

    def save(self, key: str, text: str) -> None:
        """Keeps `text` where nobody else can read it."""

    def drop(self, key: str) -> None:
        """Forgets it."""


@dataclass(frozen=True, slots=True)
class Transport:
    """How to talk: everything of HTTP that is not a platform's own. Times in seconds.

    `adapter` replaces the network (tests run the local platform in process through it); `clock` returns UNIX time
    and is used for request dates; `pause` waits between two attempts; `trace` gets one redacted line per exchange.
    `deadline` bounds one call with all its attempts and waits; `attempts` counts the first one too; `backoff` is the
    first wait, doubled after each attempt. `verify` is True, or the path of a CA bundle; never False. `root` is the
    folder that files to be sent are named from, "" for none at hand.
    `stop`: once set, no wait goes on and no call is tried again. `guard` is called right before a request that is more
    than a read leaves; what it raises is raised, and nothing is sent. `proxy` is the URL of one for everything but this
    machine itself, "" for what the environment says; `tokens` keeps sign-ins for later processes, None for not at all.
    `heard` gets what a server says in the header `X-Platform-Notice`: a word about what it does otherwise than others.
    """

    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    deadline: float = 300.0
    attempts: int = 5
    backoff: float = 0.5
    connections: int = 8
    max_response_bytes: int = 64 * 1024 * 1024
    verify: bool | str = True
    root: str = ""
    redactor: Redactor | None = None
    adapter: BaseAdapter | None = None
    trace: Callable[[str], None] | None = None
    clock: Callable[[], float] = time.time
    pause: Callable[[float], None] = time.sleep
    stop: threading.Event | None = None
    guard: Callable[[], None] | None = None
    proxy: str = ""
    tokens: TokenCache | None = None
    heard: Callable[[str], None] | None = None


class Connection(Protocol):
    """An open target."""

    def handler(self, kind: str) -> Creates:
        """The handler of a kind. Raises KeyError for a kind the provider does not have."""

    def close(self) -> None:
        """Frees sockets. Safe to call twice."""


class Connect(Protocol):
    """Opens a target. Sends nothing, or only what signing in needs. Raises CredentialsMissing."""

    def __call__(self, target: Target, credentials: Mapping[str, str], transport: Transport) -> Connection:
        """One argument list for every platform; keyword names as here."""


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A field of a spec that has no counterpart in another version: its JSON pointer, and what to do about it."""

    pointer: str
    why: str


@dataclass(frozen=True, slots=True)
class Provider:
    """A platform: its name, its kinds (handler classes by kind name), and how a target of it is opened.

    `settings` are the keys a target of it may have in the project file besides the common ones (`endpoint`,
    `region`, `platform`, and `scope_key`, the platform's own word for a scope such as `space`).
    """

    name: str
    connect: Connect
    kinds: Mapping[str, type[Any]]
    create_class: Mapping[str, CreateClass]
    credentials: tuple[CredentialVariable, ...]
    scope_key: str = "scope"
    settings: Mapping[str, str] = field(default_factory=dict)
    vendor_file: VendorFile | None = None
    outputs: Mapping[str, Iterable[str]] = field(default_factory=dict)
    check: Callable[[tuple[Manifest, ...]], Iterable[Diagnostic]] | None = None
    """The platform's own meaning checks over all its manifests, also over what is sound of those that have errors
    (`model/unsound.py`: wrap in `sound` what is to end by itself): pure, offline. Findings carry `address` and a
    `pointer` into the spec."""
    foresee: Callable[[Connection, tuple[Manifest, ...]], Iterable[Diagnostic]] | None = None
    """What the platform can tell of manifests that are about to be submitted to one open target of it: limits, names
    that exist. It only reads, and may raise PlatformError. Findings as those of `check`."""
    gpu_hours: Callable[[tuple[Manifest, ...]], Mapping[Address, float]] | None = None
    """The most accelerator hours that each run among all its manifests can take; a run nobody can tell of is missing.
    Pure, offline."""
    gpu_hours_there: Callable[[Connection, tuple[Manifest, ...]], Mapping[Address, float]] | None = None
    """The same for the manifests of one open target of it, with what the platform tells of its machines; counts where
    `gpu_hours` says something else or nothing. It only reads, and may raise PlatformError."""
    tasks: Callable[[str, Spec], Mapping[str, tuple[str, ...]]] | None = None
    """The tasks inside the spec of a kind, each with the tasks it waits for, in the author's order; empty where it has
    none. Pure; for drawing."""
    local_credentials: Mapping[str, str] = field(default_factory=dict)
    """By the name of a credential of its own: which of the three that a local platform has stands for it there
    (`access_key`, `secret_key`, `project_id`)."""
    rewrites: Mapping[tuple[str, str], Callable[[Spec], tuple[dict[str, Any], tuple[Unsupported, ...]]]] = field(
        default_factory=dict
    )
    """By (kind, kind of another version of the API): the same thing written for the other, and what could not be
    carried over. Pure."""
    schemas: Path | None = None
    """The folder with the schemas of its kinds, where another package brings it along; None: they are among ours."""
