"""Waiting for runs to end, and remembering that they did for longer than the platform does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.execution.refresh import read_at_addresses
from reconciler.model.resource import Live, Phase
from reconciler.state.journal import Observed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from reconciler.execution.context import Context
    from reconciler.model.address import Address
    from reconciler.model.resource import Reading, Recorded
    from reconciler.planning.wants import Want
    from reconciler.state.journal import Record

_FIRST, _FACTOR, _LONGEST = 1.0, 1.5, 30.0


@dataclass(frozen=True, slots=True)
class Waited:
    """How waiting ended. `ended` were seen to end; `gone` are known to the platform no more; `pending` were neither
    when time was up or we were asked to stop (`interrupted`), with the last phase seen, UNKNOWN when none was.
    """

    ended: Mapping[Address, Live] = field(default_factory=dict)
    gone: tuple[Address, ...] = ()
    pending: Mapping[Address, Phase] = field(default_factory=dict)
    interrupted: bool = False

    @property
    def failed(self) -> tuple[Address, ...]:
        """Those that ended in anything but success."""
        return tuple(sorted(a for a, live in self.ended.items() if live.phase is not Phase.SUCCEEDED))


def wait_for(
    wants: Iterable[Want],
    context: Context,
    *,
    deadline: float | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Waited:
    """Reads the runs at growing intervals until each has ended, `deadline` (UNIX time; None: never) or a stop.

    Many runs of one scope cost one list a round. The ends that a round has seen are written to the journal by the lease
    of `context`, and committed at the end, so that "done" is durable. A platform that cannot be read for a while is
    asked again, and `say` hears why, once for each reason. Raises what the store raises.
    """
    pending = {want.address: want for want in wants}
    phases: dict[Address, Phase] = dict.fromkeys(pending, Phase.UNKNOWN)
    ended: dict[Address, Live] = {}
    gone: list[Address] = []
    told: set[str] = set()
    interval = _FIRST
    interrupted = False
    while pending:
        reading = read_at_addresses(
            pending.values(), context.connections, context.kinds, parallelism=context.parallelism
        )
        just_ended = []
        for reason in sorted({reading.unreadable[a] for a in pending if a in reading.unreadable} - told):
            say(f"{reason}; asking again")
            told.add(reason)
        for address in tuple(pending):
            live = reading.live.get(address)
            if live is not None:
                _tell(live, phases, context)
                if live.phase.ended:
                    just_ended.append(live)
                    del pending[address]
            elif address not in reading.unreadable:
                gone.append(address)
                del pending[address]
        now = context.clock()
        context.store.append_all(context.environment, [_observation(each, now) for each in just_ended], context.lease)
        ended |= {live.address: live for live in just_ended}
        if not pending or (deadline is not None and now >= deadline):
            break
        left = interval if deadline is None else min(interval, deadline - now)
        if interrupted := context.wait(left):
            break
        interval = min(interval * _FACTOR, _LONGEST)
    _commit(context)
    return Waited(ended, tuple(sorted(gone)), {address: phases[address] for address in sorted(pending)}, interrupted)


def observed(recorded: Mapping[Address, Recorded], reading: Reading, at: float) -> tuple[Record, ...]:
    """What a refresh saw of recorded runs that memory does not have yet: to be appended by whoever holds the lease."""
    return tuple(
        _observation(live, at)
        for address, live in sorted(reading.live.items())
        if (was := recorded.get(address)) is not None
        and was.remote_id == live.remote_id
        and live.phase is not Phase.UNKNOWN
        and (was.phase is not live.phase or any(was.outputs.get(k) != v for k, v in live.outputs.items()))
    )


def _observation(live: Live, at: float) -> Observed:
    return Observed(live.address, live.remote_id, live.phase, at, dict(live.outputs))


def _tell(live: Live, phases: dict[Address, Phase], context: Context) -> None:
    """Tells the progress of a phase that is another one than before."""
    if live.phase is not phases[live.address]:
        phases[live.address] = live.phase
        context.progress.waiting(live.address, live.phase)


def _commit(context: Context) -> None:
    if context.store.records(context.environment):
        state = context.store.read(context.environment)
        context.store.commit(context.environment, state, expected_serial=state.serial, lease=context.lease)
