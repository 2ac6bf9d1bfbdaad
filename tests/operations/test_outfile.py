"""Files that a person asked for."""

from __future__ import annotations

import os
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import ReconcilerError
from reconciler.operations.outfile import make_folder, write_file

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """What stood there is replaced, and nothing else is left in the folder."""
    file = tmp_path / "plan.json"
    file.write_text("a much longer text than the new one", encoding="utf-8")
    write_file(file, b"new")
    assert file.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [file]


def test_a_pipe_stays_a_pipe(tmp_path: Path) -> None:
    """What is no regular file is written into and not replaced: a device would be gone for everybody."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    heard: list[bytes] = []
    reader = threading.Thread(target=lambda: heard.append(pipe.read_bytes()))
    reader.start()
    write_file(pipe, b"through")
    reader.join(timeout=30)
    assert heard == [b"through"]
    assert pipe.is_fifo()


@pytest.mark.parametrize("place", ["nowhere/file", "."])
def test_what_cannot_be_written(tmp_path: Path, place: str) -> None:
    """A folder that is not there, or one in the file's place: an error that says so, in the caller's words."""
    with pytest.raises(ReconcilerError, match=r"^cannot save it to .*: (No such file|Is a directory)"):
        write_file(tmp_path / place, b"", what="save it to")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_a_folders_place(tmp_path: Path) -> None:
    """A folder that cannot be made is an error with its reason; one that is there is fine."""
    make_folder(tmp_path)
    (tmp_path / "taken").touch()
    with pytest.raises(ReconcilerError, match=r"cannot make the folder .*taken: File exists"):
        make_folder(tmp_path / "taken")


def test_who_may_read_it_stays(tmp_path: Path) -> None:
    """A file that only its owner may read stays one; a new one is as new files are."""
    file, usual = tmp_path / "a", tmp_path / "b"
    file.touch(0o600)
    usual.touch()
    write_file(file, b"new")
    write_file(tmp_path / "c", b"new")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (tmp_path / "c").stat().st_mode == usual.stat().st_mode


def test_a_link_is_followed(tmp_path: Path) -> None:
    """What it leads to is replaced, and it still leads there."""
    file, link = tmp_path / "there" / "a", tmp_path / "link"
    file.parent.mkdir()
    file.touch()
    link.symlink_to(file)
    write_file(link, b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"
