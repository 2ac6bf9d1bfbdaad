"""Points in time, from people and from the platform."""

from __future__ import annotations

import pytest

from reconciler.providers.ai4s.times import milliseconds, utc


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2021-01-30T02:34:36Z", "2021-01-30T02:34:36Z"),
        ("2021-01-30T10:34:36+08:00", "2021-01-30T02:34:36Z"),
        ("2021-01-30T02:34:36.5Z", "2021-01-30T02:34:36.500000Z"),
        ("2021-01-30 02:34:36", ""),
        (1611974076000, "2021-01-30T02:34:36Z"),
        ("1611974076", "2021-01-30T02:34:36Z"),
        (0, ""),
        ("", ""),
        (None, ""),
        ("yesterday", ""),
    ],
)
def test_utc(text: object, said: str) -> None:
    """Known zones become UTC; a time without a zone is not guessed at."""
    assert utc(text) == said


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2021-01-30T02:34:36Z", 1611974076000),
        ("2021-01-30 02:34:36", 1611974076000),
        ("2021-01-30", 1611964800000),
        ("2021-01-30T10:34:36+08:00", 1611974076000),
        ("1611974076", 1611974076000),
        ("1611974076000", 1611974076000),
    ],
)
def test_milliseconds(text: str, number: int) -> None:
    """What people write in filters; no zone means UTC."""
    assert milliseconds(text) == number


def test_milliseconds_of_nonsense() -> None:
    """Nonsense is an error, not the epoch."""
    with pytest.raises(ValueError, match="yesterday"):
        milliseconds("yesterday")
