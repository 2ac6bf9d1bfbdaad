"""What a person declared, and what they want done when the world moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from reconciler.model.address import Address
    from reconciler.model.diagnostic import Source

Spec: TypeAlias = Mapping[str, Any]
"""A JSON object: str, int, float, bool, None, list and dict all the way down. Treated as immutable."""


class OnFailure(StrEnum):
    """An unchanged run that failed."""

    HOLD = "hold"
    RETRY = "retry"


class OnChange(StrEnum):
    """A run whose meaning changed while the old one is active."""

    REFUSE_IF_RUNNING = "refuseIfRunning"
    REPLACE = "replace"
    QUEUE = "queue"
    PARALLEL = "parallel"


class OnRemove(StrEnum):
    """A manifest that went away. Without one: a standing object is deleted, an ended run is forgotten, an active run
    is refused.
    """

    KEEP = "keep"
    CANCEL = "cancel"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The author's run policy (product.md section 6). `attempt` counts from 1 and is part of the submission key."""

    on_failure: OnFailure = OnFailure.HOLD
    on_change: OnChange = OnChange.REFUSE_IF_RUNNING
    on_remove: OnRemove | None = None
    protect: bool = False
    attempt: int = 1


DEFAULT_LIFECYCLE = Lifecycle()


@dataclass(frozen=True, slots=True)
class Manifest:
    """One declared resource.

    `spec` is in manifest shape (the platform's own create body) with `vars` filled in; `secrets` and `ref`
    expressions are still expressions. `labels` are `metadata.labels`: for selection only, never sent.
    `pointers` maps a JSON pointer prefix of `spec` to the pointer the author wrote, where the two differ.
    """

    address: Address
    platform: str
    spec: Spec
    source: Source
    lifecycle: Lifecycle = DEFAULT_LIFECYCLE
    labels: Mapping[str, str] = field(default_factory=dict)
    pointers: Mapping[str, str] = field(default_factory=dict)
