"""What a plan does to work that is going on, and what its new runs may cost: the first lines of every rendering."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler.model.change import Action
from reconciler.model.kind import Life
from reconciler.model.plan import Verb
from reconciler.rendering.words import counted, duration, listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.change import Change
    from reconciler.model.plan import Plan

_ENDS = {Verb.STOP: "stopped", Verb.DELETE: "deleted"}
_NAMED = 9


def work_lines(plan: Plan, changes: Iterable[Change], now: float | None = None) -> list[str]:
    """A line for each active run of `changes` that the plan would end, and one for the cost of the new ones.

    `now` is UNIX time; None where the text is to outlive it. Not known is said, and never shown as zero. Names are not
    made printable here.
    """
    each = list(changes)
    return [*losses(plan, each, now), *costs(each)]


def losses(plan: Plan, changes: Iterable[Change], now: float | None = None) -> list[str]:
    """A line for each active run that the plan would end."""
    ends = {step.address: _ENDS[step.verb] for step in reversed(plan.steps) if step.verb in _ENDS}
    ended = [line for change in _once(changes) if (line := _ended(change, ends.get(change.address, ""), now))]
    if len(ended) > _NAMED:
        return [*ended[:_NAMED], f"Work at risk: {len(ended) - _NAMED} more active runs would be ended"]
    return ended


def _once(changes: Iterable[Change]) -> list[Change]:
    """Each address once: what a change does more than would happen anyway has two."""
    return [change for _, change in sorted({change.address: change for change in changes}.items())]


def _ended(change: Change, ends: str, now: float | None) -> str:
    if change.life is not Life.RUN or change.phase is None or not change.phase.active or not ends:
        return ""
    after = " and submitted anew" if change.action is Action.REPLACE else ""
    resources = f"up to {_hours(change.at_risk)}" if change.at_risk is not None else "its GPU-hours are not known"
    state = f"{change.phase}{_how_long(change.started, now)}; {resources}"
    return f"Work at risk: {change.address} ({state}) would be {ends}{after}"


def _how_long(started: str, now: float | None) -> str:
    try:
        begun = datetime.fromisoformat(started)
    except ValueError:
        return ", since when is not known"
    begun = begun.astimezone(UTC) if begun.tzinfo else begun.replace(tzinfo=UTC)
    since = f"since {begun:%Y-%m-%d %H:%M} UTC"
    return f" {since}" if now is None else f" for {duration(max(now - begun.timestamp(), 0.0))}, {since}"


def costs(changes: Iterable[Change]) -> list[str]:
    """What the new runs may use up, in a line; none where nothing is known to be used."""
    new = [c for c in _once(changes) if c.life is Life.RUN and c.action in {Action.CREATE, Action.REPLACE}]
    if not new:
        return []
    known = [c.gpu_hours for c in new if c.gpu_hours is not None and not math.isinf(c.gpu_hours)]
    endless = sum(c.gpu_hours is not None and math.isinf(c.gpu_hours) for c in new)
    unknown = sum(c.gpu_hours is None for c in new)
    if not endless and not unknown and not math.fsum(known):
        return []  # nothing is known to be used, which is not the same as not knowing
    words = [
        *([f"up to {_hours(sum(known))}" + (f" for {len(known)}" if endless or unknown else "")] if known else []),
        *([f"unbounded{'' if known else ' GPU-hours'} for {endless} without a time limit"] if endless else []),
        *([_unknown(unknown, first=not known and not endless, whole=unknown == len(new))] if unknown else []),
    ]
    return [f"{counted(len(new), 'new run')}: {listed(words)}"]


def _unknown(runs: int, *, first: bool, whole: bool) -> str:
    """What nobody can tell; the `first` words of a line name the unit, and of the `whole` no number is needed."""
    return f"{'GPU-hours ' if first else ''}not known{'' if whole else f' for {runs}'}"


def _hours(hours: float | None) -> str:
    if hours is None:
        return "unknown GPU-hours"
    return "unbounded GPU-hours" if math.isinf(hours) else f"{hours:.4g} GPU-hours"
