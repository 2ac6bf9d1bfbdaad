"""Kinds that no platform call shows: memory stands in for what is live, and plans say what they cannot know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.diagnostic import Severity
from reconciler.model.kind import Ability, CreateClass
from reconciler.model.resource import Phase
from tests.planning.samples import (
    BASE,
    RUN,
    TOOL,
    actions,
    codes,
    live,
    of_class,
    plan,
    reading,
    recorded,
    run,
    steps,
    tool,
    with_kind,
    without,
)

_LOOKS = (Ability.READ, Ability.LIST, Ability.FIND)
UNSEEN_TOOL = without(TOOL, *_LOOKS, Ability.UPDATE, Ability.DELETE)
UNSEEN_RUN = of_class(without(RUN, *_LOOKS, Ability.STOP), CreateClass.BLIND)


@pytest.mark.parametrize("ability", _LOOKS)
def test_one_way_to_look_is_enough_to_be_seen(ability: Ability) -> None:
    """By id, in a list, or by its mark; a kind of which no handler is known is not unseen either."""
    assert UNSEEN_TOOL.is_unseen
    assert not replace(UNSEEN_TOOL, can=UNSEEN_TOOL.can | {ability}).is_unseen
    assert not replace(UNSEEN_TOOL, can=frozenset()).is_unseen


def test_what_was_made_is_still_there() -> None:
    """Nothing shows it, and it is not made a second time."""
    made = plan([tool()], [recorded(tool())], kinds=with_kind(UNSEEN_TOOL))
    assert actions(made) == {"Tool/align@1": "no-op"}
    assert made.is_empty
    seen = plan([tool()], [recorded(tool())], kinds=with_kind(TOOL))
    assert actions(seen) == {"Tool/align@1": "create"}


def test_a_change_that_nobody_can_make_is_refused() -> None:
    """Compared with what was made, since nothing else is known."""
    made = plan([tool(image="other")], [recorded(tool())], kinds=with_kind(UNSEEN_TOOL))
    assert actions(made) == {"Tool/align@1": "refuse"}
    assert codes(made) == ["decide.cannot-replace"]
    (field,) = made.changes[0].fields
    assert (field.path, field.recorded, field.live) == ("/image", "lab/align:1", "lab/align:1")


def test_a_removal_forgets_and_says_that_it_stays() -> None:
    """Only our memory of it goes."""
    made = plan([run()], [recorded(tool())], kinds=with_kind(UNSEEN_TOOL))
    assert "1 create Run/r1" in steps(made)
    assert actions(made)["Tool/align@1"] == "forget"
    assert "decide.cannot-delete" in codes(made)


@pytest.mark.parametrize("phase", [Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED])
def test_a_run_is_as_it_was_when_it_was_last_seen(phase: Phase) -> None:
    """Its phase is the remembered one: what was done is done, what failed is held."""
    made = plan([run()], [recorded(run(), phase=phase)], kinds=with_kind(UNSEEN_RUN))
    assert made.is_empty
    assert made.changes[0].phase is phase
    again = plan([run(flow="other")], [recorded(run(), phase=phase)], kinds=with_kind(UNSEEN_RUN))
    assert steps(again) == ["1 create Run/r1"]


def test_a_run_that_a_person_vouched_for_does_not_stand_in_the_way() -> None:
    """Of one that was settled by hand no end is known, and none ever will be: it can be changed and removed."""
    memory = recorded(run(), phase=Phase.UNKNOWN)
    assert plan([run()], [memory], kinds=with_kind(UNSEEN_RUN)).is_empty
    assert steps(plan([run(flow="other")], [memory], kinds=with_kind(UNSEEN_RUN))) == ["1 create Run/r1"]
    assert steps(plan([tool()], [memory], kinds=with_kind(UNSEEN_RUN)))[-1] == "2 forget Run/r1"


def test_what_is_seen_goes_before_what_is_remembered() -> None:
    """A person's word, or a platform that learnt to tell."""
    memory = recorded(tool())
    there = live(memory, {"image": "moved"})
    made = plan([tool()], [memory], reading(there), kinds=with_kind(UNSEEN_TOOL))
    assert actions(made) == {"Tool/align@1": "refuse"}


def test_a_new_memory_says_what_it_cannot_know() -> None:
    """One note for all of it, before the first apply or after a memory was lost; a memory with a past has none."""
    made = plan([run("a"), run("b"), tool()], kinds=with_kind(UNSEEN_RUN))
    (note,) = [finding for finding in made.diagnostics if finding.code == "plan.unknowable"]
    assert note.severity is Severity.NOTE
    assert "Run/lab/a" in note.message
    assert "Run/lab/b" in note.message
    assert "Tool" not in note.message
    assert not made.is_blocked
    for later in (
        plan([run("a")], kinds=with_kind(UNSEEN_RUN), base=replace(BASE, serial=1)),
        plan([run("a")], kinds=with_kind(replace(UNSEEN_RUN, can=UNSEEN_RUN.can | {Ability.FIND}))),
        plan([run("a")], kinds=with_kind(of_class(UNSEEN_RUN, CreateClass.TOKEN))),
    ):
        assert "plan.unknowable" not in codes(later)


def test_many_are_counted() -> None:
    """Five are named, and how many more there are."""
    made = plan([run(f"r{number}") for number in range(8)], kinds=with_kind(UNSEEN_RUN))
    (note,) = [finding for finding in made.diagnostics if finding.code == "plan.unknowable"]
    assert note.message.endswith("and 3 more")
