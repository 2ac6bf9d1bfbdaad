"""The vocabulary of decisions: what they may depend on, what they say, and the verdicts that several of them share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler.model.change import Action
from reconciler.model.kind import CreateClass, Life, OnFieldChange
from reconciler.model.manifest import DEFAULT_LIFECYCLE
from reconciler.model.plan import Verb
from reconciler.model.resource import Phase

if TYPE_CHECKING:
    from reconciler.model.address import Address
    from reconciler.model.kind import Ability
    from reconciler.model.manifest import Lifecycle


class Presence(StrEnum):
    """What the platform says."""

    ABSENT = "absent"
    PRESENT = "present"
    UNREADABLE = "unreadable"


class Ownership(StrEnum):
    """Whose mark a live object carries. `NONE`: it carries none, or the platform cannot hold marks."""

    OURS = "ours"
    FOREIGN = "foreign"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a decision may depend on.

    `recorded`: our memory holds the object that is live (or was, where none is); `submitted`: it ever had a remote id.
    `phase` is the live one, or the last recorded one where nothing can be read. `forces` is the highest of all changed
    fields. `lifecycle` is the manifest's, without a manifest the recorded one. `attempt` is the recorded one.
    `adopt`: a person declared the adoption. `allowed`: a person named this active run as one that may be cancelled.
    `in_use`: a manifest refers to this removed thing. `elsewhere`: another address holds the same object.
    `destroyed`: a person asked for the removal of everything, so that its manifest may well be there.
    `forgetful`: our memory lags behind though nothing has to change.
    """

    life: Life
    desired: bool
    recorded: bool
    presence: Presence
    ownership: Ownership = Ownership.NONE
    phase: Phase = Phase.UNKNOWN
    forces: OnFieldChange = OnFieldChange.NOTHING
    lifecycle: Lifecycle = DEFAULT_LIFECYCLE
    attempt: int = 1
    can: frozenset[Ability] = frozenset()
    create_class: CreateClass = CreateClass.SEARCH_ONLY
    submitted: bool = True
    adopt: bool = False
    allowed: bool = False
    in_use: bool = False
    elsewhere: bool = False
    destroyed: bool = False
    forgetful: bool = False

    @property
    def active(self) -> bool:
        """A run in which work may be going on. What is neither ended nor being deleted may be."""
        return self.presence is Presence.PRESENT and not self.phase.ended and self.phase is not Phase.DELETING


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do and why. `verbs` are the calls, in order; `waits`: the last of them waits for the run to end.
    `awaits`: runs whose success its create waits for. `attempt` numbers what a create submits. `code` and `hint` make
    the finding that goes with it, "" where none does: an error with a refusal, else a warning. `why` and `hint` are for
    people and must never be read by code.
    """

    action: Action
    why: str
    verbs: tuple[Verb, ...] = ()
    attempt: int = 1
    waits: bool = False
    code: str = ""
    hint: str = ""
    awaits: tuple[Address, ...] = ()


def raised(case: Case) -> bool:
    """A person asks for another submission of the same run."""
    return case.life is Life.RUN and case.lifecycle.attempt > case.attempt


def refuse(why: str, code: str, hint: str) -> Verdict:
    """Blocks the plan."""
    return Verdict(Action.REFUSE, why, code=code, hint=hint)


def conflict(case: Case) -> Verdict:
    """Something stands where we would create, and it is not ours to take."""
    whose = "carries another mark than ours" if case.ownership is Ownership.FOREIGN else "carries no mark"
    return refuse(
        f"exists on the platform already and {whose}",
        "decide.conflict",
        "give it another name, or adopt the one that exists",
    )


def same(case: Case, why: str) -> Verdict:
    """Nothing on the platform has to change."""
    if case.forgetful and case.presence is Presence.PRESENT:
        return Verdict(Action.ADOPT, f"{why}; only our memory of it changes", (Verb.ADOPT,), attempt=case.attempt)
    return Verdict(Action.NO_OP, why, attempt=case.attempt)


def hold(case: Case, why: str) -> Verdict:
    """Nothing happens on the platform, and a person should look."""
    if case.forgetful and case.presence is Presence.PRESENT:
        return same(case, why)
    return Verdict(Action.HOLD, why, attempt=case.attempt)


def unless_foreign(case: Case, verdict: Verdict) -> Verdict:
    """`verdict`, if the live object may be written. Another owner's may not; and what is refused stays refused."""
    if case.presence is not Presence.PRESENT or case.ownership is not Ownership.FOREIGN:
        return verdict
    if verdict.action is Action.REFUSE:
        return verdict
    why = "the live object carries the mark of another owner"
    hint = "one of the two owners has to forget it, or it has to be declared under another name"
    if any(verb.calls_platform for verb in verdict.verbs):
        return refuse(f"{why}; not done: {verdict.why}", "decide.foreign", hint)
    action = Action.HOLD if verdict.action is Action.HOLD else Action.NO_OP
    told = f"{why}; {verdict.why}"
    return Verdict(action, told, attempt=case.attempt, code=verdict.code or "decide.foreign", hint=verdict.hint or hint)
