from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.providers.ai4s.meaning.wiring import Wire, cycles, wire

NAMES = "abcdefg"
GRAPHS = st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), max_size=3).map(tuple))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("${t.out}", Wire("t", "out")),
        ("${Trim_1-b.out-2}", Wire("Trim_1-b", "out-2")),
        ("${t}", None),
        ("${t.Out}", None),
        ("${1t.out}", None),
        ("x${t.out}", None),
        ("${t.out}\n", None),
        ("${a.b.c}", None),
        ("$[[ ref.a/b.c ]]", None),
        ("", None),
    ],
)
def test_what_is_wiring(value: str, expected: Wire | None) -> None:
    """A value is an edge only as a whole, with a task and an output in their own grammars."""
    assert wire(value) == expected


def _edges_among(needs: dict[str, tuple[str, ...]]) -> dict[str, list[str]]:
    return {name: [need for need in wanted if need in needs] for name, wanted in needs.items()}


@given(GRAPHS)
def test_circles_are_found_exactly_when_there_are_some(needs: dict[str, tuple[str, ...]]) -> None:
    """Against the standard library: a graph without an order has a reported circle, one with an order has none."""
    try:
        TopologicalSorter(_edges_among(needs)).prepare()
        ordered = True
    except CycleError:
        ordered = False
    assert ordered is (not list(cycles(needs)))


@given(GRAPHS)
def test_a_reported_circle_is_one(needs: dict[str, tuple[str, ...]]) -> None:
    """Each task needs the next, the last needs the first; no task twice, no task in two circles."""
    found = list(cycles(needs))
    for circle in found:
        assert all(after in needs[before] for before, after in zip(circle, (*circle[1:], circle[0]), strict=True))
    told = [task for circle in found for task in circle]
    assert len(told) == len(set(told))
