from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.model.change import Action
from reconciler.model.kind import Ability, Life
from reconciler.model.resource import Phase
from tests.cli.running import reconciler
from tests.invariants.world import PROJECTS, World, shown, world_of

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model.plan import Plan


def _writes(planned: Plan) -> list[str]:
    return [f"{change.action} {change.address}: {change.why}" for change in shown(planned)]


def test_the_first_plan_creates_everything(world: World) -> None:
    """On an empty platform every manifest is created, and nothing else is planned; but for what a new platform has, and
    the project says may be taken over.
    """
    planned, adopted = world.plan(), world.workspace().project.adopt
    found = {change.address for change in planned.changes if change.action is not Action.CREATE}
    assert found <= adopted
    assert {change.action for change in planned.changes if change.address in found} <= {Action.ADOPT, Action.UPDATE}
    assert len({step.address for step in planned.steps}) == len(planned.changes) > 0
    assert not planned.is_blocked


def test_apply_then_plan_is_empty(world: World) -> None:
    """Invariant 1: what was applied is what the platform has, in our words, whatever the platform adds to it."""
    planned = world.applied().plan()
    assert _writes(planned) == []
    assert planned.is_empty


def test_what_was_applied_has_not_drifted(world: World) -> None:
    """By the same rules; not even in what the platform filled in."""
    ended = reconciler(world.applied().root, "drift", variables=world.variables)
    assert ended.code == 0, ended.said
    assert ended.out.startswith("No drift:"), ended.out


@pytest.mark.parametrize("project", PROJECTS)
def test_plans_are_empty_while_runs_go_on(tmp_path: Path, project: str) -> None:
    """Invariant 1 again: every look finds the runs a step further, from pending to ended, and never anything to do."""
    with world_of(tmp_path, project, engine="simulated-per-read") as world:
        world.applied()
        seen = set()
        for _ in range(12):
            planned = world.plan()
            assert _writes(planned) == []
            seen |= {change.phase for change in planned.changes if change.phase}
        assert Phase.SUCCEEDED in seen
        assert seen & {Phase.PENDING, Phase.RUNNING}


def test_planning_writes_nothing(world: World) -> None:
    """Invariant 2: not on the platform, not in our memory, not in the project, before and after an apply."""
    for _ in range(2):
        before, sent = world.files(), len(world.writes())
        world.plan()
        assert world.files() == before
        assert world.writes()[sent:] == []
        world.applied()


def test_apply_twice_is_apply_once(world: World) -> None:
    """Invariant 3: the second time nothing is sent that writes, and nothing is remembered anew."""
    world.applied()
    sent, remembered = len(world.writes()), world.recorded()
    world.applied()
    assert len(world.writes()) == sent
    assert world.recorded() == remembered


def test_destroy_leaves_nothing(world: World) -> None:
    """Everything owned goes, as far as its platform can remove it, our memory of it too, and a plan would build it all
    up again.
    """
    fresh = world.platform.services.store.counts()
    kinds = world.applied().workspace().kinds
    report = world.apply(world.plan(destroy=True))
    assert report.complete, [(str(o.step.address), o.error) for o in report.outcomes]
    assert world.recorded() == {}
    assert world.plan(destroy=True).is_empty
    standing = {
        f"{platform}/{kind.name}"
        for (platform, _), kind in kinds.items()
        if kind.life is Life.STANDING and Ability.DELETE in kind.can
    }
    left = world.platform.services.store.counts()
    assert {name: left.get(name, 0) for name in standing} == {name: fresh.get(name, 0) for name in standing}
    assert not world.platform.services.runs.history.active()


def test_destroy_then_apply_builds_everything_anew(world: World) -> None:
    """After a destroy the project is as good as new."""
    world.applied()
    world.apply(world.plan(destroy=True))
    assert world.applied().plan().is_empty
