"""What is shown while something is under way."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, cast

from rich.cells import cell_len
from rich.console import Console

from reconciler.cli.progress import Lines, Spinner
from reconciler.cli.streams import Streams
from reconciler.cli.waiting import advise
from reconciler.execution.waiting import Waited
from reconciler.model.address import Address
from reconciler.model.outcome import Result, StepOutcome
from reconciler.model.plan import Step, Verb
from reconciler.model.resource import Phase
from reconciler.operations.settings import Settings

if TYPE_CHECKING:
    from reconciler.operations.workspace import Workspace

RUN = Address("t", "Job", "s", "nightly")


def _step(name: str) -> Step:
    return Step(1, Address("t", "App", "s", name), "p", Verb.CREATE)


def test_lines() -> None:
    """In a log: one line when a step has ended, with the reason when it did not end well, one per phase of a run."""
    err = io.StringIO()
    lines = Lines(Streams(io.StringIO(), err, Settings()), [_step("a").address, RUN])
    lines.started(_step("a"))
    lines.ended(StepOutcome(_step("a"), Result.DONE, seconds=1.0))
    lines.ended(StepOutcome(_step("b\x1b"), Result.FAILED, "no\nroom"))
    lines.ended(StepOutcome(_step("longer-than-all-others"), Result.SKIPPED))
    for phase in (Phase.PENDING, Phase.PENDING, Phase.RUNNING, Phase.SUCCEEDED):
        lines.waiting(RUN, phase)
    assert err.getvalue().splitlines() == [
        "done     create  t/App/s/a           1.0s",
        "failed   create  t/App/s/b%1B        0.0s",
        r"         no\nroom",
        "skipped  create  t/App/s/longer-than-all-others",
        "pending          t/Job/s/nightly",
        "running          t/Job/s/nightly",
        "succeeded        t/Job/s/nightly",
    ]


def test_lines_of_a_narrow_terminal() -> None:
    """One very long address does not push the times of all others off the screen, and is not cut itself."""
    terminal, long = _Terminal(), _step("x" * 80).address
    lines = Lines(Streams(io.StringIO(), terminal, Settings({"NO_COLOR": "1"})), [long, RUN])
    lines.ended(StepOutcome(_step("a"), Result.DONE))
    lines.ended(StepOutcome(_step("x" * 80), Result.DONE))
    short, cut = terminal.getvalue().splitlines()
    assert len(short) <= 80
    assert str(long) in cut


def test_colour_only_adds_colour() -> None:
    """On a terminal that takes colours the words and columns are the same."""
    told = {}
    for colour in ("NO_COLOR", "FORCE_COLOR"):
        err = io.StringIO()
        lines = Lines(Streams(io.StringIO(), err, Settings({colour: "1"})), [RUN])
        lines.ended(StepOutcome(_step("a"), Result.FAILED, "no room"))
        lines.waiting(RUN, Phase.SUCCEEDED)
        told[colour] = err.getvalue()
    assert "\x1b" in told["FORCE_COLOR"]
    assert re.sub(r"\x1b\[[0-9;]*m", "", told["FORCE_COLOR"]) == told["NO_COLOR"]


class _Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_spinner() -> None:
    """On a terminal: how many of how many, and what is under way, as text and never as markup."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=200, highlight=False, markup=False, emoji=False)
    with console.status("") as status:
        spinner = Spinner(status, 6, Streams(io.StringIO(), out, Settings()))
        for name in ("a", "b", "c", "d", "[red]e"):
            spinner.started(_step(name))
        assert _line(status) == "0/6  create t/App/s/a, create t/App/s/b, create t/App/s/c and 2 more"
        spinner.ended(StepOutcome(_step("a"), Result.DONE))
        spinner.ended(StepOutcome(_step("b"), Result.FAILED))
        spinner.ended(StepOutcome(_step("c"), Result.DONE))
        assert _line(status) == "3/6  create t/App/s/d and create t/App/s/%5Bred%5De"
        spinner.waiting(RUN, Phase.RUNNING)
        assert _line(status).endswith("and running t/Job/s/nightly")
        spinner.waiting(RUN, Phase.SUCCEEDED)
        assert "nightly" not in _line(status)


def test_the_spinner_is_one_line() -> None:
    """What does not fit beside the spinning sign and a `^C` is cut, wide characters too: never a second line."""
    console = Console(file=io.StringIO(), force_terminal=True, width=30, highlight=False, markup=False, emoji=False)
    with console.status("") as status:
        spinner = Spinner(status, 1, Streams(io.StringIO(), io.StringIO(), Settings()))
        spinner.waiting(Address("t", "Job", "s", "\u957f" * 20), Phase.RUNNING)
        assert cell_len(_line(status)) <= 26
        assert _line(status).endswith("\u2026")


def test_what_is_said_beside_the_spinner_stays() -> None:
    """A line that is said meanwhile is followed by the drawn one before anything is wiped out; secrets are masked."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=200, highlight=False, markup=False, emoji=False)
    streams = Streams(io.StringIO(), out, Settings({"RECONCILER_SECRET_X": "fake-secret-value"}))
    with console.status("") as status:
        spinner = Spinner(status, 6, streams)
        spinner.started(_step("a"))
        spinner.say("stopping [once] fake-secret-value")
    after = out.getvalue().partition("stopping [once] ***\n")[2]
    assert "0/6  create t/App/s/a" in after
    assert "\x1b[1A" not in after.partition("0/6")[0]


def test_who_stops_waiting_stops_no_run() -> None:
    """After Ctrl-C in a wait: that what has not ended goes on, and how to come back to it. Nothing else."""
    err = io.StringIO()
    streams, nothing_else = Streams(io.StringIO(), err, Settings()), cast("Workspace", None)
    advise(Waited({}, (), {RUN: Phase.RUNNING}, interrupted=True), streams, nothing_else)
    assert "goes on" in err.getvalue()
    assert "reconciler wait" in err.getvalue()
    err.truncate(0)
    advise(Waited({}, (), {}, interrupted=True), streams, nothing_else)
    advise(Waited({}, (), {RUN: Phase.RUNNING}), streams, nothing_else)
    assert not err.getvalue()


def _line(status: object) -> str:
    return str(getattr(status, "status"))  # noqa: B009 - a property that rich does not declare
