"""One durable write for many callers, each of whom returns only when its own part is durable."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_T = TypeVar("_T")


class _Batch(Generic[_T]):
    """Items that will be written together, and how that ended."""

    def __init__(self) -> None:
        self.items: list[_T] = []
        self.ended = False
        self.error: BaseException | None = None


class GroupCommit(Generic[_T]):
    """While one caller writes, the next ones queue up and are then written together by one of them.

    `flush` makes a whole batch durable or raises; it is never called twice at the same time.
    """

    def __init__(self, flush: Callable[[Sequence[_T]], None]) -> None:
        self._flush = flush
        self._condition = threading.Condition()
        self._waiting: _Batch[_T] = _Batch()
        self._flushing = False

    def add(self, item: _T) -> None:
        """Returns when `item` is durable. Raises what `flush` raised for the batch the item was in."""
        with self._condition:
            batch = self._waiting
            batch.items.append(item)
            while self._flushing and not batch.ended:
                self._condition.wait()
            leads = not batch.ended
            if leads:
                self._flushing = True
                self._waiting = _Batch()
        if leads:
            self._lead(batch)
        if batch.error is not None:
            raise batch.error

    def _lead(self, batch: _Batch[_T]) -> None:
        try:
            self._flush(batch.items)
        except BaseException as error:
            batch.error = error
            raise
        finally:
            with self._condition:
                batch.ended = True
                self._flushing = False
                self._condition.notify_all()
