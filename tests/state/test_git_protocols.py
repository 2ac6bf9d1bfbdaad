"""Memory in git over what hosts speak: the same law as against a folder on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.errors import StateLocked, StateUnreadable
from reconciler.state.git_ref import GitRefStore
from tests.state.records import create, done
from tests.support.git_repository import Repository
from tests.support.git_server import over_https, over_ssh
from tests.support.time import ManualClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENV = "prod"
PROTOCOLS = {"https": over_https, "ssh": over_ssh}


@pytest.fixture(params=["ssh", pytest.param("https", marks=pytest.mark.long)])
def clones(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Repository, Repository]]:
    """Two clones of a repository that is reached by a protocol."""
    work = Repository.fresh(tmp_path / "checkout")
    work.write("a.yaml", "a: 1\n")
    work.commit("first")
    root = tmp_path / "served"
    work.git("clone", "--quiet", "--bare", str(work.root), str(root / "bare.git"))
    Repository(root / "bare.git").git("config", "http.receivepack", "true")
    with PROTOCOLS[request.param](root, tmp_path) as (url, options):
        found = []
        for name in ("one", "two"):
            words = [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
            work.git(*words, "clone", "--quiet", f"{url}/bare.git", str(tmp_path / name))
            found.append(Repository(tmp_path / name))
            for key, value in options.items():
                found[-1].git("config", key, value)
        yield found[0], found[1]


def test_two_clones_share_one_memory(clones: tuple[Repository, Repository]) -> None:
    """One writes, and only one; the other one reads all of it, takes over when its time is up, and shuts it out."""
    clock = ManualClock()
    one, two = (GitRefStore(clone.root, "origin", clock) for clone in clones)
    assert one.read(ENV).serial == 0
    lease = one.lock(ENV, "runner 1")
    with pytest.raises(StateLocked, match="runner 1"):
        two.lock(ENV, "runner 2")
    one.append(ENV, create("a"), lease)
    one.append(ENV, done(create("a")), lease)
    committed = one.commit(ENV, one.read(ENV), expected_serial=0, lease=lease)
    one.append(ENV, create("b", "1.2.b"), lease)
    assert two.read(ENV) == committed
    assert two.read(ENV).key == committed.key != ""
    clock.advance(1000.0)
    taken = two.lock(ENV, "runner 2")
    with pytest.raises(StateLocked):
        one.append(ENV, create("c", "1.3.c"), lease)
    assert [record.address.name for record in two.records(ENV) if hasattr(record, "address")] == ["b"]
    taken.release()
    lease.release()
    assert clones[0].git("status", "--porcelain") == ""


def test_who_is_not_trusted_is_not_read(tmp_path: Path) -> None:
    """A certificate that nobody vouches for is an error, and not an empty memory."""
    work = Repository.fresh(tmp_path / "checkout")
    work.write("a.yaml", "a: 1\n")
    work.commit("first")
    with over_https(tmp_path, tmp_path) as (url, _):
        work.git("remote", "add", "origin", f"{url}/checkout/.git")
        with pytest.raises(StateUnreadable, match="certificate"):
            GitRefStore(work.root, "origin", ManualClock()).read(ENV)
