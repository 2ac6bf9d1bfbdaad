"""Expressions beside values."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.change import ABSENT
from reconciler.model.kind import FieldRule, Kind, Life
from reconciler.planning.expressions import HIDDEN, agrees, filled, holds_secret, masked, texts, veiled
from reconciler.planning.rules import rules_of

NEW = frozenset({"$[[ ref.Tool/new ]]"})


@pytest.mark.parametrize(
    ("written", "live", "expected"),
    [
        ("plain", "plain", True),
        ("plain", "other", False),
        ("$[[ secrets.T ]]", "anything", True),
        ("$[[ secrets.T ]]", "", True),
        ("a $[[ secrets.T ]] z", "a b z", True),
        ("a $[[ secrets.T ]] z", "a z", False),
        ("a$[[ secrets.T ]]a", "a", False),
        ("a$[[ secrets.T ]]a", "aa", True),
        ("$[[ secrets.A ]]-$[[ secrets.B ]]", "x-y", True),
        ("$[[ secrets.A ]]-$[[ secrets.B ]]", "xy", False),
        ("$[[ secrets.A ]]-x-$[[ secrets.B ]]-y", "1-x-2-y", True),
        ("$[[ secrets.A ]]xy$[[ secrets.B ]]y", "xy", False),
        ("$[[ ref.Tool/old ]]", "id-1", True),
        ("$[[ ref.Tool/new ]]", "id-1", False),
        ("x $[[ ref.Tool/new ]] $[[ secrets.T ]]", "x id-1 s", False),
        ("a$[[ secrets.T ]]", "xb", False),
        ("$[[ secrets.T ]]a", "bx", False),
        ("$[[ secrets.A ]]x$[[ secrets.B ]]", "x", True),
        ("$[[ secrets.T ]]", 5, False),
        ("$[[ secrets.T ]]", ABSENT, False),
        ("$[[ unclosed", "$[[ unclosed", True),
        ("$[[ unclosed", "other", False),
        (ABSENT, ABSENT, True),
        (ABSENT, "x", False),
        ({"a": "$[[ secrets.T ]]"}, {"a": "s"}, True),
        ({"a": "$[[ secrets.T ]]"}, {"a": "s", "b": 1}, False),
        ({"a": "$[[ secrets.T ]]"}, ["s"], False),
        ({"a": "$[[ secrets.T ]]", "b": 1}, {"a": "s", "b": 2}, False),
        (["$[[ secrets.T ]]", 1], ["s", 1], True),
        ("plain", ["plain"], False),
        (["plain"], "plain", False),
        ({"a": 1}, 1, False),
        (["$[[ secrets.T ]]", 1], ["s", True], False),
        (["$[[ secrets.T ]]"], ["s", "t"], False),
        (1, True, False),
    ],
)
def test_what_may_have_become_of_what_was_written(written: Any, live: Any, expected: bool) -> None:
    """An expression stands for any text, unless its value will be a new one."""
    assert agrees(written, live, NEW) is expected


def test_known_expressions_are_filled_in() -> None:
    """Those that are not known stay, malformed ones too."""
    values = {"$[[ ref.Tool/a ]]": "id-a"}
    spec = {"x": ["$[[ ref.Tool/a ]]/$[[ secrets.T ]]", 1], "y": "$[[ ref.Tool/b ]]", "z": "$[[ nonsense ]]"}
    assert filled(spec, values) == {
        "x": ["id-a/$[[ secrets.T ]]", 1],
        "y": "$[[ ref.Tool/b ]]",
        "z": "$[[ nonsense ]]",
    }


def test_secrets_are_noticed_anywhere() -> None:
    """In any depth; other expressions are none."""
    assert holds_secret({"a": [{"b": "x $[[ secrets.T ]]"}]})
    assert not holds_secret(["$[[ ref.Tool/a ]]", "secrets.T"])
    assert not holds_secret(ABSENT)


def test_a_veil_leaves_what_an_author_wrote() -> None:
    """Any other text may hold the secret; numbers of authors and platforms alike stay."""
    live = {"a": "export T=hunter2", "b": ["make", 3, True, None], "c": ABSENT}
    assert veiled(live, {"make"}) == {"a": HIDDEN, "b": ["make", 3, True, None], "c": ABSENT}


def test_secret_fields_are_masked_but_for_references() -> None:
    """Numbers too; null and truth values say nothing."""
    rules = rules_of(
        Kind(
            "acme",
            "Thing",
            Life.STANDING,
            "",
            ("name",),
            (FieldRule("pw", "", secret=True), FieldRule("env[].value", "", secret=True)),
        )
    )
    spec = {
        "pw": {"a": "x", "b": 5, "c": None, "d": True, "e": "$[[ secrets.T ]]", "f": "x$[[ secrets.T ]]", "g": ["y"]},
        "env": [{"name": "A", "value": "hunter2"}],
        "image": "lab/qc",
    }
    assert masked(spec, rules) == {
        "pw": {"a": HIDDEN, "b": HIDDEN, "c": None, "d": True, "e": "$[[ secrets.T ]]", "f": HIDDEN, "g": [HIDDEN]},
        "env": [{"name": "A", "value": HIDDEN}],
        "image": "lab/qc",
    }
    assert masked(ABSENT, rules) is ABSENT


def test_texts_of_a_value() -> None:
    """All of them, in any depth."""
    assert texts({"a": ["x", {"b": "y"}], "c": 1}) == {"x", "y"}
    assert texts([]) == set()
