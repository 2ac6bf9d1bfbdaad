"""kill -9 around any call of any example project: an apply that then ends with 0 has left nothing to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.crash.endings import anew
from tests.crash.lives import KILL, Nursery
from tests.invariants.world import PROJECTS, World, shown, world_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CALLS = "after (POST|PUT|DELETE)"
"""The effect is there, its answer too, and nothing of it is remembered."""
LIVES = 6
FINE, AMBIGUOUS = 0, 6
WITH_STATES = {"ai4s-whole", "pai-dlc"}
"""These have things that take two calls to make."""
_MARKED = [pytest.param(name, marks=() if name in WITH_STATES else pytest.mark.long) for name in PROJECTS]


@pytest.fixture(params=_MARKED)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Each example project in turn, beside a platform of its own."""
    with world_of(tmp_path, request.param) as found:
        yield found


def pursued(world: World, cradle: Nursery) -> int:
    """The exit code with which it ends. Fails when an apply says that all is done while a plan says otherwise."""
    for _ in range(LIVES):
        life = cradle.live(world.root, "apply", "--yes")
        if life.code == FINE:
            planned = world.plan()
            assert [f"{change.action} {change.address}: {change.why}" for change in shown(planned)] == []
            assert planned.is_empty
        if life.code in {FINE, AMBIGUOUS}:
            return life.code
    return life.code


def test_dying_after_each_call(world: World, cradle: Nursery) -> None:
    """Each in turn, on a platform as good as new."""
    for number in range(1, 200):
        ended = cradle.live(world.root, "apply", "--yes", at=number, match=CALLS)
        if not ended.signal:
            break
        assert ended.signal == KILL
        where = f"killed {ended.trace[-1]}"
        assert pursued(world, cradle) in ({FINE, AMBIGUOUS} if world.is_blind else {FINE}), where
        anew(world)
    assert number > 2
    assert ended.code == FINE, ended.err
