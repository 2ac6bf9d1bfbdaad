"""Memory, as the rest of the program sees it. Planning gets only a reader, so it cannot write."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.state.journal import Record

    from reconciler.model.address import Address
    from reconciler.model.resource import Recorded


@dataclass(frozen=True, slots=True)
class State:
    """What we last did in one environment. `lineage` is made once per environment's memory and never changes;
    `serial` rises by one at every commit.
    """

    lineage: str
    serial: int
    resources: Mapping[Address, Recorded] = field(default_factory=dict)


class StateReader(Protocol):
    """All that planning gets."""

    def read(self, environment: str) -> State:
        """The committed state with unfolded journal records folded in, in memory only. An environment never applied
        reads as serial 0. Raises StateUnreadable.
        """


class Lease(Protocol):
    """The right to write one environment. `fencing` rises with every grant; a holder that lost it cannot write."""

    fencing: int

    def check(self) -> None:
        """Raises StateLocked when the lease is no longer ours."""

    def release(self) -> None:
        """Gives it back. Safe to call twice."""


class StateStore(StateReader, Protocol):
    """All that apply gets."""

    def lock(self, environment: str, holder: str) -> Lease:
        """Raises StateLocked, naming the other holder and since when."""

    def commit(self, environment: str, state: State, *, expected_serial: int, lease: Lease) -> State:
        """Compare-and-swap. Raises PlanStale when the serial moved, StateLocked when the lease was lost."""

    def append(self, environment: str, record: Record, lease: Lease) -> None:
        """Durable (fsync) before it returns."""

    def records(self, environment: str) -> Sequence[Record]:
        """The journal since the last commit, in order; a torn last line is left out."""
