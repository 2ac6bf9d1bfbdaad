"""Removing something from a platform by hand: what it is, and why it may not be done behind the plan's back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.errors import NotFound, UsageError
from reconciler.operations.meant import meant
from reconciler.operations.runs import Run, is_run, open_handler, ours, unable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.mark import Mark
    from reconciler.operations.workspace import Say, Workspace


@dataclass(frozen=True, slots=True)
class Doomed:
    """What is to be removed. `name` is what people call it; `gone` when the platform does not have it any more."""

    run: Run
    name: str
    status: str = ""
    gone: bool = False


def doomed(workspace: Workspace, runs: Sequence[Run], say: Say, *, force: bool = False) -> tuple[Doomed, ...]:
    """What would be removed, read now, nothing being changed.

    Raises UsageError, for all or none: for what a manifest declares, which is removed by removing the manifest; for a
    run that is still active; for what carries somebody else's mark, unless by `force`.
    """
    return tuple(_one(workspace, run, say, force=force) for run in runs)


def delete(workspace: Workspace, things: Sequence[Doomed], say: Say) -> None:
    """Asks the platform to remove them, one after the other. What is gone already is no error."""
    from reconciler.providers.protocol import Deletes

    for thing in things:
        with open_handler(workspace, thing.run, say) as handler:
            if not isinstance(handler, Deletes):
                raise unable(thing.run, "delete")
            if not thing.gone:
                handler.delete(thing.run.address, thing.run.remote_id)


def _one(workspace: Workspace, run: Run, say: Say, *, force: bool) -> Doomed:
    from reconciler.providers.protocol import Deletes, Reads

    _not_declared(workspace, run)
    with open_handler(workspace, run, say) as handler:
        if not isinstance(handler, Deletes):
            raise unable(run, "delete")
        try:
            named = meant(workspace, handler, run)
        except NotFound:
            return Doomed(run, run.remote_id, gone=True)
        _not_declared(workspace, named)
        live = handler.read(named.address, named.remote_id) if isinstance(handler, Reads) else None
    if live is None:
        _not_anothers(workspace, named, named.mark, force=force)
        return Doomed(named, named.address.name, gone=isinstance(handler, Reads))
    _not_anothers(workspace, named, live.mark, force=force)
    if is_run(workspace, run) and not live.phase.ended:
        msg = f"{named.address} is {live.phase.value}: only what has ended can be removed"
        raise UsageError(msg, hint="Stop it first with `reconciler cancel`.")
    called = live.spec.get("name") if named.address.name == named.remote_id else ""
    return Doomed(named, str(called or named.address.name), live.status or live.phase.value)


def _not_declared(workspace: Workspace, run: Run) -> None:
    """Raises UsageError for a standing thing that we made: the next plan would only make it again."""
    if is_run(workspace, run):
        return
    for each in ours(workspace):
        place = (each.address.target, each.address.kind, each.remote_id)
        if run.address == each.address or place == (run.address.target, run.address.kind, run.remote_id):
            msg = f"{each.address} is ours: the next apply would make it again"
            hint = "Remove its manifest and apply, so that the removal is reviewed; or `reconciler forget` it first."
            raise UsageError(msg, hint=hint)


def _not_anothers(workspace: Workspace, run: Run, mark: Mark | None, *, force: bool) -> None:
    if mark is None or force or mark.owner == workspace.owner.digest:
        return
    msg = f"{run.address} carries the mark of another project or environment"
    raise UsageError(msg, hint="Remove it there; or say --force when that project is no more.")
