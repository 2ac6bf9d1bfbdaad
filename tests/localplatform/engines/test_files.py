"""What the engine writes itself: events and output, on disks that fill up."""

from __future__ import annotations

import resource
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from reconciler.localplatform.engines.capture import Capture
from reconciler.localplatform.engines.codec import event_to_json
from reconciler.localplatform.engines.protocol import Event, EventType
from reconciler.localplatform.engines.storage import RunFolder
from reconciler.localplatform.work import Run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file may grow beyond `size`: a full disk, as far as a writer can tell."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def event(sequence: int) -> Event:
    """Any event."""
    return Event("run-1", sequence, 0.0, EventType.SUBMITTED, "x" * 50)


def test_events_that_did_not_fit_are_written_later_and_whole(tmp_path: Path) -> None:
    """A line that was cut off by a full disk leaves no trace, and comes before what follows."""
    folder = RunFolder(tmp_path / "run-1")
    folder.create(Run("run-1", ()))
    folder.append([event(1)])
    with largest_file((tmp_path / "run-1/events.jsonl").stat().st_size + 30):
        with pytest.raises(OSError, match="large"):
            folder.append([event(2)])
        assert folder.has_unsaved
        assert (tmp_path / "run-1/events.jsonl").read_text() == f"{event_to_json(event(1))}\n"
    folder.append([event(3)])
    assert not folder.has_unsaved
    assert RunFolder(tmp_path / "run-1").load()[1] == (event(1), event(2), event(3))


def test_output_after_a_full_disk_leaves_no_hole(tmp_path: Path) -> None:
    """What is in the file is what came first; the rest is lost, and said to be."""
    log = tmp_path / "log"
    with largest_file(10):
        capture = Capture(str(log), str(tmp_path / "marks"), limit=100, tail=10)
        capture.write(b"0123456789abc")
    capture.write(b"later")
    capture.finish()
    kept = log.read_bytes()
    assert kept.startswith(b"0123456789")
    assert b"later" not in kept
    assert b"output lost" in kept
    assert capture.error


def test_output_over_the_limit_keeps_both_ends(tmp_path: Path) -> None:
    """Head, note, tail; short output has no note."""
    log = tmp_path / "log"
    capture = Capture(str(log), str(tmp_path / "marks"), limit=5, tail=3)
    for letter in b"abcdefghijkl":
        capture.write(bytes([letter]))
    capture.finish()
    assert log.read_bytes() == b"abcde\n[... 4 bytes of output left out ...]\njkl"
    log.unlink()
    capture = Capture(str(log), str(tmp_path / "marks"), limit=5, tail=3)
    capture.write(b"abcdefgh")
    capture.finish()
    assert (log.read_bytes(), capture.dropped) == (b"abcdefgh", 0)
