"""What a plan does to work that is going on, and what its new runs may cost: the first lines of every rendering."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

from reconciler.model.change import Action
from reconciler.model.kind import Life
from reconciler.model.plan import Verb
from reconciler.rendering.words import counted, duration, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.model.address import Address
    from reconciler.model.change import Change
    from reconciler.model.plan import Plan

Elapsed: TypeAlias = "Mapping[Address, float]"
"""Seconds that active runs have been at work, by address, where that is known. A plan itself holds no time."""

NO_TIMES: Elapsed = {}
_ENDS = {Verb.STOP: "stopped", Verb.DELETE: "deleted"}
_NAMED = 9


def work_lines(plan: Plan, changes: Iterable[Change], elapsed: Elapsed = NO_TIMES) -> list[str]:
    """A line for each active run of `changes` that the plan would end, and one for the cost of the new ones.

    Not known is said, and never shown as zero. Names are not made printable here.
    """
    shown = [change for _, change in sorted({change.address: change for change in changes}.items())]
    ended = [line for change in shown if (line := _ended(plan, change, elapsed))]
    if len(ended) > _NAMED:
        ended = [*ended[:_NAMED], f"Work at risk: {len(ended) - _NAMED} more active runs would be ended"]
    return [*ended, *_cost(shown)]


def _ended(plan: Plan, change: Change, elapsed: Elapsed) -> str:
    if change.life is not Life.RUN or change.phase is None or not change.phase.active:
        return ""
    verbs = [step.verb for step in plan.steps if step.address == change.address]
    ends = next((_ENDS[verb] for verb in verbs if verb in _ENDS), "")
    if not ends:
        return ""
    seconds = elapsed.get(change.address)
    how_long = f" for {duration(seconds)}" if seconds is not None else ", since when is not known"
    after = " and submitted anew" if change.action is Action.REPLACE else ""
    resources = f"up to {_hours(change.at_risk)}" if change.at_risk is not None else "its GPU-hours are not known"
    return f"Work at risk: {change.address} ({change.phase}{how_long}; {resources}) would be {ends}{after}"


def _cost(changes: Iterable[Change]) -> Iterator[str]:
    new = [c for c in changes if c.life is Life.RUN and c.action in {Action.CREATE, Action.REPLACE}]
    if not new:
        return
    known = [c.gpu_hours for c in new if c.gpu_hours is not None and not math.isinf(c.gpu_hours)]
    endless = sum(c.gpu_hours is not None and math.isinf(c.gpu_hours) for c in new)
    unknown = sum(c.gpu_hours is None for c in new)
    if not endless and not unknown and not math.fsum(known):
        return  # nothing is known to be used, which is not the same as not knowing
    words = [
        *([f"up to {_hours(sum(known))}" + (f" for {len(known)}" if endless or unknown else "")] if known else []),
        *([f"unbounded for {endless} without a time limit"] if endless else []),
        *([f"not known for {unknown}"] if unknown else []),
    ]
    yield f"{counted(len(new), 'new run')}: {listed(words)}"


def _hours(hours: float | None) -> str:
    if hours is None:
        return "unknown GPU-hours"
    return "unbounded GPU-hours" if math.isinf(hours) else f"{hours:.4g} GPU-hours"
