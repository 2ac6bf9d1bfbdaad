"""Results that go into a file instead of standard output."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from reconciler.errors import ReconcilerError

IntoFile = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there instead of printing it.")
]


def write_file(file: Path, content: bytes) -> None:
    """Puts `content` into `file`, whole or not at all; what stood there before is replaced.

    Raises ReconcilerError when that cannot be done.
    """
    unfinished = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        unfinished = Path(name)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        unfinished.chmod(0o666 & ~_mask())
        unfinished.replace(file)
    except OSError as error:
        if unfinished is not None:
            with suppress(OSError):
                unfinished.unlink()
        msg = f"cannot write {file}: {error.strerror}"
        raise ReconcilerError(msg) from error


def _mask() -> int:
    """The process's file creation mask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
