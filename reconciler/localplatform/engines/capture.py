"""What an instance writes, into one file that never grows without bound.

The head is kept as it comes, up to a limit; of the rest only the tail is kept, and appended at the end after a note
that says how much is missing. So a file only ever grows, and offsets into it stay valid. A disk that is full costs
output, never the job. The supervisor imports this at each start of an instance: nothing slow to load.
"""

from __future__ import annotations

import os
import struct
import time

MARK = struct.Struct("<dQ")
"""One mark: UNIX seconds, offset in the log."""

_BETWEEN_MARKS = 0.2


class Capture:
    """Appends to the log at `path`; `marks_path` gets a `MARK` now and then. Sizes in bytes."""

    def __init__(self, path: str, marks_path: str, *, limit: int, tail: int) -> None:
        self.error = ""
        self.dropped = 0
        self._limit = limit
        self._tail_limit = tail
        self._tail = bytearray()
        self._kept = 0
        self._marked = 0.0
        self._log = self._open(path)
        self._marks = self._open(marks_path)
        self._offset = os.lseek(self._log, 0, os.SEEK_END) if self._log >= 0 else 0

    def header(self, text: str) -> None:
        """A line of our own, outside the limit."""
        self._append(text.encode("utf-8", "replace"))

    def write(self, data: bytes) -> None:
        """Takes what the job wrote."""
        head = data[: max(self._limit - self._kept, 0)]
        if head:
            self._kept += len(head)
            self._append(head)
        rest = data[len(head) :]
        if rest:
            self._tail += rest
            excess = max(len(self._tail) - self._tail_limit, 0)
            self.dropped += excess
            del self._tail[:excess]

    def finish(self) -> None:
        """Appends the tail, or what went wrong, and closes. Call once."""
        if self.error:
            reason, self.error = self.error, ""
            self._append(f"\n[... output lost: {reason} ...]\n".encode("utf-8", "replace"))
            self.error = reason
        elif self.dropped:
            self._append(f"\n[... {self.dropped} bytes of output left out ...]\n".encode())
        self._append(bytes(self._tail))
        for descriptor in (self._log, self._marks):
            if descriptor >= 0:
                os.close(descriptor)
        self._log = self._marks = -1

    def _open(self, path: str) -> int:
        try:
            return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            self.error = error.strerror or str(error)
            return -1

    def _append(self, data: bytes) -> None:
        if self._log < 0 or self.error:  # after a failure the file stays a true prefix, without holes
            return
        now = time.time()
        try:
            if self._marks >= 0 and now - self._marked >= _BETWEEN_MARKS:
                self._marked = now
                os.write(self._marks, MARK.pack(now, self._offset))
            view = memoryview(data)
            while view:
                written = os.write(self._log, view)
                self._offset += written
                view = view[written:]
        except OSError as error:
            self.error = error.strerror or str(error)
