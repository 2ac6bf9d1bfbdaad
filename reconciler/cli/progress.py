"""What is going on, while it is: a spinner line on a terminal, plain lines in a log."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from reconciler.execution.context import Progress
from reconciler.model.outcome import Result
from reconciler.rendering.paint import Paint, Tone
from reconciler.rendering.report import RESULT_WIDTH, VERB_WIDTH, address_room, outcome_line
from reconciler.rendering.runs import PHASE_TONES
from reconciler.rendering.words import columns, counted, listed, pad, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.status import Status

    from reconciler.cli.streams import Streams
    from reconciler.model.address import Address
    from reconciler.model.outcome import StepOutcome
    from reconciler.model.plan import Step
    from reconciler.model.resource import Phase

_NAMED = 3
_BESIDE = 4
"""Columns of the spinning sign, and of the `^C` that a terminal puts behind the line: a second line would stay."""
_BEFORE_ADDRESS = RESULT_WIDTH + VERB_WIDTH + 2
_ASIDE = " " * (RESULT_WIDTH + 2)


class Voice(Progress, Protocol):
    """A progress through which other things can be said meanwhile."""

    def say(self, text: str) -> None:
        """A line along the way that stays readable, whatever is drawn over itself."""


class Lines:
    """One line when a step has ended, one when a run is seen in another phase, the addresses of all below each other.
    For logs, pipes, and terminals that are not to be drawn on. An address is never cut: it is what one searches for.
    """

    def __init__(self, streams: Streams, addresses: Iterable[Address] = ()) -> None:
        self._streams = streams
        self._paint = Paint(streams.error_colour)
        widest = max((columns(printable(str(address))) for address in addresses), default=0)
        self._column = min(widest, address_room(streams.error_width))
        self._phases: dict[Address, Phase] = {}

    def started(self, step: Step) -> None:
        """Says nothing: the line at the end says it all, and logs stay half as long."""

    def ended(self, outcome: StepOutcome) -> None:
        """How it ended, and below that why, when it did not end well."""
        width = max(columns(printable(str(outcome.step.address))), self._column)
        line = outcome_line(outcome, width, self._paint)
        reason = printable(outcome.error) if outcome.result is not Result.DONE else ""
        self._streams.say(f"{line}\n{_ASIDE}{reason}" if reason else line)

    def waiting(self, address: Address, phase: Phase) -> None:
        """The phase, each time it is another one."""
        if self._phases.get(address) is not phase:
            self._phases[address] = phase
            told = self._paint(pad(phase.value, _BEFORE_ADDRESS), PHASE_TONES.get(phase, Tone.PLAIN))
            self._streams.say(f"{told}  {printable(str(address))}")

    def say(self, text: str) -> None:
        """A line like the others."""
        self._streams.say(text)


class Spinner:
    """One line that is drawn over itself: how many of how many, and what is under way. For terminals."""

    def __init__(self, status: Status, total: int, streams: Streams) -> None:
        self._status = status
        self._total = total
        self._streams = streams
        self._ended = 0
        self._under_way: dict[str, str] = {}

    def started(self, step: Step) -> None:
        """Names it among what is under way."""
        self._under_way[str(step.address)] = step.verb.value
        self._draw()

    def ended(self, outcome: StepOutcome) -> None:
        """Counts it."""
        self._ended += 1
        self._under_way.pop(str(outcome.step.address), None)
        self._draw()

    def waiting(self, address: Address, phase: Phase) -> None:
        """Names its phase among what is under way, until it has ended."""
        if phase.ended:
            self._under_way.pop(str(address), None)
        else:
            self._under_way[str(address)] = phase.value
        self._draw()

    def say(self, text: str) -> None:
        """A line above the one that is drawn over itself, which would wipe it out again."""
        from rich.text import Text

        self._status.console.print(Text(self._streams.masked(text)), soft_wrap=True)

    def _draw(self) -> None:
        from rich.text import Text

        named = [f"{what} {printable(address)}" for address, what in list(self._under_way.items())[:_NAMED]]
        if len(self._under_way) > _NAMED:
            named.append(counted(len(self._under_way) - _NAMED, "more", "more"))
        text = Text(f"{self._ended}/{self._total}  {listed(named)}")
        text.truncate(self._status.console.width - _BESIDE, overflow="ellipsis")
        self._status.update(text)


@contextmanager
def progress(streams: Streams, addresses: Sequence[Address]) -> Iterator[Voice]:
    """The progress that fits the stream, for what happens at `addresses`."""
    if not streams.live:
        yield Lines(streams, addresses)
        return
    from rich.console import Console

    console = Console(file=streams.err, stderr=True, highlight=False, markup=False, emoji=False)
    with console.status("") as status:
        yield Spinner(status, len(addresses), streams)
