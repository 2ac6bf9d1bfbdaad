"""What changed after a git revision, and what depends on that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.operations.selection import dependants, select

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from reconciler.model.address import Address
    from reconciler.operations.selection import Selection
    from reconciler.operations.validate import Declared
    from reconciler.operations.workspace import Workspace


def chosen(
    workspace: Workspace, selection: Selection, declared: Declared, recorded: Iterable[Address], root: Path
) -> frozenset[Address] | None:
    """`select`, with what `selection.since` asks git about. `root` is the folder that files are named from."""
    changed = _changed(selection.since, declared, workspace.root, root) if selection.since else None
    return select(selection, declared.manifests, recorded, root, changed)


def _changed(revision: str, declared: Declared, project: Path, root: Path) -> frozenset[Address]:
    """What is declared in files that are not as they were at `revision`, and its dependants.

    A changed project file may change everything. Raises UsageError outside of git, and for an unknown revision.
    """
    from reconciler.repository.changed import changed_since
    from reconciler.repository.checkout import find_checkout

    checkout = find_checkout(project)
    if checkout is None:
        msg = "--since needs a git work tree"
        raise UsageError(msg, hint="Run this where the manifests are checked out.")
    files = {(checkout.root / change.path).resolve() for change in changed_since(project, revision)}
    everything = {manifest.address for manifest in declared.manifests}
    if any(file.parent == project.resolve() and file.stem == "reconciler" for file in files):
        return frozenset(everything)
    start = {m.address for m in declared.manifests if (root / m.source.file).resolve() in files}
    return dependants(start, {address: declared.edges.dependencies(address) for address in everything})
