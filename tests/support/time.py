"""A clock that only moves when somebody waits."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass(slots=True)
class ManualClock:
    """UNIX time under a test's control. `pause` is what code under test waits with."""

    now: float = 1_000_000.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> float:
        """The time."""
        with self._lock:
            return self.now

    def advance(self, seconds: float) -> None:
        """Time goes by."""
        with self._lock:
            self.now += seconds

    def pause(self, seconds: float) -> bool:
        """Waiting takes no real time, and nobody asks to stop."""
        self.advance(seconds)
        return False
