"""Values with wrong parts: what is sure is given, what is not raises, and nothing in between."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.model.expression import strings
from reconciler.model.unsound import ANYTHING, Partial, Unsound, like, member, members, sound, up_to_wrong, without

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WHOLE = {"a": 1, "b": {"c": [1, 2, 3], "d": "x"}, "e": [{"f": 1}, {"f": 2}]}


def _without(*paths: tuple[Any, ...]) -> Any:
    return without(copy.deepcopy(WHOLE), paths)


def test_nothing_wrong_is_the_value_itself() -> None:
    """What holds no wrong part is not even copied."""
    assert without(WHOLE, ()) is WHOLE
    assert _without(("b", "d"))["e"] == WHOLE["e"]
    assert type(_without(("b", "d"))["e"]) is list


def test_a_wrong_member() -> None:
    """The others are there, those that never were are not, and of the wrong one nobody can tell."""
    value = _without(("b", "d"))
    assert type(value) is dict
    held = value["b"]
    assert (held["c"], held.get("c"), "c" in held) == ([1, 2, 3], [1, 2, 3], True)
    assert (held.get("z"), held.get("z", 5), "z" in held) == (None, 5, False)
    with pytest.raises(KeyError):
        held["z"]
    for ask in (lambda: held["d"], lambda: held.get("d"), lambda: "d" in held):
        with pytest.raises(Unsound):
            ask()


def test_a_member_that_is_missing() -> None:
    """A member that must be there and is not is as unknown as a wrong one."""
    with pytest.raises(Unsound):
        _without(("b", "z")).get("b").get("z")


def test_a_key_that_nobody_knows() -> None:
    """It may be meant to be any other: only what is there can be told."""
    value = _without(("b", ANYTHING))["b"]
    assert value["d"] == "x"
    with pytest.raises(Unsound):
        value.get("z")


@pytest.mark.parametrize(
    "ask",
    [
        list,
        len,
        dict,
        sorted,
        json.dumps,
        copy.deepcopy,
        lambda v: {**v},
        lambda v: v | {},
        lambda v: {} | v,
        lambda v: v == {"c": [1, 2, 3]},
        lambda v: v != {},
        lambda v: list(v.keys()),
        lambda v: list(v.values()),
        lambda v: list(v.items()),
        lambda v: v.keys() - {"c"},
        lambda v: {"c"} <= v.keys() and len(v.keys()),
        lambda v: [x for x in v if x == "c"],
        lambda v: list(reversed(v)),
    ],
)
def test_a_mapping_is_never_taken_for_whole(ask: Callable[[Any], Any]) -> None:
    """Whatever goes through all of it comes to the wrong part."""
    with pytest.raises(Unsound):
        ask(_without(("b", "d"))["b"])


@pytest.mark.parametrize(
    "ask",
    [
        list,
        len,
        tuple,
        set,
        sum,
        json.dumps,
        copy.deepcopy,
        lambda v: [*v],
        lambda v: v + [],  # noqa: RUF005 - this very operation
        lambda v: [0] + v,  # noqa: RUF005 - this very operation
        lambda v: v == [1],
        lambda v: v != [1, 2, 3],
        lambda v: v[1],
        lambda v: v[-1],
        lambda v: v[:1],
        lambda v: 9 in v,
        lambda v: list(enumerate(v)),
        lambda v: list(zip(v, "abc", strict=False)),
    ],
)
def test_a_list_is_never_taken_for_whole(ask: Callable[[Any], Any]) -> None:
    """The same, and what stands behind a wrong item is not counted on either."""
    with pytest.raises(Unsound):
        ask(_without(("b", "c", 1))["b"]["c"])


def test_a_list_up_to_its_wrong_item() -> None:
    """Items before it are there, under their numbers."""
    value = _without(("b", "c", 1))["b"]["c"]
    assert (value[0], 1 in value, bool(value)) == (1, True, True)
    assert up_to_wrong(value) == ((1,), False)
    assert up_to_wrong([1, 2]) == ((1, 2), True)


def test_nothing_left() -> None:
    """Whether a mapping without any sure member is empty, nobody can tell."""
    with pytest.raises(Unsound):
        bool(without({"a": 1}, [("a",)]))
    assert bool(without({"a": 1, "b": 2}, [("a",)]))


def test_findings_up_to_the_wrong_part() -> None:
    """What a check has said before it stays said."""

    def check() -> Iterator[int]:
        yield 1
        yield _without(("b", "d"))["b"]["d"]

    assert list(sound(check())) == [1]


def test_looking_for_things() -> None:
    """Who concludes nothing from absence gets what is there."""
    value = _without(("b", "d"), ("e", 1))
    assert list(members(value["b"])) == [("c", [1, 2, 3])]
    assert (member(value["b"], "c"), member(value["b"], "d"), member({"d": 1}, "d")) == ([1, 2, 3], None, 1)
    assert list(strings(_without(("b", "c", 0)))) == [("/b/d", "x")]


def test_what_is_made_of_it_lacks_the_same() -> None:
    """A translation of a partial mapping is partial, of a whole one whole."""
    made = like(_without(("b", "d"))["b"], {"renamed": 1})
    assert isinstance(made, Partial)
    with pytest.raises(Unsound):
        made.get("d")
    assert isinstance(made.copy(), Partial)
    assert type(like(WHOLE, {"a": 1})) is dict


def test_paths_that_lead_nowhere() -> None:
    """A path through what is no mapping and no list takes nothing away."""
    assert without({"a": "text"}, [("a", "b")]) == {"a": "text"}
