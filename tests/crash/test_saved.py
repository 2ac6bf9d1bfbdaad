"""Saved plans: good for one apply, for a while, and to be finished when that one apply was cut short."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from reconciler.operations.saved import load, save
from reconciler.rendering.json import Stamp, plan_to_json, saved_to_json
from tests.cli.running import reconciler
from tests.crash.endings import Ending, anew, ending
from tests.crash.lives import KILL, Nursery
from tests.crash.test_kill import STEPS
from tests.invariants.world import World, world_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The quickstart beside a platform of its own."""
    with world_of(tmp_path, "quickstart") as found:
        yield found


def saved(world: World) -> Path:
    """A plan of the whole project in a file."""
    file = world.root / "p.plan"
    save(world.plan(), file)
    return file


def run(world: World, *words: str) -> tuple[int, str]:
    """A command line in this process: its exit code, and all it said."""
    ended = reconciler(world.root, *words, variables=world.variables)
    return ended.code, ended.said


@pytest.mark.parametrize("nth", [2, 4, 5, 6, 13, 24])
def test_a_saved_plan_that_was_cut_short_is_finished(world: World, cradle: Nursery, nth: int) -> None:
    """Killed anywhere, it is refused as it is, and does the rest with --resume: no step twice, none left out."""
    assert cradle.live(world.root, "apply", "--yes").code == 0
    expected: Ending = ending(world)
    anew(world)
    saved(world)
    assert cradle.live(world.root, "apply", "p.plan", at=nth, match=STEPS).signal == KILL
    if nth > 2:
        refused = cradle.live(world.root, "apply", "p.plan")
        assert refused.code == 4, refused.err
    finished = cradle.live(world.root, "apply", "p.plan", "--resume")
    assert finished.code == 0, finished.err
    assert ending(world) == expected
    assert world.plan().is_empty


def test_a_finished_plan_has_nothing_left(world: World) -> None:
    """Applied whole, it is refused, and finishing it does nothing."""
    saved(world)
    assert run(world, "apply", "p.plan")[0] == 0
    code, said = run(world, "apply", "p.plan")
    assert (code, "applied already: 6 steps of it done" in said) == (4, True)
    sent = len(world.requests("POST", "PUT", "DELETE"))
    code, said = run(world, "apply", "p.plan", "--resume")
    assert (code, "6 steps of 6 done before" in said) == (0, True)
    assert len(world.requests("POST", "PUT", "DELETE")) == sent


def test_only_the_last_plan_can_be_finished(world: World) -> None:
    """When another one was applied since, the rest of the first is out of date."""
    saved(world)
    assert run(world, "apply", "p.plan")[0] == 0
    world.edit("apps/orchid-report.yaml", "memory: 0.5G", "memory: 2G")
    assert run(world, "apply", "--yes")[0] == 0
    for more in ([], ["--resume"]):
        code, said = run(world, "apply", "p.plan", *more)
        assert (code, "something was applied since" in said) == (4, True)


def test_what_was_not_begun_is_applied_whole(world: World) -> None:
    """--resume on a plan of which nothing was done is the same as without."""
    saved(world)
    assert run(world, "apply", "p.plan", "--resume")[0] == 0
    assert world.plan().is_empty


def test_resume_alone_only_settles(world: World, cradle: Nursery) -> None:
    """Without a plan it says what was left, and begins nothing."""
    assert "nothing is left to settle" in run(world, "apply", "--resume")[1]
    cradle.live(world.root, "apply", "--yes", at=1, match="after POST")
    settled = cradle.live(world.root, "apply", "--resume")
    assert (settled.code, settled.out[:15]) == (0, "settled  create"), settled.err
    assert len(world.requests("POST")) == 1
    assert len(world.recorded()) == 1


@pytest.mark.parametrize(
    ("created", "expires", "words"), [(-7200, -3600, "has expired"), (3600, 7200, "made in the future")]
)
def test_a_saved_plan_has_its_time(world: World, created: int, expires: int, words: str) -> None:
    """Too old, or from a clock that is wrong: exit 4, nothing written; looking at it stays possible."""
    now = int(time.time())
    file = world.root / "p.plan"
    file.write_text(saved_to_json(world.plan(), Stamp(now + created, now + expires)))
    code, said = run(world, "apply", "p.plan")
    assert (code, words in said) == (4, True)
    assert world.requests("POST") == []
    assert run(world, "show", "p.plan")[0] == 0


def test_the_time_of_a_saved_plan_cannot_be_edited(world: World) -> None:
    """Somebody who gives it more time is found out; so is a plan that was printed, and never saved."""
    file = saved(world)
    document = json.loads(file.read_text())
    document["saved"]["expires"] = "2999-01-01T00:00:00Z"
    file.write_text(json.dumps(document))
    code, said = run(world, "apply", "p.plan")
    assert (code, "edited or damaged" in said) == (4, True)
    file.write_text(plan_to_json(load(file)))
    code, said = run(world, "apply", "p.plan")
    assert (code, "printed and not saved" in said) == (4, True)
    for broken in ({}, {"created": 1, "expires": 2, "sum": 3}, {"created": "x", "expires": "y", "sum": ""}, "soon"):
        file.write_text(json.dumps({**document, "saved": broken}))
        assert run(world, "apply", "p.plan")[0] == 4


def test_what_takes_two_calls_is_finished(tmp_path: Path, cradle: Nursery) -> None:
    """A notebook that was made and not stopped yet when the process died: the rest of the plan stops it."""
    with world_of(tmp_path, "ai4s-whole") as world:
        only = ("--only", "Notebook/demo/look-at-reads")
        assert cradle.live(world.root, "plan", *only, "-o", "p.plan").code == 0
        assert cradle.live(world.root, "apply", "p.plan", at=1, match="after POST .*/notebooks$").signal == KILL
        life = cradle.live(world.root, "apply", "p.plan", "--resume")
        assert life.code == 0, life.err
        sent = [entry["operation"] for entry in world.requests("POST")]
        assert sent == ["CreateNotebook", "StopOrStartNotebook"]
        assert cradle.live(world.root, "plan", *only, "--detailed-exitcode").code == 0
