"""Finishing what was cut short, and nothing more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.model.plan import Verb
from reconciler.operations.apply import carry_out
from reconciler.operations.saved import refuse_elsewhere, refuse_stale
from reconciler.rendering.json import plan_id
from reconciler.rendering.words import counted

if TYPE_CHECKING:
    from reconciler.model.outcome import Report
    from reconciler.model.plan import Plan
    from reconciler.operations.apply import Doing, Moment
    from reconciler.operations.workspace import Workspace
    from reconciler.state.protocol import Applied


def finish(workspace: Workspace, plan: Plan, doing: Doing) -> Report:
    """Does those steps of a saved plan that an apply of it has not done. A plan that was not begun is applied whole.

    Only the last plan that was applied can be finished; every step still compares what it is about with what the plan
    saw. Raises as `apply` does.
    """

    def rest(moment: Moment) -> Plan:
        applied = moment.settled.applied
        if applied.plan != plan_id(plan):
            refuse_stale(plan.base, moment.base)
            return plan
        refuse_elsewhere(plan.base, moment.base)
        doing.say(f"{counted(len(applied.done), 'step')} of {len(plan.steps)} done before")
        return remaining(plan, applied)

    return carry_out(workspace, plan, doing, rest)


def remaining(plan: Plan, applied: Applied) -> Plan:
    """`plan` without what is done.

    An accepted stop or delete takes its time, and what comes after it must not come before its end: it counts as done
    only when everything that waits for it is done too. Sent again, it finds what it is about gone and is skipped.
    """
    done = set(applied.done)
    waiting: dict[int, list[int]] = {}
    for step in plan.steps:
        for need in step.needs:
            waiting.setdefault(need, []).append(step.id)
    for step in reversed(plan.steps):
        if step.verb in {Verb.STOP, Verb.DELETE} and not done.issuperset(waiting.get(step.id, ())):
            done.discard(step.id)
    left = (step for step in plan.steps if step.id not in done)
    steps = tuple(replace(step, needs=tuple(need for need in step.needs if need not in done)) for step in left)
    return replace(plan, steps=steps)
