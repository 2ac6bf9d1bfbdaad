"""What happens at one address: one pure function over everything that a decision may depend on.

`decide` is total: every `Case` has a verdict. D = desired, R = recorded, L = live.

    D R L            standing thing                              run
    -- not desired ---------------------------------------------------------------------------------------------
    . . .            nothing                                     nothing
    . . yes          ours: an orphan, reported; else nothing     the same
    . R .            forget                                      forget
    . R yes or ?     another address holds the object: forget    the same
    . R unreadable   hold                                        hold
    . R yes          another owner's mark: refuse                another owner's mark: refuse
                     deleting: forget                            deleting: forget
                     onRemove keep: forget                       onRemove keep: forget
                     protected: refuse                           ended, no onRemove delete: forget
                     still used by a manifest: refuse            protected: refuse
                     else: delete                                ended: delete
                     (no delete on this platform: forget)        active: onRemove cancel: stop, forget
                                                                         onRemove delete: stop, delete
                                                                         named by an allowance: stop, forget
                                                                         else refuse
    -- desired -------------------------------------------------------------------------------------------------
    D . .            create                                      create
    D . unreadable   hold                                        hold
    D . yes          our mark: adopt, update or replace          our mark, of this very submission: adopt
                     no mark, adoption declared: adopt, update   no mark, adoption declared: adopt
                     else refuse                                 name taken on this platform: refuse; else create
    D R .            create, it is missing                       never submitted: create
                                                                 meaning changed or attempt raised: create
                                                                 else nothing, for ever: retention is not drift
    D R unreadable   same: nothing; else hold                    same: nothing; else hold
    D R yes          another owner's mark: refuse to write       another owner's mark: refuse to write
                     deleting: hold                              meaning changed or attempt raised:
                     fields say nothing: nothing; failed: hold       ended: create
                     fields say update: update                       active: by onChange
                     fields say replace: protected: refuse       failed, onFailure retry: create
                                         else replace            fields say update: update
                                                                 failed or cancelled: hold
                                                                 else nothing

`onChange` of an active run: refuseIfRunning: refuse. replace: stop, then create when it ended. queue: create when it
ended. parallel: create beside it. A platform where names are unique among active runs knows no parallel.

`onFailure: retry` makes at most `MAX_ATTEMPTS` submissions for each attempt number that a person writes: with
`attempt: 1` the numbers 1, 2 and 3. One plan makes at most one.

Where only our memory would change (a policy that must outlive its file, a platform that a person brought in line by
hand), the verdict is adopt, which changes nothing else.
"""

from __future__ import annotations

from reconciler.model.change import Action
from reconciler.model.kind import Ability, Life, OnFieldChange
from reconciler.model.manifest import OnRemove
from reconciler.model.plan import Verb
from reconciler.model.resource import Phase
from reconciler.planning.cases import Case, Ownership, Presence, Verdict, raised, refuse
from reconciler.planning.decide_run import MAX_ATTEMPTS, run
from reconciler.planning.decide_standing import standing
from reconciler.planning.rules import able

__all__ = ["MAX_ATTEMPTS", "Case", "Ownership", "Presence", "Verdict", "decide"]


def decide(case: Case) -> Verdict:
    """The verdict on one address. See the table above."""
    if not case.desired:
        return _removed(case) if case.recorded else _stranger(case)
    if case.presence is Presence.UNREADABLE:
        return _unreadable(case)
    if case.life is Life.RUN:
        return run(case)
    return standing(case)


def _stranger(case: Case) -> Verdict:
    if case.presence is Presence.PRESENT and case.ownership is Ownership.OURS:
        return Verdict(
            Action.NO_OP,
            "carries our mark, but neither a manifest nor our memory knows it",
            code="plan.orphan",
            hint="declare it, adopt it, or delete it by hand",
        )
    return Verdict(Action.NO_OP, "not ours")


def _removed(case: Case) -> Verdict:
    if case.presence is Presence.ABSENT or case.elsewhere:
        where = "and gone from the platform" if case.presence is Presence.ABSENT else "and held by another address"
        return _forget(f"{_gone(case)}, {where}")
    if case.presence is Presence.UNREADABLE:
        return Verdict(
            Action.HOLD,
            f"{_gone(case)}, but it could not be read: nothing is removed blindly",
            code="decide.unreadable",
            hint="plan again when the platform answers",
        )
    if case.ownership is Ownership.FOREIGN:
        return refuse(
            f"{_gone(case)}, but the live object carries the mark of another owner",
            "decide.foreign",
            "forget it here if it belongs to the other owner now",
        )
    if case.phase is Phase.DELETING:
        return _forget(f"{_gone(case)}, and being deleted already")
    if case.lifecycle.on_remove is OnRemove.KEEP:
        return _forget(f"{_gone(case)}; kept on the platform as onRemove: keep says")
    return _removed_run(case) if case.life is Life.RUN else _deleted(case, _gone(case))


def _gone(case: Case) -> str:
    return "to be destroyed" if case.destroyed else "no longer declared"


def _back(case: Case, instead: str) -> str:
    """What to do `instead`; where its manifest is gone, that has to come back first."""
    return instead if case.destroyed else f"put the manifest back, {instead}"


def _removed_run(case: Case) -> Verdict:
    if case.active:
        return _removed_active(case)
    ended = case.phase.value if case.destroyed else f"no longer declared and {case.phase}"
    if case.lifecycle.on_remove is OnRemove.DELETE:
        return _deleted(case, f"{ended}; deleted as onRemove: delete says")
    return _forget(f"{ended}; its outputs and logs stay")


def _removed_active(case: Case) -> Verdict:
    policy, what = case.lifecycle.on_remove, f"{_gone(case)}, but the run is {case.phase}"
    if policy is None and not case.allowed:
        return refuse(
            what,
            "decide.active-removed",
            _back(case, "cancel the run, or let a reviewed change with onRemove: cancel be applied first"),
        )
    if not able(case.can, Ability.STOP):
        hint = "wait for it to end, or forget it"
        return refuse(f"{what} and this platform cannot stop one", "decide.cannot-stop", hint)
    if kept := _kept(case):
        return kept
    if policy is OnRemove.DELETE and able(case.can, Ability.DELETE):
        why = f"{_gone(case)}; {case.phase}: stopped and deleted as onRemove: delete says"
        return Verdict(Action.DELETE, why, (Verb.STOP, Verb.DELETE), waits=True)
    told = "as an allowance says" if policy is None else f"as onRemove: {policy} says"
    return Verdict(Action.DELETE, f"{_gone(case)}; {case.phase}: cancelled {told}", (Verb.STOP, Verb.FORGET))


def _deleted(case: Case, why: str) -> Verdict:
    if kept := _kept(case):
        return kept
    if not able(case.can, Ability.DELETE):
        return Verdict(
            Action.FORGET,
            f"{why}, but this platform cannot delete it: only our memory of it goes",
            (Verb.FORGET,),
            code="decide.cannot-delete",
            hint="remove it by hand if it should not stay",
        )
    return Verdict(Action.DELETE, why, (Verb.DELETE,))


def _kept(case: Case) -> Verdict | None:
    """Why something that is no longer declared stays as it is, None when nothing keeps it."""
    if case.lifecycle.protect:
        return refuse(
            f"{_gone(case)}, but protected",
            "decide.protected",
            _back(case, "set protect: false there, apply, and then remove it; or forget it"),
        )
    if case.in_use:
        return refuse(
            "no longer declared, but a manifest still refers to it",
            "decide.still-used",
            "take out the reference too, or put the manifest back",
        )
    return None


def _forget(why: str) -> Verdict:
    return Verdict(Action.FORGET, why, (Verb.FORGET,))


def _unreadable(case: Case) -> Verdict:
    hint = "plan again when the platform answers"
    if not case.recorded:
        why = "could not be read: nothing is created blindly"
        return Verdict(Action.HOLD, why, code="decide.unreadable", hint=hint)
    if case.forces is OnFieldChange.NOTHING and not raised(case):
        why = "could not be read; it is declared as it was recorded"
        return Verdict(Action.NO_OP, why, code="decide.unreadable", hint=hint)
    why = "could not be read; it is declared differently than it was recorded, and nothing is changed blindly"
    return Verdict(Action.HOLD, why, code="decide.unreadable", hint=hint)
