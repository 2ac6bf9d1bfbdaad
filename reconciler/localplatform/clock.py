"""The local platform's own time, which tests may move without waiting."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Clock:
    """UNIX seconds from `source`, plus an offset an administrator can move, or stopped at one instant.

    Everything that carries a time in an answer reads it here, the signature window included. Durations of real
    processes do not: they belong to the engine. Safe to use from several threads.
    """

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._offset = 0.0
        self._frozen: float | None = None

    def now(self) -> float:
        """UNIX seconds as this platform sees them."""
        with self._lock:
            return (self._source() if self._frozen is None else self._frozen) + self._offset

    def advance(self, seconds: float) -> None:
        """Moves the time by `seconds`, which may be negative."""
        with self._lock:
            self._offset += seconds

    def freeze(self) -> None:
        """Stops the time. `advance` still moves it."""
        with self._lock:
            if self._frozen is None:
                self._frozen = self._source()

    def release(self) -> None:
        """Back to the source: runs again, without offset."""
        with self._lock:
            self._frozen = None
            self._offset = 0.0


def utc_text(seconds: float | None) -> str:
    """`2026-01-30T02:34:36Z`, or "" for None. Instants no calendar holds are clipped to its ends."""
    if seconds is None:
        return ""
    clipped = min(max(seconds, 0.0), 253402300799.0)
    return datetime.fromtimestamp(clipped, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
