"""A field of a run that may change in place only where a member beside it says so."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.change import ABSENT
from reconciler.model.kind import Ability, FieldRule, Kind, Life, OnFieldChange
from reconciler.planning.diff import Sides, Terms, differences, highest
from reconciler.planning.normalise import normalise, spec_digest
from reconciler.planning.rules import rules_of

KIND = Kind(
    "acme",
    "Gang",
    Life.RUN,
    "gang",
    ("name",),
    (
        FieldRule("roles", "known by type", list_key="type"),
        FieldRule("roles[].pods", "scaled", OnFieldChange.UPDATE, where=("scaling.how", "calls"), because="scaled"),
    ),
    frozenset(Ability),
)


def gang(pods: int, how: str | None, **changes: Any) -> dict[str, Any]:
    """A run of one role, and one that is never scaled."""
    scaling = {} if how is None else {"scaling": {"how": how, "most": 4}}
    return {"name": "g", "roles": [{"type": "w", "pods": pods, **scaling, **changes}, {"type": "z", "pods": 1}]}


def digest(spec: dict[str, Any]) -> str:
    """Which run it is."""
    return spec_digest(KIND, normalise(KIND, spec, scope="-"))


def forced(before: dict[str, Any], after: dict[str, Any]) -> tuple[OnFieldChange, list[str]]:
    """What an edit asks for, and why."""
    sides = Sides(normalise(KIND, before, scope="-"), normalise(KIND, after, scope="-"), ABSENT)
    changes = differences(rules_of(KIND), sides, Terms(Life.RUN, KIND.can, reads_live=True, remembers=True))
    return highest(changes), [change.path for change in changes]


def test_scaled_by_calls() -> None:
    """The same run with another number of pods: updated."""
    assert digest(gang(2, "calls")) == digest(gang(3, "calls"))
    assert forced(gang(2, "calls"), gang(3, "calls")) == (OnFieldChange.UPDATE, ["/roles/[w]/pods"])


@pytest.mark.parametrize("how", [None, "by itself"])
def test_scaled_otherwise_or_not(how: str | None) -> None:
    """Another run."""
    assert digest(gang(2, how)) != digest(gang(3, how))
    assert forced(gang(2, how), gang(3, how)) == (OnFieldChange.NEW_RUN, ["/roles/[w]/pods"])


def test_the_condition_is_part_of_which_run_it_is() -> None:
    """A role that is scaled in another way from now on is another run, whatever its pods."""
    assert digest(gang(2, "calls")) != digest(gang(2, None)) != digest(gang(3, "by itself"))
    assert forced(gang(2, None), gang(3, "calls"))[0] is OnFieldChange.NEW_RUN
    assert forced(gang(2, "calls"), gang(2, "by itself"))[0] is OnFieldChange.NEW_RUN


def test_it_holds_for_its_own_object_only() -> None:
    """The other role of the list has no such member."""
    other = gang(2, "calls")
    other["roles"][1]["pods"] = 5
    assert digest(other) != digest(gang(2, "calls"))
    assert forced(gang(2, "calls"), other) == (OnFieldChange.NEW_RUN, ["/roles/[z]/pods"])


def test_other_fields_of_the_role_stay_what_they_are() -> None:
    """Together with a change that makes another run, it is another run."""
    assert forced(gang(2, "calls"), gang(3, "calls", image="b"))[0] is OnFieldChange.NEW_RUN
