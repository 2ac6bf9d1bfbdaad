"""No path a client sends leads out of its area."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.localplatform.data import DataFolder, OutsideData

if TYPE_CHECKING:
    from pathlib import Path

SEGMENTS = st.sampled_from(
    ["..", ".", "a", "b c", "", "...", "~", "-", "\\", "a\x00", "\n", "é", "*", "\ud800", "x" * 300]
)


@settings(deadline=None)
@given(parts=st.lists(SEGMENTS, max_size=6), lead=st.sampled_from(["", "/", "//"]))
def test_paths_stay_inside(tmp_path_factory: pytest.TempPathFactory, parts: list[str], lead: str) -> None:
    """Whatever is sent is a place inside the area, or refused."""
    folder = DataFolder(tmp_path_factory.getbasetemp() / "data")
    text = lead + "/".join(parts)
    try:
        place = folder.locate("area", text)
    except OutsideData:
        assert set(parts) & {"..", ".", "a\x00", "\n", "\ud800", "x" * 300}
        return
    assert folder.area("area").resolve() in (place.resolve(), *place.resolve().parents)
    assert place.relative_to(folder.area("area")).parts == tuple(part for part in parts if part)


@pytest.mark.parametrize("name", ["..", ".", "", "/", "a/b", "../x", "a\x00"])
def test_names_of_areas(tmp_path: Path, name: str) -> None:
    """An area is one folder, directly below the root."""
    with pytest.raises(OutsideData):
        DataFolder(tmp_path / "data").locate(name, "x")
    assert list(tmp_path.iterdir()) == []


def test_links_that_lead_out(tmp_path: Path) -> None:
    """A symbolic link in an area is followed only as far as the area goes."""
    folder = DataFolder(tmp_path / "data")
    area = folder.area("area")
    (tmp_path / "secret").write_text("canary")
    (area / "out").symlink_to(tmp_path)
    (area / "in").symlink_to(area)
    (area / "f").write_text("x")
    with pytest.raises(OutsideData, match="leads out"):
        folder.locate("area", "/out/secret")
    assert folder.locate("area", "/in/f").read_text() == "x"


def test_clear_does_not_follow_links(tmp_path: Path) -> None:
    """Areas go with all that is in them; what a link points to stays."""
    folder = DataFolder(tmp_path / "data")
    keep = tmp_path / "keep"
    keep.mkdir()
    (keep / "f").write_text("x")
    (folder.area("area") / "link").symlink_to(keep)
    (folder.root / "linked-area").symlink_to(keep)
    folder.clear()
    assert list(folder.root.iterdir()) == []
    assert (keep / "f").read_text() == "x"


def test_a_long_path(tmp_path: Path) -> None:
    """A path no file system takes is refused before anything asks the file system."""
    with pytest.raises(OutsideData, match="bytes"):
        DataFolder(tmp_path).locate("area", "/".join(["x" * 100] * 30))


def test_size(tmp_path: Path) -> None:
    """Bytes of files; links count nothing."""
    folder = DataFolder(tmp_path)
    (folder.area("a") / "f").write_bytes(b"x" * 10)
    (folder.area("a") / "l").symlink_to("/dev/null")
    assert folder.size("a") == 10
