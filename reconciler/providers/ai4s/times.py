"""Points in time: what people write in filters, and what the platform answers (ai4s contract, trap 20)."""

from __future__ import annotations

from datetime import UTC, datetime

_MILLISECONDS = 1000
_FIRST_IN_MILLISECONDS = 10**11
"""Epoch numbers from here on are milliseconds: as seconds they would be in the year 5138."""


def utc(text: object) -> str:
    """`text` as UTC ISO 8601 with a `Z`; "" when it is empty or does not say which zone it is in."""
    if isinstance(text, int) or (isinstance(text, str) and text.isdigit()):
        return _from_epoch(int(text))
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return ""
    if moment.tzinfo is None:
        return ""
    whole = moment.astimezone(UTC)
    return whole.isoformat(timespec="auto").replace("+00:00", "Z")


def milliseconds(text: str) -> int:
    """UNIX milliseconds of an ISO 8601 text (UTC unless it says otherwise) or of an epoch number. Raises ValueError."""
    if text.isdigit():
        number = int(text)
        return number if number >= _FIRST_IN_MILLISECONDS else number * _MILLISECONDS
    moment = datetime.fromisoformat(text)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(aware.timestamp() * _MILLISECONDS)


def _from_epoch(number: int) -> str:
    seconds = number / _MILLISECONDS if number >= _FIRST_IN_MILLISECONDS else number
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="auto").replace("+00:00", "Z") if number else ""
