"""Sign-ins kept in a folder of the person's own, one file each, readable by nobody else."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MOST = 256 * 1024


class FolderCache:
    """A `TokenCache` in a folder, which is made when it is first needed. Whatever goes wrong there is forgotten."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, key: str) -> str:
        """What was kept under `key`; "" for nothing, and for a file that others could have read or written."""
        try:
            with self._file(key).open(encoding="utf-8") as stream:
                facts = os.fstat(stream.fileno())
                alone = facts.st_mode & _OTHERS == 0 and facts.st_uid == os.getuid() if os.name == "posix" else True
                return stream.read() if alone and facts.st_size <= _MOST else ""
        except (OSError, UnicodeDecodeError):
            return ""

    def save(self, key: str, text: str) -> None:
        """Replaces what was kept; the file is the person's alone (mode 0600) from its first byte on."""
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".token-", dir=self._folder)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as stream:
                    stream.write(text)
                Path(name).replace(self._file(key))
            except OSError:
                Path(name).unlink(missing_ok=True)

    def drop(self, key: str) -> None:
        """Forgets what was kept under `key`."""
        with suppress(OSError):
            self._file(key).unlink(missing_ok=True)

    def clear(self) -> int:
        """Forgets everything; how many there were."""
        dropped = 0
        for file in sorted(self._folder.glob("*.token")) if self._folder.is_dir() else ():
            with suppress(OSError):
                file.unlink()
                dropped += 1
        return dropped

    def _file(self, key: str) -> Path:
        return self._folder / f"{key}.token"
