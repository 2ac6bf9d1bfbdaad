"""kill -9 at any boundary, apply again: it ends as if nothing had happened, with no duplicate and no orphan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.crash.endings import Ending, anew, ending
from tests.crash.lives import KILL, VARIABLES, Nursery
from tests.invariants.world import World, world_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SAMPLE = 9
STEPS = "(journal|POST|PUT|DELETE)"
"""What a step crosses: six boundaries around the intent, the call and the outcome."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The quickstart beside a platform of its own."""
    with world_of(tmp_path, "quickstart") as found:
        yield found


def undisturbed(world: World, cradle: Nursery) -> tuple[Ending, int]:
    """The ending of an apply that nobody kills, and how many boundaries it crosses."""
    life = cradle.live(world.root, "apply", "--yes")
    assert life.code == 0, life.err
    found = ending(world)
    anew(world)
    return found, len(life.trace)


def killed_at(world: World, cradle: Nursery, boundary: int, expected: Ending) -> None:
    """One apply that is killed there, one that goes on, and nothing left to do."""
    life = cradle.live(world.root, "apply", "--yes", at=boundary)
    assert life.signal == KILL, f"boundary {boundary} was not reached: {life.err}"
    where = f"killed at {boundary}, {life.trace[-1]}"
    again = cradle.live(world.root, "apply", "--yes")
    assert again.code == 0, f"{where}: {again.err}"
    assert ending(world) == expected, where
    assert world.plan().is_empty, where
    anew(world)


def test_a_sample_of_the_boundaries(world: World, cradle: Nursery) -> None:
    """Evenly from the first to the last one."""
    expected, count = undisturbed(world, cradle)
    for boundary in sorted({1 + n * (count - 1) // (SAMPLE - 1) for n in range(SAMPLE)}):
        killed_at(world, cradle, boundary, expected)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(4))
def test_every_boundary_of_the_quickstart(world: World, cradle: Nursery, part: int) -> None:
    """From the first request to the last byte of the lease."""
    expected, count = undisturbed(world, cradle)
    assert count > 60
    for boundary in range(1 + part, count + 1, 4):
        killed_at(world, cradle, boundary, expected)


@pytest.mark.parametrize("ended", ["destroy", "update"])
def test_other_verbs(world: World, cradle: Nursery, ended: str) -> None:
    """Removing and changing things is cut short in the middle of each call, and goes on."""
    assert cradle.live(world.root, "apply", "--yes").code == 0
    words = ("destroy", "--yes")
    if ended == "update":
        words = ("apply", "--yes")
        world.edit("apps/nj-trees.yaml", "memory: 1G", "memory: 2G")
        world.edit("apps/orchid-report.yaml", "memory: 0.5G", "memory: 2G")
    for nth in (1, 4, 5, 6, 9):
        cradle.live(world.root, *words, at=nth, match=STEPS)
    assert cradle.live(world.root, *words).code == 0
    found = ending(world)
    assert (found.remembered == ()) is (ended == "destroy")
    if ended == "update":
        assert world.plan().is_empty
        anew(world)
        assert cradle.live(world.root, "apply", "--yes").code == 0
        assert found == ending(world)


def test_a_selection_settles_what_was_left_elsewhere(world: World, cradle: Nursery) -> None:
    """Whatever is asked for next, first comes what an apply that was killed had begun."""
    assert cradle.live(world.root, "apply", "--yes", at=1, match="after POST .*/workflows").signal
    life = cradle.live(world.root, "apply", "--yes", "--only", "App/genbank-qc*")
    assert life.code == 0, life.err
    assert "cut short" in life.err
    assert "Workflow" in {address.kind for address in world.recorded()}
    assert world.requests("POST")[-1]["operation"] == "CreateWorkflow"


def many(world: World, number: int) -> None:
    """Declares `number` apps, each with a workflow and a run of it."""
    for n in range(number):
        (world.root / "apps" / f"many-{n}.yaml").write_text(
            f"app: {{name: a-{n}, version: 1.0.0, image: demo/busybox:1.36, commands: [ls]}}\n---\n"
            f"workflow: {{name: w-{n}, version: 1.0.0, tasks: [{{task_name: one, app_id: 'a-{n}::1.0.0'}}]}}\n---\n"
            f"job: {{name: j-{n}, workflow_id: 'w-{n}::1.0.0', output_dir: /results/{n}}}\n"
        )


def dying_on_and_on(world: World, cradle: Nursery, **order: object) -> int:
    """Lives that are killed one after the other, each a boundary later, until one is not. How many there were."""
    for life in range(1, 2000):
        nth = 3 + life % 12
        ended = cradle.live(world.root, "apply", "--yes", at=nth, match=STEPS, **order)
        if not ended.signal:
            assert ended.code == 0, ended.err
            return life
    pytest.fail("it never ends")


def test_dying_on_and_on(world: World, cradle: Nursery) -> None:
    """Each life is killed a little later than the one before, until everything is done: nothing is done twice."""
    expected, _ = undisturbed(world, cradle)
    assert dying_on_and_on(world, cradle) > 2
    assert ending(world) == expected
    assert world.plan().is_empty


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("parallelism", ["1", "8"])
def test_sixty_resources_dying_on_and_on(world: World, cradle: Nursery, parallelism: str) -> None:
    """Every resource is caught at its intent, its call and its outcome, some of them side by side."""
    many(world, 18)
    expected, _ = undisturbed(world, cradle)
    assert len(expected.remembered) == 60
    lives = dying_on_and_on(world, cradle, variables={**VARIABLES, "RECONCILER_PARALLELISM": parallelism})
    assert lives > 20
    assert ending(world) == expected
    assert world.plan().is_empty


@pytest.mark.long
@pytest.mark.timeout(900)
def test_boundaries_of_sixty_resources(world: World, cradle: Nursery) -> None:
    """A kill far into a large apply is like any other: every thirteenth boundary, from the first to the last."""
    many(world, 18)
    expected, count = undisturbed(world, cradle)
    for boundary in range(1, count + 1, 13):
        killed_at(world, cradle, boundary, expected)


def test_the_folders_of_a_new_memory_are_durable_before_anything_is_sent(world: World, cradle: Nursery) -> None:
    """What a power cut leaves of a file is worth nothing where its folder is gone."""
    life = cradle.live(world.root, "apply", "--yes")
    assert life.code == 0
    begun = life.trace.index("before replace lease.json")
    sent = next(number for number, line in enumerate(life.trace) if number > begun and line.startswith("before POST"))
    assert {f"after fsync {name}" for name in ("state", ".reconciler", world.root.name)} <= {*life.trace[:sent]}
