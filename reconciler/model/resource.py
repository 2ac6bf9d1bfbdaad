"""The two sides that are not wishes: what the platform has now, and what we last did."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler.model.manifest import DEFAULT_LIFECYCLE, Lifecycle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.address import Address
    from reconciler.model.manifest import Spec
    from reconciler.model.mark import Mark


class Phase(StrEnum):
    """Where a live object is in its life, in one vocabulary for all platforms."""

    READY = "ready"
    PENDING = "pending"
    RUNNING = "running"
    SUSPENDED = "suspended"
    STOPPING = "stopping"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DELETING = "deleting"
    UNKNOWN = "unknown"

    @property
    def ended(self) -> bool:
        """Nothing more will happen unless somebody retries it."""
        return self in {Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED}

    @property
    def active(self) -> bool:
        """Work may be going on. `UNKNOWN` counts: what may be running is treated as running."""
        return self in {Phase.PENDING, Phase.RUNNING, Phase.SUSPENDED, Phase.STOPPING, Phase.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Desired:
    """What a handler gets to create or update: everything resolved, secrets included. Never stored, never printed."""

    address: Address
    spec: Spec
    mark: Mark


@dataclass(frozen=True, slots=True)
class Live:
    """What the platform has now. `spec` is ALREADY in manifest shape: what the platform does not echo is absent,
    never None; our mark is taken out of it. `outputs` are values other manifests may refer to.
    `status` is the platform's own word, for people; `detail` its reason, if it gives one.
    """

    address: Address
    remote_id: str
    spec: Spec
    phase: Phase
    mark: Mark | None = None
    status: str = ""
    detail: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    started: str = field(default="", compare=False)
    """When a run began to work: UTC ISO 8601, "" where that is not told. For people; nothing is decided by it."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of a platform's list. `live` is None where the list lacks the definition and a read is needed."""

    address: Address
    remote_id: str
    mark: Mark | None = None
    live: Live | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """The world as one refresh saw it. An address is in at most one of the mappings; in none: it does not exist.

    `live` what was read; `unreadable` why an address could not be read (a sentence); `strangers` are objects that
    carry our owner's mark and stand at no desired or recorded address: orphan candidates.
    """

    live: Mapping[Address, Live] = field(default_factory=dict)
    unreadable: Mapping[Address, str] = field(default_factory=dict)
    strangers: tuple[Listed, ...] = ()


@dataclass(frozen=True, slots=True)
class Recorded:
    """What we last did at an address. `spec` is the normalised desired spec then (secrets as references), `digest`
    its digest, `attempt` and `mark` those of the last submission; `phase` the last one seen (for runs: durable done).
    `lifecycle` is the one last applied, so that `protect` and `onRemove` outlive the file.
    """

    address: Address
    platform: str
    remote_id: str
    spec: Spec
    digest: str
    mark: Mark
    attempt: int = 1
    phase: Phase = Phase.UNKNOWN
    depends_on: tuple[Address, ...] = ()
    lifecycle: Lifecycle = DEFAULT_LIFECYCLE
    outputs: Mapping[str, str] = field(default_factory=dict)
    history: tuple[str, ...] = ()
    """Remote ids of earlier submissions, oldest first."""
    defaults: Mapping[str, str] = field(default_factory=dict)
    """What the platform filled in where the manifest says nothing, as seen after our own write (`planning.defaults`):
    the place, as field changes write it, to canonical JSON, or to a keyed digest where a text stands there."""


@dataclass(frozen=True, slots=True)
class Former:
    """An object that our memory let go of at `at` (UNIX time): forgotten, deleted, or succeeded by another submission.

    Lists lag: who declares the same again has to look for `remote_id` before believing that `mark` is free.
    """

    address: Address
    mark: Mark
    remote_id: str
    at: float
