"""Threads for calls side by side, which keep nobody from leaving."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def workers(count: int, name: str) -> Iterator[ThreadPoolExecutor]:
    """At least one worker, at most `count`. Waits for all at the end, but not for those of a person who insists on
    leaving: their calls only read, or are in the journal.
    """
    pool = ThreadPoolExecutor(max_workers=max(1, count), thread_name_prefix=name)
    insists = False
    try:
        yield pool
    except (KeyboardInterrupt, SystemExit):
        insists = True
        raise
    finally:
        pool.shutdown(wait=not insists, cancel_futures=insists)
