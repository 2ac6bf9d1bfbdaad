"""What would change as GitHub workflow commands, shown at the line that declares it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.model.change import Action
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.planning.review import dangers
from reconciler.rendering.github import render_annotations
from reconciler.rendering.words import counted
from reconciler.rendering.work import costs, losses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.change import Change
    from reconciler.model.plan import Plan

_MOST: Final = 10
"""Annotations of one severity that the host shows of a step; it drops the rest without a word."""


def render_change_annotations(plan: Plan, changes: Sequence[Change]) -> str:
    """A warning for each danger and a notice for each other change, each at its line; what is too much is counted."""
    changes = [change for change in changes if change.action is not Action.NO_OP]
    alarming = {change.address: word for word, change in dangers(plan, changes)}
    warnings = [_finding(c, Severity.WARNING, alarming[c.address]) for c in changes if c.address in alarming]
    notices = [_finding(c, Severity.NOTE, c.action.value) for c in changes if c.address not in alarming]
    return _limited(warnings, "danger") + _limited(notices, "change")


def render_work_annotations(plan: Plan, changes: Sequence[Change], now: float | None = None) -> str:
    """What becomes of work that is going on, and what new work may cost: to be printed before everything else."""
    lost = [Diagnostic(Severity.WARNING, "plan", line) for line in losses(plan, changes, now)]
    return render_annotations(lost) + render_annotations(
        [Diagnostic(Severity.NOTE, "plan", line) for line in costs(changes)]
    )


def _finding(change: Change, severity: Severity, word: str) -> Diagnostic:
    why = f": {change.why}" if change.why else ""
    return Diagnostic(severity, "plan", f"{word} {change.address}{why}", change.source)


def _limited(found: Sequence[Diagnostic], noun: str) -> str:
    if len(found) <= _MOST:
        return render_annotations(found)
    more = f"and {counted(len(found) - _MOST + 1, f'more {noun}')}: see the summary"
    return render_annotations(found[: _MOST - 1]) + render_annotations([Diagnostic(found[0].severity, "plan", more)])
