"""One more look before anything is created: a plan may be minutes old by the time a person has said yes."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from reconciler.execution.refresh import read_at_addresses
from reconciler.model.kind import Life
from reconciler.model.plan import Verb

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.execution.context import Context
    from reconciler.model.address import Address
    from reconciler.model.plan import Plan, Step
    from reconciler.model.resource import Live


def appeared(plan: Plan, context: Context) -> Mapping[Address, Live]:
    """What now stands where the plan is going to create, by address; empty where the plan has just looked itself.

    What cannot be read is left out: then the create itself tells.
    """
    instead = replaced(plan)
    steps = [step for step in plan.steps if step.address not in instead and _to_look_at(step, context)]
    if not steps:
        return MappingProxyType({})
    from reconciler.planning.wants import Want, ids_of

    gone = ids_of(context.former)
    ids = {step.id: gone.get((step.address, step.mark), "") for step in steps if step.mark is not None}
    wants = [Want(step.address, step.platform, ids[step.id], step.mark) for step in steps]
    return read_at_addresses(wants, context.connections, context.kinds, parallelism=context.parallelism).live


def replaced(plan: Plan) -> frozenset[Address]:
    """Addresses at which one thing goes before another comes."""
    leaving = {step.address for step in plan.steps if step.verb is Verb.DELETE}
    return frozenset(step.address for step in plan.steps if step.verb is Verb.CREATE and step.address in leaving)


def _to_look_at(step: Step, context: Context) -> bool:
    if step.verb is not Verb.CREATE or step.mark is None:
        return False
    # A clock that was set back tells nothing about how long ago that was.
    if context.read_at is None or not 0 <= context.clock() - context.read_at <= context.patience.fresh:
        return True
    # The plan looked for the recorded object there, hence not for this mark.
    recorded = context.recorded.get(step.address)
    is_run = context.kinds[step.platform, step.address.kind].life is Life.RUN
    return is_run and recorded is not None and recorded.mark != step.mark
