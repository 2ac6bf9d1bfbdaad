"""Following runs to their end without keeping anybody else from writing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.errors import StateLocked, StateUnreadable, StateUnwritable
from reconciler.model.change import Action
from reconciler.model.kind import Life
from reconciler.operations.apply import Doing, context_of, record_observed
from reconciler.operations.wiring import connected, holder, open_store
from reconciler.rendering.words import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.execution.waiting import Waited
    from reconciler.model.plan import Plan
    from reconciler.model.resource import Recorded
    from reconciler.operations.workspace import Say, Workspace
    from reconciler.state.journal import Record
    from reconciler.state.protocol import Holder, Lease, State, StateStore


class _NoLease:
    """What a watcher holds: nothing. Writing borrows the lease for an instant."""

    fencing = 0

    def check(self) -> None:
        """There is nothing to lose."""

    def release(self) -> None:
        """There is nothing to give back."""


class _Borrowing:
    """A store that takes the lease for as long as it takes to write down what a round has seen.

    A run may take days, and nobody shall be locked out that long. When somebody else is writing, or nobody can, what
    was seen is left to whoever plans next, sees the same and remembers it.
    """

    def __init__(self, store: StateStore, holder_name: str, say: Say) -> None:
        self._store = store
        self._holder = holder_name
        self._say = say

    def append(self, environment: str, record: Record, lease: Lease) -> None:
        """Remembers one observation, at once and for good."""
        self.append_all(environment, [record], lease)

    def append_all(self, environment: str, records: Sequence[Record], lease: Lease) -> None:  # noqa: ARG002 - borrowed
        """Remembers what was seen, at once and for good; where that cannot be, it says so."""
        try:
            record_observed(self._store, environment, records, self._holder)
        except (StateLocked, StateUnreadable, StateUnwritable) as error:
            self._say(printable(f"not written down: {error.message}; the next plan sees it again"))

    def records(self, environment: str) -> Sequence[Record]:  # noqa: ARG002 - as the protocol has it
        """Nothing waits to be committed: every observation was."""
        return ()

    def read(self, environment: str) -> State:
        """As the store."""
        return self._store.read(environment)

    def lock(self, environment: str, holder: str) -> Lease:
        """As the store."""
        return self._store.lock(environment, holder)

    def holder(self, environment: str) -> Holder | None:
        """As the store."""
        return self._store.holder(environment)

    def unlock(self, environment: str) -> Holder | None:
        """As the store."""
        return self._store.unlock(environment)

    def commit(self, environment: str, state: State, *, expected_serial: int, lease: Lease) -> State:
        """As the store."""
        return self._store.commit(environment, state, expected_serial=expected_serial, lease=lease)


def watch(workspace: Workspace, runs: Iterable[Recorded], doing: Doing, *, deadline: float | None = None) -> Waited:
    """Follows `runs` until each has ended, `deadline` (UNIX time) has passed, or we are asked to stop."""
    from reconciler.execution.waiting import wait_for
    from reconciler.planning.wants import Want

    seen = [run for run in runs if not workspace.kinds[run.platform, run.address.kind].is_unseen]
    wanted = [Want(run.address, run.platform, run.remote_id, run.mark) for run in seen]
    store = open_store(workspace)
    with connected(workspace, {want.address.target for want in wanted}, doing.say, stop=doing.stop) as connections:
        context = context_of(workspace, store, _NoLease(), connections, doing)
        borrowing = _Borrowing(store, holder(workspace.call.settings), doing.say)
        return wait_for(
            wanted, replace(context, store=borrowing), deadline=deadline, say=lambda line: doing.say(printable(line))
        )


def awaited(workspace: Workspace, plan: Plan) -> tuple[Recorded, ...]:
    """The recorded runs whose end an apply of `plan` with `--wait` is about.

    What it submitted, and what was active or had failed already.
    """
    state = open_store(workspace).read(workspace.environment.name)
    return tuple(
        state.resources[change.address]
        for change in plan.changes
        if change.life is Life.RUN and change.address in state.resources and _of_interest(change.action)
    )


def _of_interest(action: Action) -> bool:
    return action not in {Action.FORGET, Action.DELETE, Action.REFUSE}
