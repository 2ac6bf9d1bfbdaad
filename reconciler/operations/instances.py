"""The single instances of a task: which there are, and what happened to one."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.errors import NotFound, UsageError
from reconciler.operations.runs import open_handler, unable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.operations.runs import Run
    from reconciler.operations.workspace import Say, Workspace
    from reconciler.providers.facilities import Instance, ShowsInstances
    from reconciler.providers.protocol import Event


def instances(workspace: Workspace, run: Run, task: str, index: int | None, say: Say) -> tuple[Instance, ...]:
    """Those of a task, or the one with this index. Raises UsageError where the platform does not tell, NotFound."""
    from reconciler.providers.facilities import ShowsInstances

    with open_handler(workspace, run, say) as handler:
        if not isinstance(handler, ShowsInstances):
            raise unable(run, "instances")
        return handler.instances(run.address, run.remote_id, task=task, index=index)


@contextmanager
def instance_events(
    workspace: Workspace, run: Run, part: tuple[str, int | None, str], say: Say
) -> Iterator[Iterator[Event]]:
    """What happened to one instance. `part` is (task, its index, or its own name). Raises UsageError, NotFound."""
    from reconciler.providers.facilities import ShowsInstances

    with open_handler(workspace, run, say) as handler:
        if not isinstance(handler, ShowsInstances):
            raise unable(run, "events of instances")
        name = instance_name(handler, run, part)
        yield handler.instance_events(run.address, run.remote_id, task=part[0], name=name, index=part[1])


def instance_name(handler: ShowsInstances, run: Run, part: tuple[str, int | None, str]) -> str:
    """The platform's own name of an instance that is given by name or by index.

    Raises UsageError without a task, NotFound when it has not started or never will.
    """
    task, index, name = part
    if not task:
        msg = "which task? Instances are counted within a task"
        raise UsageError(msg, hint="Say --task NAME; `reconciler status ADDRESS` lists the tasks.")
    if name:
        return name
    found = handler.instances(run.address, run.remote_id, task=task, index=index or 0)
    if not found:
        msg = f"there is no instance {index or 0} of task {task!r} yet"
        raise NotFound(msg, hint="Instances are counted from 0 and exist once they are scheduled.")
    return found[0].name
