"""An engine's folder: who uses it, what runs are in it, and where each instance keeps its things.

    FOLDER/
      lock                          held by the engine that uses it
      wake                          a named pipe: supervisors tell that there is news
      bin/                          `python` and `python3`, where the interpreter's own folder lacks one
      runs/<run id>/
        run.json                    the run, last amended
        ended                       it has ended: a restart need not read it
        events.jsonl                all that happened, one event a line
        <task>/<index>/
          log, marks                what the instance wrote, and when (capture.py)
          <attempt>-<launch>/       order.json, claim, started.json, exit.json (supervise.py), script, work/, home/

Everything is private to the user: environments may hold secrets.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

from reconciler.errors import LocalPlatformError
from reconciler.localplatform.engines import codec
from reconciler.localplatform.engines.capture import MARK
from reconciler.localplatform.engines.protocol import LogChunk, LogMark

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reconciler.localplatform.engines.protocol import Event
    from reconciler.localplatform.work import Run

_LONGEST_NAME = 100
_DIGITS = 16
_PRIVATE = 0o700
_LOCK_PATIENCE = 0.5
_LOCK_PAUSE = 0.01


class FolderLock:
    """The right to use an engine's folder. The system gives it back when the process dies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptor = -1

    def take(self) -> None:
        """Raises LocalPlatformError when another process has it or the folder cannot be written. Twice is fine."""
        if self._descriptor >= 0:
            return
        try:
            self._folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
            descriptor = os.open(self._folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            message = f"cannot use {self._folder}: {error.strerror}"
            raise LocalPlatformError(message, hint="free the disk or choose another folder") from error
        if not _locks(descriptor):
            os.close(descriptor)
            message = f"{self._folder} is in use by another process"
            raise LocalPlatformError(message, hint="stop the other local platform first")
        self._descriptor = descriptor

    def release(self) -> None:
        """Gives it back. Twice is fine."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class RunFolder:
    """What is on disk about one run. `folder` need not exist yet. Not safe to share between threads without a lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._unsaved: list[Event] = []

    def create(self, run: Run) -> None:
        """Writes the run, durably. Raises OSError."""
        self.folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        temporary = self.folder / "run.json.new"
        descriptor = os.open(temporary, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(codec.run_to_json(run))
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(self.folder / "run.json")
        _sync_folder(self.folder)

    def append(self, events: Sequence[Event]) -> None:
        """Writes events, durably, before it returns; what an earlier call could not write comes first.

        Raises OSError; then nothing of them is in the file, and they are kept for the next call.
        """
        self._unsaved += events
        if not self._unsaved:
            return
        data = "".join(f"{codec.event_to_json(event)}\n" for event in self._unsaved).encode()
        path = self.folder / "events.jsonl"
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            try:
                _write_all(descriptor, data)
                os.fsync(descriptor)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(descriptor, size)  # a half-written line would hide all that follow
                raise
        finally:
            os.close(descriptor)
        self._unsaved.clear()

    def load(self) -> tuple[Run, tuple[Event, ...]]:
        """The run and its events; a torn last line is cut off. Raises OSError, ValueError."""
        run = codec.run_from_json((self.folder / "run.json").read_text(encoding="utf-8"))
        path = self.folder / "events.jsonl"
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return run, ()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.truncate(path, whole)
        return run, tuple(codec.event_from_json(line) for line in data[:whole].decode().splitlines())

    def remove(self) -> None:
        """Drops everything. Raises OSError."""
        if self.folder.exists():
            # Renamed first, so that a crash half-way leaves no half of a run.
            doomed = self.folder.with_name(f".{self.folder.name}.removed")
            self.folder.rename(doomed)
            shutil.rmtree(doomed)

    def instance(self, task: str, index: int) -> Path:
        """The folder of one instance."""
        return self.folder / folder_name(task) / str(index)

    def read_log(self, task: str, index: int, offset: int, limit: int, *, ended: bool) -> LogChunk:
        """Part of a log. `ended`: nothing more will be written. A log that cannot be read is empty."""
        folder = self.instance(task, index)
        try:
            with (folder / "log").open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                start = min(offset, size) if offset >= 0 else max(size + offset, 0)
                file.seek(start)
                content = file.read(max(limit, 0))
        except OSError:
            return LogChunk(b"", 0, ended)
        end = start + len(content)
        return LogChunk(content, end, ended and end >= size, _marks(folder / "marks", start, end))

    def mark_ended(self, *, ended: bool) -> None:
        """Notes that the run has ended, so that a restart need not read it, or that it has not. Raises OSError."""
        if ended:
            (self.folder / "ended").touch(mode=0o600)
        else:
            (self.folder / "ended").unlink(missing_ok=True)

    def is_marked_ended(self) -> bool:
        """Whether a restart need not read it."""
        return (self.folder / "ended").exists()

    @property
    def has_unsaved(self) -> bool:
        """Whether the disk did not take all of the news yet."""
        return bool(self._unsaved)


def folder_name(text: str) -> str:
    """A run id or task name as a folder name: no two share one, even where case does not count; none is special."""
    name = quote(text, safe=" ", errors="surrogatepass")
    if len(name) <= _LONGEST_NAME and name == name.lower() and not name.startswith("."):
        return name
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
    return f"{name[: _LONGEST_NAME - _DIGITS - 1].lstrip('.')}~{digest}"


def run_folders(folder: Path) -> tuple[Path, ...]:
    """Every run's folder below an engine's folder, by name; what was being removed is removed now."""
    root = folder / "runs"
    if not root.is_dir():
        return ()
    for doomed in root.glob(".*.removed"):
        shutil.rmtree(doomed, ignore_errors=True)
    return tuple(sorted(path for path in root.iterdir() if (path / "run.json").is_file()))


def _marks(path: Path, start: int, end: int) -> tuple[LogMark, ...]:
    """The marks of a stretch, and the last one before it, which tells when its beginning was written."""
    try:
        data = path.read_bytes()
    except OSError:
        return ()
    whole = len(data) - len(data) % MARK.size
    marks = [LogMark(offset, at) for at, offset in MARK.iter_unpack(data[:whole])]
    first = max((number for number, mark in enumerate(marks) if mark.offset <= start), default=0)
    return tuple(mark for mark in marks[first:] if mark.offset < end)


def _locks(descriptor: int) -> bool:
    """Tries for a moment: a child that is just being started holds a copy of the lock until it is itself."""
    end = time.monotonic() + _LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > end:
                return False
            time.sleep(_LOCK_PAUSE)
        else:
            return True


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
