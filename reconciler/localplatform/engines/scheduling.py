"""Who runs next on one machine. Pure: values in, values out.

Order: higher priority first; among equals the run that has least running, so that a sweep of a thousand does not shut
others out; among those the one submitted first. Whoever is first and does not fit waits, and everything behind it waits
too: the machine drains until it fits, so nothing large starves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.localplatform.work import Limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.localplatform.engines.lifecycle import Unit

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Capacity:
    """What the machine gives: `cpu` in cores, `memory` in bytes, at most `instances` at the same time (a gang may be
    larger, when it runs alone).
    """

    cpu: float
    memory: int
    instances: int


@dataclass(frozen=True, slots=True)
class Grant:
    """What a unit holds while it runs: the sum over its instances."""

    cpu: float
    memory: int
    instances: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A unit that could start. `running`: how many instances of its run hold room now; `order`: when its run came."""

    run_id: str
    unit: Unit
    grant: Grant
    priority: int
    running: int
    order: int


def clamp(limits: Limits, capacity: Capacity) -> tuple[Limits, str]:
    """What an instance gets of what it asks for, and a sentence about it, "" when it gets all. Devices are left as
    they are: none are granted anyway.
    """
    given = Limits(min(limits.cpu, capacity.cpu), min(limits.memory, capacity.memory), limits.gpu)
    short = []
    if given.cpu < limits.cpu:
        short.append(f"{limits.cpu:g} cores of {capacity.cpu:g}")
    if given.memory < limits.memory:
        short.append(f"{limits.memory} bytes of memory of {capacity.memory}")
    return given, f"asks for more than this machine has, and gets what there is: {', '.join(short)}" if short else ""


def grant(limits: Sequence[Limits], capacity: Capacity) -> Grant:
    """The room a unit takes: what its instances ask for, but never more than the machine has."""
    return Grant(
        min(sum(one.cpu for one in limits), capacity.cpu),
        min(sum(one.memory for one in limits), capacity.memory),
        min(len(limits), capacity.instances),
    )


def choose(offers: Iterable[Offer], held: Iterable[Grant], capacity: Capacity) -> Offer | None:
    """The one to start now, or None when the first in line has to wait."""
    first = min(offers, key=lambda offer: (-offer.priority, offer.running, offer.order), default=None)
    if first is None:
        return None
    cpu, memory, instances = first.grant.cpu, first.grant.memory, first.grant.instances
    for one in held:
        cpu, memory, instances = cpu + one.cpu, memory + one.memory, instances + one.instances
    fits = cpu <= capacity.cpu + _ROUNDING and memory <= capacity.memory and instances <= capacity.instances
    return first if fits else None
