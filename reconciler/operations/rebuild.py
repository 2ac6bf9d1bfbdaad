"""Finding again what is ours when the memory is lost or damaged: by the marks on the platforms."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError, StateLocked, UsageError
from reconciler.model.change import Action
from reconciler.model.plan import Verb
from reconciler.model.project import StateBackend
from reconciler.operations.wiring import open_store
from reconciler.state.document import safe_name

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model.plan import Plan
    from reconciler.operations.workspace import Workspace


def set_aside(workspace: Workspace) -> Path | None:
    """Moves the memory of the environment out of the way and says where to; None when there was none.

    Raises StateLocked when somebody is writing it, ReconcilerError when it cannot be moved.
    """
    name = workspace.environment.name
    if held := open_store(workspace).holder(name):
        msg = f"{held.name} is writing the memory of {name}"
        raise StateLocked(msg, hint="Wait for it, or `reconciler state unlock` when it is gone for good.")
    if workspace.project.state is StateBackend.GIT:
        if open_store(workspace).read(name).serial == 0:
            return None
        msg = f"the memory of {name} is in git, and is readable"
        raise UsageError(msg, hint="To make a new one all the same, delete its ref below refs/reconciler/ first.")
    folder = workspace.folder / "state" / safe_name(name)
    if not folder.exists():
        return None
    taken = {path.name for path in folder.parent.iterdir()}
    number = next(n for n in range(1, len(taken) + 2) if f"{folder.name}.set-aside-{n}" not in taken)
    aside = folder.with_name(f"{folder.name}.set-aside-{number}")
    try:
        folder.rename(aside)
    except OSError as error:
        msg = f"cannot move {folder}: {error.strerror}"
        raise ReconcilerError(msg) from error
    return aside


def only_adoptions(plan: Plan) -> Plan:
    """What of a plan made without a memory is memory alone: nothing of it is sent to a platform."""
    kept = [step for step in plan.steps if step.verb is Verb.ADOPT]
    numbers = {step.id: position for position, step in enumerate(kept, start=1)}
    steps = tuple(
        replace(step, id=numbers[step.id], needs=tuple(numbers[need] for need in step.needs if need in numbers))
        for step in kept
    )
    changes = tuple(change for change in plan.changes if change.action is Action.ADOPT)
    return replace(plan, changes=changes, steps=steps)
