"""Ctrl-C and SIGTERM while something is being written: first ask to stop, then insist."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ASKED = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def graceful(say: Callable[[str], None]) -> Iterator[threading.Event]:
    """An event that the first signal sets; the second one raises KeyboardInterrupt, as usual.

    Calls that are under way end and are recorded, nothing new is begun.
    """
    stop = threading.Event()

    def ask(number: int, frame: Any) -> None:  # noqa: ANN401 - a frame of the interpreter
        if stop.is_set():
            signal.default_int_handler(number, frame)
        stop.set()
        say("stopping: what is under way is allowed to end (once more to leave at once)")

    before = {number: signal.signal(number, ask) for number in _ASKED}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
