"""Leases between real processes: killed, suspended, woken up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import StateLocked
from reconciler.state.file import FileStore
from reconciler.state.journal import Header
from tests.state.records import create

if TYPE_CHECKING:
    from collections.abc import Iterator

ENV = "dev"
SECONDS = 1.5
ROOT = Path(__file__).parents[2]


@dataclass
class Holder:
    """The other process."""

    process: subprocess.Popen[str]

    def say(self, command: str) -> str:
        """One command, one answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.hear()

    def hear(self) -> str:
        """The next line it says."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self) -> None:
        """Whatever it is doing."""
        self.process.kill()
        with self.process:
            pass


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[Holder]:
    """A process that has the lease."""
    command = [sys.executable, "-m", "tests.state.holder", str(tmp_path / "state"), "first", str(SECONDS)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    started = Holder(process)
    assert started.hear() == "locked 1"
    yield started
    started.end()


def keys(store: FileStore) -> list[str]:
    """What the journal says was begun."""
    return [str(r.address.name) for r in store.records(ENV) if not isinstance(r, Header)]


def test_a_living_holder_keeps_its_lease_beyond_its_length(holder: Holder, tmp_path: Path) -> None:
    """The heartbeat renews it for as long as the process lives."""
    store = FileStore(tmp_path / "state", time.time, lease_seconds=SECONDS)
    time.sleep(SECONDS * 2)
    with pytest.raises(StateLocked, match="applied by first"):
        store.lock(ENV, "second")
    assert holder.say("check") == "ok"


def test_a_killed_holder_is_succeeded_at_once(holder: Holder, tmp_path: Path) -> None:
    """The kernel frees what a dead process held: nobody waits for the lease to run out."""
    store = FileStore(tmp_path / "state", time.time, lease_seconds=3600.0)
    assert holder.say("append job") == "ok"
    holder.end()
    lease = store.lock(ENV, "second")
    assert lease.fencing == 2
    assert keys(store) == ["job"]
    lease.release()


def test_a_suspended_holder_wakes_up_to_a_closed_door(holder: Holder, tmp_path: Path) -> None:
    """Stopped beyond its lease, succeeded, continued: it writes nothing, neither to the journal nor to the state."""
    store = FileStore(tmp_path / "state", time.time, lease_seconds=SECONDS)
    assert holder.say("append before") == "ok"
    os.kill(holder.process.pid, signal.SIGSTOP)
    with pytest.raises(StateLocked):
        store.lock(ENV, "second")
    time.sleep(SECONDS * 1.2)
    lease = store.lock(ENV, "second")
    store.append(ENV, create("after"), lease)
    committed = store.commit(ENV, store.read(ENV), expected_serial=0, lease=lease)
    contents = {file.name: file.read_bytes() for file in (tmp_path / "state" / ENV).glob("[hj]*")}
    os.kill(holder.process.pid, signal.SIGCONT)
    for command in ("append late", "commit", "check", "append later"):
        assert holder.say(command).startswith("state.locked: the lease of dev was taken over by second"), command
    time.sleep(SECONDS)
    assert {file.name: file.read_bytes() for file in (tmp_path / "state" / ENV).glob("[hj]*")} == contents
    assert store.read(ENV) == committed
    assert keys(store) == ["before", "after"]
    lease.check()
    lease.release()
