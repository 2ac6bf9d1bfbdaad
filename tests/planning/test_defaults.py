"""What a platform filled in where nobody asked for anything."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.canonical import canonical_json
from reconciler.planning.defaults import LOOKED, filled_in, told
from reconciler.planning.fingerprint import Sight
from tests.planning.samples import RULES, SCOPE, tool

KEY, ANOTHER = "a1" * 32, "b2" * 32
TOOLS = RULES["acme", "Tool"]
TOKEN = "$[[ secrets.TOKEN ]]"


def filled(asked: dict[str, Any], shown: dict[str, Any], key: str = KEY) -> dict[str, str]:
    """What is noted of a tool that shows more than it was asked to be."""
    spec = dict(tool(**asked).spec)
    found = filled_in({**spec, **shown}, spec, Sight(TOOLS, SCOPE, (spec,), key))
    assert found.pop(LOOKED, "nobody looked") == ("{}" if key else "nobody looked")
    return found


@pytest.mark.parametrize(
    ("asked", "shown", "noted"),
    [
        ({"image": "busybox"}, {"image": "busybox"}, {}),
        ({"image": "busybox"}, {"image": "edited"}, {}),
        (
            {},
            {"replicas": 3, "public": False, "nothing": None},
            {"/replicas": "3", "/public": "false", "/nothing": "null"},
        ),
        ({}, {"deep": {"er": {"cpu": 1}, "on": True}}, {"/deep/er/cpu": "1", "/deep/on": "true"}),
        ({"deep": {"on": True}}, {"deep": {"on": True, "off": 0}}, {"/deep/off": "0"}),
        ({"deep": 1}, {"deep": {"on": True}}, {}),
        ({}, {"a/b~c": 1}, {"/a~1b~0c": "1"}),
        ({}, {"created": 17}, {}),
        ({}, {"timeout": 1440}, {}),
        ({}, {"timeout": 10}, {"/timeout": "10"}),
        ({"timeout": 7}, {"timeout": 10}, {}),
        (
            {"inputs": [{"name": "a"}]},
            {"inputs": [{"name": "b", "n": 1}, {"name": "a", "n": 2}]},
            {"/inputs/[a]/n": "2"},
        ),
        ({"steps": [{"n": 1}, {"n": 2}]}, {"steps": [{"n": 1}, {"n": 2, "m": 3}]}, {"/steps/1/m": "3"}),
        ({"steps": [{"n": 1}]}, {"steps": [{"n": 1, "m": 3}, {"n": 2}]}, {}),
        ({}, {"steps": [1, 2]}, {"/steps": "[1,2]"}),
    ],
)
def test_what_nobody_asked_for_is_noted(asked: dict[str, Any], shown: dict[str, Any], noted: dict[str, str]) -> None:
    """By place, as field changes write it; what is asked for, what moves by itself and known defaults are not."""
    assert filled(asked, shown) == noted


@pytest.mark.parametrize("value", ["secret-ish", ["a"], {"a": ["b"]}, list(range(200))])
def test_texts_and_what_is_long_are_noted_by_a_keyed_digest(value: Any) -> None:
    """Nobody reads them in a memory, and only who has its key can compare."""
    noted, other = (list(filled({}, {"note": value}, key).values()) for key in (KEY, ANOTHER))
    assert all(text.startswith("k1:") for text in noted)
    assert noted != other
    assert filled({}, {"note": value}) == filled({}, {"note": value})


def test_a_value_can_be_compared_with_a_note() -> None:
    """Equal texts are equal values."""
    sight = Sight(TOOLS, SCOPE, (), KEY)
    for value in (3, None, "text", [1], ["text"]):
        assert filled({}, {"note": value})["/note"] == told(value, sight)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({}, {"password": "hunter2"}),
        ({"env": {"A": TOKEN}}, {"env": {"A": "hunter2", "B": "hunter2", "C": ["hunter2"]}}),
        ({"inputs": [{"name": "a"}]}, {"inputs": [{"name": "a", "token": "hunter2"}]}),
    ],
)
def test_what_may_be_a_secret_is_not_noted(asked: dict[str, Any], shown: dict[str, Any]) -> None:
    """Not even as a digest: who reads the memory has its key."""
    assert filled(asked, shown) == {}


def test_without_a_key_nothing_is_noted() -> None:
    """There is no memory to note it in."""
    assert filled({}, {"replicas": 3, "note": "x"}, key="") == {}


def test_notes_are_text() -> None:
    """Canonical: the same value is the same note everywhere."""
    assert filled({}, {"deep": {"list": [{"b": 1, "a": 2}]}}) == {"/deep/list": canonical_json([{"a": 2, "b": 1}])}
