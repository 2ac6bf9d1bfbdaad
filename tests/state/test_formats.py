"""Memories that older releases wrote, byte for byte as they wrote them, and those that newer ones would write."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.errors import StateUnreadable
from reconciler.model.canonical import canonical_json
from reconciler.state.document import NOTHING, head_from_bytes, head_to_bytes
from reconciler.state.encoding import VERSION, check_version
from reconciler.state.file import FileStore
from reconciler.state.recovery import unsettled
from tests.state.records import address_of, create
from tests.support.time import ManualClock

ENV = "dev"
FORMATS = Path(__file__).parent / "formats"
OLD = ("1.0", "1.1")


@pytest.fixture(params=(*OLD, "1.2"))
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A state folder with a commit (a, b) and on top of it a journal (c is there, nobody knows of d)."""
    shutil.copytree(FORMATS / request.param, tmp_path / "state")
    return tmp_path / "state"


def store_at(folder: Path) -> FileStore:
    """As the present release opens it."""
    return FileStore(folder, ManualClock(), key=lambda: "5" * 64)


def test_a_memory_of_every_release_is_read(folder: Path) -> None:
    """What was committed, what was written down since, and what nobody knows of."""
    store = store_at(folder)
    state = store.read(ENV)
    assert {str(a.name): r.remote_id for a, r in state.resources.items()} == {"a": "id-a", "b": "id-b", "c": "id-c"}
    assert (state.lineage, state.serial, state.former) == ("line", 1, ())
    assert [left.intent.address for left in unsettled(store.records(ENV))] == [address_of("d")]
    assert state.resources[address_of("a")].spec == create("a").spec


def test_reading_an_old_memory_writes_nothing(folder: Path) -> None:
    """Planning with a new release must leave it to the old one."""
    before = {file.name: file.read_bytes() for file in (folder / ENV).iterdir()}
    store_at(folder).read(ENV)
    assert {file.name: file.read_bytes() for file in (folder / ENV).iterdir()} == before


def test_an_old_memory_is_ours_with_the_first_lease(folder: Path) -> None:
    """It gets a key then, if it has none; a commit writes everything anew, and nothing is lost on the way."""
    store = store_at(folder)
    before = store.read(ENV)
    lease = store.lock(ENV, "me")
    assert store.read(ENV).key == (before.key or "5" * 64)
    assert json.loads((folder / ENV / "head.json").read_text())["version"] == VERSION
    committed = store.commit(ENV, store.read(ENV), expected_serial=1, lease=lease)
    lease.release()
    assert committed.resources == before.resources
    assert store_at(folder).read(ENV).resources == before.resources
    assert [left.intent.address for left in unsettled(store.records(ENV))] == [address_of("d")]


@pytest.mark.parametrize("version", ["1.3", "1.10", "2.0", "0.9", "1", "1.2.0", "1.x", "", None, 1.2])
def test_what_is_not_known_to_be_readable_is_refused(version: object) -> None:
    """A newer release may have written more than we would keep."""
    with pytest.raises(StateUnreadable, match="format version") as caught:
        check_version(version, "head.json")
    assert "newer" in caught.value.hint


@pytest.mark.parametrize("file", ["head.json", "journal-1.jsonl"])
def test_a_folder_of_a_newer_release_is_refused_and_left_alone(file: str, tmp_path: Path) -> None:
    """No lease is taken on what cannot be read."""
    folder = tmp_path / "state"
    shutil.copytree(FORMATS / "1.2", folder)
    target = folder / ENV / file
    target.write_text(target.read_text().replace('"version":"1.2"', '"version":"1.3"'))
    before = target.read_bytes()
    with pytest.raises(StateUnreadable, match=r"format version '1\.3'"):
        store_at(folder).read(ENV)
    assert target.read_bytes() == before


@pytest.mark.parametrize("member", ["key", "former", "applied"])
def test_a_head_of_this_version_lacks_nothing(member: str) -> None:
    """What an old head may leave out is damage in a new one."""
    body = json.loads(head_to_bytes(NOTHING))
    del body[member]
    with pytest.raises(StateUnreadable, match="checksum"):
        head_from_bytes(canonical_json(body).encode(), "head.json")


@pytest.mark.parametrize("key", ["5" * 63, "G" * 64, "5" * 65])
def test_what_is_no_key_is_refused(key: str) -> None:
    """A key that somebody shortened protects less than it seems to."""
    with pytest.raises(StateUnreadable, match="key"):
        head_from_bytes(head_to_bytes(replace(NOTHING, key=key)), "head.json")
