"""News on its way to the listener: in order, one call at a time, never lost by a call that failed."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.localplatform.engines.protocol import Event, Listener


class Outbox:
    """A queue with one reader. Safe to use from several threads."""

    def __init__(self, listener: Listener | None) -> None:
        self._listener = listener
        self._waiting: deque[Event] = deque()
        self._delivering = threading.Lock()

    def put(self, events: tuple[Event, ...]) -> None:
        """Queues. Call while holding whatever keeps the events in order; delivers nothing yet."""
        if self._listener is not None:
            self._waiting.extend(events)

    def deliver(self) -> None:
        """Hands over what waits. Call without holding a lock.

        While another call is at it, this one returns at once and leaves the rest to it; so does a listener that calls
        the engine. What a raising listener had in hand is delivered again the next time.
        """
        while self._listener is not None and self._waiting:
            if not self._delivering.acquire(blocking=False):
                return
            try:
                batch = tuple(self._waiting)
                if batch:
                    self._listener(batch)
                for _ in batch:
                    self._waiting.popleft()
            finally:
                self._delivering.release()
