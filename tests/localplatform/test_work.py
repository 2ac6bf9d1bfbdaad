"""The laws of the work values: fan-out is the product, order respects needs, nonsense is found."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.localplatform.work import (
    File,
    Instance,
    Limits,
    Program,
    Run,
    Script,
    Status,
    Task,
    fan_out,
    problems,
    ready,
    topological_order,
    unreachable,
)

NAMES = st.text("abcdef", min_size=1, max_size=3)
VALUES = st.dictionaries(NAMES, st.lists(st.text(max_size=2), max_size=4), max_size=4)


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, tuple[str, ...]]:
    """Needs without a cycle, names in any order."""
    names = draw(st.lists(NAMES, unique=True, max_size=8))
    needs = {
        name: tuple(draw(st.lists(st.sampled_from(names[:position]), unique=True))) if position else ()
        for position, name in enumerate(names)
    }
    return {name: needs[name] for name in draw(st.permutations(names))}


@given(VALUES)
def test_fan_out_is_the_product_in_order(values: dict[str, list[str]]) -> None:
    """As many as the product of the counts; every combination at the place its digits give, the last name fastest."""
    combinations = fan_out(values)
    assert len(combinations) == math.prod(len(choices) for choices in values.values())
    for index, combination in enumerate(combinations):
        rest = index
        for name, choices in reversed(values.items()):
            rest, digit = divmod(rest, len(choices))
            assert combination[name] == choices[digit]


def test_fan_out_of_nothing_is_one() -> None:
    """No names: one empty combination; a name without values: none."""
    assert fan_out({}) == ({},)
    assert fan_out({"a": ["1"], "b": []}) == ()


@given(graphs())
def test_order_respects_needs(needs: dict[str, tuple[str, ...]]) -> None:
    """Every name once, after all that it needs, and the same order every time."""
    order = topological_order(needs)
    assert sorted(order) == sorted(needs)
    place = {name: number for number, name in enumerate(order)}
    assert all(place[need] < place[name] for name, wanted in needs.items() for need in wanted)
    assert topological_order(dict(needs)) == order


@given(graphs(), st.data())
def test_a_circle_is_found(needs: dict[str, tuple[str, ...]], data: st.DataObject) -> None:
    """Closing any path makes the order raise and name the members."""
    order = topological_order(needs)
    if len(order) >= 2:
        first, last = sorted(
            data.draw(st.lists(st.sampled_from(order), min_size=2, max_size=2, unique=True)), key=order.index
        )
        closed = {**needs, first: (*needs[first], last), last: (*needs[last], first)}
        with pytest.raises(ValueError, match="circle") as caught:
            topological_order(closed)
        assert first in str(caught.value)
        assert last in str(caught.value)


@given(graphs(), st.data())
def test_walking_what_is_ready_reaches_everything_or_skips_it(
    needs: dict[str, tuple[str, ...]], data: st.DataObject
) -> None:
    """Ending ready tasks one by one, some of them badly: each task is ready exactly once, or is unreachable."""
    statuses = dict.fromkeys(needs, Status.PENDING)
    started: list[str] = []
    while found := ready(needs, statuses):
        name = data.draw(st.sampled_from(found))
        assert all(statuses[need] is Status.SUCCEEDED for need in needs[name])
        started.append(name)
        statuses[name] = data.draw(st.sampled_from([Status.SUCCEEDED, Status.SUCCEEDED, Status.FAILED]))
    skipped = unreachable(needs, statuses)
    assert sorted([*started, *skipped]) == sorted(needs)
    assert all(any(statuses[need] is not Status.SUCCEEDED for need in needs[name]) for name in skipped)


@given(graphs())
def test_nothing_is_unreachable_while_all_is_well(needs: dict[str, tuple[str, ...]]) -> None:
    """No failure, no skipping."""
    for status in (Status.PENDING, Status.SUCCEEDED, Status.RUNNING):
        assert unreachable(needs, dict.fromkeys(needs, status)) == ()


def test_a_sound_run_has_no_problems() -> None:
    """Everything used at once, as it should be."""
    instance = Instance(Script(("true",)), environment={"A": "="}, files=(File("a/b", b""),))
    assert problems(Run("r-1.x_y", (Task("a", (instance,)), Task("b", (), needs=("a",))), priority=9)) == ()


@pytest.mark.parametrize(
    ("instance", "problem"),
    [
        (Instance(Program(())), "a program needs"),
        (Instance(Script(()), environment={"A=B": ""}), "'A=B' cannot be set"),
        (Instance(Script(()), environment={"A": "\0"}), "'A' cannot be set"),
        (Instance(Script(()), files=(File("../x", b""),)), "outside the working folder"),
        (Instance(Script(()), files=(File("/x", b""),)), "outside the working folder"),
        (Instance(Script(()), files=(File("", b""),)), "outside the working folder"),
        (Instance(Script(()), limits=Limits(cpu=-1)), "below zero"),
        (Instance(Script(()), directory="a/b"), "'a/b' is not an absolute path"),
    ],
)
def test_nonsense_in_an_instance_is_found(instance: Instance, problem: str) -> None:
    """The sentence names task, instance and problem."""
    (found,) = problems(Run("r", (Task("a", (instance,)),)))
    assert found.startswith("task 'a': instance 0: ")
    assert problem in found


@pytest.mark.parametrize("run_id", ["", ".", "-a", "a/b", "a b", "a" * 129, "ä"])
def test_ids_that_could_not_be_folders_are_refused(run_id: str) -> None:
    """Whatever the engine does with the id is safe."""
    assert any("run id" in problem for problem in problems(Run(run_id, ())))


def test_every_problem_of_a_run_is_told_at_once() -> None:
    """Structure, ports and deciders."""
    tasks = (
        Task("", (), decided_by=(0,), ports=("not a name",)),
        Task("a", (), needs=("b",)),
        Task("b", (), needs=("a",)),
    )
    found = "\n".join(problems(Run("r", tasks, priority=-1)))
    assert all(text in found for text in ("priority -1", "has no name", "0 decides", "'not a name'"))
    assert "circle" in "\n".join(problems(Run("r", tasks[1:])))


def test_the_statuses_that_ended_are_final() -> None:
    """The four ends, and no other."""
    ended = {Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.SKIPPED}
    assert {status for status in Status if status.ended} == ended
