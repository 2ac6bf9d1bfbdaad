from __future__ import annotations

from reconciler.model.change import Action
from reconciler.model.plan import Plan, Verb
from reconciler.operations.plan import Wish, look
from reconciler.operations.selection import Selection
from tests.invariants.world import World, shown

_REMOVES = {Verb.DELETE, Verb.FORGET, Verb.STOP}


def _plan_only(world: World, *globs: str) -> Plan:
    return look(world.workspace(), Wish(Selection(only=globs)), world.said.append).plan


def test_a_selection_brings_what_it_needs(world: World) -> None:
    """Each resource selected alone is planned with everything it refers to, and can be applied so."""
    whole = world.plan()
    needs = {step.address: set(step.depends_on) for step in whole.steps}
    for step in whole.steps:
        planned = _plan_only(world, str(step.address))
        wanted, found = [step.address], {s.address for s in planned.steps}
        while wanted:
            address = wanted.pop()
            assert address in found
            wanted += needs[address]
    assert world.apply(_plan_only(world, str(whole.steps[-1].address))).complete


def test_a_selection_never_removes(world: World) -> None:
    """Invariant 14: with files gone, a selection removes nothing, not even what it names; a whole plan would."""
    world.applied()
    before = {change.address for change in world.plan().changes}
    kept = {(file.parent, file.suffix): file for file in reversed(world.manifests())}  # no folder, no glob is empty
    for file in world.manifests():
        if file not in kept.values():
            file.unlink()
    gone = before - {change.address for change in world.plan().changes if change.action is Action.NO_OP}
    assert gone
    assert any(step.verb in _REMOVES for step in world.plan().steps) or world.plan().is_blocked
    for globs in (("*",), (f"{min(before).kind}/*/*",), *((str(address),) for address in sorted(gone))):
        planned = _plan_only(world, *globs)
        assert not [step for step in planned.steps if step.verb in _REMOVES], globs
        assert not [change for change in shown(planned) if change.action in {Action.DELETE, Action.FORGET}]


def test_no_manifests_at_all_remove_nothing(world: World) -> None:
    """An empty folder is a mistake, not a wish: the plan is blocked or empty, and nothing is deleted."""
    world.applied()
    for file in world.manifests():
        file.unlink()
    planned = world.plan()
    assert planned.is_blocked or planned.is_empty
    assert len(world.requests("DELETE")) == 0
