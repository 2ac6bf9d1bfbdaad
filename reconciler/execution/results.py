"""Runs whose success others wait for: looked at together, by one thread, however many wait and however long it takes.

Nobody holds a place among the workers while waiting: what waits is not begun. What is seen is told at once.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.execution.refresh import read_at_addresses
from reconciler.model.resource import Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.execution.context import Context
    from reconciler.model.address import Address
    from reconciler.model.resource import Live, Reading
    from reconciler.planning.wants import Want


@dataclass(frozen=True, slots=True)
class Awaited:
    """A run that is waited for since `since` (UNIX time). `new`: it was submitted by this very apply, so that a
    platform that does not know it has not forgotten it.
    """

    want: Want
    since: float
    new: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """How the waiting for a run ended. `live` is how it was last seen, None where nothing shows it any more. `why` says
    why nobody waits for it any longer though it has not succeeded, "" where it has; `code` is the stable code of that.
    """

    want: Want
    live: Live | None = None
    why: str = ""
    code: str = ""


class Results:
    """Waits for runs. `ended` hears once of each, never after `close`; what it raises goes to `broken`."""

    def __init__(
        self,
        context: Context,
        ended: Callable[[Ended], None],
        waiting: Callable[[Address, Phase], None],
        broken: Callable[[BaseException], None],
    ) -> None:
        self._context = context
        self._ended = ended
        self._waiting = waiting
        self._broken = broken
        self._changed = threading.Condition()
        self._awaited: dict[Address, Awaited] = {}
        self._phases: dict[Address, Phase] = {}
        self._closed = False
        self._thread: threading.Thread | None = None

    def wait_for(self, want: Want, *, new: bool) -> None:
        """Begins to look at one."""
        with self._changed:
            self._awaited[want.address] = Awaited(want, self._context.clock(), new)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._watch, name="results", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def close(self) -> None:
        """Ends all waiting. A reading under way is left alone for as long as calls are."""
        with self._changed:
            self._closed = True
            thread = self._thread
            self._changed.notify_all()
        if thread is not None:
            thread.join(self._context.patience.grace)

    def _watch(self) -> None:
        pauses = self._context.patience.pauses()
        try:
            while awaited := self._open():
                reading = self._read(awaited)
                now = self._context.clock()
                for each in awaited.values():
                    if (end := self._end(each, reading, now)) is not None:
                        self._tell(end)
                if not self._pause(pauses.next()):
                    return
        except BaseException as error:  # noqa: BLE001 - carried to the thread that waits, which raises it
            self._broken(error)

    def _open(self) -> dict[Address, Awaited]:
        """What is waited for now; when that is nothing the thread is let go."""
        with self._changed:
            if not self._awaited or self._closed:
                self._thread = None
                return {}
            return dict(self._awaited)

    def _read(self, awaited: Mapping[Address, Awaited]) -> Reading:
        context = self._context
        wants = [each.want for each in awaited.values()]
        return read_at_addresses(wants, context.connections, context.kinds, parallelism=context.parallelism)

    def _end(self, awaited: Awaited, reading: Reading, now: float) -> Ended | None:
        """How the waiting ends, None where it goes on."""
        want, patience = awaited.want, self._context.patience
        live = reading.live.get(want.address)
        if live is not None:
            self._show(want.address, live.phase)
            if live.phase is Phase.SUCCEEDED:
                return Ended(want, live)
            if live.phase.ended:
                return Ended(want, live, f"{want.address} {live.phase.value}", "execution.no-result")
        elif want.address not in reading.unreadable:
            if not awaited.new:
                return Ended(want)
            if now >= awaited.since + patience.horizon:
                return Ended(want, why=f"{want.address} is gone from the platform", code="execution.no-result")
        if now < awaited.since + patience.results:
            return None
        state = f"is still {live.phase.value}" if live else f"could not be read: {reading.unreadable.get(want.address)}"
        return Ended(want, live, f"{want.address} {state}, and this works on its result", "execution.awaiting")

    def _show(self, address: Address, phase: Phase) -> None:
        if self._phases.get(address) is not phase:
            self._phases[address] = phase
            self._waiting(address, phase)

    def _tell(self, end: Ended) -> None:
        with self._changed:
            if not self._closed:
                del self._awaited[end.want.address]
                self._ended(end)

    def _pause(self, seconds: float) -> bool:
        """Lets time pass. False when nobody waits any longer."""
        if self._context.pause is not None:
            return not self._context.wait(seconds)
        with self._changed:
            self._changed.wait_for(lambda: self._closed, seconds)
            return not self._closed
