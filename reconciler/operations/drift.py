"""What moved on the platforms since we last wrote. Reads only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.operations.plan import Wish, inputs_of, read_live, wants_of, without_collection
from reconciler.operations.selection import EVERYTHING
from reconciler.operations.since import chosen
from reconciler.operations.validate import declare, rooted
from reconciler.operations.wiring import connected, open_store
from reconciler.planning.drift import find_drift

if TYPE_CHECKING:
    from reconciler.operations.selection import Selection
    from reconciler.operations.validate import Declared
    from reconciler.operations.workspace import Say, Workspace
    from reconciler.planning.drift import Drift


def drift(workspace: Workspace, selection: Selection, say: Say, declared: Declared | None = None) -> Drift:
    """Live against recorded, with what is declared beside: `declared` where the caller has read the files already.
    Raises ManifestsInvalid and PlatformError.

    What is declared and not applied is no drift: nothing was written there yet.
    """
    with without_collection():
        declared = (declared or declare(workspace)).required()
        seen = rooted(declared, workspace.call.start, workspace.root)
        state = open_store(workspace).read(workspace.environment.name)
        meant = chosen(workspace, selection, seen, state.resources, workspace.root)
        wanted = [w for w in wants_of(workspace, seen, state, Wish()) if w.address in state.resources]
        with connected(workspace, {want.address.target for want in wanted}, say) as connections:
            reading = read_live(workspace, wanted, connections)
        if selection != EVERYTHING:
            reading = replace(reading, strangers=())
        inputs = replace(inputs_of(workspace, seen, state, Wish(), reading), selected=meant)
        return find_drift(inputs, {manifest.address: manifest for manifest in seen.manifests})
