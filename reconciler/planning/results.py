"""Runs that work on what other runs have made: they wait until these have succeeded.

    a run that refers to an output of another run     waits until that one has succeeded
    ... to its id, or to its output `id`              follows its submission: who it is is known at once
    a standing thing that refers to an output         follows it when the output is told: a board watches a training

What is to wait for one that failed or was cancelled is held, and so is what needs it in turn: it would wait for ever. A
run that the platform has forgotten has ended, and nobody saw it fail; one that nothing can look at is not waited for.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum, auto
from typing import TYPE_CHECKING

from reconciler.model.change import Action
from reconciler.model.kind import Life
from reconciler.model.plan import Verb
from reconciler.model.resource import Phase
from reconciler.planning.cases import Verdict
from reconciler.planning.edges import Via

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.model.address import Address
    from reconciler.planning.assess import Decision
    from reconciler.planning.edges import Edges

WHO = "id"
"""The output that every run may tell, and that says only which run it is."""
_NAMED = 3


class _Result(StrEnum):
    """What is known of the result of a run."""

    THERE = auto()
    TO_COME = auto()
    NEVER = auto()


def after_results(decisions: Iterable[Decision], edges: Edges) -> list[Decision]:
    """`decisions`, each run waiting for the results it works on, or held where one will never come. Dependencies come
    first in `decisions`.
    """
    known: dict[Address, Decision] = {}
    held: set[Address] = set()
    for decision in decisions:
        address = decision.change.address
        known[address] = _after(decision, edges, known, held)
        if known[address] is not decision and known[address].verdict.action is Action.HOLD:
            held.add(address)
    return list(known.values())


def _after(decision: Decision, edges: Edges, known: Mapping[Address, Decision], held: set[Address]) -> Decision:
    verbs = decision.verdict.verbs
    if decision.wanted is None or not {Verb.CREATE, Verb.UPDATE} & set(verbs):
        return decision
    if lost := [need for need in decision.depends_on if need in held]:
        return _held(decision, f"needs {_listed(lost)}, which is held back")
    if decision.subject.kind.life is not Life.RUN or Verb.CREATE not in verbs:
        return decision
    results = {need: _result(known[need]) for need in _works_on(decision.change.address, edges) if need in known}
    if lost := [need for need, result in results.items() if result is _Result.NEVER]:
        return _held(decision, f"works on the result of {_listed(lost)}, which did not succeed")
    awaited = tuple(need for need, result in results.items() if result is _Result.TO_COME)
    if not awaited:
        return decision
    why = f"{decision.change.why}; waits for {_listed(awaited)} to succeed"
    return replace(
        decision,
        verdict=replace(decision.verdict, why=why, awaits=awaited),
        change=replace(decision.change, why=why),
    )


def _works_on(address: Address, edges: Edges) -> list[Address]:
    """What it refers to an output of, sorted."""
    found = (edge for edge in edges.of.get(address, ()) if edge.mention.via is Via.EXPRESSION)
    return sorted({edge.dependency for edge in found if edge.mention.output not in {"", WHO}})


def _result(decision: Decision) -> _Result:
    subject, verbs = decision.subject, decision.verdict.verbs
    if subject.kind.life is not Life.RUN or subject.kind.is_unseen:
        return _Result.THERE
    if Verb.CREATE in verbs:
        return _Result.TO_COME
    holder = subject.live or subject.recorded
    phase = holder.phase if holder is not None else Phase.UNKNOWN
    if phase in {Phase.FAILED, Phase.CANCELLED}:
        return _Result.NEVER
    forgotten = subject.live is None and not subject.unreadable
    return _Result.THERE if phase is Phase.SUCCEEDED or forgotten else _Result.TO_COME


def _held(decision: Decision, why: str) -> Decision:
    verdict = Verdict(
        Action.HOLD,
        f"not submitted: {why}" if decision.subject.kind.life is Life.RUN else f"not done: {why}",
        attempt=decision.verdict.attempt,
        code="decide.no-result",
        hint="see why that one did not succeed; `attempt` in its manifest runs it again, and then this follows",
    )
    return replace(decision, verdict=verdict, change=replace(decision.change, action=verdict.action, why=verdict.why))


def _listed(addresses: Sequence[Address]) -> str:
    more = f" and {len(addresses) - _NAMED} more" if len(addresses) > _NAMED else ""
    return ", ".join(map(str, addresses[:_NAMED])) + more
