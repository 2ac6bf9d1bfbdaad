"""How long to wait before asking again."""

from __future__ import annotations

import math
import random
from datetime import UTC
from email.utils import parsedate_to_datetime

_LONGEST = 30.0
_JITTER = random.SystemRandom()


def exponential(first: float, attempt: int) -> float:
    """Seconds to wait after attempt number `attempt` (from 1): doubling, at most 30 s, and a random half of it taken
    off so that many clients do not come back together.
    """
    whole = min(first * 2.0 ** (attempt - 1), _LONGEST)
    return whole * _JITTER.uniform(0.5, 1.0)


def retry_after(header: str, *, now: float) -> float | None:
    """The seconds a `Retry-After` header asks for: a number of seconds or an HTTP date. None when it is neither.

    `now` is UNIX time by the clock that made the date, the server's where it sent one.
    """
    text = header.strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        return _until(text, now)
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def unix_time(http_date: str) -> float | None:
    """UNIX time of an HTTP date, or None when it is not one."""
    try:
        moment = parsedate_to_datetime(http_date)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _until(http_date: str, now: float) -> float | None:
    moment = unix_time(http_date)
    return None if moment is None else max(moment - now, 0.0)
