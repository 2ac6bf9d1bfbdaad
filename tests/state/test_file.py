"""Memory in a folder: what only files can do wrong."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import StateLocked, StateUnreadable, StateUnwritable
from reconciler.state.file import FileStore
from reconciler.state.journal import Header, encode
from tests.state.records import create, done
from tests.support.time import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable

ENV = "dev"
CREATE = create("a")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A state folder with a commit and a journal on top of it; its writer is gone."""
    store = FileStore(tmp_path / "state", ManualClock(), lineage=lambda: "line")
    lease = store.lock(ENV, "me")
    store.append(ENV, CREATE, lease)
    store.append(ENV, done(CREATE), lease)
    store.commit(ENV, store.read(ENV), expected_serial=0, lease=lease)
    other = create("b")
    store.append(ENV, other, lease)
    store.append(ENV, done(other, "id-2"), lease)
    lease.release()
    return tmp_path / "state" / ENV


def store_at(folder: Path) -> FileStore:
    """A later process."""
    return FileStore(folder.parent, ManualClock())


def shard(folder: Path) -> Path:
    """The only one."""
    return next(folder.glob("lab.*.jsonl"))


def test_the_folder_is_what_the_documentation_says(folder: Path) -> None:
    """Head, shard by target, journal by serial, lease, lock; nothing is left over."""
    names = {file.name for file in folder.iterdir()}
    assert names == {"head.json", shard(folder).name, "journal-1.jsonl", "lease.json", "lock", "alive-1"}
    head = json.loads((folder / "head.json").read_text())
    assert (head["lineage"], head["serial"], head["version"]) == ("line", 1, "1.2")
    assert head["shards"]["lab"]["file"] == shard(folder).name


def test_nobody_else_may_read_it(folder: Path) -> None:
    """Specs may hold what is nobody's business."""
    assert folder.stat().st_mode & 0o077 == 0


def test_a_shard_is_sorted_canonical_json_lines(tmp_path: Path) -> None:
    """The same state is the same bytes: it can be compared and reviewed."""
    store = FileStore(tmp_path / "state", ManualClock())
    lease = store.lock(ENV, "me")
    for name in ("b", "a@2", "a@10"):
        store.append(ENV, create(name), lease)
        store.append(ENV, done(create(name), name), lease)
    store.commit(ENV, store.read(ENV), expected_serial=0, lease=lease)
    lease.release()
    lines = shard(tmp_path / "state" / ENV).read_text().splitlines()
    assert [json.loads(line)["address"].rpartition("/")[2] for line in lines] == ["a@10", "a@2", "b"]
    assert all(line == json.dumps(json.loads(line), sort_keys=True, separators=(",", ":")) for line in lines)


def test_a_torn_line_is_cut_off_before_the_next_one_is_written(folder: Path) -> None:
    """Half a record must not be followed by a whole one."""
    journal = folder / "journal-1.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole + encode(create("torn"), 1)[:-9])
    store = store_at(folder)
    assert len(store.read(ENV).resources) == 2
    lease = store.lock(ENV, "next")
    store.append(ENV, create("c"), lease)
    assert journal.read_bytes().startswith(whole)
    assert [r for r in store.records(ENV) if not isinstance(r, Header)][-1] == create("c")
    lease.release()


def commit_again(store: FileStore) -> None:
    """A commit by a later process."""
    lease = store.lock(ENV, "next")
    try:
        store.commit(ENV, store.read(ENV), expected_serial=1, lease=lease)
    finally:
        lease.release()


def prefix_journal(folder: Path) -> None:
    """A stray byte before everything."""
    journal = folder / "journal-1.jsonl"
    journal.write_bytes(b"x" + journal.read_bytes())


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        (lambda f: shard(f).write_bytes(shard(f).read_bytes()[:-5]), "not the file its head vouches for"),
        (lambda f: shard(f).unlink(), "is missing, though its head names it"),
        (lambda f: (f / "head.json").unlink(), "is missing, though the folder holds a state"),
        (lambda f: (f / "head.json").write_bytes(b""), "it is empty"),
        (lambda f: (f / "head.json").write_text((f / "head.json").read_text().replace("line", "mine")), "checksum"),
        (lambda f: (f / "head.json").write_text('{"version":"9.0"}'), "format version '9.0'"),
        (prefix_journal, "line 1 is damaged"),
    ],
)
def test_damage_is_refused_by_readers_and_writers(folder: Path, harm: Callable[[Path], object], complaint: str) -> None:
    """Never guessed at, and never overwritten."""
    harm(folder)
    before = {file.name: file.read_bytes() for file in folder.glob("*.json*") if file.name != "lease.json"}
    store = store_at(folder)
    with pytest.raises(StateUnreadable, match=complaint):
        store.read(ENV)
    with pytest.raises(StateUnreadable):
        commit_again(store)
    after = {file.name: file.read_bytes() for file in folder.glob("*.json*") if file.name != "lease.json"}
    assert after == before


def test_a_damaged_lease_is_repaired_by_unlock(folder: Path) -> None:
    """A number is never given twice, even then."""
    (folder / "lease.json").write_text("{")
    store = store_at(folder)
    with pytest.raises(StateUnreadable):
        store.lock(ENV, "next")
    assert store.unlock(ENV) is not None
    lease = store.lock(ENV, "next")
    assert lease.fencing > 1
    lease.release()


def test_what_a_killed_commit_left_is_ignored_and_swept(folder: Path) -> None:
    """Drafts, shards no head names, the journal of a serial that never came."""
    leftovers = [".head.json.99.tmp", "lab.0123456789abcdef.jsonl", "journal-2.jsonl"]
    for name in leftovers:
        (folder / name).write_text("half a thing")
    store = store_at(folder)
    state = store.read(ENV)
    assert state.serial == 1
    lease = store.lock(ENV, "next")
    committed = store.commit(ENV, state, expected_serial=1, lease=lease)
    assert store.read(ENV) == committed
    assert not [name for name in leftovers[:2] if (folder / name).exists()]
    assert store.records(ENV) == ()
    lease.release()


def test_where_nothing_can_be_written_nothing_begins(tmp_path: Path) -> None:
    """Reading finds nothing, locking says why it cannot."""
    (tmp_path / "state").symlink_to("/proc/self/nowhere")
    store = FileStore(tmp_path / "state", ManualClock())
    assert store.read(ENV).serial == 0
    with pytest.raises(StateUnwritable, match="cannot write"):
        store.lock(ENV, "me")


def test_a_file_in_the_place_of_the_folder_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    """Only what is not there at all is empty."""
    (tmp_path / "state").write_text("in the way")
    with pytest.raises(StateUnreadable, match="cannot read"):
        FileStore(tmp_path / "state", ManualClock()).read(ENV)


def test_what_cannot_be_read_is_not_taken_for_empty(folder: Path) -> None:
    """A folder where a file should be is damage, not a fresh environment."""
    (folder / "head.json").unlink()
    (folder / "head.json").mkdir()
    with pytest.raises(StateUnreadable, match="cannot read"):
        store_at(folder).read(ENV)


def test_a_state_folder_that_was_deleted_under_a_writer_is_a_lost_lease(folder: Path) -> None:
    """It writes nothing into a memory that somebody has thrown away."""
    store = store_at(folder)
    lease = store.lock(ENV, "me")
    shutil.rmtree(folder)
    with pytest.raises((StateLocked, StateUnwritable)):
        store.append(ENV, CREATE, lease)
    lease.release()


_FULL_DISK = """
import resource, sys, time
from pathlib import Path
from reconciler.errors import StateUnwritable
from reconciler.state.file import FileStore
from tests.state.records import create, done

store = FileStore(Path(sys.argv[1]), time.time)
lease = store.lock("dev", "me")
first = create("first")
store.append("dev", first, lease)
store.append("dev", done(first), lease)
large = create("large", spec={"text": "x" * 20_000})
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, hard))
failures = 0
try:
    store.append("dev", large, lease)
except StateUnwritable as error:
    print(error.message)
state = store.read("dev")
big = {a: r for a, r in state.resources.items()}
from dataclasses import replace
heavy = replace(state, resources={a: replace(r, spec={"text": "x" * 20_000}) for a, r in big.items()})
try:
    store.commit("dev", heavy, expected_serial=0, lease=lease)
except StateUnwritable as error:
    print(error.message)
assert store.read("dev") == state
store.append("dev", create("small"), lease)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
store.append("dev", large, lease)
store.commit("dev", store.read("dev"), expected_serial=0, lease=lease)
lease.release()
"""


def test_a_full_disk_leaves_everything_as_it_was(tmp_path: Path) -> None:
    """The record that does not fit is not there at all, the commit that does not fit did not happen, and both work
    again once there is room.
    """
    ended = subprocess.run(
        [sys.executable, "-c", _FULL_DISK, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("cannot write") == 2
    store = FileStore(tmp_path, ManualClock())
    assert [r.address.name for r in store.records(ENV) if not isinstance(r, Header)] == ["small", "large"]
    assert store.read(ENV).serial == 1
    assert not list((tmp_path / ENV).glob(".*"))
