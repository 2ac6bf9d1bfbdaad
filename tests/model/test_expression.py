"""Expressions in texts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.expression import Expression, Space, parse, strings, substitute

NAMES = st.text(st.characters(exclude_categories=["Cs", "Z", "C"], exclude_characters="]$"), min_size=1, max_size=8)
EXPRESSIONS = st.builds(
    lambda space, name, left, right: (space, name, f"$[[{left}{space}.{name}{right}]]"),
    st.sampled_from(Space),
    NAMES,
    st.sampled_from(["", " ", "\t "]),
    st.sampled_from(["", " "]),
)
TEXTS = st.text(st.characters(exclude_characters="$[]"), max_size=5)


@settings(deadline=None)
@given(st.lists(st.tuples(TEXTS, EXPRESSIONS), max_size=4), TEXTS)
def test_expressions_are_found_where_they_stand(pieces: list[tuple[str, tuple[Space, str, str]]], tail: str) -> None:
    """In order, whatever is around them; leaving all of them alone leaves the text alone."""
    text = "".join(before + written for before, (_, _, written) in pieces) + tail
    assert [(e.space, e.name, e.text) for e in parse(text)] == [written for _, written in pieces]
    assert substitute(text, lambda _: None) == text
    filled = "".join(before + f"<{name}>" for before, (_, name, _) in pieces) + tail
    assert substitute(text, lambda found: f"<{found.name}>") == filled


def test_what_belongs_to_others_is_not_touched() -> None:
    """The shell's and the platforms' own brackets."""
    text = "${HOME} $(date) ${{ x }} [[ -f a ]] $[ 1 ]"
    assert parse(text) == []
    assert substitute(text, lambda _: "x") == text


@pytest.mark.parametrize("text", ["$[[ ]]", "$[[ vars ]]", "$[[ env.X ]]", "$[[ vars. ]]", "$[[secret.X]]"])
def test_malformed_expressions_are_told(text: str) -> None:
    """With a sentence that names the text."""
    with pytest.raises(ValueError, match="not an expression"):
        parse(f"x {text}")


def test_an_expression_may_go_over_lines() -> None:
    """As a folded text does."""
    (found,) = parse("$[[\n  secrets.TOKEN\n]]")
    assert (found.space, found.name) == (Space.SECRETS, "TOKEN")


def test_a_value_that_looks_like_an_expression_is_a_value() -> None:
    """It is filled in once and never looked at again."""
    assert substitute("$[[ vars.a ]]", lambda _: "$[[ vars.b ]]") == "$[[ vars.b ]]"


def test_substitution_reaches_everything_and_changes_nothing_in_place() -> None:
    """Names of members are not values."""
    spec: dict[str, Any] = {"$[[ vars.a ]]": ["$[[ vars.a ]]", {"x": "$[[ vars.b ]]"}], "n": 1, "z": None}
    done = substitute(spec, lambda found: "A" if found.name == "a" else None)
    assert done == {"$[[ vars.a ]]": ["A", {"x": "$[[ vars.b ]]"}], "n": 1, "z": None}
    assert spec["$[[ vars.a ]]"][0] == "$[[ vars.a ]]"


def test_strings_come_with_their_pointers() -> None:
    """As RFC 6901 writes them, in document order."""
    value = {"a/b": ["x", {"~": "y"}], "n": 1, "c": "z"}
    assert list(strings(value)) == [("/a~1b/0", "x"), ("/a~1b/1/~0", "y"), ("/c", "z")]


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("Tool/qc@1.0.0", ("Tool/qc@1.0.0", "")),
        ("Tool/qc@1.0.0.url", ("Tool/qc@1.0.0", "url")),
        ("Tool/none", ("Tool/none", "")),
        ("Tool/none.url", ("Tool/none.url", "")),
        ("Tool/qc@1.0.0.a.b", ("Tool/qc@1.0.0.a.b", "")),
    ],
)
def test_outputs_are_split_off_where_the_rest_is_known(name: str, split: tuple[str, str]) -> None:
    """A name may hold dots itself."""
    found = Expression(Space.REF, name, f"$[[ ref.{name} ]]")
    assert found.split_output(lambda text: text == "Tool/qc@1.0.0") == split
