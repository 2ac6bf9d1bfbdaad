"""What golden renderings show."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.model.change import Action
from reconciler.model.diagnostic import Diagnostic, Severity, Source
from reconciler.model.plan import Plan
from reconciler.planning.review import compare, seal
from tests.rendering.plans import refusal, sample_plan

if TYPE_CHECKING:
    from reconciler.planning.review import Review


def sample_review() -> Review:
    """Six changes of a pull request, two that would happen anyway, one that is no longer needed, three findings."""
    found = (
        refusal(),
        Diagnostic(Severity.WARNING, "capacity.gpu", "32 are asked for, 16 are free", Source("train.yaml", 12, 3)),
        Diagnostic(Severity.NOTE, "guard.headroom", "max_deletes: 4 left", hint="Nothing to do."),
    )
    head = sample_plan(diagnostics=found)
    kept = [change for change in head.changes if change.action in {Action.HOLD, Action.FORGET}]
    gone = replace(head.changes[3], action=Action.UPDATE, why="it moved on the platform")
    base = Plan(head.base, tuple(sorted([*kept, gone], key=lambda c: c.address)), (), found[2:])
    return compare(base, head, bound=seal(head, {}), commits=("a" * 40, "b" * 40))
