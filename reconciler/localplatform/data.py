"""The files of the platforms' spaces, buckets and storages, as real folders that jobs read and write."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST_SEGMENT = 255
_LONGEST_PATH = 2048
_SIZE_AGE = 5.0


class OutsideData(ValueError):
    """A path that names nothing inside the data folder. The text says what is wrong with it."""


class DataFolder:
    """`<root>/<area>/<path>`: one area per space or bucket. No path a client sends leads out of its area."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._sizes: dict[str, tuple[float, int]] = {}

    def area(self, name: str) -> Path:
        """The folder of an area, made when missing. Raises OutsideData for a name that is no plain folder name."""
        folder = self.root / _segments(name, single=True)[0]
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def locate(self, area: str, path: str) -> Path:
        """The place of `path` in an area; it need not exist. Leading, trailing and double slashes mean nothing.

        Raises OutsideData for `..`, for what no file can be called, and for symbolic links that lead out.
        """
        folder = self.area(area)
        place = folder.joinpath(*_segments(path, single=False))
        inside, home = place.resolve(), folder.resolve()
        if inside != home and home not in inside.parents:
            raise OutsideData(f"{path!r} leads out of {area!r}")
        return place

    def clear(self) -> None:
        """Removes every area with all that is in it."""
        for folder in sorted(self.root.iterdir()) if self.root.is_dir() else ():
            self.drop(folder.name)

    def drop(self, name: str) -> None:
        """Removes an area with all that is in it. A symbolic link is removed, not followed."""
        folder = self.root / _segments(name, single=True)[0]
        if folder.is_symlink():
            folder.unlink()
        elif folder.is_dir():
            shutil.rmtree(folder)

    @property
    def staging(self) -> Path:
        """A folder beside the areas, for uploads that are not complete."""
        return self.root.with_name("uploads")

    def size(self, name: str) -> int:
        """Bytes in an area. Walks it, but not more often than every few seconds."""
        at, size = self._sizes.get(name, (0.0, 0))
        now = time.monotonic()
        if not at or now - at > _SIZE_AGE:
            size = sum(_size(file) for file in self.area(name).rglob("*"))
            self._sizes[name] = (now, size)
        return size


def _size(file: Path) -> int:
    try:
        return file.lstat().st_size if file.is_file() else 0
    except OSError:  # gone since it was listed
        return 0


def _segments(path: str, *, single: bool) -> list[str]:
    parts = [part for part in path.split("/") if part]
    if single and len(parts) != 1:
        raise OutsideData(f"{path!r} is not the name of a folder")
    for part in parts:
        if part in {".", ".."} or any(ord(c) < ord(" ") or 0xD800 <= ord(c) <= 0xDFFF for c in part):  # noqa: PLR2004
            raise OutsideData(f"{path!r} has a segment that cannot be used: {part!r}")
        if len(part.encode()) > _LONGEST_SEGMENT:
            raise OutsideData(f"{path!r} has a segment of more than {_LONGEST_SEGMENT} bytes")
    if sum(len(part.encode()) + 1 for part in parts) > _LONGEST_PATH:
        raise OutsideData(f"{path[:64]!r}... has more than {_LONGEST_PATH} bytes")
    return parts
