"""Two machines, one memory in git: real clones, a real bare repository, real processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.localplatform.faults import FaultRule
from tests.crash.endings import ending
from tests.crash.test_kill import STEPS
from tests.invariants.world import World, world_of
from tests.support.git_repository import Repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.crash.lives import Nursery


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The quickstart in a repository whose memory is a ref of its remote."""
    with world_of(tmp_path, "quickstart") as found:
        with (found.root / "reconciler.yaml").open("a", encoding="utf-8") as file:
            file.write("state: { backend: git }\n")
        repository = Repository.fresh(found.root)
        repository.write(".gitignore", ".reconciler/\n")
        repository.commit("A project")
        repository.git("clone", "--quiet", "--bare", str(found.root), str(tmp_path / "origin.git"))
        repository.git("remote", "add", "origin", str(tmp_path / "origin.git"))
        yield found


def cloned(world: World, name: str) -> Path:
    """Another machine's work tree."""
    place = world.root.parent / name
    Repository(world.root).git("clone", "--quiet", str(world.root.parent / "origin.git"), str(place))
    return place


def test_two_applies_at_the_same_instant(world: World, cradle: Nursery) -> None:
    """One works, one exits 7; the memory is whole, and a third clone finds nothing left to do."""
    world.platform.faults.add(FaultRule.parse({"fault": "latency", "operation": "CreateApp", "seconds": 2}))
    children = [cradle.bear(cloned(world, name), "apply", "--yes") for name in ("one", "two")]
    lives = [cradle.end(child) for child in children]
    assert sorted(life.code for life in lives) == [0, 7], [life.err for life in lives]
    assert "is being applied by" in next(life.err for life in lives if life.code)
    third = cradle.live(cloned(world, "three"), "plan", "--detailed-exitcode")
    assert third.code == 0, third.out
    assert len(ending(world).remembered) == 6


def test_a_killed_apply_is_finished_from_another_clone(world: World, cradle: Nursery) -> None:
    """The journal is in git too: another machine settles what was left, once the lease has run out or was taken."""
    one, two = cloned(world, "one"), cloned(world, "two")
    assert cradle.live(one, "apply", "--yes", at=2, match="after POST").signal
    assert cradle.live(two, "apply", "--yes").code == 7
    assert cradle.live(two, "state", "unlock", "--yes").code == 0
    again = cradle.live(two, "apply", "--yes")
    assert again.code == 0, again.err
    assert "cut short" in again.err
    assert len(ending(world).remembered) == 6
    assert world.plan().is_empty


@pytest.mark.long
def test_dying_on_and_on_in_turn(world: World, cradle: Nursery) -> None:
    """Two machines die one after the other, at every kind of request, until everything is done."""
    clones = [cloned(world, "one"), cloned(world, "two")]
    for life in range(100):
        ended = cradle.live(clones[life % 2], "apply", "--yes", at=1 + life % 5, match=STEPS)
        if not ended.signal:
            break
        cradle.live(clones[life % 2], "state", "unlock", "--yes")
    assert ended.code == 0, ended.err
    assert len(ending(world).remembered) == 6
    assert world.plan().is_empty


def test_a_lost_ref_is_rebuilt(world: World, cradle: Nursery) -> None:
    """Somebody deletes the ref: everything is found again by its mark, and nothing is left to do."""
    assert cradle.live(world.root, "apply", "--yes").code == 0
    before = {address: (r.remote_id, r.digest, r.mark) for address, r in world.recorded().items()}
    Repository(world.root).git("push", "--quiet", "origin", ":refs/reconciler/dev")
    assert world.recorded() == {}
    sent = len(world.requests("POST", "PUT", "DELETE"))
    rebuilt = cradle.live(world.root, "state", "rebuild", "--yes")
    assert rebuilt.code == 0, rebuilt.err
    assert {address: (r.remote_id, r.digest, r.mark) for address, r in world.recorded().items()} == before
    assert len(world.requests("POST", "PUT", "DELETE")) == sent
    assert world.plan().is_empty
