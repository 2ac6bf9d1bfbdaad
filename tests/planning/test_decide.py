"""The decision table: states x events x policies, written out, and what holds over all of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from reconciler.model.change import Action
from reconciler.model.codes import CODES
from reconciler.model.kind import Ability, CreateClass, Life, OnFieldChange
from reconciler.model.manifest import Lifecycle, OnChange, OnFailure, OnRemove
from reconciler.model.plan import Verb
from reconciler.model.resource import Phase
from reconciler.planning.decide import MAX_ATTEMPTS, Case, Ownership, Presence, Verdict, decide

ALL = frozenset(Ability)
ABSENT, PRESENT, UNREADABLE = Presence.ABSENT, Presence.PRESENT, Presence.UNREADABLE
OURS, FOREIGN, NONE = Ownership.OURS, Ownership.FOREIGN, Ownership.NONE
NOTHING, UPDATE, REPLACE, NEW_RUN = OnFieldChange

STANDING = Case(
    Life.STANDING, desired=True, recorded=True, presence=PRESENT, ownership=OURS, phase=Phase.READY, can=ALL
)
RUN = replace(STANDING, life=Life.RUN, phase=Phase.RUNNING)
KEEP, CANCEL, DELETE = (Lifecycle(on_remove=policy) for policy in OnRemove)
PROTECT = Lifecycle(protect=True)
RETRY = Lifecycle(on_failure=OnFailure.RETRY)
CANNOT_DELETE, CANNOT_STOP = ALL - {Ability.DELETE}, ALL - {Ability.STOP}

NO_OP: tuple[str, str, str] = ("no-op", "", "")
HOLD = ("hold", "", "")
MEMORY = ("adopt", "adopt", "")
UNREAD = ("no-op", "", "decide.unreadable")
UNREAD_HOLD = ("hold", "", "decide.unreadable")
NOT_OURS = ("refuse", "", "decide.foreign")
CONFLICT = ("refuse", "", "decide.conflict")

# what differs from the base case -> action, verbs, code of the finding
DECLARED_STANDING = [
    # not in our memory
    ({"recorded": False, "presence": ABSENT}, ("create", "create", "")),
    ({"recorded": False, "presence": UNREADABLE}, UNREAD_HOLD),
    ({"recorded": False, "ownership": OURS}, ("adopt", "adopt", "")),
    ({"recorded": False, "ownership": OURS, "forces": UPDATE}, ("update", "adopt update", "")),
    ({"recorded": False, "ownership": OURS, "forces": REPLACE}, ("replace", "delete create", "")),
    (
        {"recorded": False, "ownership": OURS, "forces": REPLACE, "can": CANNOT_DELETE},
        ("refuse", "", "decide.cannot-replace"),
    ),
    (
        {"recorded": False, "ownership": OURS, "forces": REPLACE, "lifecycle": PROTECT},
        ("refuse", "", "decide.protected"),
    ),
    ({"recorded": False, "ownership": OURS, "phase": Phase.DELETING}, ("hold", "", "decide.deleting")),
    ({"recorded": False, "ownership": NONE}, CONFLICT),
    ({"recorded": False, "ownership": FOREIGN}, CONFLICT),
    ({"recorded": False, "ownership": FOREIGN, "adopt": True}, CONFLICT),
    ({"recorded": False, "ownership": NONE, "adopt": True}, ("adopt", "adopt", "")),
    ({"recorded": False, "ownership": NONE, "adopt": True, "forces": UPDATE}, ("update", "adopt update", "")),
    ({"recorded": False, "ownership": NONE, "adopt": True, "forces": REPLACE}, ("refuse", "", "decide.cannot-replace")),
    # in our memory
    ({"presence": ABSENT}, ("create", "create", "")),
    ({"presence": ABSENT, "lifecycle": PROTECT}, ("create", "create", "")),
    ({"presence": UNREADABLE}, UNREAD),
    ({"presence": UNREADABLE, "forces": UPDATE}, UNREAD_HOLD),
    ({"presence": UNREADABLE, "forces": REPLACE}, UNREAD_HOLD),
    ({}, NO_OP),
    ({"forgetful": True}, MEMORY),
    ({"ownership": NONE}, NO_OP),
    ({"ownership": NONE, "forces": UPDATE}, ("update", "update", "")),
    ({"phase": Phase.FAILED}, HOLD),
    ({"phase": Phase.FAILED, "forgetful": True}, MEMORY),
    ({"phase": Phase.FAILED, "forces": UPDATE}, ("update", "update", "")),
    ({"phase": Phase.PENDING}, NO_OP),
    ({"phase": Phase.DELETING}, ("hold", "", "decide.deleting")),
    ({"phase": Phase.DELETING, "forces": UPDATE}, ("hold", "", "decide.deleting")),
    ({"forces": UPDATE}, ("update", "update", "")),
    ({"forces": UPDATE, "lifecycle": PROTECT}, ("update", "update", "")),
    ({"forces": REPLACE}, ("replace", "delete create", "")),
    ({"forces": REPLACE, "lifecycle": PROTECT}, ("refuse", "", "decide.protected")),
    ({"forces": REPLACE, "can": CANNOT_DELETE}, ("refuse", "", "decide.cannot-replace")),
    ({"forces": REPLACE, "lifecycle": KEEP}, ("replace", "delete create", "")),
    ({"ownership": FOREIGN}, ("no-op", "", "decide.foreign")),
    ({"ownership": FOREIGN, "forgetful": True}, ("no-op", "", "decide.foreign")),
    ({"ownership": FOREIGN, "forces": UPDATE}, NOT_OURS),
    ({"ownership": FOREIGN, "forces": REPLACE}, NOT_OURS),
]

REMOVED_STANDING = [
    ({"presence": ABSENT}, ("forget", "forget", "")),
    ({"presence": ABSENT, "lifecycle": PROTECT}, ("forget", "forget", "")),
    ({"presence": UNREADABLE}, UNREAD_HOLD),
    ({}, ("delete", "delete", "")),
    ({"ownership": NONE}, ("delete", "delete", "")),
    ({"ownership": FOREIGN}, NOT_OURS),
    ({"phase": Phase.DELETING}, ("forget", "forget", "")),
    ({"phase": Phase.FAILED}, ("delete", "delete", "")),
    ({"lifecycle": KEEP}, ("forget", "forget", "")),
    ({"lifecycle": CANCEL}, ("delete", "delete", "")),
    ({"lifecycle": DELETE}, ("delete", "delete", "")),
    ({"lifecycle": PROTECT}, ("refuse", "", "decide.protected")),
    ({"lifecycle": replace(KEEP, protect=True)}, ("forget", "forget", "")),
    ({"lifecycle": replace(DELETE, protect=True)}, ("refuse", "", "decide.protected")),
    ({"in_use": True}, ("refuse", "", "decide.still-used")),
    ({"in_use": True, "lifecycle": KEEP}, ("forget", "forget", "")),
    ({"elsewhere": True}, ("forget", "forget", "")),
    ({"elsewhere": True, "lifecycle": PROTECT}, ("forget", "forget", "")),
    ({"elsewhere": True, "presence": UNREADABLE}, ("forget", "forget", "")),
    ({"can": CANNOT_DELETE}, ("forget", "forget", "decide.cannot-delete")),
    ({"can": CANNOT_DELETE, "lifecycle": PROTECT}, ("refuse", "", "decide.protected")),
    ({"recorded": False}, ("no-op", "", "plan.orphan")),
    ({"recorded": False, "ownership": NONE}, NO_OP),
    ({"recorded": False, "ownership": FOREIGN}, NO_OP),
    ({"recorded": False, "presence": ABSENT}, NO_OP),
]

REMOVED_RUN = [
    ({"presence": ABSENT}, ("forget", "forget", "")),
    ({"presence": UNREADABLE}, UNREAD_HOLD),
    ({"ownership": FOREIGN}, NOT_OURS),
    ({"phase": Phase.DELETING}, ("forget", "forget", "")),
    *(
        row
        for phase in (Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED)
        for row in (
            ({"phase": phase}, ("forget", "forget", "")),
            ({"phase": phase, "lifecycle": KEEP}, ("forget", "forget", "")),
            ({"phase": phase, "lifecycle": CANCEL}, ("forget", "forget", "")),
            ({"phase": phase, "lifecycle": DELETE}, ("delete", "delete", "")),
            ({"phase": phase, "lifecycle": DELETE, "can": CANNOT_DELETE}, ("forget", "forget", "decide.cannot-delete")),
            ({"phase": phase, "lifecycle": DELETE, "in_use": True}, ("refuse", "", "decide.still-used")),
            ({"phase": phase, "lifecycle": PROTECT}, ("forget", "forget", "")),
            ({"phase": phase, "lifecycle": replace(DELETE, protect=True)}, ("refuse", "", "decide.protected")),
        )
    ),
    *(
        row
        for phase in (Phase.PENDING, Phase.RUNNING, Phase.SUSPENDED, Phase.STOPPING, Phase.UNKNOWN, Phase.READY)
        for row in (
            ({"phase": phase}, ("refuse", "", "decide.active-removed")),
            ({"phase": phase, "lifecycle": PROTECT}, ("refuse", "", "decide.active-removed")),
            ({"phase": phase, "allowed": True}, ("delete", "stop forget", "")),
            ({"phase": phase, "allowed": True, "lifecycle": PROTECT}, ("refuse", "", "decide.protected")),
            ({"phase": phase, "lifecycle": KEEP}, ("forget", "forget", "")),
            ({"phase": phase, "lifecycle": CANCEL}, ("delete", "stop forget", "")),
            ({"phase": phase, "lifecycle": CANCEL, "can": CANNOT_STOP}, ("refuse", "", "decide.cannot-stop")),
            ({"phase": phase, "lifecycle": CANCEL, "in_use": True}, ("refuse", "", "decide.still-used")),
            ({"phase": phase, "lifecycle": DELETE}, ("delete", "stop delete", "")),
            ({"phase": phase, "lifecycle": DELETE, "can": CANNOT_DELETE}, ("delete", "stop forget", "")),
            ({"phase": phase, "lifecycle": replace(CANCEL, protect=True)}, ("refuse", "", "decide.protected")),
        )
    ),
]

ACTIVE = (Phase.PENDING, Phase.RUNNING, Phase.SUSPENDED, Phase.STOPPING, Phase.UNKNOWN, Phase.READY)
AGAIN = Lifecycle(attempt=2)


def _on_change(policy: OnChange, **more: object) -> Lifecycle:
    return Lifecycle(on_change=policy, **more)  # type: ignore[arg-type] # test data


DECLARED_RUN = [
    # not in our memory
    ({"recorded": False, "presence": ABSENT}, ("create", "create", "")),
    ({"recorded": False, "presence": UNREADABLE}, UNREAD_HOLD),
    *(({"recorded": False, "phase": phase}, ("adopt", "adopt", "")) for phase in Phase),
    ({"recorded": False, "ownership": NONE}, ("create", "create", "")),
    ({"recorded": False, "ownership": FOREIGN}, ("create", "create", "")),
    ({"recorded": False, "ownership": NONE, "adopt": True}, ("adopt", "adopt", "")),
    ({"recorded": False, "ownership": FOREIGN, "adopt": True}, CONFLICT),
    ({"recorded": False, "ownership": NONE, "create_class": CreateClass.UNIQUE_NAME}, CONFLICT),
    ({"recorded": False, "ownership": NONE, "create_class": CreateClass.UNIQUE_AMONG_ACTIVE}, CONFLICT),
    (
        {"recorded": False, "ownership": NONE, "create_class": CreateClass.UNIQUE_AMONG_ACTIVE, "phase": Phase.FAILED},
        ("create", "create", ""),
    ),
    # unchanged
    *(({"phase": phase}, NO_OP) for phase in (*ACTIVE, Phase.SUCCEEDED, Phase.DELETING)),
    *(({"presence": ABSENT, "phase": phase}, NO_OP) for phase in Phase),
    ({"presence": ABSENT, "lifecycle": RETRY, "phase": Phase.FAILED}, NO_OP),
    ({"presence": ABSENT, "forgetful": True}, NO_OP),
    ({"presence": ABSENT, "submitted": False}, ("create", "create", "")),
    ({"presence": UNREADABLE}, UNREAD),
    ({"phase": Phase.SUCCEEDED, "forgetful": True}, MEMORY),
    ({"phase": Phase.CANCELLED}, HOLD),
    ({"phase": Phase.CANCELLED, "lifecycle": RETRY}, HOLD),
    ({"phase": Phase.CANCELLED, "forgetful": True}, MEMORY),
    ({"phase": Phase.FAILED}, HOLD),
    ({"phase": Phase.FAILED, "forgetful": True}, MEMORY),
    ({"phase": Phase.FAILED, "lifecycle": RETRY}, ("create", "create", "")),
    ({"phase": Phase.FAILED, "lifecycle": RETRY, "attempt": 2}, ("create", "create", "")),
    ({"phase": Phase.FAILED, "lifecycle": RETRY, "attempt": 3}, HOLD),
    ({"phase": Phase.FAILED, "lifecycle": RETRY, "attempt": 9}, HOLD),
    ({"phase": Phase.FAILED, "lifecycle": replace(RETRY, attempt=9), "attempt": 9}, ("create", "create", "")),
    # changed only where it can be changed in place
    *(
        ({"phase": phase, "forces": UPDATE}, ("update", "update", ""))
        for phase in (*ACTIVE, Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED)
    ),
    ({"phase": Phase.DELETING, "forces": UPDATE}, NO_OP),
    ({"presence": ABSENT, "forces": UPDATE}, NO_OP),
    ({"presence": UNREADABLE, "forces": UPDATE}, UNREAD_HOLD),
    ({"phase": Phase.FAILED, "forces": UPDATE, "lifecycle": RETRY}, ("create", "create", "")),
    # another attempt asked for
    *(({"lifecycle": AGAIN, "phase": phase}, ("refuse", "", "decide.active-changed")) for phase in ACTIVE),
    *(
        ({"lifecycle": AGAIN, "phase": phase}, ("create", "create", ""))
        for phase in (Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED, Phase.DELETING)
    ),
    ({"lifecycle": AGAIN, "presence": ABSENT}, ("create", "create", "")),
    ({"lifecycle": AGAIN, "presence": UNREADABLE}, UNREAD_HOLD),
    ({"lifecycle": AGAIN, "attempt": 2}, NO_OP),
    ({"lifecycle": AGAIN, "attempt": 3}, NO_OP),
    ({"lifecycle": _on_change(OnChange.QUEUE, attempt=2)}, ("create", "create", "")),
    # its meaning changed
    *(
        ({"forces": NEW_RUN, "phase": phase}, ("create", "create", ""))
        for phase in (Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED, Phase.DELETING)
    ),
    ({"forces": NEW_RUN, "presence": ABSENT}, ("create", "create", "")),
    ({"forces": NEW_RUN, "presence": UNREADABLE}, UNREAD_HOLD),
    *(
        row
        for phase in ACTIVE
        for row in (
            ({"forces": NEW_RUN, "phase": phase}, ("refuse", "", "decide.active-changed")),
            (
                {"forces": NEW_RUN, "phase": phase, "lifecycle": _on_change(OnChange.REPLACE)},
                ("replace", "stop create", ""),
            ),
            (
                {"forces": NEW_RUN, "phase": phase, "lifecycle": _on_change(OnChange.REPLACE, protect=True)},
                ("refuse", "", "decide.protected"),
            ),
            (
                {"forces": NEW_RUN, "phase": phase, "lifecycle": _on_change(OnChange.REPLACE), "can": CANNOT_STOP},
                ("refuse", "", "decide.cannot-stop"),
            ),
            ({"forces": NEW_RUN, "phase": phase, "lifecycle": _on_change(OnChange.QUEUE)}, ("create", "create", "")),
            ({"forces": NEW_RUN, "phase": phase, "lifecycle": _on_change(OnChange.PARALLEL)}, ("create", "create", "")),
            (
                {
                    "forces": NEW_RUN,
                    "phase": phase,
                    "lifecycle": _on_change(OnChange.PARALLEL),
                    "create_class": CreateClass.UNIQUE_AMONG_ACTIVE,
                },
                ("refuse", "", "decide.active-changed"),
            ),
        )
    ),
    # another owner's mark
    ({"ownership": FOREIGN}, ("no-op", "", "decide.foreign")),
    ({"ownership": FOREIGN, "forces": UPDATE}, NOT_OURS),
    ({"ownership": FOREIGN, "forces": NEW_RUN, "phase": Phase.SUCCEEDED}, NOT_OURS),
    ({"ownership": FOREIGN, "forces": NEW_RUN}, ("refuse", "", "decide.active-changed")),
    ({"ownership": FOREIGN, "phase": Phase.FAILED}, ("hold", "", "decide.foreign")),
    ({"ownership": FOREIGN, "presence": ABSENT, "forces": NEW_RUN}, ("create", "create", "")),
]


def _name(what: dict[str, object], wanted: tuple[str, str, str]) -> str:
    """What a row says, short enough to be read in a list."""
    told = [f"{name}={value}" for name, value in what.items() if name not in {"lifecycle", "can"}]
    if isinstance(policy := what.get("lifecycle"), Lifecycle):
        told.append(f"{policy.on_change} {policy.on_failure} {policy.on_remove} {policy.protect} {policy.attempt}")
    if isinstance(can := what.get("can"), frozenset):
        told.append(f"cannot {' '.join(sorted(ALL - can))}")
    return f"{' '.join(told) or 'as it is'} -> {wanted[0]}"


_TABLES = {
    "declared standing": (STANDING, DECLARED_STANDING),
    "removed standing": (replace(STANDING, desired=False), REMOVED_STANDING),
    "declared run": (RUN, DECLARED_RUN),
    "removed run": (replace(RUN, desired=False), REMOVED_RUN),
}
_ROWS = [
    pytest.param(replace(base, **what), wanted, id=f"{title}: {_name(what, wanted)}")  # type: ignore[arg-type] # test data
    for title, (base, rows) in _TABLES.items()
    for what, wanted in rows
]


def _told(verdict: Verdict) -> tuple[str, str, str]:
    return (verdict.action.value, " ".join(verb.value for verb in verdict.verbs), verdict.code)


@pytest.mark.parametrize(("case", "wanted"), _ROWS)
def test_the_table(case: Case, wanted: tuple[str, str, str]) -> None:
    """Each row decides as it is written."""
    assert _told(decide(case)) == wanted


# -- numbers and waiting -----------------------------------------------------------------------------------------------


def test_a_new_submission_carries_the_attempt_that_is_declared() -> None:
    """Also after automatic attempts of another meaning."""
    changed = replace(RUN, forces=NEW_RUN, phase=Phase.FAILED, attempt=3, lifecycle=Lifecycle(attempt=1))
    assert decide(changed).attempt == 1
    assert decide(replace(RUN, phase=Phase.SUCCEEDED, lifecycle=Lifecycle(attempt=5))).attempt == 5
    assert decide(replace(RUN, recorded=False, presence=ABSENT, lifecycle=Lifecycle(attempt=4))).attempt == 4


@pytest.mark.parametrize("declared", [1, 2, 7])
def test_retries_are_bounded(declared: int) -> None:
    """As many submissions for each declared attempt as the bound says, one in each plan, and then a hold."""
    case = replace(RUN, phase=Phase.FAILED, lifecycle=replace(RETRY, attempt=declared), attempt=declared)
    attempts = [declared]
    while (verdict := decide(case)).verbs:
        attempts.append(verdict.attempt)
        case = replace(case, attempt=verdict.attempt)
    assert attempts == list(range(declared, declared + MAX_ATTEMPTS))
    assert verdict.action is Action.HOLD
    assert f"attempt: {declared + MAX_ATTEMPTS}" in verdict.why


def test_what_waits_for_the_end_of_a_run() -> None:
    """A queued run and one that replaces; one beside does not."""

    def waits(policy: OnChange) -> bool:
        return decide(replace(RUN, forces=NEW_RUN, lifecycle=_on_change(policy))).waits

    assert waits(OnChange.QUEUE)
    assert waits(OnChange.REPLACE)
    assert not waits(OnChange.PARALLEL)
    assert decide(replace(RUN, desired=False, lifecycle=DELETE)).waits
    assert not decide(replace(RUN, desired=False, lifecycle=CANCEL)).waits


def test_an_empty_set_of_abilities_rules_nothing_out() -> None:
    """Offline it is not known yet."""
    assert decide(replace(STANDING, can=frozenset(), desired=False)).action is Action.DELETE


# -- what holds over everything ----------------------------------------------------------------------------------------

_LIFECYCLES = [
    Lifecycle(failure, change, remove, protect, attempt)
    for failure, change, remove, protect, attempt in product(
        OnFailure, OnChange, [None, *OnRemove], [False, True], [1, 2]
    )
]


def _every_case() -> list[Case]:
    """Each state with each policy: 2 lives, 2 x 2 x 3 sides, 3 owners, 10 phases, 4 differences, 64 policies, with the
    remaining switches taken in turn, so that each meets each of the others.
    """
    switches = list(product([False, True], repeat=4))
    abilities = [ALL, CANNOT_DELETE, CANNOT_STOP, frozenset({Ability.CREATE}), frozenset()]
    classes = list(CreateClass)
    states = product(Life, [False, True], [False, True], Presence, Ownership, Phase, OnFieldChange, _LIFECYCLES)
    cases = []
    for number, (life, desired, recorded, presence, ownership, phase, forces, lifecycle) in enumerate(states):
        if not desired and forces is not NOTHING:
            continue  # what is not declared has nothing to be compared with
        submitted, adopt, allowed, rest = switches[number % len(switches)]
        cases.append(
            Case(
                life, desired, recorded, presence, ownership, phase, forces, lifecycle,
                attempt=1 + number % 4,
                can=abilities[number % len(abilities)],
                create_class=classes[number % len(classes)],
                submitted=submitted, adopt=adopt, allowed=allowed, in_use=rest, forgetful=not rest,
            )
        )  # fmt: skip
    return cases


def test_every_case_has_a_sound_verdict() -> None:
    """No case is forgotten, and no verdict breaks a promise."""
    for case in _every_case():
        verdict = decide(case)
        problem = _problem(case, verdict)
        assert not problem, f"{problem}: {case} -> {verdict}"


def _problem(case: Case, verdict: Verdict) -> str:
    calls = [verb for verb in verdict.verbs if verb.calls_platform]
    takes = {Verb.DELETE, Verb.STOP} & set(calls)
    checks = {
        "no reason": not verdict.why,
        "acts without verbs or the other way round": bool(verdict.verbs) != verdict.action.writes,
        "refuses without saying what to do": verdict.action is Action.REFUSE and not (verdict.code and verdict.hint),
        "a code that is not documented": bool(verdict.code) and verdict.code not in CODES,
        "acts blindly": bool(verdict.verbs) and case.presence is UNREADABLE,
        "takes what is protected": bool(takes) and case.lifecycle.protect,
        "takes what one witness speaks for": bool(takes) and not case.recorded and case.ownership is not OURS,
        "takes what another owner marked": bool(calls)
        and case.recorded
        and case.ownership is FOREIGN
        and case.presence is PRESENT,
        "takes what is not there": bool(takes) and case.presence is not PRESENT,
        "removes what is used": Verb.DELETE in calls and not case.desired and case.in_use,
        "stops an active run without leave": Verb.STOP in calls
        and case.life is Life.RUN
        and not (case.allowed or case.lifecycle.on_remove in {OnRemove.CANCEL, OnRemove.DELETE})
        and case.lifecycle.on_change is not OnChange.REPLACE,
        "creates what is not desired": Verb.CREATE in calls and not case.desired,
        "deletes a run to make another": case.life is Life.RUN and case.desired and Verb.DELETE in calls,
        "a run for a cosmetic edit": case.life is Life.RUN
        and case.recorded
        and case.submitted
        and Verb.CREATE in calls
        and case.forces is not NEW_RUN
        and case.lifecycle.attempt <= case.attempt
        and case.phase is not Phase.FAILED,
        "creates beside an active run without leave": case.life is Life.RUN
        and case.recorded
        and case.active
        and verdict.verbs == (Verb.CREATE,)
        and case.lifecycle.on_change not in {OnChange.QUEUE, OnChange.PARALLEL},
        "passes over a change": case.desired
        and case.recorded
        and case.forces in {REPLACE, NEW_RUN}
        and (case.life is Life.STANDING or case.forces is NEW_RUN)
        and verdict.action is Action.NO_OP,
        "cannot do that": case.can != frozenset()
        and any(Ability(verb.value) not in case.can for verb in calls if verb is not Verb.UPDATE),
    }
    return ", ".join(name for name, broken in checks.items() if broken)
