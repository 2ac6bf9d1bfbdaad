"""What happens to a run that is declared: the right column of the table in `decide`, lower half."""

from __future__ import annotations

from reconciler.model.change import Action
from reconciler.model.kind import Ability, CreateClass, OnFieldChange
from reconciler.model.manifest import OnChange, OnFailure
from reconciler.model.plan import Verb
from reconciler.model.resource import Phase
from reconciler.planning.cases import (
    Case,
    Ownership,
    Presence,
    Verdict,
    conflict,
    hold,
    raised,
    refuse,
    same,
    unless_foreign,
)
from reconciler.planning.rules import able

MAX_ATTEMPTS = 3
"""Submissions for each attempt number that a person writes, where `onFailure: retry` makes them."""


def run(case: Case) -> Verdict:
    """The verdict on a declared run that could be read."""
    if not case.recorded:
        return _run_found(case)
    if case.presence is Presence.ABSENT and not case.submitted:
        return _submit(case, "recorded, but never submitted")
    return unless_foreign(case, _run_known(case))


def _run_found(case: Case) -> Verdict:
    """Not in our memory."""
    if case.presence is Presence.ABSENT:
        return _submit(case, "new")
    if case.ownership is Ownership.OURS or (case.adopt and case.ownership is Ownership.NONE):
        how = "carries the mark of this submission" if case.ownership is Ownership.OURS else "its adoption is declared"
        return Verdict(Action.ADOPT, f"{case.phase}; {how}", (Verb.ADOPT,), attempt=case.lifecycle.attempt)
    unique = case.create_class is CreateClass.UNIQUE_AMONG_ACTIVE and case.active
    if case.adopt or unique or case.create_class is CreateClass.UNIQUE_NAME:
        return conflict(case)
    return _submit(case, "new; the run of this name is not ours")


def _run_known(case: Case) -> Verdict:
    if case.forces is OnFieldChange.NEW_RUN:
        return _resubmit(case, "its meaning changed")
    if raised(case):
        return _resubmit(case, f"attempt {case.lifecycle.attempt} is asked for")
    verdict = _unchanged(case)
    in_place = case.forces is OnFieldChange.UPDATE and case.presence is Presence.PRESENT
    if in_place and case.phase is not Phase.DELETING and Verb.CREATE not in verdict.verbs:
        why = f"differs only where it can be changed in place; {verdict.why}"
        return Verdict(Action.UPDATE, why, (Verb.UPDATE,), case.attempt)
    return verdict


def _unchanged(case: Case) -> Verdict:
    """The run that was submitted is the run that is declared."""
    if case.presence is Presence.ABSENT:
        return same(case, "submitted before; the platform no longer keeps it")
    if case.phase is Phase.FAILED:
        return _failed(case)
    if case.phase is Phase.CANCELLED:
        why = "was cancelled, and what a person cancelled is not started again"
        return hold(case, f"{why}; attempt: {case.attempt + 1} would start it")
    return same(case, f"submitted before, {case.phase}")


def _failed(case: Case) -> Verdict:
    following = case.attempt + 1
    if case.lifecycle.on_failure is OnFailure.HOLD:
        return hold(case, f"failed; attempt: {following} or onFailure: retry runs it again")
    if following >= case.lifecycle.attempt + MAX_ATTEMPTS:
        return hold(case, f"failed {MAX_ATTEMPTS} times; attempt: {following} runs it again")
    why = f"failed; attempt {following} of {case.lifecycle.attempt + MAX_ATTEMPTS - 1} as onFailure: retry says"
    return Verdict(Action.CREATE, why, (Verb.CREATE,), attempt=following)


def _submit(case: Case, why: str) -> Verdict:
    return Verdict(Action.CREATE, why, (Verb.CREATE,), attempt=case.lifecycle.attempt)


def _resubmit(case: Case, why: str) -> Verdict:
    """Another submission, while the one before may be active."""
    if not case.active:
        return _submit(case, f"{why}; the run before it has ended and stays as history")
    policy = case.lifecycle.on_change
    if policy is OnChange.REPLACE:
        return _stop_and_submit(case, why)
    if policy is OnChange.QUEUE:
        verdict = _submit(case, f"{why}; submitted when the active run has ended, as onChange: queue says")
        return Verdict(verdict.action, verdict.why, verdict.verbs, verdict.attempt, waits=True)
    if policy is OnChange.PARALLEL:
        if case.create_class is CreateClass.UNIQUE_AMONG_ACTIVE:
            return refuse(
                f"{why}, but this platform has no two active runs of one name",
                "decide.active-changed",
                "use onChange: queue or replace, or wait for the run to end",
            )
        return _submit(case, f"{why}; submitted beside the active run, as onChange: parallel says")
    return refuse(
        f"{why} while the run is {case.phase}",
        "decide.active-changed",
        "wait for it to end, cancel it, or say onChange: replace, queue or parallel",
    )


def _stop_and_submit(case: Case, why: str) -> Verdict:
    if case.lifecycle.protect:
        return refuse(
            f"{why}, and onChange: replace would stop a protected run",
            "decide.protected",
            "wait for it to end, or use onChange: queue or parallel",
        )
    if not able(case.can, Ability.STOP):
        return refuse(
            f"{why}, and this platform cannot stop the active run",
            "decide.cannot-stop",
            "wait for it to end, or use onChange: queue or parallel",
        )
    told = f"{why}; the active run is stopped first, as onChange: replace says"
    return Verdict(Action.REPLACE, told, (Verb.STOP, Verb.CREATE), case.lifecycle.attempt, waits=True)
