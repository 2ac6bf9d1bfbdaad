"""Orders and cycles."""

from __future__ import annotations

import pytest

from reconciler.planning.graph import closure, cycles, in_order, knots


def test_everything_comes_after_what_it_needs_the_smallest_first() -> None:
    """Of several that may come next, the smallest comes next."""
    assert in_order({"c": ["a"], "b": [], "a": [], "d": ["b", "c"]}) == ["a", "b", "c", "d"]


def test_needs_outside_of_the_graph_do_not_count() -> None:
    """Something that is not to be ordered holds nothing up."""
    assert in_order({"a": ["x"], "b": ["a", "a"]}) == ["a", "b"]


def test_a_cycle_and_what_needs_it_are_left_out() -> None:
    """The rest is in order."""
    assert in_order({"a": ["b"], "b": ["a"], "c": ["a"], "d": []}) == ["d"]


def test_closure_is_everything_needed() -> None:
    """Directly or not, itself included."""
    assert closure(["a"], {"a": ["b"], "b": ["c", "a"], "d": ["a"]}) == {"a", "b", "c"}


def test_cycles_are_short_and_begin_at_the_smallest() -> None:
    """Out of a knot comes one shortest cycle through its smallest node."""
    needs = {"b": ["c"], "c": ["d", "b"], "d": ["b"], "a": ["b"], "x": ["x"], "y": ["z"], "z": ["y"]}
    assert cycles(needs) == [["b", "c"], ["x"], ["y", "z"]]


def test_a_long_way_round() -> None:
    """The path follows the needs."""
    assert cycles({"a": ["d"], "d": ["c"], "c": ["a"], "b": []}) == [["a", "d", "c"]]


def test_two_ways_round() -> None:
    """One of them is told, the smaller."""
    assert cycles({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": ["a"]}) == [["a", "b", "d"]]


def test_no_cycles_in_a_diamond() -> None:
    """Two ways to the same node are no cycle."""
    assert cycles({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}) == []


def test_knots_of_two_circles_that_touch() -> None:
    """Circles with a common node are one knot."""
    found = knots({1: [2], 2: [1, 3], 3: [2], 4: [1]})
    assert sorted(map(sorted, found)) == [[1, 2, 3], [4]]


@pytest.mark.parametrize("size", [5000])
def test_a_chain_longer_than_the_stack(size: int) -> None:
    """Nothing here is recursive."""
    chain: dict[int, list[int]] = {number: [number + 1] for number in range(size)}
    assert cycles(chain) == []
    assert in_order(chain) == list(range(size - 1, -1, -1))
    assert len(cycles({**chain, size: [0]})[0]) == size + 1
