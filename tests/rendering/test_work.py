"""Work at risk and the cost of new runs come first, and what is not known is never zero."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from reconciler.model.address import Address
from reconciler.model.change import Action, Change
from reconciler.model.kind import Life
from reconciler.model.plan import Base, Plan, Step, Verb
from reconciler.model.resource import Phase
from reconciler.planning.review import Review
from reconciler.rendering.annotations import render_work_annotations
from reconciler.rendering.comment import render_for_comment
from reconciler.rendering.html import render_plan_page, render_review_page
from reconciler.rendering.json import plan_from_json, plan_to_json
from reconciler.rendering.markdown import render_plan as render_markdown
from reconciler.rendering.review import render_review_text
from reconciler.rendering.sides import Profile
from reconciler.rendering.text import render_plan
from reconciler.rendering.work import work_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

OLD, NEW, THIRD = (Address("a", "Job", "s", name) for name in ("old", "new", "third"))
BEGUN = "2026-01-01T21:30:00+00:00"
NOW = datetime(2026, 1, 2, 11, 33, tzinfo=UTC).timestamp()
STOPPED = Change(OLD, "p", Life.RUN, Action.DELETE, "w", phase=Phase.RUNNING, at_risk=32.0, started=BEGUN)
MADE = Change(NEW, "p", Life.RUN, Action.CREATE, "new", gpu_hours=4.5)


def _plan(*changes: Change) -> Plan:
    steps = [Step(n, c.address, "p", Verb.STOP) for n, c in enumerate(changes, 1) if c.action is Action.DELETE]
    return Plan(Base("p", "e", "0"), changes, tuple(steps))


def test_the_first_lines_of_every_rendering() -> None:
    """What is lost, for how long it has run, and what is new: before anything else."""
    plan = _plan(STOPPED, MADE)
    state = "running for 14h 03m, since 2026-01-01 21:30 UTC; up to 32 GPU-hours"
    lost = f"Work at risk: a/Job/s/old ({state}) would be stopped"
    cost = "1 new run: up to 4.5 GPU-hours"
    assert work_lines(plan, plan.changes, NOW) == [lost, cost]
    assert render_plan(plan, now=NOW).splitlines()[:2] == [lost, cost]
    markdown = render_markdown(plan, now=NOW)
    assert markdown.index("Work at risk") < markdown.index("to delete")
    assert "14h 03m" in markdown
    first, second = render_work_annotations(plan, plan.changes, NOW).splitlines()
    assert (first.startswith("::warning"), lost in first) == (True, True)
    assert (second.startswith("::notice"), cost in second) == (True, True)
    page = render_plan_page(plan, now=NOW)
    assert page.index("Work at risk") < page.index('class="summary"')


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            [replace(MADE, gpu_hours=0.0), replace(MADE, gpu_hours=None, address=OLD)],
            "2 new runs: up to 0 GPU-hours for 1 and not known for 1",
        ),
        ([replace(MADE, gpu_hours=None)], "1 new run: GPU-hours not known"),
        (
            [replace(MADE, gpu_hours=None), replace(MADE, gpu_hours=None, address=OLD)],
            "2 new runs: GPU-hours not known",
        ),
        ([replace(MADE, gpu_hours=math.inf)], "1 new run: unbounded GPU-hours for 1 without a time limit"),
        (
            [MADE, replace(MADE, gpu_hours=None, address=OLD), replace(MADE, gpu_hours=math.inf, address=THIRD)],
            "3 new runs: up to 4.5 GPU-hours for 1, unbounded for 1 without a time limit and not known for 1",
        ),
    ],
)
def test_not_known_is_not_zero(changes: list[Change], line: str) -> None:
    """Known, endless and unknown are told apart."""
    assert work_lines(_plan(*changes), changes) == [line]


def test_the_first_lines_of_a_review() -> None:
    """The comment, the page and the terminal say the same; without a clock they say since when."""
    plan = _plan(STOPPED)
    review = Review(plan, None, (STOPPED,), (), (), (), ())
    told = "running for 14h 03m, since 2026-01-01 21:30 UTC"
    assert told in render_for_comment(review, profile=Profile.FULL, now=NOW)
    assert told in render_review_page(review, now=NOW)
    assert told in render_review_text(review, now=NOW).splitlines()[0]
    assert "(running since 2026-01-01 21:30 UTC;" in render_review_text(review).splitlines()[0]


@pytest.mark.parametrize("begun", ["2026-01-02T05:30:00+08:00", "2026-01-01T21:30:00", "2026-01-01T21:30:00Z"])
def test_times_are_told_in_utc(begun: str) -> None:
    """However the platform writes them; and never less than nothing has passed."""
    change = replace(STOPPED, started=begun)
    (line,) = work_lines(_plan(change), [change], 0.0)
    assert "for 0.0s, since 2026-01-01 21:30 UTC" in line


def test_what_is_not_told_about_lost_work_is_said() -> None:
    """No time and no estimate are no promise."""
    change = replace(STOPPED, at_risk=None, started="")
    (line,) = work_lines(_plan(change), [change])
    assert "(running, since when is not known; its GPU-hours are not known)" in line


def test_nothing_is_at_risk_where_nothing_runs() -> None:
    """An ended run that is deleted, and a plan without runs, have no such line."""
    assert work_lines(_plan(ended := replace(STOPPED, phase=Phase.SUCCEEDED)), [ended]) == []
    assert work_lines(_plan(free := replace(MADE, gpu_hours=0.0)), [free]) == []
    standing = replace(MADE, life=Life.STANDING)
    assert work_lines(_plan(standing), [standing]) == []


def test_hours_survive_the_file() -> None:
    """Infinite ones too, which JSON does not know."""
    plan = _plan(STOPPED, replace(MADE, gpu_hours=math.inf))
    assert plan_from_json(plan_to_json(plan)) == plan
    assert '"gpu_hours": "unbounded"' in plan_to_json(plan)


def test_the_steps_are_gone_through_once() -> None:
    """However many runs are at risk: a plan may stop thousands."""

    class Steps(tuple[Step, ...]):
        __slots__ = ()
        walks = 0

        def __iter__(self) -> Iterator[Step]:
            Steps.walks += 1
            return super().__iter__()

        def __reversed__(self) -> Iterator[Step]:
            Steps.walks += 1
            return iter(self[::-1])

    names = [f"n{number}" for number in range(9)]
    addresses = [Address("t", "Job", "s", name) for name in names]
    changes = tuple(Change(a, "p", Life.RUN, Action.DELETE, "", phase=Phase.RUNNING) for a in addresses)
    steps = Steps(Step(number, a, "p", Verb.STOP) for number, a in enumerate(addresses, start=1))
    lines = work_lines(Plan(Base("p", "e", "1"), changes, steps), changes)
    assert len(lines) == len(names)
    assert Steps.walks == 1
