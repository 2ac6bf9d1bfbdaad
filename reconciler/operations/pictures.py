"""What is drawn beside a plan: what needs what, and the tasks inside of what changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.model.change import Action
from reconciler.model.kind import Life
from reconciler.rendering.graph import Edge, Graph, Node, dependency_graph

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.model.change import Change
    from reconciler.model.manifest import Manifest
    from reconciler.operations.validate import Declared
    from reconciler.operations.workspace import Workspace

_MOST_NODES: Final = 120
"""A larger picture shows nothing to anybody."""
_MOST_WORKFLOWS: Final = 12


def pictures(workspace: Workspace, declared: Declared, changes: Iterable[Change]) -> tuple[Graph, ...]:
    """The dependencies of what changes (of everything where that is little), then the tasks of each changed one that
    has some.
    """
    touched = {change.address for change in changes if change.action is not Action.NO_OP}
    known = {manifest.address: manifest for manifest in declared.manifests}
    near = {other for a in touched & known.keys() for other in declared.edges.dependencies(a)}
    shown = set(known) if len(known) <= _MOST_NODES else touched | near
    found: list[Graph] = []
    if 0 < len(shown & known.keys()) <= _MOST_NODES:
        needs = {a: declared.edges.dependencies(a) for a in sorted(shown & known.keys())}
        lives = {a: "run" for a in needs if workspace.kinds[known[a].platform, a.kind].life is Life.RUN}
        found.append(dependency_graph("What needs what", needs, lives))
    inside = [graph for a in sorted(touched & known.keys()) if (graph := _tasks(workspace, known[a]))]
    return (*found, *inside[:_MOST_WORKFLOWS])


def _tasks(workspace: Workspace, manifest: Manifest) -> Graph | None:
    read = workspace.providers[manifest.platform].tasks
    waits: Mapping[str, tuple[str, ...]] = read(manifest.address.kind, manifest.spec) if read else {}
    if not 1 < len(waits) <= _MOST_NODES:
        return None
    nodes = tuple(Node(task, task) for task in waits)
    edges = tuple(Edge(first, task) for task, before in waits.items() for first in before if first in waits)
    return Graph(str(manifest.address), nodes, edges)
