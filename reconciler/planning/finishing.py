"""What no create brings about: the update that follows it in the same apply.

A notebook that is to stand still is made, which starts it, and then stopped. These are two calls, so they are two
steps: whatever happens to the answer of the first, or to the process between them, the second is still to be done.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.model.kind import Ability, Life
from reconciler.model.plan import Verb
from reconciler.planning.normalise import default_of, same
from reconciler.planning.rules import able

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.planning.assess import Decision
    from reconciler.planning.wants import Wanted


def finished(decisions: Iterable[Decision]) -> list[Decision]:
    """`decisions`, where a create leaves something to be done with an update after it."""
    return [_finished(decision) for decision in decisions]


def _finished(decision: Decision) -> Decision:
    verbs = decision.verdict.verbs
    if decision.wanted is None or verbs[-1:] != (Verb.CREATE,) or not _is_left(decision.wanted):
        return decision
    return replace(decision, verdict=replace(decision.verdict, verbs=(*verbs, Verb.UPDATE)))


def _is_left(wanted: Wanted) -> bool:
    """Whether something is declared that a new one does not have."""
    if wanted.kind.life is Life.RUN or not able(wanted.kind.can, Ability.UPDATE):
        return False
    late = {name: rules for name, rules in wanted.rules.fields.items() if rules.rule.after_create}
    return any(name in wanted.spec and not same(wanted.spec[name], default_of(rules)) for name, rules in late.items())
