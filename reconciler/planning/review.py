"""What one change of the files does, apart from what would happen without it; and the id that a review is known by.

Two plans are made from the same reading: one of the files before the change, one of the files after it. What both say
was so before. The review id stands for everything that an apply of the second plan would do, and for nothing that may
legitimately differ between the review and the merge:

    in it           project, environment, version of the tool, policy, targets; every step with what it would send, to
                    which object, and what that object looked like; every action that writes or refuses
    not in it       the commit and the memory's serial and lineage; lines of files; reasons and notes for people; runs
                    that go on, ended or are held, as long as nothing would be done about them
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from reconciler.model.canonical import canonical_json, short_digest
from reconciler.model.change import ABSENT, Action
from reconciler.model.plan import Verb

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.model.address import Address
    from reconciler.model.change import Change, FieldChange
    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.plan import Plan, Step
    from reconciler.model.target import Target

_ID_LENGTH: Final = 24
_PART_LENGTH: Final = 8
_CANNOT_BE_TAKEN_BACK: Final = frozenset({Action.DELETE, Action.REPLACE, Action.REFUSE})
_ACTS: Final = frozenset({Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE})
"""What reaches a platform; the rest is about our memory."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One address of a reviewed plan, short enough to travel in a comment: digests of what would be sent and of what
    was live, so that a difference can be explained.
    """

    address: Address
    action: Action
    wanted: str
    seen: str


@dataclass(frozen=True, slots=True)
class Seal:
    """What a review stands for: its id, and the entries that explain a difference to another one.

    `terms` is a digest of project, environment, version, policy and targets.
    """

    id: str
    terms: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """A change of the files as reviewers see it.

    `plan` is what an apply would do after the merge, all of it. `mine` is what this change does, `before` what would
    happen without it too, `settled` what would happen now and no longer after it. A change that does more at an
    address than would happen anyway is in both, each with its own fields. `findings` are new, `known` are not.
    `base` and `head` are commits. `offline`: the platforms were not read, and files were compared with files.
    """

    plan: Plan
    seal: Seal | None
    mine: tuple[Change, ...]
    before: tuple[Change, ...]
    settled: tuple[Change, ...]
    findings: tuple[Diagnostic, ...]
    known: tuple[Diagnostic, ...]
    base: str = ""
    head: str = ""
    offline: bool = False


def terms_digest(targets: Mapping[str, Target]) -> str:
    """A digest of where an apply would act."""
    rows = [[t.name, t.platform, t.endpoint, t.region, t.scope, dict(t.settings)] for _, t in sorted(targets.items())]
    return short_digest(canonical_json(rows), length=_ID_LENGTH)


def seal(plan: Plan, targets: Mapping[str, Target]) -> Seal:
    """What a review of `plan` stands for. Two plans have one id exactly when applying either would do the same."""
    base = plan.base
    terms = short_digest(
        base.project, base.environment, base.tool_version, base.policy_digest, terms_digest(targets), length=_ID_LENGTH
    )
    steps = _by_address(plan.steps)
    acting = [change for change in plan.changes if change.action.writes or change.action is Action.REFUSE]
    entries = tuple(_entry(change, steps.get(change.address, ())) for change in acting)
    actions = [[str(change.address), change.platform, change.action.value] for change in acting]
    body = canonical_json([actions, [[_sent(step), _met(step)] for step in plan.steps]])
    return Seal(short_digest(terms, body, length=_ID_LENGTH), terms, entries)


def _entry(change: Change, steps: Iterable[Step]) -> Entry:
    wanted = short_digest(canonical_json([_sent(step) for step in steps]), length=_PART_LENGTH)
    seen = short_digest(canonical_json([_met(step) for step in steps]), length=_PART_LENGTH)
    return Entry(change.address, change.action, wanted, seen)


def _sent(step: Step) -> list[object]:
    """What a step would do, whatever it meets. Numbers of steps stay out: a step more elsewhere moves them."""
    kept = step.lifecycle
    lifecycle = [kept.on_failure, kept.on_change, kept.on_remove or "", kept.protect, kept.attempt] if kept else []
    desired = dict(step.desired) if step.desired is not None else None
    needs = [str(address) for address in step.depends_on]
    mark = str(step.mark or "")
    former = str(step.moved_from or "")
    return [step.verb, desired, step.digest, mark, step.attempt, lifecycle, needs, step.after_end, former]


def _met(step: Step) -> list[object]:
    """The live object a step would act on."""
    return [step.remote_id, step.seen]


def _by_address(steps: Iterable[Step]) -> dict[Address, list[Step]]:
    found: dict[Address, list[Step]] = {}
    for step in steps:
        found.setdefault(step.address, []).append(step)
    return found


def differences(reviewed: Seal, now: Seal) -> tuple[str, ...]:
    """What is not as it was reviewed, a sentence each, by address. Empty exactly when the ids are equal.

    `reviewed` may have no entries (a comment has only so much room): then less can be said.
    """
    if reviewed.id == now.id:
        return ()
    told = list(_told(reviewed, now))
    return tuple(told or ["the order of the steps, or what depends on what, is not as it was reviewed"])


def _told(reviewed: Seal, now: Seal) -> Iterator[str]:
    if reviewed.terms != now.terms:
        yield "the project, environment, policy, targets or version of the tool are not those of the review"
    before, after = ({entry.address: entry for entry in each.entries} for each in (reviewed, now))
    if not before and after:
        yield "what was reviewed is not known in detail; plan again to see what would happen now"
        return
    for address in sorted({*before, *after}):
        yield from _moved(address, before.get(address), after.get(address))


def _moved(address: Address, before: Entry | None, after: Entry | None) -> Iterator[str]:
    if before is None or after is None:
        if after:
            yield f"{address}: {after.action} now, was not part of the review"
        elif before:
            yield f"{address}: {before.action} was reviewed, nothing to do now"
    elif before.action is not after.action:
        yield f"{address}: {before.action} was reviewed, {after.action} now"
    elif before.wanted != after.wanted:
        yield f"{address}: what would be sent is not what was reviewed"
    elif before.seen != after.seen:
        yield f"{address}: the live object has changed since the review"


def compare(base: Plan, head: Plan, *, bound: Seal | None, commits: tuple[str, str], offline: bool = False) -> Review:
    """The review of `head` against `base`, both made from the same reading; `commits` are those of both."""
    former, wanted_before = {c.address: c for c in base.changes}, _wants(base)
    wanted_after = _wants(head)
    mine: list[Change] = []
    before: list[Change] = []
    for change in (c for c in head.changes if c.action is not Action.NO_OP):
        was = former.get(change.address)
        same_step = wanted_before.get(change.address) == wanted_after.get(change.address)
        new, old = _parted(change, was, same_step=same_step)
        mine += [new] if new else []
        before += [old] if old else []
    after = {change.address: change.action for change in head.changes}
    settled = tuple(c for c in base.changes if c.action in _ACTS and after.get(c.address, Action.NO_OP) not in _ACTS)
    known = {(d.code, d.message, d.address) for d in base.diagnostics}
    findings = tuple(d for d in head.diagnostics if (d.code, d.message, d.address) not in known)
    rest = tuple(d for d in head.diagnostics if (d.code, d.message, d.address) in known)
    return Review(head, bound, tuple(mine), tuple(before), settled, findings, rest, *commits, offline=offline)


def _wants(plan: Plan) -> dict[Address, list[list[object]]]:
    return {address: [_sent(step) for step in steps] for address, steps in _by_address(plan.steps).items()}


def _parted(change: Change, was: Change | None, *, same_step: bool) -> tuple[Change | None, Change | None]:
    """What of `change` is new, and what was so before."""
    if was is None or was.action is not change.action:
        return change, None
    if same_step:
        return None, change
    known = {_difference(field) for field in was.fields}
    new = tuple(field for field in change.fields if _difference(field) not in known)
    old = tuple(field for field in change.fields if _difference(field) in known)
    return replace(change, fields=new or change.fields), replace(change, fields=old) if old and new else None


def _difference(field: FieldChange) -> str:
    """A field's difference, whatever is recorded and why."""
    sides = [None if side is ABSENT else [side] for side in (field.desired, field.live)]
    return canonical_json([field.path, sides])


def dangers(plan: Plan, changes: Iterable[Change]) -> tuple[tuple[str, Change], ...]:
    """Those of `changes` that cannot be taken back, each with what happens, the worst first."""
    stopped = {step.address for step in plan.steps if step.verb is Verb.STOP}
    found = []
    for change in changes:
        if change.address in stopped:
            found.append((0, "stops an active run", change))
        elif change.action in _CANNOT_BE_TAKEN_BACK:
            words = {Action.DELETE: "deletes", Action.REPLACE: "replaces", Action.REFUSE: "refused"}
            found.append((4 - _rank(change.action), words[change.action], change))
    return tuple((word, change) for _, word, change in sorted(found, key=lambda each: (each[0], each[2].address)))


def _rank(action: Action) -> int:
    return (Action.REPLACE, Action.DELETE, Action.REFUSE).index(action) + 1
