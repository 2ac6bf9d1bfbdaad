"""What only the lease of a folder can go through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.errors import StateLocked
from reconciler.state.file import FileStore
from tests.state.records import create
from tests.support.time import ManualClock

if TYPE_CHECKING:
    from pathlib import Path

ENV = "dev"


def test_a_folder_moved_away_and_made_anew_does_not_belong_to_the_former_holder(tmp_path: Path) -> None:
    """Numbers begin again there: the same number is not the same lease."""
    clock = ManualClock()
    store = FileStore(tmp_path / "state", clock)
    former = store.lock(ENV, "me")
    (tmp_path / "state" / ENV).rename(tmp_path / "aside")
    clock.advance(1.0)
    present = FileStore(tmp_path / "state", clock).lock(ENV, "me")
    assert present.fencing == former.fencing
    with pytest.raises(StateLocked):
        former.check()
    with pytest.raises(StateLocked):
        store.append(ENV, create("a"), former)
    former.release()
    present.check()
    present.release()


def test_a_file_nobody_has_locked_for_life_does_not_end_a_lease_of_another_machine(tmp_path: Path) -> None:
    """On a shared disk the death of a holder elsewhere cannot be seen: its lease must expire."""
    clock = ManualClock()
    store = FileStore(tmp_path / "state", clock)
    lease = store.lock(ENV, "elsewhere")
    file = tmp_path / "state" / ENV / "lease.json"
    text = file.read_text()
    machine = text.partition('"machine":"')[2].partition('"')[0]
    lease.release()
    file.write_text(text.replace(machine, "another machine/boot"))
    with pytest.raises(StateLocked, match="elsewhere"):
        store.lock(ENV, "me")
    clock.advance(61.0)
    store.lock(ENV, "me").release()


def test_a_holder_that_died_here_is_succeeded_at_once(tmp_path: Path) -> None:
    """The same, on this machine."""
    store = FileStore(tmp_path / "state", ManualClock())
    lease = store.lock(ENV, "dead")
    file = tmp_path / "state" / ENV / "lease.json"
    text = file.read_text()
    lease.release()
    file.write_text(text)
    store.lock(ENV, "me").release()
