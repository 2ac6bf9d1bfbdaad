"""What needs what, as a graph to draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.model.kind import Life
from reconciler.operations.selection import Selection, matches, no_such_address
from reconciler.operations.since import chosen
from reconciler.operations.validate import declare
from reconciler.rendering.graph import Edge, Graph, Node, dependency_graph

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.operations.workspace import Workspace


def dependencies(workspace: Workspace, selection: Selection) -> Graph:
    """The declared resources of the environment and what each needs. Offline; raises ManifestsInvalid."""
    declared = declare(workspace).required()
    meant = chosen(workspace, selection, declared, (), workspace.call.start)
    shown = [m for m in declared.manifests if meant is None or m.address in meant]
    needs = {manifest.address: declared.edges.dependencies(manifest.address) for manifest in shown}
    lives = {m.address: "run" for m in shown if workspace.kinds[m.platform, m.address.kind].life is Life.RUN}
    return dependency_graph(f"{workspace.project.name} ({workspace.environment.name})", needs, lives)


def tasks(workspace: Workspace, name: str) -> Graph:
    """The tasks inside one declared resource and what each waits for. Raises UsageError where there are none."""
    declared = declare(workspace).required()
    found = [manifest for manifest in declared.manifests if matches(manifest.address, name)]
    if len(found) != 1:
        everything = "`reconciler graph` shows all of them."
        if not found:
            addresses = [manifest.address for manifest in declared.manifests]
            raise no_such_address(name, addresses, "no manifest matches", everything)
        msg = f"{len(found)} manifests match {name!r}"
        raise UsageError(msg, hint=everything)
    manifest = found[0]
    read = workspace.providers[manifest.platform].tasks
    waits: Mapping[str, tuple[str, ...]] = read(manifest.address.kind, manifest.spec) if read else {}
    if not waits:
        msg = f"{manifest.address} has no tasks to draw"
        raise UsageError(msg, hint="Name a workflow.")
    nodes = tuple(Node(task, task) for task in waits)
    edges = tuple(Edge(before, task) for task, all_before in waits.items() for before in all_before if before in waits)
    return Graph(str(manifest.address), nodes, edges)
