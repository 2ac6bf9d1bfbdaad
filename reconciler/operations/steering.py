"""Stopping runs, and letting them go on, with the same words on every platform. What makes no sense is said before
anybody is asked and before anything is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import NotFound, ReconcilerError
from reconciler.model.kind import Ability
from reconciler.model.resource import Phase
from reconciler.operations.runs import is_run, open_handler, ours, read, unable

if TYPE_CHECKING:
    from reconciler.operations.runs import Run
    from reconciler.operations.workspace import Say, Workspace


def nothing_to_stop(workspace: Workspace, run: Run, say: Say) -> str:
    """Why there is nothing to stop: it has ended, or its platform has forgotten it. "" for what may be active.

    Raises UsageError for a kind that cannot be stopped, NotFound for an id that nothing of ours has.
    """
    if Ability.STOP not in workspace.kinds[run.platform, run.address.kind].can:
        raise unable(run, "cancel")
    reading = read(workspace, [run], say)
    live = reading.live.get(run.address)
    if live is not None:
        return f"{run.address} has ended already ({live.phase})" if live.phase.ended else ""
    if run.address in reading.unreadable:
        return ""
    gone = f"the platform does not know {run.address}"
    if run.mark is None:
        raise NotFound(gone, hint=f"`reconciler get {run.address.kind}` lists what there is.")
    return f"{gone} any more"


def cancel(workspace: Workspace, run: Run, say: Say, *, force: bool = False) -> None:
    """Asks the platform to stop a run. A person's decision: what is planned next holds it."""
    from reconciler.providers.protocol import Stops

    with open_handler(workspace, run, say) as handler:
        if not isinstance(handler, Stops):
            raise unable(run, "cancel")
        handler.stop(run.address, run.remote_id, force=force)


def retry(workspace: Workspace, run: Run, say: Say) -> None:
    """Asks the platform to run a failed run again, under the id it has.

    Raises ReconcilerError for one that succeeded or has not ended, UsageError for a kind that cannot do that.
    """
    from reconciler.providers.protocol import Retries

    with open_handler(workspace, run, say) as handler:
        if not isinstance(handler, Retries):
            raise unable(run, "retry")
        live = read(workspace, [run], say).live.get(run.address)
        if live is not None and live.phase is Phase.SUCCEEDED:
            msg = f"{run.address} has succeeded: there is nothing of it to run again"
            raise ReconcilerError(msg, hint=_afresh(run))
        if live is not None and live.phase.active:
            msg = f"{run.address} is {live.phase}: only what has ended can be run again"
            raise ReconcilerError(msg, hint="Wait until it has ended, or stop it with `reconciler cancel`.")
        handler.retry(run.address, run.remote_id)


def _afresh(run: Run) -> str:
    """How the same work is submitted once more."""
    if run.mark is not None:
        return "To submit it once more, raise `attempt` under `lifecycle` in its manifest, or give it another name."
    words = f"`reconciler describe {run.address.kind} --id {run.remote_id} > again.yaml`"
    return f"To submit it once more, write a manifest of it ({words}) and apply that."


def suspend(workspace: Workspace, run: Run, say: Say) -> None:
    """Asks the platform to let an active run give way."""
    from reconciler.providers.protocol import Suspends

    with open_handler(workspace, run, say) as handler:
        if not isinstance(handler, Suspends):
            raise unable(run, "suspend")
        handler.suspend(run.address, run.remote_id)


def resume(workspace: Workspace, run: Run, say: Say) -> None:
    """Asks the platform to let a run go on, under the id it has."""
    from reconciler.providers.protocol import Suspends

    with open_handler(workspace, run, say) as handler:
        if not isinstance(handler, Suspends):
            raise unable(run, "resume")
        handler.resume(run.address, run.remote_id)


def declared(workspace: Workspace, run: Run) -> bool:
    """Whether it is a standing thing that we made, so that a manifest says how it should be."""
    return not is_run(workspace, run) and any(each.address == run.address for each in ours(workspace))
