"""What the platforms can tell of what is about to be submitted: limits, names that exist. Only reads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.errors import PlatformError
from reconciler.model.change import Action
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.kind import Life
from reconciler.operations.validate import rooted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model.change import Change
    from reconciler.model.manifest import Manifest
    from reconciler.model.plan import Plan
    from reconciler.operations.validate import Declared
    from reconciler.operations.workspace import Workspace
    from reconciler.providers.protocol import Connection

_SUBMITS = frozenset({Action.CREATE, Action.UPDATE, Action.REPLACE})


class Notices:
    """What targets said of themselves while they were asked, by target. Any thread may add."""

    def __init__(self) -> None:
        self._words: set[tuple[str, str]] = set()

    def add(self, target: str, word: str) -> None:
        """Takes a word of a target."""
        self._words.add((target, word))

    def about(self, submitted: Iterable[Change]) -> Iterator[Diagnostic]:
        """What of it matters for what would be submitted."""
        concerned = {change.address.target for change in submitted if change.life is Life.RUN}
        for target in sorted(concerned):
            if (target, "images-ignored") in self._words:
                told = f"{target} runs commands directly: the images that they name are ignored"
                yield Diagnostic(Severity.NOTE, "capacity.images-ignored", told)


def foresee(
    workspace: Workspace, declared: Declared, plan: Plan, connections: Mapping[str, Connection], notices: Notices
) -> tuple[Diagnostic, ...]:
    """The findings about what `plan` would submit, placed, with files named from the project's root.

    A platform that cannot be asked is a warning: what it would have said is not known to be wrong.
    """
    from reconciler.manifests.positions import place

    submitted = [change for change in plan.changes if change.action in _SUBMITS]
    addresses = {change.address for change in submitted}
    concerned = [manifest for manifest in declared.manifests if manifest.address in addresses]
    found = [finding for name in sorted(connections) for finding in _of_target(workspace, name, concerned, connections)]
    found += notices.about(submitted)
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
