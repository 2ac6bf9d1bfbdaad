"""Short critical sections between processes, given back by the kernel when the process dies."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.errors import StateLocked, StateUnwritable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_POLL = 0.002


@contextmanager
def exclusive(file: Path, *, patience: float) -> Iterator[None]:
    """At most one process and thread at a time is inside for the same `file`.

    Sections are milliseconds long. Raises StateLocked when nobody comes out within `patience` seconds (a process
    was suspended inside), StateUnwritable when the file cannot be made.
    """
    handle = _open(file)
    try:
        deadline = time.monotonic() + patience
        while not try_lock(handle):
            if time.monotonic() > deadline:
                msg = f"another process has been inside {file} for {patience:g} s"
                raise StateLocked(msg, hint="It may be suspended in the middle of a write: end it or let it go on.")
            time.sleep(_POLL)
        yield
    finally:
        os.close(handle)


def try_lock(handle: int) -> bool:
    """Takes the advisory lock of an open file, which lasts until the file is closed; False when another has it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _open(file: Path) -> int:
    try:
        return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        msg = f"cannot write {file}: {error.strerror}"
        raise StateUnwritable(msg) from error
