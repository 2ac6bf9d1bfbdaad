"""What was let go of is kept for a while, not for ever."""

from __future__ import annotations

from reconciler.model.resource import Former
from reconciler.state.former import MOST, SECONDS, kept, ordered
from tests.state.records import address_of, mark_of

NOW = 1e9


def gone(number: int, age: float) -> Former:
    """Something let go of that long ago."""
    return Former(address_of("a"), mark_of("a"), f"id-{number:06d}", NOW - age)


def test_the_old_goes() -> None:
    """A week is long for a list to lag."""
    assert kept([gone(1, SECONDS), gone(2, SECONDS + 1)], NOW) == (gone(1, SECONDS),)


def test_of_too_many_the_oldest_go() -> None:
    """A memory does not grow with all that ever was."""
    many = [gone(number, age=number) for number in range(MOST + 3)]
    assert kept(reversed(many), NOW) == tuple(many[:MOST])


def test_a_clock_that_was_set_back_loses_nothing() -> None:
    """What seems to come from the future is young."""
    assert kept([gone(1, -1e6)], NOW) == (gone(1, -1e6),)


def test_one_object_stands_there_once() -> None:
    """As it was let go of last."""
    assert ordered([gone(2, 1), gone(1, 5), gone(1, 9)]) == (gone(1, 5), gone(2, 1))
