"""After an apply that ended with 0 nothing is left to do, whatever happened on the wire while it went on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.localplatform.faults import FaultKind, FaultRule, When
from tests.cli.running import reconciler
from tests.crash.endings import anew
from tests.invariants.world import PROJECTS, World, shown, world_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOST = FaultRule(FaultKind.LOST)
ERROR = FaultRule(FaultKind.ERROR, when=When.AFTER)
RULES = pytest.mark.parametrize("rule", [LOST, ERROR], ids=["no answer", "an error after the effect"])
APPLIES = 8
FINE, AMBIGUOUS = 0, 6


@pytest.fixture(params=PROJECTS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Each example project in turn, on a platform whose lists are never late."""
    with world_of(tmp_path, request.param) as found:
        yield World(found.root, found.platform, {**found.variables, "RECONCILER_LIST_LAG": "0"})


def written(world: World) -> list[str]:
    """The operations by which an undisturbed apply changes the platform, which is then as new again."""
    world.applied()
    names = sorted({str(entry["operation"]) for entry in world.writes()})
    anew(world)
    return names


def pursued(world: World) -> list[int]:
    """The exit codes of applies, one after the other until there is nothing left to do or only a person can help. Fails
    when one of them says that all is done while a plan says otherwise.
    """
    codes = []
    for _ in range(APPLIES):
        ended = reconciler(world.root, "apply", "--yes", variables=world.variables)
        codes.append(ended.code)
        if ended.code == FINE:
            planned = world.plan()
            assert [f"{change.action} {change.address}: {change.why}" for change in shown(planned)] == []
            assert planned.is_empty
            break
        if ended.code == AMBIGUOUS and world.is_blind:
            break
    return codes


@RULES
def test_every_answer_is_lost_once(world: World, rule: FaultRule) -> None:
    """All of them in one project: it comes to an end, and an end is one."""
    names = written(world)
    assert names
    world.platform.faults.replace([replace(rule, operation=name) for name in names])
    assert pursued(world)[-1] in {FINE, AMBIGUOUS}


@pytest.mark.long
@RULES
def test_one_answer_is_lost(world: World, rule: FaultRule) -> None:
    """Each of them alone, so that nothing hides behind another misfortune."""
    for name in written(world):
        world.platform.faults.replace([replace(rule, operation=name)])
        assert pursued(world)[-1] in {FINE, AMBIGUOUS}, name
        anew(world)
