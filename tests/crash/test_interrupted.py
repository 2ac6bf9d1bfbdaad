"""Asked to stop: within seconds, wherever it waits, and nothing is lost by it."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.localplatform.faults import FaultRule
from tests.crash.endings import anew, ending
from tests.crash.lives import VARIABLES, Life, Nursery
from tests.invariants.world import World, world_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECONDS = 5.0
"""Runners kill some ten seconds after they ask."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The quickstart beside a platform of its own."""
    with world_of(tmp_path, "quickstart") as found:
        yield found


def stopped(cradle: Nursery, child: dict[str, Any], when: Callable[[], bool]) -> tuple[Life, float]:
    """Asks `child` to stop when it is `when`; how it ended, and after how long."""
    for _ in range(400):
        if when():
            break
        time.sleep(0.05)
    else:
        pytest.fail("it did not come that far")
    asked = time.monotonic()
    os.kill(child["pid"], signal.SIGTERM)
    return cradle.end(child), time.monotonic() - asked


def struck(world: World, fault: str) -> bool:
    """Whether a rule with that fault has struck."""
    return any(rule["struck"] for rule in world.platform.faults.report() if rule["fault"] == fault)


@pytest.mark.parametrize(
    "rule",
    [
        {"fault": "throttle", "operation": "CreateApp", "count": None, "retry_after": 60},
        {"fault": "error", "operation": "CreateWorkflow", "when": "after", "count": 1},
    ],
    ids=["throttled", "searching"],
)
def test_waiting_ends_when_asked_to_stop(world: World, cradle: Nursery, rule: dict[str, Any]) -> None:
    """A platform that says "later", a search that waits out its lag: 130 within seconds; the next apply goes on."""
    assert cradle.live(world.root, "apply", "--yes").code == 0
    expected = ending(world)
    anew(world)
    world.platform.faults.add(FaultRule.parse(rule))
    if rule["fault"] == "error":  # what was made is not shown for a while, so that it is searched for again and again
        stale = {"fault": "stale", "method": "GET", "path": "/workflows$", "count": None, "seconds": 60}
        world.platform.faults.add(FaultRule.parse(stale))
    variables = {**VARIABLES, "RECONCILER_LIST_LAG": "60", "RECONCILER_PARALLELISM": "4"}
    child = cradle.bear(world.root, "apply", "--yes", variables=variables)
    life, seconds = stopped(cradle, child, lambda: struck(world, rule["fault"]))
    assert (life.code, seconds < SECONDS) == (130, True), (seconds, life.err)
    assert "Interrupted" in life.out
    world.platform.faults.replace([])
    assert cradle.live(world.root, "apply", "--yes").code == 0
    assert ending(world) == expected


def test_settling_ends_when_asked_to_stop(world: World, cradle: Nursery) -> None:
    """That is an interruption (130) and no ambiguity (6): nobody has to settle anything by hand for it."""
    assert cradle.live(world.root, "apply", "--yes", at=1, match="before POST").signal
    variables = {**VARIABLES, "RECONCILER_LIST_LAG": "60"}
    child = cradle.bear(world.root, "apply", "--yes", variables=variables)
    searches = len(world.requests("GET"))
    life, seconds = stopped(cradle, child, lambda: len(world.requests("GET")) > searches + 2)
    assert (life.code, seconds < SECONDS) == (130, True), (seconds, life.err)
    assert "state settle" not in life.err
    assert world.requests("POST") == []
    assert cradle.live(world.root, "apply", "--yes").code == 0
    assert world.plan().is_empty


@pytest.mark.long
def test_a_call_that_hangs_keeps_nobody(world: World, cradle: Nursery) -> None:
    """After a grace it is left behind: unknown in the table, settled by the next apply once the platform is done."""
    rule = {"fault": "latency", "operation": "CreateApp", "seconds": 14}
    world.platform.faults.add(FaultRule.parse(rule))
    child = cradle.bear(world.root, "apply", "--yes")
    life, seconds = stopped(cradle, child, lambda: struck(world, "latency"))
    assert (life.code, seconds < 10) == (130, True), (seconds, life.err)
    assert "unknown  create  ai4s/App/demo/genbank-qc@1.0.0" in life.out
    time.sleep(15 - seconds)
    assert cradle.live(world.root, "apply", "--yes").code == 0
    assert len(ending(world).remembered) == 6
    assert world.plan().is_empty


def test_waiting_for_a_result_ends_when_asked_to_stop(tmp_path: Path, cradle: Nursery) -> None:
    """A job waits for the data that it reads: 130 within seconds, nothing of it was begun; the next apply goes on."""
    with world_of(tmp_path, "ai4s-whole") as world:
        world.platform.services.switches.turn({"data_job_seconds": 3600})
        child = cradle.bear(world.root, "apply", "--yes")
        life, seconds = stopped(cradle, child, lambda: bool(world.platform.log.report(operation="ShowDataJob")))
        assert (life.code, life.signal) == (130, 0), life.err
        assert seconds < SECONDS
        assert "ai4s/Job" not in world.platform.services.store.counts()
        world.platform.services.switches.turn({"data_job_seconds": 0})
        again = cradle.live(world.root, "apply", "--yes")
        assert again.code == 0, again.err
        counts = world.platform.services.store.counts()
        assert (counts["ai4s/DataJob"], counts["ai4s/Job"]) == (1, 1)
        assert world.plan().is_empty
