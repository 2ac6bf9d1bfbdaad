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
from reconciler.state.journal import Header
from tests.state.holder import open_store
from tests.state.records import create
from tests.support.git_repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.state.protocol import StateStore

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


@dataclass(frozen=True)
class Place:
    """Where memory lives: `folder` is what the other process opens, `bytes` all that is durable but the lease."""

    backend: str
    folder: Path
    ours: Path
    bytes: Callable[[], object]

    def open(self, seconds: float = SECONDS) -> StateStore:
        """As seen from here."""
        return open_store(self.backend, self.ours, seconds)


def in_a_folder(tmp_path: Path) -> Place:
    """Both processes share a disk."""
    folder = tmp_path / "state"
    return Place("file", folder, folder, lambda: {f.name: f.read_bytes() for f in (folder / ENV).glob("[hj]*")})


def in_git(tmp_path: Path) -> Place:
    """Two clones of one repository."""
    work = Repository.fresh(tmp_path / "work")
    work.write("a.yaml", "a: 1\n")
    work.commit("first")
    for options, source, name in ((["--bare"], "work", "bare.git"), ([], "bare.git", "one"), ([], "bare.git", "two")):
        work.git("clone", "--quiet", *options, str(tmp_path / source), str(tmp_path / name))
    bare = Repository(tmp_path / "bare.git")
    listing = ("ls-tree", f"refs/reconciler/{ENV}")
    return Place(
        "git",
        tmp_path / "one",
        tmp_path / "two",
        lambda: [line for line in bare.git(*listing).splitlines() if "lease.json" not in line],
    )


@pytest.fixture(params=[in_a_folder, in_git])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Each durable backend."""
    made: Place = request.param(tmp_path)
    return made


@pytest.fixture
def holder(place: Place) -> Iterator[Holder]:
    """A process that has the lease."""
    command = [sys.executable, "-m", "tests.state.holder", place.backend, str(place.folder), "first", str(SECONDS)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    started = Holder(process)
    assert started.hear() == "locked 1"
    yield started
    started.end()


def keys(store: StateStore) -> list[str]:
    """What the journal says was begun."""
    return [str(r.address.name) for r in store.records(ENV) if not isinstance(r, Header)]


def test_a_living_holder_keeps_its_lease_beyond_its_length(holder: Holder, place: Place) -> None:
    """The heartbeat renews it for as long as the process lives."""
    time.sleep(SECONDS * 1.5)
    with pytest.raises(StateLocked, match="applied by first"):
        place.open().lock(ENV, "second")
    assert holder.say("check") == "ok"


@pytest.mark.parametrize("place", [in_a_folder], indirect=True)
def test_a_killed_holder_on_this_machine_is_succeeded_at_once(holder: Holder, place: Place) -> None:
    """The kernel frees what a dead process held: nobody waits for the lease to run out."""
    store = place.open(3600.0)
    assert holder.say("append job") == "ok"
    holder.end()
    lease = store.lock(ENV, "second")
    assert lease.fencing == 2
    assert keys(store) == ["job"]
    lease.release()


def test_a_suspended_holder_wakes_up_to_a_closed_door(holder: Holder, place: Place) -> None:
    """Stopped beyond its lease, succeeded, continued: it writes nothing, neither to the journal nor to the state."""
    store = place.open()
    assert holder.say("append before") == "ok"
    os.kill(holder.process.pid, signal.SIGSTOP)
    time.sleep(SECONDS * 1.2)
    lease = store.lock(ENV, "second")
    store.append(ENV, create("after"), lease)
    committed = store.commit(ENV, store.read(ENV), expected_serial=0, lease=lease)
    contents = place.bytes()
    os.kill(holder.process.pid, signal.SIGCONT)
    for command in ("append late", "commit", "check", "append later"):
        assert holder.say(command).startswith("state.locked: the lease of dev was taken over by second"), command
    time.sleep(SECONDS / 2)
    assert place.bytes() == contents
    assert store.read(ENV) == committed
    assert keys(store) == ["before", "after"]
    lease.check()
    lease.release()
