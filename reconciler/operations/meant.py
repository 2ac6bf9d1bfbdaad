"""Which thing on a platform is meant: by its id, or by what it is called there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import NotFound
from reconciler.model.address import NO_SCOPE
from reconciler.model.kind import Life
from reconciler.model.spelling import did_you_mean
from reconciler.operations.runs import Run

if TYPE_CHECKING:
    from reconciler.operations.workspace import Workspace


def meant(workspace: Workspace, handler: object, run: Run) -> Run:
    """`run` itself, or for a standing thing that was named the one of that name, with its id.

    A name is what its address ends in, such as `fastqc@1.0.0`; what the platform numbers is found by its id as well.
    Kinds that cannot be listed, and runs, are taken at their word. Raises NotFound with what was perhaps meant.
    """
    from reconciler.providers.protocol import Lists

    kind = workspace.kinds[run.platform, run.address.kind]
    if run.mark is not None or kind.life is Life.RUN or not isinstance(handler, Lists):
        return run
    rows = list(handler.list(run.address.scope))
    for row in rows:
        if run.remote_id in {row.remote_id, row.address.name}:
            return Run(row.address, run.platform, row.remote_id, row.mark)
    near = did_you_mean(run.remote_id, [row.address.name for row in rows])
    where = "" if run.address.scope == NO_SCOPE else f" in {run.address.scope}"
    msg = f"there is no {run.address.kind} {run.remote_id!r}{where}"
    raise NotFound(msg, hint=f"Did you mean {near!r}?" if near else f"See `reconciler get {run.address.kind}`.")
