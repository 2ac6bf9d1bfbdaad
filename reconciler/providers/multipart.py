"""A multipart form as a body of known length that is read while it is sent: models may be larger than memory."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from reconciler.errors import Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.providers.exchange import Form

_CHUNK = 256 * 1024
_QUOTED = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})
"""What browsers write for what would end a name."""


class Multipart:
    """The body of one request. It has a length, and can be read once by pieces, by `read` or by walking over it."""

    def __init__(self, form: Form) -> None:
        """Looks at the files. Raises Unreachable when one cannot be read: nothing is sent then."""
        self._boundary = secrets.token_hex(16)
        parts: list[bytes | tuple[Path, int]] = []
        for name, value in form.fields.items():
            parts.append(self._heading(f'name="{_quoted(name)}"') + value.encode() + b"\r\n")
        for name, (sent, path) in form.files.items():
            disposition = f'name="{_quoted(name)}"; filename="{_quoted(sent)}"'
            heading = self._heading(disposition, "Content-Type: application/octet-stream\r\n")
            parts += [heading, (path, _size(path)), b"\r\n"]
        parts.append(f"--{self._boundary}--\r\n".encode())
        self._parts = parts
        self._length = sum(len(part) if isinstance(part, bytes) else part[1] for part in parts)
        self._pieces: Iterator[bytes] | None = None
        self._rest = b""

    @property
    def content_type(self) -> str:
        """For the header of the request."""
        return f"multipart/form-data; boundary={self._boundary}"

    def __len__(self) -> int:
        """Bytes in all."""
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        """Every piece, from the beginning. Raises OSError when a file is gone, or is not what it was."""
        for part in self._parts:
            if isinstance(part, bytes):
                yield part
                continue
            path, left = part
            with path.open("rb") as file:
                while left and (piece := file.read(min(_CHUNK, left))):
                    left -= len(piece)
                    yield piece
            if left:
                msg = f"{path.name} became shorter while it was sent"
                raise OSError(msg)

    def read(self, size: int = -1) -> bytes:
        """The next `size` bytes, fewer only at the end; all that is left without a size."""
        if self._pieces is None:
            self._pieces = iter(self)
        while size < 0 or len(self._rest) < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._rest += piece
        wanted = len(self._rest) if size < 0 else size
        given, self._rest = self._rest[:wanted], self._rest[wanted:]
        return given

    def _heading(self, disposition: str, more: str = "") -> bytes:
        return f"--{self._boundary}\r\nContent-Disposition: form-data; {disposition}\r\n{more}\r\n".encode()


def _quoted(text: str) -> str:
    return text.translate(_QUOTED)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        msg = f"{path} cannot be sent: {error.strerror}"
        raise Unreachable(msg) from error
