"""From decisions to steps: one mutating call each, in an order that never takes away what is still needed.

What has to come first:

    always              the calls of one address, in their order
                        what is created or updated, after all that it refers to, also by way of what stays as it is
    unless it closes    what goes, after what depended on it and goes too
    a circle            what goes, after what depended on it and stops doing so
                        what is replaced or stopped for good, after all that its successor refers to is there

Circles among the last three arise, for instance, where a thing is replaced while another one moves to it from a
third that is replaced as well. The last two give way first, and only those in the circle.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from reconciler.model.plan import Step, Verb
from reconciler.planning.fingerprint import fingerprint, sight_of
from reconciler.planning.graph import in_order, knots

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.model.address import Address
    from reconciler.model.resource import Recorded
    from reconciler.planning.assess import Decision
    from reconciler.planning.wants import Wanted

_REMOVES = frozenset({Verb.DELETE, Verb.FORGET})


class _Node(NamedTuple):
    """One call. Sorts what is built before what only goes, and then by address: of several orders that are right,
    this is the one that reads well.
    """

    goes: bool
    address: Address
    position: int


_Needs: TypeAlias = "dict[_Node, set[_Node]]"
_Pairs: TypeAlias = "list[tuple[_Node, _Node]]"


def lower(decisions: Iterable[Decision], recorded: Mapping[Address, Recorded], key: str) -> tuple[Step, ...]:
    """The steps of `decisions`, ids from 1 in an order that may be followed as it is. Deterministic, whatever the
    order of `decisions`. `recorded` and `key` are those of the memory: fingerprints are made with them.
    """
    all_of = {decision.change.address: decision for decision in decisions}
    acting = {address: decision for address, decision in all_of.items() if decision.verdict.verbs}
    chains = {address: _chain(decision) for address, decision in acting.items()}
    needs = _needs(acting, chains, _nearest(all_of, acting))
    ids = {node: number for number, node in enumerate(in_order(needs), start=1)}
    steps = (
        (acting[node.address], _step(acting[node.address], node, number, sorted(ids[need] for need in needs[node])))
        for node, number in ids.items()
    )
    return tuple(replace(step, seen=_seen(step, decision, recorded, key)) for decision, step in steps)


def _chain(decision: Decision) -> list[_Node]:
    goes = decision.wanted is None
    return [_Node(goes, decision.change.address, position) for position in range(len(decision.verdict.verbs))]


def _nearest(all_of: Mapping[Address, Decision], acting: Mapping[Address, Decision]) -> dict[Address, set[Address]]:
    """What each acting address waits for: the first acting ones on every way down. A run of an unchanged workflow
    waits for the changed app below it, and is not submitted when that change fails.
    """
    below: dict[Address, set[Address]] = {}
    for address in in_order({address: decision.depends_on for address, decision in all_of.items()}):
        found: set[Address] = set()
        for need in all_of[address].depends_on:
            found |= {need} if need in acting else below.get(need, set())
        below[address] = found
    return below


def _needs(
    acting: Mapping[Address, Decision], chains: Mapping[Address, list[_Node]], nearest: Mapping[Address, set[Address]]
) -> _Needs:
    needs: _Needs = {node: set() for chain in chains.values() for node in chain}
    preferred: _Pairs = []
    for address, decision in acting.items():
        chain = chains[address]
        for before, after in pairwise(chain):
            needs[after].add(before)
        for dependency in sorted(nearest[address]):
            there = chains[dependency][-1]
            needs[_builds(decision, chain)].add(there)
            preferred.append((chain[0], there))
    removals, departures = _leaving(acting, chains)
    return _without_circles(needs, [removals, [*departures, *preferred]])


def _builds(decision: Decision, chain: Sequence[_Node]) -> _Node:
    """The first call that brings something about, rather than taking something away or changing our memory alone."""
    verbs = decision.verdict.verbs
    return next((node for node in chain if verbs[node.position] in {Verb.CREATE, Verb.UPDATE}), chain[-1])


def _leaving(acting: Mapping[Address, Decision], chains: Mapping[Address, list[_Node]]) -> tuple[_Pairs, _Pairs]:
    """What goes, after its former dependents: those that go too, and those that stop depending on it."""
    gone = {address: node for address, decision in acting.items() if (node := _removes(decision, chains[address]))}
    users: defaultdict[Address, list[Address]] = defaultdict(list)
    for address, decision in acting.items():
        recorded = decision.subject.recorded
        for dependency in recorded.depends_on if recorded else ():
            if dependency in gone:
                users[dependency].append(address)
    removals: _Pairs = []
    departures: _Pairs = []
    for dependency, those in users.items():
        for user in those:
            first = chains[dependency][0]
            if user in gone:
                removals.append((first, gone[user]))
            elif dependency not in acting[user].depends_on:
                departures.append((first, chains[user][-1]))
    return removals, departures


def _removes(decision: Decision, chain: Sequence[_Node]) -> _Node | None:
    return next((node for node in chain if decision.verdict.verbs[node.position] in _REMOVES), None)


def _without_circles(needs: _Needs, optional: Sequence[_Pairs]) -> _Needs:
    """`needs` with all of `optional` that closes no circle; the last of it gives way first."""
    extra = [{pair for pair in pairs if pair[1] not in needs[pair[0]]} for pairs in optional]
    complete = {node: set(wanted) for node, wanted in needs.items()}
    for pairs in extra:
        for node, need in pairs:
            complete[node].add(need)
    for pairs in reversed(extra):
        if len(in_order(complete)) == len(complete):
            break
        knot_of = {node: number for number, knot in enumerate(knots(complete)) for node in knot}
        for node, need in pairs:
            if knot_of[node] == knot_of[need]:
                complete[node].discard(need)
    return complete


def _step(decision: Decision, node: _Node, number: int, needs: Sequence[int]) -> Step:
    subject, verdict = decision.subject, decision.verdict
    verb = verdict.verbs[node.position]
    holder = subject.live or subject.recorded
    remote_id = holder.remote_id if holder else ""
    waits = verdict.waits and node.position == len(verdict.verbs) - 1
    if decision.wanted is None or verb in {Verb.STOP, Verb.DELETE, Verb.FORGET, Verb.MOVE}:
        return Step(
            number, subject.address, subject.platform, verb, tuple(needs),
            attempt=verdict.attempt, remote_id=remote_id, after_end=waits,
            moved_from=decision.moved_from if verb is Verb.MOVE else None,
            after_success=verdict.awaits if verb is Verb.STOP else (),
        )  # fmt: skip
    new = Verb.CREATE in verdict.verbs[: node.position + 1]
    return Step(
        id=number,
        address=subject.address,
        platform=subject.platform,
        verb=verb,
        needs=tuple(needs),
        desired=_sent(decision, decision.wanted, verb),
        digest=decision.wanted.digest,
        mark=decision.mark,
        attempt=verdict.attempt,
        remote_id="" if new and not waits else remote_id,
        lifecycle=subject.manifest.lifecycle if subject.manifest else None,
        depends_on=decision.depends_on,
        after_end=waits,
        after_success=verdict.awaits if verb is Verb.CREATE else (),
    )


def _seen(step: Step, decision: Decision, recorded: Mapping[Address, Recorded], key: str) -> str:
    """What the step expects to meet: nothing in particular where it comes into being, right after that, or after
    another one's end.
    """
    if step.after_end or step.verb in {Verb.MOVE, Verb.CREATE} or (step.verb is Verb.UPDATE and not step.remote_id):
        return ""
    subject = decision.subject
    return fingerprint(subject.live, sight_of(step, subject.rules, recorded.get(step.address), key))


def _sent(decision: Decision, wanted: Wanted, verb: Verb) -> dict[str, Any]:
    return wanted.sent if decision.sent is None or verb is Verb.ADOPT else wanted.arrange(decision.sent)
