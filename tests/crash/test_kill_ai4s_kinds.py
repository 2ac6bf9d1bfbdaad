"""kill -9 at any boundary with every kind of AI4S that can be found again: it ends as if nothing had happened.

A data job cannot be found again; that it then waits for a person is shown at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.localplatform.store import Query
from tests.crash.endings import anew
from tests.invariants.world import World, world_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.crash.lives import Nursery

STEPS = "(journal|POST|PUT|DELETE)"
BLIND = "DataJob"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The project with every kind, beside a platform of its own."""
    with world_of(tmp_path, "ai4s-whole") as found:
        yield found


def without_data_job(world: World) -> None:
    """The copy of data comes out, and the run reads what it would have copied."""
    world.edit("work/run.yaml", "$[[ ref.DataJob/fetch-reads.folder ]]/reads.txt", "demo:/samples/reads.txt")
    file = world.root / "work" / "run.yaml"
    documents = file.read_text(encoding="utf-8").split("\n---\n")
    file.write_text("\n---\n".join(text for text in documents if f"kind: {BLIND}" not in text), encoding="utf-8")


def left(world: World) -> tuple[list[tuple[str, str, str]], list[tuple[str, str]]]:
    """Every object by kind, name and version, as often as it is there; and what is remembered of each address."""
    store = world.platform.services.store
    there = [
        (row.kind, row.name, row.version)
        for name in store.counts()
        for row in store.find(Query(*name.split("/", 1))).entities
    ]
    return sorted(there), sorted((str(address), each.digest) for address, each in world.recorded().items())


def test_dying_on_and_on(world: World, cradle: Nursery) -> None:
    """Each life is killed a little later than the one before, until everything is done: nothing is done twice."""
    without_data_job(world)
    life = cradle.live(world.root, "apply", "--yes")
    assert life.code == 0, life.err
    expected = left(world)
    assert world.plan().is_empty
    anew(world)
    for number in range(1, 200):
        ended = cradle.live(world.root, "apply", "--yes", at=11 + number % 13, match=STEPS)
        if not ended.signal:
            break
    assert (ended.signal, ended.code) == (0, 0), ended.err
    assert number > 2
    assert left(world) == expected
    assert world.plan().is_empty


@pytest.mark.long
def test_taking_down_is_cut_short(world: World, cradle: Nursery) -> None:
    """Removals go on where they ended; what a new platform has stays."""
    without_data_job(world)
    fresh = world.platform.services.store.counts()
    assert cradle.live(world.root, "apply", "--yes").code == 0
    for number in range(1, 200):
        ended = cradle.live(world.root, "destroy", "--yes", at=11 + number % 13, match=STEPS)
        if not ended.signal:
            break
    assert (ended.signal, ended.code) == (0, 0), ended.err
    assert number > 2
    assert world.recorded() == {}
    counts = world.platform.services.store.counts()
    assert {name: counts.get(name) for name in fresh} == fresh


def test_a_copy_of_data_waits_for_a_person(world: World, cradle: Nursery) -> None:
    """Killed right after the platform started it, it is never sent again by itself; a person settles it."""
    assert cradle.live(world.root, "apply", "--yes", at=1, match="after POST .*/datas/clone").signal
    again = cradle.live(world.root, "apply", "--yes")
    assert again.code == 6
    assert f"{BLIND}/demo/fetch-reads" in again.err
    (job,) = world.platform.services.store.find(Query("ai4s", BLIND)).entities
    settled = cradle.live(world.root, "state", "settle", f"ai4s/{BLIND}/demo/fetch-reads", "--submitted", job.id)
    assert settled.code == 0, settled.err
    assert cradle.live(world.root, "apply", "--yes").code == 0
    assert world.platform.services.store.counts()[f"ai4s/{BLIND}"] == 1
    assert world.plan().is_empty
