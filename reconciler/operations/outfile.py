"""Files that a person asked for: there whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from reconciler.errors import ReconcilerError


def write_file(file: Path, content: bytes, *, what: str = "write") -> None:
    """Puts `content` into `file`, whole or not at all; what stood there before is replaced, and who may read it stays.

    A link is followed. A device or a pipe (`/dev/null`, `/dev/stdout`, `>(command)`) is written into, and stays what it
    is. Raises ReconcilerError when that cannot be done, which begins with `cannot <what>`.
    """
    unfinished = None
    place = Path(os.path.realpath(file))
    try:
        if place.exists() and not place.is_file():
            place.write_bytes(content)
            return
        handle, name = tempfile.mkstemp(prefix=".reconciler-", dir=place.parent)
        unfinished = Path(name)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        unfinished.chmod(_mode(place))
        unfinished.replace(place)
    except OSError as error:
        if unfinished is not None:
            with suppress(OSError):
                unfinished.unlink()
        msg = f"cannot {what} {file}: {error.strerror}"
        raise ReconcilerError(msg) from error


def make_folder(folder: Path) -> None:
    """Makes it, and those above it; one that is there is fine. Raises ReconcilerError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"cannot make the folder {folder}: {error.strerror}"
        raise ReconcilerError(msg) from error


def _mode(file: Path) -> int:
    """That of the file, or what this process gives to new ones: a mask that can only be read by setting it."""
    if file.exists():
        return stat.S_IMODE(file.stat().st_mode)
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask
