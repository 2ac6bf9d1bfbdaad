"""Writing files so that they are whole or not there, whatever happens to the process or the machine."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from reconciler.errors import StateUnwritable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def make_folder(folder: Path) -> None:
    """The folder and its parents, readable by nobody else and durable. Raises StateUnwritable."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error
    for place in missing:
        sync_folder(place.parent)


def write_file(file: Path, data: bytes) -> None:
    """Creates or replaces `file` atomically; durable once `sync_folder` has been called. Raises StateUnwritable."""
    draft = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        with draft.open("wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        draft.replace(file)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise _unwritable(file, error) from error


def sync_folder(folder: Path) -> None:
    """Makes the folder's own entries durable: a new file's name is not, until then. Raises StateUnwritable."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise _unwritable(folder, error) from error


class AppendFile:
    """A file that only grows, by whole durable pieces. Not safe from several threads at once: see `group.py`."""

    def __init__(self, file: Path, keep: int) -> None:
        """Opens or makes `file` and cuts off what follows its first `keep` bytes. Raises StateUnwritable."""
        self._file = file
        self._broken = False
        try:
            self._handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unwritable(file, error) from error
        try:
            os.ftruncate(self._handle, keep)
            self._end = os.lseek(self._handle, 0, os.SEEK_END)
        except OSError as error:
            os.close(self._handle)
            raise _unwritable(file, error) from error

    def append(self, pieces: Sequence[bytes]) -> None:
        """All of them durable, or none of them there. Raises StateUnwritable; after a failure to undo, always."""
        if self._broken:
            msg = f"{self._file} could not be written before and may hold half a record; apply again to go on"
            raise StateUnwritable(msg)
        data = b"".join(pieces)
        try:
            self._write(data)
            os.fsync(self._handle)
        except OSError as error:
            self._undo()
            raise _unwritable(self._file, error) from error
        self._end += len(data)

    def close(self) -> None:
        """Frees the descriptor."""
        os.close(self._handle)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._handle, view) :]

    def _undo(self) -> None:
        """Half a record must not be followed by a whole one. After a failed fsync the pages' fate is not known
        either, so the bytes go, and when they cannot go, nothing more is written.
        """
        try:
            os.ftruncate(self._handle, self._end)
            os.lseek(self._handle, self._end, os.SEEK_SET)
            os.fsync(self._handle)
        except OSError:
            self._broken = True


def _unwritable(path: Path, error: OSError) -> StateUnwritable:
    hint = "Free some space, or give this user the right to write there, and apply again."
    return StateUnwritable(f"cannot write {path}: {error.strerror or error}", hint=hint)
