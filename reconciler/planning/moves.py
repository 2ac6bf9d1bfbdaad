"""Renames: those that somebody declared, and those that look like one.

A declared move gives what is recorded at one address to another one; the object keeps its id, its mark and, where the
platform cannot rename, its name there. Nothing is sent.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from reconciler.model.change import Action
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.kind import Life
from reconciler.model.plan import Verb
from reconciler.model.project import Allowed
from reconciler.planning.cases import Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from reconciler.model.address import Address
    from reconciler.model.manifest import Manifest
    from reconciler.model.project import Move
    from reconciler.model.resource import Recorded
    from reconciler.planning.assess import Decision
    from reconciler.planning.guard import Allowances


class Memory(NamedTuple):
    """What is recorded, as if the declared moves had been made: `came_from` tells where each moved one was."""

    recorded: Mapping[Address, Recorded]
    came_from: Mapping[Address, Address]


def moved(recorded: Mapping[Address, Recorded], moves: Iterable[Move], declared: Collection[Address]) -> Memory:
    """`recorded` with every move made that can be: something is recorded where it comes from, nothing where it goes to,
    and only the latter is declared. A move that was made before, or is not due yet, changes nothing.
    """
    following = {move.former: move.address for move in moves}
    result = dict(recorded)
    came_from: dict[Address, Address] = {}
    for former in sorted(following.keys() & recorded.keys()):
        address = _end(former, following)
        if former not in declared and address in declared and address not in result:
            result[address] = replace(result.pop(former), address=address)
            came_from[address] = former
    if came_from:
        now = {former: address for address, former in came_from.items()}
        result = {a: replace(r, depends_on=tuple(now.get(d, d) for d in r.depends_on)) for a, r in result.items()}
    return Memory(result, came_from)


def _end(former: Address, following: Mapping[Address, Address]) -> Address:
    """Where a chain of moves leads to; of a circle, where it is entered."""
    seen = {former}
    address = following[former]
    while address in following and address not in seen:
        seen.add(address)
        address = following[address]
    return address


def contradictions(moves: Iterable[Move], declared: Mapping[Address, Manifest]) -> Iterator[Diagnostic]:
    """An error for each move from an address that is declared all the same."""
    for move in moves:
        if move.former in declared and move.address in declared:
            yield Diagnostic(
                Severity.ERROR,
                "moved.still-declared",
                f"{move.former} was moved to {move.address}, but both are declared",
                source=declared[move.former].source,
                hint="take one of the two manifests out, or the entry out of `moved` in the project file",
                address=move.former,
            )


def as_moved(verdict: Verdict, former: Address | None) -> Verdict:
    """`verdict` on something that stood at `former` until now (None: it did not move)."""
    if former is None or verdict.action is Action.REFUSE:
        return verdict
    quiet = verdict.action in {Action.NO_OP, Action.HOLD}
    action = Action.ADOPT if quiet else verdict.action
    return replace(verdict, action=action, why=f"moved from {former}; {verdict.why}", verbs=(Verb.MOVE, *verdict.verbs))


def refuse_likely_renames(decisions: Sequence[Decision], allowances: Allowances) -> list[Decision]:
    """`decisions`, with each pair of a removal and a creation that mean the same refused: it is most likely a rename
    that nobody declared, and would cost the object, or another run. The entry to declare it is the hint.
    """
    pairs = {made.change.address: gone for gone, made in _likely(decisions, allowances.named(Allowed.RENAME))}
    leaving = {gone.change.address: address for address, gone in pairs.items()}
    return [_instead(decision, pairs, leaving) for decision in decisions]


def _instead(decision: Decision, pairs: Mapping[Address, Decision], leaving: Mapping[Address, Address]) -> Decision:
    address = decision.change.address
    if address in pairs:
        former = pairs[address].change.address
        verdict = Verdict(
            Action.REFUSE,
            f"means the same as {former}, which is no longer declared: most likely it was renamed",
            code="plan.likely-rename",
            hint=f'add to `moved` in the project file: {{ from: "{former}", to: "{address}" }}; if it is meant to be '
            "another one, name it in an `allow` entry (what: rename)",
        )
    elif address in leaving and decision.verdict.action is not Action.REFUSE:
        verdict = Verdict(Action.HOLD, f"no longer declared; most likely it was renamed to {leaving[address]}")
    else:
        return decision
    change = replace(decision.change, action=verdict.action, why=verdict.why)
    return replace(decision, verdict=verdict, change=change)


def _likely(decisions: Sequence[Decision], allowed: frozenset[Address]) -> Iterator[tuple[Decision, Decision]]:
    """Removals and creations of one meaning, each in one pair at most, in the order of addresses."""
    gone: defaultdict[tuple[str, str, str], list[Decision]] = defaultdict(list)
    made: defaultdict[tuple[str, str, str], list[Decision]] = defaultdict(list)
    removed = [decision for decision in decisions if _is_going(decision) and decision.change.address not in allowed]
    if not removed:
        return
    for decision in removed:
        recorded = decision.subject.recorded
        if recorded is not None:
            gone[_meaning(decision, recorded.digest)].append(decision)
    for decision in decisions:
        if decision.wanted is not None and _is_new(decision) and decision.change.address not in allowed:
            made[_meaning(decision, decision.wanted.digest)].append(decision)
    for meaning, those in gone.items():
        news = sorted(made[meaning], key=lambda decision: decision.change.address)
        pairs = zip(sorted(those, key=lambda decision: decision.change.address), news, strict=False)
        yield from (pair for pair in pairs if not _is_another_version(*pair))


def _is_another_version(gone: Decision, made: Decision) -> bool:
    """Another version in place of the old one says what it wants."""
    former, name = gone.change.address.name, made.change.address.name
    return len(gone.subject.kind.identity) > 1 and former.split("@")[0] == name.split("@")[0]


def _meaning(decision: Decision, digest: str) -> tuple[str, str, str]:
    address = decision.change.address
    return address.target, address.kind, digest


def _is_going(decision: Decision) -> bool:
    """No longer declared, and there to be kept: an object that exists, or a run that was submitted."""
    subject = decision.subject
    if subject.manifest is not None or subject.recorded is None:
        return False
    if subject.kind.life is Life.RUN:
        return bool(subject.recorded.remote_id)
    return subject.live is not None and bool({Verb.DELETE, Verb.STOP} & set(decision.verdict.verbs))


def _is_new(decision: Decision) -> bool:
    return decision.subject.recorded is None and decision.verdict.verbs == (Verb.CREATE,)
