from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.model.plan import Verb
from reconciler.operations.apply import Doing, apply

if TYPE_CHECKING:
    from reconciler.model.address import Address
    from reconciler.model.outcome import StepOutcome
    from reconciler.model.plan import Plan, Step
    from reconciler.model.resource import Phase
    from tests.invariants.world import World


class Heard:
    """A progress that writes down what began and ended, in order."""

    def __init__(self) -> None:
        self.order: list[tuple[str, int]] = []

    def started(self, step: Step) -> None:
        """See Progress."""
        self.order.append(("started", step.id))

    def ended(self, outcome: StepOutcome) -> None:
        """See Progress."""
        self.order.append(("ended", outcome.step.id))

    def waiting(self, address: Address, phase: Phase) -> None:
        """See Progress."""


def _carry_out(world: World, planned: Plan) -> list[tuple[str, int]]:
    heard = Heard()
    assert apply(world.workspace(), planned, Doing(heard, threading.Event(), world.said.append)).complete
    return heard.order


def _depends(planned: Plan) -> list[tuple[Step, Step]]:
    """(step, a step on which its resource depends) for every such pair."""
    by_address = {step.address: step for step in planned.steps}
    return [(s, by_address[a]) for s in planned.steps for a in s.depends_on if a in by_address]


def test_nothing_begins_before_what_it_needs_has_ended(world: World) -> None:
    """Invariant 10, building up: each create starts after the creates of what it refers to have ended."""
    planned = world.plan()
    order = _carry_out(world, planned)
    pairs = _depends(planned)
    assert pairs
    for step, needed in pairs:
        assert order.index(("ended", needed.id)) < order.index(("started", step.id)), (step.address, needed.address)


def test_taking_down_is_the_other_way_round(world: World) -> None:
    """Invariant 10, taking down: nothing is deleted while something that was built on it is still there."""
    built = world.plan()
    world.apply(built)
    planned = world.plan(destroy=True)
    order = _carry_out(world, planned)
    gone = {step.address: step for step in planned.steps if step.verb in {Verb.DELETE, Verb.FORGET}}
    for step, needed in _depends(built):
        user, used = gone[step.address], gone[needed.address]
        assert order.index(("ended", user.id)) < order.index(("started", used.id)), (step.address, needed.address)


def _name(entry: dict[str, Any]) -> str:
    """What a create call calls the thing, "" where it names none: an import, a copy of data, an action."""
    body = json.loads(entry["body"])
    return "@".join(filter(None, (body.get("name", ""), body.get("version", ""))))


def _is_named(step: Step) -> bool:
    """Whether the call that makes it is a POST that says its name."""
    elsewhere = {"Member", "PerformanceResource", "VendorConfig", "DataJob"}
    return step.address.kind not in elsewhere and "from" not in (step.desired or {})


def test_the_wire_agrees(world: World) -> None:
    """What the platform saw: every workflow after its apps, every job after its workflow, nothing twice."""
    if set(world.workspace().platforms.values()) != {"ai4s"}:
        pytest.skip("other platforms name things elsewhere in their bodies")
    planned = world.plan()
    world.apply(planned)
    created = [name for entry in world.requests("POST") if entry["status"] < 300 and (name := _name(entry))]
    named = {step.address: step.address.name for step in planned.steps if _is_named(step)}
    assert sorted(created) == sorted(named.values())
    for step, needed in _depends(planned):
        if {step.address, needed.address} <= set(named) and step.address.name != needed.address.name:
            assert created.index(needed.address.name) < created.index(step.address.name)
