"""Which step may go next: in-degree counters, so that n steps cost O(n + dependencies), whatever their shape."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.address import Address
    from reconciler.model.plan import Step


class Schedule:
    """Steps in dependency order, lowest id first among those that are ready. Not safe from several threads at once."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self._steps = {step.id: step for step in steps}
        self._missing = {
            step.id: len(set(step.needs) & self._steps.keys()) + len(set(step.after_success))
            for step in self._steps.values()
        }
        self._dependants: dict[int, list[int]] = {}
        self._awaiting: dict[Address, list[int]] = {}
        for step in self._steps.values():
            for address in set(step.after_success):
                self._awaiting.setdefault(address, []).append(step.id)
            for need in set(step.needs):
                self._dependants.setdefault(need, []).append(step.id)
        self._ready = [identity for identity, missing in self._missing.items() if not missing]
        heapq.heapify(self._ready)
        self._open = set(self._steps)

    @property
    def finished(self) -> bool:
        """Every step was done, failed or skipped."""
        return not self._open

    def take(self) -> Step | None:
        """A step whose needs are done; None when there is none right now."""
        return self._steps[heapq.heappop(self._ready)] if self._ready else None

    def done(self, step: Step) -> None:
        """It succeeded: what needed it may become ready."""
        self._open.discard(step.id)
        self._less_missing(self._dependants.get(step.id, ()))

    @property
    def awaited(self) -> frozenset[Address]:
        """The runs that steps wait for the success of."""
        return frozenset(self._awaiting)

    def succeeded(self, address: Address) -> None:
        """A run did: what waited for it may become ready."""
        self._less_missing(self._awaiting.pop(address, ()))

    def awaiting(self, address: Address) -> tuple[Step, ...]:
        """The steps that are still to be done and wait for a run, in id order."""
        return tuple(self._steps[i] for i in sorted(self._awaiting.get(address, ())) if i in self._open)

    def _less_missing(self, identities: Iterable[int]) -> None:
        for identity in identities:
            self._missing[identity] -= 1
            if not self._missing[identity] and identity in self._open:
                heapq.heappush(self._ready, identity)

    def failed(self, step: Step) -> tuple[Step, ...]:
        """It did not succeed: everything that needs it, directly or not, is out. Returns those, in id order."""
        self._open.discard(step.id)
        lost: set[int] = set()
        frontier = [step.id]
        while frontier:
            for dependant in self._dependants.get(frontier.pop(), ()):
                if dependant in self._open:
                    self._open.discard(dependant)
                    lost.add(dependant)
                    frontier.append(dependant)
        return tuple(self._steps[identity] for identity in sorted(lost))

    def drop(self) -> tuple[Step, ...]:
        """Gives up whatever is neither done nor taken. Returns those, in id order."""
        ready = set(self._ready)
        waiting = [i for i in self._open if i in ready or self._missing[i]]
        self._ready.clear()
        self._open.difference_update(waiting)
        return tuple(self._steps[identity] for identity in sorted(waiting))
