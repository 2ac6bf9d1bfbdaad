"""Redaction."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from reconciler.model.secret import REDACTED, Redactor

SECRET = 's3cret/with "quotes" & ünïcode'


@pytest.mark.parametrize(
    "spelling",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
    ],
)
def test_a_secret_is_masked_in_every_spelling(spelling: str) -> None:
    """However it travels."""
    text = Redactor().with_values(SECRET).redact(f"before {spelling} after")
    assert SECRET not in text
    assert spelling.strip('"') not in text
    assert text.startswith("before ")
    assert REDACTED in text


def test_the_longest_secret_goes_first() -> None:
    """So that no tail of a longer one survives a shorter one."""
    redactor = Redactor(frozenset({"hunter2", "hunter2-and-more"}))
    assert redactor.redact("x hunter2-and-more y hunter2 z") == f"x {REDACTED} y {REDACTED} z"


def test_lines_of_a_long_secret_are_masked_each() -> None:
    """A key is often printed line by line."""
    key = "-----BEGIN FAKE-----\nfirst line of it\nsecond line of it\n-----END FAKE-----"
    assert "second line" not in Redactor().with_values(key).redact("found: second line of it")


def test_a_secret_that_is_no_text_is_masked_too() -> None:
    """Environment variables may hold any bytes; Python keeps those that are no UTF-8 as halves of characters."""
    raw = b"\xff\xfe\xfd-secret"
    value = raw.decode("utf-8", "surrogateescape")
    redactor = Redactor().with_values(value)
    assert redactor.redact(f"x {value} y") == f"x {REDACTED} y"
    assert redactor.redact(f"x {base64.b64encode(raw).decode()} y") == f"x {REDACTED} y"
    assert redactor.redact("x %FF%FE%FD-secret y") == f"x {REDACTED} y"
    assert Redactor().with_values("half \ud800").redact("a half \ud800") == f"a {REDACTED}"


def test_short_and_empty_values_are_left_alone() -> None:
    """They would shred ordinary text."""
    redactor = Redactor().with_values("abc", "")
    assert redactor.redact("abc abcd") == "abc abcd"
    assert redactor.values == frozenset({"abc"})
