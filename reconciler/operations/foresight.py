"""What the platforms can tell of what is about to be submitted: limits, names that exist. Only reads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.errors import PlatformError
from reconciler.model.change import Action
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.operations.validate import rooted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model.manifest import Manifest
    from reconciler.model.plan import Plan
    from reconciler.operations.validate import Declared
    from reconciler.operations.workspace import Workspace
    from reconciler.providers.protocol import Connection

_SUBMITS = frozenset({Action.CREATE, Action.UPDATE, Action.REPLACE})


def foresee(
    workspace: Workspace, declared: Declared, plan: Plan, connections: Mapping[str, Connection]
) -> tuple[Diagnostic, ...]:
    """The findings about what `plan` would submit, placed, with files named from the project's root.

    A platform that cannot be asked is a warning: what it would have said is not known to be wrong.
    """
    from reconciler.manifests.positions import place

    submitted = {change.address for change in plan.changes if change.action in _SUBMITS}
    concerned = [manifest for manifest in declared.manifests if manifest.address in submitted]
    found = [finding for name in sorted(connections) for finding in _of_target(workspace, name, concerned, connections)]
    placed = place(found, declared.manifests)
    return rooted(replace(declared, diagnostics=placed), workspace.call.start, workspace.root).diagnostics


def _of_target(
    workspace: Workspace, target: str, concerned: Sequence[Manifest], connections: Mapping[str, Connection]
) -> Iterator[Diagnostic]:
    provider = workspace.providers[workspace.platforms[target]]
    theirs = tuple(manifest for manifest in concerned if manifest.address.target == target)
    if provider.foresee is None or not theirs:
        return
    try:
        yield from _told(provider.foresee(connections[target], theirs))
    except PlatformError as error:
        yield Diagnostic(Severity.WARNING, "capacity.unread", f"{target}: {error.message}", hint=error.hint)


def _told(findings: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """All of them, or the error before the first: half an answer is none."""
    return tuple(findings)
