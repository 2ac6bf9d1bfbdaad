"""Values that exist only when a run has ended: where a manifest refers to what another run finds, that run is waited
for before the first request of this one.

    params: [{name: table, value: '$[[ ref.Search/wide.result_url ]]'}]       told by the search when it has succeeded

An id needs no waiting: it is there with the answer to the create.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.execution.resolving import Made
from reconciler.model.expression import Space, parse, strings
from reconciler.planning import edges
from reconciler.providers.protocol import Reads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.execution.context import Context
    from reconciler.model.address import Address
    from reconciler.model.plan import Step
    from reconciler.model.resource import Live, Phase


@dataclass(frozen=True, slots=True)
class Awaiting:
    """`output` of `address` is not told yet: the run is still in `phase`."""

    address: Address
    output: str
    phase: Phase


class Outputs:
    """Waits for the outputs that one step refers to.

    `made` and `learnt` are what this apply knows, and hears, of other addresses; `waiting` tells who waits.
    """

    def __init__(
        self,
        context: Context,
        made: Callable[[Address], Made | None],
        learnt: Callable[[Address, Made], None],
        waiting: Callable[[Address, Phase], None],
    ) -> None:
        self._context = context
        self._made = made
        self._learnt = learnt
        self._waiting = waiting

    def wait_for(self, step: Step) -> Awaiting | None:
        """Reads the runs that tell too little until they tell it or have ended. The first that does neither in time, or
        before we are asked to stop; None for all is told that ever will be. Raises PlatformError.
        """
        until = self._context.clock() + self._context.patience.results
        for address, output in dict.fromkeys(_missing(step, self._made)):
            live = self._watch(address, output, until)
            if live is not None and live.phase.active and output not in live.outputs:
                return Awaiting(address, output, live.phase)
        return None

    def _watch(self, address: Address, output: str, until: float) -> Live | None:
        made, connection = self._made(address), self._context.connections.get(address.target)
        handler: object = connection.handler(address.kind) if connection is not None else None
        if made is None or not isinstance(handler, Reads):
            return None
        pauses = self._context.patience.pauses()
        while (live := handler.read(address, made.remote_id)) is not None:
            told = Made(made.remote_id, {**made.outputs, **live.outputs}, live.phase)
            if output in told.outputs or not live.phase.active:
                self._learnt(address, told)
                return live
            self._waiting(address, live.phase)
            if self._context.clock() >= until or self._context.wait(pauses.next()):
                return live
        return None


def _missing(step: Step, made: Callable[[Address], Made | None]) -> Iterator[tuple[Address, str]]:
    """(address, output) of every reference whose value is not known, though its resource is there."""
    known = edges.Known.of(step.depends_on)
    for _, text in strings(step.desired or {}):
        for found in parse(text) if "$[[" in text else ():
            candidates, output = edges.locate(found, step.address, known) if found.space is Space.REF else ((), "")
            there = made(candidates[0]) if len(candidates) == 1 and output else None
            if there is not None and there.remote_id and output not in there.outputs:
                yield candidates[0], output
