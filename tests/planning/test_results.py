"""Runs that work on the results of other runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.model.change import Action
from reconciler.model.kind import Ability
from reconciler.model.manifest import Lifecycle, OnChange, OnFailure
from reconciler.model.resource import Phase
from tests.planning.samples import RUN, at, live, manifest, plan, reading, recorded, run, steps, tool, with_kind

if TYPE_CHECKING:
    from reconciler.model.change import Change
    from reconciler.model.plan import Plan

MAKER = run("maker", size=1)
USER = run("user", data="$[[ ref.Run/maker.folder ]]/x")


def change_of(made: Plan, name: str) -> Change:
    """What is planned for the run of this name."""
    return next(change for change in made.changes if change.address.name == name)


def seen_in(phase: Phase, *declared: Any) -> Plan:
    """The plan when the maker was submitted before, and is in `phase` now."""
    memory = recorded(MAKER)
    return plan(declared or [MAKER, USER], [memory], reading(live(memory, phase=phase)))


def test_both_are_new() -> None:
    """The second waits for the success of the first, and the plan says so."""
    made = plan([USER, MAKER], [], reading())
    assert steps(made) == ["1 create Run/maker", "2 create Run/user after 1"]
    assert [step.after_success for step in made.steps] == [(), (at("Run", "maker"),)]
    assert change_of(made, "user").why == "new; waits for prod/Run/lab/maker to succeed"


@pytest.mark.parametrize("phase", [Phase.PENDING, Phase.RUNNING, Phase.SUSPENDED, Phase.STOPPING, Phase.UNKNOWN])
def test_the_first_goes_on(phase: Phase) -> None:
    """It is waited for though nothing happens to it."""
    (step,) = seen_in(phase).steps
    assert step.after_success == (at("Run", "maker"),)


def test_the_first_has_succeeded() -> None:
    """Then there is nothing to wait for, and nothing to say."""
    made = seen_in(Phase.SUCCEEDED)
    assert [step.after_success for step in made.steps] == [()]
    assert change_of(made, "user").why == "new"


@pytest.mark.parametrize("phase", [Phase.FAILED, Phase.CANCELLED])
def test_the_first_did_not_succeed(phase: Phase) -> None:
    """Who works on its result is held, with what is to be done; and so is who works on that one's."""
    third = run("third", data="$[[ ref.Run/user.folder ]]")
    made = seen_in(phase, MAKER, USER, third)
    assert made.is_empty
    assert not made.is_blocked
    for name, whose in (("user", "maker"), ("third", "user")):
        assert change_of(made, name).action is Action.HOLD
        assert f"Run/lab/{whose}" in change_of(made, name).why
    assert {d.address for d in made.diagnostics if d.code == "decide.no-result"} == {
        at("Run", "user"),
        at("Run", "third"),
    }


def test_the_first_is_tried_again() -> None:
    """Then its next attempt is what is waited for."""
    again = run("maker", Lifecycle(on_failure=OnFailure.RETRY), size=1)
    made = seen_in(Phase.FAILED, again, USER)
    assert steps(made) == ["1 create Run/maker", "2 create Run/user after 1"]
    assert made.steps[1].after_success == (at("Run", "maker"),)


def test_the_first_is_forgotten() -> None:
    """By the platform: it has ended, and nobody saw it fail. If somebody did, who works on it is held."""
    memory = recorded(MAKER)
    for phase, held in ((Phase.SUCCEEDED, False), (Phase.RUNNING, False), (Phase.FAILED, True)):
        made = plan([MAKER, USER], [replace(memory, phase=phase)], reading())
        assert made.is_empty is held
        assert [step.after_success for step in made.steps] == ([] if held else [()])


def test_the_first_cannot_be_read() -> None:
    """What is remembered counts: a success is one; else it is waited for."""
    for phase, awaited in ((Phase.SUCCEEDED, ()), (Phase.RUNNING, (at("Run", "maker"),))):
        memory = replace(recorded(MAKER), phase=phase)
        made = plan([MAKER, USER], [memory], reading(unreadable={MAKER.address: "503"}))
        assert [step.after_success for step in made.steps] == [awaited]


@pytest.mark.parametrize("text", ["$[[ ref.Run/maker ]]", "$[[ ref.Run/maker.id ]]"])
def test_an_id_is_no_result(text: str) -> None:
    """Who it is is known when it is submitted."""
    made = plan([MAKER, run("user", data=text)], [], reading())
    assert steps(made) == ["1 create Run/maker", "2 create Run/user after 1"]
    assert [step.after_success for step in made.steps] == [(), ()]


def test_who_stands_waits_for_nobody() -> None:
    """A thing that shows what a run does is made while it goes on; and an output of a thing is there with the thing."""
    board = manifest("Tool", "board@1", {"image": "1", "x": "$[[ ref.Run/maker.folder ]]"})
    reader = run("reader", data="$[[ ref.Tool/base@1.url ]]")
    made = plan([MAKER, board, tool("base@1"), reader], [], reading())
    assert {step.after_success for step in made.steps} == {()}


def test_what_nothing_can_look_at_is_not_waited_for() -> None:
    """Nothing would ever tell."""
    unseen = with_kind(replace(RUN, can=frozenset({Ability.CREATE, Ability.STOP})))
    made = plan([MAKER, USER], [], reading(), kinds=unseen)
    assert {step.after_success for step in made.steps} == {()}


def test_what_stands_on_a_run_that_is_held_is_held() -> None:
    """It would refer to something that does not exist."""
    board = manifest("Tool", "board@1", {"image": "1", "x": "$[[ ref.Run/user ]]"})
    made = seen_in(Phase.FAILED, MAKER, USER, board)
    assert made.is_empty
    assert change_of(made, "board@1").why.startswith("not done: needs prod/Run/lab/user")


def test_an_active_run_is_not_stopped_before_the_result_is_there() -> None:
    """What replaces it works on that; should it never come, the run that goes on is not lost for nothing."""
    before = run("user", data="elsewhere")
    after = run("user", Lifecycle(on_change=OnChange.REPLACE), data="$[[ ref.Run/maker.folder ]]")
    memory = recorded(before)
    made = plan([MAKER, after], [memory], reading(live(memory, phase=Phase.RUNNING)))
    assert steps(made) == ["1 create Run/maker", "2 stop Run/user after 1", "3 create Run/user after 1, 2"]
    assert [step.after_success for step in made.steps] == [(), (MAKER.address,), (MAKER.address,)]
