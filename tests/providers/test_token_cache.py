"""Sign-ins that outlive a process: kept for one person, and never a reason to fail."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from reconciler.providers.token_cache import FolderCache

if TYPE_CHECKING:
    from pathlib import Path

posix = pytest.mark.skipif(os.name != "posix", reason="file modes are those of POSIX")


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    """Under its own key, until it is dropped."""
    cache = FolderCache(tmp_path / "a" / "tokens")
    assert cache.load("k") == ""
    cache.save("k", "one")
    cache.save("k", "two")
    cache.save("other", "three")
    assert (cache.load("k"), cache.load("other")) == ("two", "three")
    cache.drop("k")
    assert cache.load("k") == ""
    assert cache.clear() == 1
    assert cache.load("other") == ""


@posix
def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    """The folder is 0700 and the file 0600, whatever the process's mask."""
    before = os.umask(0)
    try:
        FolderCache(tmp_path / "tokens").save("k", "fake-token")
    finally:
        os.umask(before)
    (file,) = (tmp_path / "tokens").iterdir()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@posix
@pytest.mark.parametrize("mode", [0o644, 0o660, 0o602])
def test_what_others_could_touch_is_not_believed(tmp_path: Path, mode: int) -> None:
    """A file that was opened up may hold anybody's token."""
    cache = FolderCache(tmp_path)
    cache.save("k", "fake-token")
    next(tmp_path.iterdir()).chmod(mode)
    assert cache.load("k") == ""


def test_a_place_that_cannot_be_used_is_no_error(tmp_path: Path) -> None:
    """Where a file stands instead of the folder, nothing is kept and nothing fails."""
    (tmp_path / "tokens").write_text("")
    cache = FolderCache(tmp_path / "tokens")
    cache.save("k", "fake-token")
    cache.drop("k")
    assert (cache.load("k"), cache.clear()) == ("", 0)
