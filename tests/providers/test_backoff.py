"""Waits: doubling with jitter, and what Retry-After says."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.providers.backoff import exponential, retry_after


@given(st.floats(0.001, 10), st.integers(1, 60))
def test_wait_doubles_up_to_a_bound(first: float, attempt: int) -> None:
    """Between half of the doubled wait and all of it, at most thirty seconds."""
    whole = min(first * 2 ** (attempt - 1), 30)
    assert whole / 2 <= exponential(first, attempt) <= whole


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 1.5 ", 1.5),
        ("-3", 0.0),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("Fri, 31 Feb 2026 00:00:00 GMT", None),
        (formatdate(1_000_060, usegmt=True), 60.0),
        (formatdate(999_000, usegmt=True), 0.0),
        ("Mon, 12 Jan 1970 13:47:40", 60.0),
    ],
)
def test_retry_after(header: str, seconds: float | None) -> None:
    """Seconds or an HTTP date; anything else is no advice."""
    assert retry_after(header, now=1_000_000) == seconds
