"""How many calls may be in flight to one target: as many as it bears, found by trying.

Additive increase, multiplicative decrease: a full round of good answers adds one, a "too many" halves. All threads of
a target share one limiter, so that a throttled thread slows the others down too.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FEWEST = 1.0
_LOOK = 0.25
"""Seconds after which somebody who waits for a turn looks whether it is still worth waiting."""
_QUIET_SECONDS = 1.0
"""One burst of refusals halves once: the calls that were in flight together are told off together."""


class Limiter:
    """Hands out turns. Thread-safe. Times are those of `clock`, a monotonic one. Once `stop` is set nobody waits."""

    def __init__(
        self, most: int, clock: Callable[[], float] = time.monotonic, *, stop: threading.Event | None = None
    ) -> None:
        self._most = float(max(most, 1))
        self._limit = self._most
        self._in_flight = 0
        self._resume_at = 0.0
        self._slowed_at = -_QUIET_SECONDS
        self._clock = clock
        self._stop = stop
        self._turn = threading.Condition()

    @property
    def limit(self) -> int:
        """How many may be in flight now."""
        return int(self._limit)

    @contextmanager
    def turn(self, deadline: float) -> Iterator[bool]:
        """Waits for a turn and holds it; False when `deadline` or a stop comes first, and then none is held."""
        granted = self._acquire(deadline)
        try:
            yield granted
        finally:
            if granted:
                with self._turn:
                    self._in_flight -= 1
                    self._turn.notify()

    def answered(self) -> None:
        """The target coped: room for a little more."""
        with self._turn:
            self._limit = min(self._most, self._limit + 1.0 / self._limit)
            self._turn.notify()

    def throttled(self, wait: float) -> None:
        """The target said "too many": half of it, and nobody starts for `wait` seconds."""
        with self._turn:
            now = self._clock()
            self._resume_at = max(self._resume_at, now + wait)
            if now - self._slowed_at >= _QUIET_SECONDS:
                self._slowed_at = now
                self._limit = max(_FEWEST, self._limit / 2)

    def _acquire(self, deadline: float) -> bool:
        with self._turn:
            while True:
                now = self._clock()
                if max(now, self._resume_at) >= deadline:
                    return False
                if now >= self._resume_at and self._in_flight < self.limit:
                    self._in_flight += 1
                    return True
                if self._stop is not None and self._stop.is_set():
                    return False
                left = max((self._resume_at if now < self._resume_at else deadline) - now, 0.0)
                self._turn.wait(left if self._stop is None else min(left, _LOOK))
