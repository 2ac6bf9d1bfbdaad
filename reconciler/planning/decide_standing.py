"""What happens to a standing thing that is declared: the left column of the table in `decide`, lower half."""

from __future__ import annotations

from reconciler.model.change import Action
from reconciler.model.kind import Ability, OnFieldChange
from reconciler.model.plan import Verb
from reconciler.model.resource import Phase
from reconciler.planning.cases import Case, Ownership, Presence, Verdict, conflict, hold, refuse, same, unless_foreign
from reconciler.planning.rules import able


def standing(case: Case) -> Verdict:
    """The verdict on a declared standing thing that could be read."""
    if case.presence is Presence.ABSENT:
        why = "recorded, but missing on the platform" if case.recorded else "new"
        return Verdict(Action.CREATE, why, (Verb.CREATE,))
    if case.phase is Phase.DELETING:
        return Verdict(
            Action.HOLD,
            "declared, but the platform is deleting it",
            code="decide.deleting",
            hint="plan again when it is gone: it will be created",
        )
    if case.recorded:
        return unless_foreign(case, _standing_changed(case))
    return _standing_found(case)


def _standing_changed(case: Case) -> Verdict:
    if case.forces is OnFieldChange.NOTHING:
        if case.phase is Phase.FAILED:
            return hold(case, "as declared, but the platform says that it failed")
        return same(case, "as declared")
    if case.forces is OnFieldChange.UPDATE:
        return Verdict(Action.UPDATE, "differs, and can be changed in place", (Verb.UPDATE,))
    return _replaced(case)


def _replaced(case: Case) -> Verdict:
    if case.lifecycle.protect:
        return refuse(
            "differs in a field that cannot be changed in place, and is protected",
            "decide.protected",
            "undo the change, or set protect: false and apply that first",
        )
    if not able(case.can, Ability.DELETE):
        return refuse(
            "differs in a field that cannot be changed in place, and this platform cannot delete it",
            "decide.cannot-replace",
            "undo the change, or declare it under another name or version",
        )
    why = "differs in a field that cannot be changed in place: deleted, then created"
    return Verdict(Action.REPLACE, why, (Verb.DELETE, Verb.CREATE))


def _standing_found(case: Case) -> Verdict:
    """Live and desired, and not in our memory."""
    if case.ownership is Ownership.FOREIGN or (case.ownership is Ownership.NONE and not case.adopt):
        return conflict(case)
    how = "carries our mark" if case.ownership is Ownership.OURS else "its adoption is declared"
    if case.forces is OnFieldChange.NOTHING:
        return Verdict(Action.ADOPT, f"exists as declared; {how}", (Verb.ADOPT,))
    if case.forces is OnFieldChange.UPDATE:
        return Verdict(Action.UPDATE, f"exists, and differs; {how}: adopted, then updated", (Verb.ADOPT, Verb.UPDATE))
    if case.ownership is Ownership.NONE:
        return refuse(
            "its adoption is declared, but it differs in a field that cannot be changed in place",
            "decide.cannot-replace",
            "bring the manifest in line with the live object, adopt it, and change it afterwards",
        )
    return _replaced(case)
