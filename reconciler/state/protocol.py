"""Memory, as the rest of the program sees it. Planning gets only a reader, so it cannot write."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.address import Address
    from reconciler.model.resource import Former, Recorded
    from reconciler.state.journal import Record


@dataclass(frozen=True, slots=True)
class Applied:
    """The plan that was applied last, whole or not. `done` are its steps that are done, sorted."""

    plan: str = ""
    done: tuple[int, ...] = ()


NOTHING_APPLIED = Applied()


@dataclass(frozen=True, slots=True)
class State:
    """What we last did in one environment. `lineage` is made once per environment's memory and never changes;
    `serial` rises by one at every commit. `journal` stands for what was written down since the commit and is folded
    in here, "" for nothing: serial and journal together name one moment of the memory.

    `former` is what was let go of lately, sorted. `key` is 64 random hex digits, made with the first lease and gone
    with this memory: digests of what is live are made with it, so that who has only the digest cannot try guesses
    (planning/fingerprint.py). "" for an environment nobody has written yet.
    """

    lineage: str
    serial: int
    resources: Mapping[Address, Recorded] = field(default_factory=dict)
    applied: Applied = NOTHING_APPLIED
    journal: str = field(default="", compare=False)
    former: tuple[Former, ...] = ()
    key: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who may write an environment now. Times are UNIX seconds; past `expires` anybody may take it over."""

    name: str
    since: float
    expires: float
    fencing: int


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
        """Raises StateLocked, naming the other holder and since when. A lease whose holder died or let it expire
        is taken over; the former holder can write nothing from then on.
        """

    def holder(self, environment: str) -> Holder | None:
        """Who holds the lease, None when nobody does."""

    def unlock(self, environment: str) -> Holder | None:
        """Takes the lease away from whoever holds it, for a person who knows better. Who that was, None: nobody."""

    def commit(self, environment: str, state: State, *, expected_serial: int, lease: Lease) -> State:
        """Compare-and-swap of everything: `state` must hold what the journal holds (`recovery.fold`). The journal
        starts again with its unsettled intents only. Returns the state as committed (next serial, lineage).

        Raises PlanStale when the serial or the lineage moved, StateLocked when the lease was lost, StateUnwritable.
        """

    def append(self, environment: str, record: Record, lease: Lease) -> None:
        """Durable (fsync) before it returns. Safe from many threads. Raises StateLocked when the lease was lost (and
        nothing was written), StateUnwritable.
        """

    def append_all(self, environment: str, records: Sequence[Record], lease: Lease) -> None:
        """The same for several records at the price of one, in their order: all of them durable before it returns, or
        none of them there. Nothing happens for none.
        """

    def records(self, environment: str) -> Sequence[Record]:
        """The journal since the last commit, in order; a torn last line is left out. Raises StateUnreadable."""
