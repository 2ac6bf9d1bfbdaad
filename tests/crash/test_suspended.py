"""A process that is suspended, and wakes up in another world."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from tests.crash.endings import anew, ending
from tests.crash.lives import STOP, Nursery
from tests.invariants.world import World, world_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

LEASE = 1.0


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The quickstart beside a platform of its own."""
    with world_of(tmp_path, "quickstart") as found:
        yield found


@pytest.mark.parametrize(
    "boundary", ["before GET .*projects$", "after POST"], ids=["about to send", "answer not written down"]
)
def test_a_holder_suspended_beyond_its_lease_writes_nothing(world: World, cradle: Nursery, boundary: str) -> None:
    """It is succeeded when its lease has run out. When it goes on it sends nothing and changes no memory: exit 7, or 6
    when it cannot say what became of its last call.
    """
    calm = cradle.live(world.root, "apply", "--yes")
    assert calm.code == 0
    expected = ending(world)
    anew(world)
    order = {"at": _under_the_lease(calm.trace, boundary), "match": boundary, "signal": STOP, "lease": LEASE}
    first = cradle.bear(world.root, "apply", "--yes", wait=True, **order)
    assert cradle.see(first).signal == STOP, cradle.see(first).err
    time.sleep(LEASE * 1.3)
    second = cradle.live(world.root, "apply", "--yes", lease=LEASE)
    assert second.code == 0, second.err
    assert ending(world) == expected
    sent, head = len(world.requests("POST", "PUT", "DELETE")), _head(world)
    woken = cradle.end(first, go_on=True)
    assert woken.code == (6 if "POST" in boundary else 7), woken.err
    assert re.search("taken (over|away)", woken.err + woken.out)
    assert len(world.requests("POST", "PUT", "DELETE")) == sent
    assert _head(world) == head
    assert ending(world) == expected
    assert world.plan().is_empty


@pytest.mark.parametrize(
    ("more", "outcomes", "words"),
    [([], 13, "applied already: 6 steps"), (["--only", "App/*"], 9, "written down since")],
    ids=["the same plan", "another plan"],
)
def test_a_plan_overtaken_by_an_apply_that_was_killed(
    world: World, cradle: Nursery, more: list[str], outcomes: int, words: str
) -> None:
    """One has planned; another applies and is killed between two steps; the first goes on: stale, nothing twice."""
    assert cradle.live(world.root, "apply", "--yes").code == 0
    expected = ending(world)
    anew(world)
    first = cradle.bear(world.root, "apply", "--yes", wait=True, at=2, match="after GET .*/jobs$", signal=STOP)
    # Header, then intent and outcome of each step: it dies when all is done and nothing committed.
    killed = cradle.live(world.root, "apply", "--yes", *more, at=outcomes, match="after fsync journal")
    assert killed.signal
    woken = cradle.end(first, go_on=True)
    assert woken.code == 4, woken.err
    assert words in woken.err
    assert cradle.live(world.root, "apply", "--yes").code == 0
    assert ending(world) == expected


def _head(world: World) -> dict[str, bytes]:
    """The memory, without the lease, which a process that is over gives back."""
    return {name: data for name, data in world.files().items() if ".reconciler/state" in name and "lease" not in name}


def _under_the_lease(trace: Sequence[str], boundary: str) -> int:
    """The how manyth such boundary is the first one after the lease was taken."""
    taken = trace.index("after replace lease.json")
    return 1 + sum(bool(re.search(boundary, crossed)) for crossed in trace[:taken])
