"""Times of the platform: milliseconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from reconciler.providers.modelarts.place import whole


def utc(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """UTC ISO 8601 of milliseconds, which may come as a text; "" for anything that is no time."""
    milliseconds = whole(value)
    if not milliseconds:
        return ""
    try:
        moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def ended(started: Any, duration: Any) -> str:  # noqa: ANN401 - any JSON value
    """When something that began at `started` and took `duration`, both milliseconds, was over."""
    first, long = whole(started), whole(duration)
    return utc(first + long) if first and long else ""
