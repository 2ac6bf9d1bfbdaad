"""One spelling for one meaning."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.canonical import DIGEST_VERSION, canonical_json, digest, short_digest

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _reversed(value[name]) for name in reversed(list(value))}
    return [_reversed(item) for item in value] if isinstance(value, list) else value


@settings(deadline=None)
@given(JSON)
def test_canonical_json_round_trips_and_knows_no_order(value: Any) -> None:
    """It is JSON of the same value, the same for every order of members, and its own canonical form."""
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(_reversed(value)) == text
    assert canonical_json(json.loads(text)) == text


@settings(deadline=None)
@given(JSON, JSON)
def test_digests_are_equal_where_the_canonical_json_is(one: Any, other: Any) -> None:
    """And only there."""
    assert (digest(one) == digest(other)) == (canonical_json(one) == canonical_json(other))


def test_a_digest_tells_its_version() -> None:
    """So that another way to make it can be told apart."""
    assert digest({}).startswith(f"{DIGEST_VERSION}:")
    assert len(digest({})) == len(DIGEST_VERSION) + 1 + 64


def test_text_stays_as_it_is() -> None:
    """Not escaped, not normalised; a lone surrogate has a digest too."""
    assert canonical_json({"名": "é"}) == '{"名":"é"}'
    assert digest("\u0065\u0301") != digest("\u00e9")
    assert digest("\ud800") != digest("\ud801")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [float("-inf")]])
def test_numbers_that_json_does_not_have(value: Any) -> None:
    """They are refused rather than written in somebody's dialect."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(value)


def test_short_digests_do_not_collide_by_joining() -> None:
    """Where one part ends is part of what is digested."""
    assert short_digest("ab", "c", length=20) != short_digest("a", "bc", length=20)
    assert short_digest("a", length=20) != short_digest("a", "", length=20)
    assert len(short_digest("a", length=8)) == 8
    assert short_digest("a", length=20).startswith(short_digest("a", length=8))
