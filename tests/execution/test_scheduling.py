"""Which step may go next."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from reconciler.execution.scheduling import Schedule
from reconciler.model.plan import Step, Verb
from tests.support.applying import at


def step(number: int, *needs: int) -> Step:
    """A step that needs others."""
    return Step(number, at("Thing", f"n{number}"), "memory", Verb.CREATE, needs)


def graphs(largest: int = 12) -> st.SearchStrategy[list[Step]]:
    """Any plan: needs point to lower ids."""
    return st.integers(1, largest).flatmap(
        lambda size: st.tuples(
            *[st.lists(st.integers(1, max(1, n - 1)), max_size=4 if n > 1 else 0) for n in range(1, size + 1)]
        ).map(lambda needs: [step(n, *some) for n, some in enumerate(needs, 1)])
    )


@given(graphs(), st.data())
def test_every_step_once_and_after_what_it_needs(steps: list[Step], data: st.DataObject) -> None:
    """However many are under way and in whatever order they end."""
    schedule = Schedule(steps)
    under_way: list[Step] = []
    ended: list[int] = []
    while not schedule.finished:
        while (taken := schedule.take()) is not None:
            assert set(taken.needs) <= set(ended)
            under_way.append(taken)
        under_way.sort(key=lambda one: one.id)
        one = under_way.pop(data.draw(st.integers(0, len(under_way) - 1)))
        schedule.done(one)
        ended.append(one.id)
    assert sorted(ended) == [one.id for one in steps]


@given(graphs(), st.data())
def test_a_failure_takes_exactly_what_depends_on_it(steps: list[Step], data: st.DataObject) -> None:
    """Everything downstream of it, nothing else, each once."""
    failing = data.draw(st.sampled_from(steps)).id
    schedule = Schedule(steps)
    done: set[int] = set()
    lost: list[int] = []
    while (taken := schedule.take()) is not None:
        if taken.id == failing:
            lost = [one.id for one in schedule.failed(taken)]
        else:
            schedule.done(taken)
            done.add(taken.id)
    downstream = {failing}
    for one in steps:
        if downstream & set(one.needs):
            downstream.add(one.id)
    assert schedule.finished
    assert set(lost) == downstream - {failing}
    assert lost == sorted(lost)
    assert done == {one.id for one in steps} - downstream


def test_steps_that_are_ready_go_in_order_of_their_ids() -> None:
    """A plan is walked the same way every time."""
    schedule = Schedule([step(3), step(1), step(2)])
    assert [one.id for one in (schedule.take(), schedule.take(), schedule.take()) if one] == [1, 2, 3]
    assert schedule.take() is None


def test_what_is_dropped_is_neither_done_nor_under_way() -> None:
    """After a stop, the rest is put aside; what runs still ends."""
    schedule = Schedule([step(1), step(2), step(3, 1)])
    running = schedule.take()
    assert running is not None
    assert [one.id for one in schedule.drop()] == [2, 3]
    assert not schedule.finished
    schedule.done(running)
    assert schedule.finished


def test_a_need_outside_of_the_plan_holds_nothing_up() -> None:
    """A selection leaves steps out."""
    schedule = Schedule([step(5, 2)])
    assert schedule.take() is not None


def test_ten_thousand_steps_cost_no_noticeable_time() -> None:
    """In-degree counters, not a scan of everything after every step."""
    steps = [step(n, *([n - 1] if n % 10 else [])) for n in range(1, 10_001)]
    begun = time.perf_counter()
    schedule = Schedule(steps)
    while (taken := schedule.take()) is not None:
        schedule.done(taken)
    assert schedule.finished
    assert time.perf_counter() - begun < 2.0
