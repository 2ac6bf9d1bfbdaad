"""Telling of each exchange with a platform: on standard error, and into a file that outlives the process."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.operations.settings import Settings
    from reconciler.operations.workspace import Say


def tracer(settings: Settings, say: Say) -> Callable[[str], None] | None:
    """What gets one line for each exchange, None when nobody wants any. Raises UsageError for a file that cannot be
    written.
    """
    listeners = [say] if settings.trace else []
    if settings.log is not None:
        listeners.append(_Log(settings.log).note)
    if not listeners:
        return None

    def tell(line: str) -> None:
        for listener in listeners:
            listener(line)

    return tell


class _Log:
    """A file that lines are added to. It is the person's alone: what was done where is nobody else's business."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        try:
            self._add("")
        except OSError as error:
            msg = f"the log {file} cannot be written: {error.strerror}"
            raise UsageError(msg, hint="RECONCILER_LOG names it.") from error

    def note(self, line: str) -> None:
        """Adds one line after its time. A disk that has become full since stops no work."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        with self._lock:
            try:
                self._add(f"{at} {line}\n")
            except OSError:
                return

    def _add(self, text: str) -> None:
        handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8") as stream:
            stream.write(text)
