"""The memory: looking into it, and the repairs a person may have to make."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from reconciler.errors import UsageError
from reconciler.operations.apply import leased
from reconciler.operations.runs import ours
from reconciler.operations.wiring import open_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.resource import Recorded
    from reconciler.operations.workspace import Workspace
    from reconciler.state.protocol import Holder
    from reconciler.state.recovery import Unsettled


def recorded(workspace: Workspace, globs: Sequence[str] = ()) -> tuple[Recorded, ...]:
    """What is recorded, by address. Raises UsageError for a glob that means nothing."""
    return ours(workspace, globs)


def documents(workspace: Workspace, glob: str) -> list[dict[str, Any]]:
    """Everything recorded at the addresses that `glob` means; secrets are references there."""
    from reconciler.state.encoding import recorded_to_json

    return [recorded_to_json(each) for each in ours(workspace, [glob])]


def pending(workspace: Workspace) -> tuple[Unsettled, ...]:
    """Calls that may have happened and are not settled."""
    from reconciler.state.recovery import unsettled

    return unsettled(open_store(workspace).records(workspace.environment.name))


def lock_holder(workspace: Workspace) -> Holder | None:
    """Who is writing this environment now."""
    return open_store(workspace).holder(workspace.environment.name)


def unlock(workspace: Workspace) -> Holder | None:
    """Takes the lease away from whoever holds it, and says who that was."""
    return open_store(workspace).unlock(workspace.environment.name)


def settle(workspace: Workspace, name: str, submitted: str) -> str:
    """Records what a person found out: `submitted` is the remote id of what is there, "" says that nothing is.

    Returns the address. Raises UsageError when `name` does not mean exactly one unsettled address.
    """
    from reconciler.execution.settle import settle_by_hand
    from reconciler.operations.selection import matches, no_such_address

    left = {each.intent.address for each in pending(workspace)}
    found = sorted(address for address in left if matches(address, name))
    everything = "`reconciler state list` shows what is unsettled."
    if not found:
        raise no_such_address(name, left, "nothing is unsettled at", everything)
    if len(found) != 1:
        msg = f"{len(found)} unsettled addresses match {name!r}"
        raise UsageError(msg, hint=everything)
    store = open_store(workspace)
    with leased(workspace, store) as lease:
        settle_by_hand(store, lease, workspace.environment.name, found[0], submitted, time.time)
    return str(found[0])
