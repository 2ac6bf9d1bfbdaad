"""What a run has found, the containers it is in, and who else works there, where a platform tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.operations.runs import open_handler, unable

if TYPE_CHECKING:
    from reconciler.operations.runs import Run
    from reconciler.operations.workspace import Say, Workspace
    from reconciler.providers.containers import NodeTask, Pod, ResultFile


def results(workspace: Workspace, run: Run, say: Say) -> ResultFile:
    """The file of what a run has found. Raises UsageError where none is kept, Refused while there is none."""
    from reconciler.providers.containers import KeepsResults

    with open_handler(workspace, run, say) as handler:
        if not isinstance(handler, KeepsResults):
            raise unable(run, "results")
        return handler.results(run.address, run.remote_id)


def pods(workspace: Workspace, run: Run, say: Say) -> tuple[Pod, ...]:
    """The containers of a run. Raises UsageError where the platform does not tell."""
    from reconciler.providers.containers import ShowsPods

    with open_handler(workspace, run, say) as handler:
        if not isinstance(handler, ShowsPods):
            raise unable(run, "pods")
        return handler.pods(run.address, run.remote_id)


def load(workspace: Workspace, run: Run, say: Say) -> tuple[NodeTask, ...]:
    """Who works on the machines that a run is sent to. Raises UsageError where the platform does not tell."""
    from reconciler.providers.containers import ShowsLoad

    with open_handler(workspace, run, say) as handler:
        if not isinstance(handler, ShowsLoad):
            raise unable(run, "load")
        return handler.node_tasks(run.address, run.remote_id)
