"""Where output goes and what it may look like there: the only writer of standard output and standard error."""

from __future__ import annotations

import shutil
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from reconciler.errors import UsageError
from reconciler.operations.settings import current_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    import typer

    from reconciler.operations.settings import Settings

_PIPE_WIDTH = 120
_NARROWEST = 40


class OutputLost(Exception):
    """Standard output takes no more, as on a full disk. Its text is the reason. What was done stays done."""


@dataclass(frozen=True, slots=True)
class Streams:
    """The two streams of a command. Results go to `out`, everything said along the way to `err`."""

    out: TextIO
    err: TextIO
    settings: Settings

    @property
    def colour(self) -> bool:
        """Whether results may be coloured."""
        return _coloured(self.out, self.settings)

    @property
    def error_colour(self) -> bool:
        """Whether what is said along the way may be coloured."""
        return _coloured(self.err, self.settings)

    @property
    def width(self) -> int:
        """Columns for results: the terminal's, or a fixed width so that piped output is the same everywhere."""
        return _width(self.out)

    @property
    def error_width(self) -> int:
        """Columns for what is said along the way, in the same manner."""
        return _width(self.err)

    @property
    def table_width(self) -> int:
        """Columns for tables: 0, which cuts nothing, when a program reads them."""
        return self.width if _is_terminal(self.out) else 0

    @property
    def live(self) -> bool:
        """Whether progress may be drawn over itself: a terminal, and no CI log."""
        return _is_terminal(self.err) and not self.settings.ci and self.settings.colour is not False

    @property
    def asks(self) -> bool:
        """Whether a person can answer a question."""
        return _is_terminal(sys.stdin) and _is_terminal(self.err) and not self.settings.ci

    def show(self, text: str) -> None:
        """A result, already rendered; ends in a line break or is empty. Raises OutputLost."""
        with _kept():
            self.out.write(self.masked(text))

    def finish(self) -> None:
        """Everything that was shown is on its way. Raises OutputLost."""
        with _kept():
            self.out.flush()

    def say(self, text: str) -> None:
        """A line along the way. A reader who has gone away never stops the work."""
        with suppress(BrokenPipeError):
            self.err.write(self.masked(text) + "\n")
            self.err.flush()

    def masked(self, text: str) -> str:
        """Without any secret of this process: a job may have printed one that it was given."""
        secrets = self.settings.secrets()
        if not secrets:
            return text
        from reconciler.model.secret import Redactor

        return Redactor(frozenset(secrets)).redact(text)

    def complain(self, text: str, *, hint: str = "") -> None:
        """An error for people, with what to do about it."""
        from reconciler.rendering.paint import Paint, Tone
        from reconciler.rendering.words import printable

        paint = Paint(self.error_colour)
        first, *more = map(printable, text.split("\n"))
        self.say(f"{paint('error:', Tone.DANGER)} {first}")
        for line in more:
            self.say(f"  {line}")
        if hint:
            self.say(f"{paint('hint:', Tone.NOTE)} {printable(hint)}")

    def confirm(self, question: str, *, instead: str) -> bool:
        """Whether the person typed `yes`. Raises UsageError, naming what to say `instead`, when nobody can answer."""
        if not self.asks:
            msg = f"nobody is there to answer: {question}"
            raise UsageError(msg, hint=instead)
        self.out.flush()
        self.err.write(f"{question} Only 'yes' is taken as yes: ")
        self.err.flush()
        return sys.stdin.readline().strip() == "yes"


def open_streams(settings: Settings) -> Streams:
    """The process's own streams, made unable to fail on a character their encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    return Streams(sys.stdout, sys.stderr, settings)


def streams_of(context: typer.Context) -> Streams:
    """The streams that the program was started with, as every command gets them."""
    found = context.find_object(Streams)
    return found or open_streams(current_settings())


@contextmanager
def _kept() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputLost(error.strerror or str(error)) from error


def _is_terminal(stream: TextIO) -> bool:
    return not stream.closed and stream.isatty()


def _width(stream: TextIO) -> int:
    return max(shutil.get_terminal_size().columns, _NARROWEST) if _is_terminal(stream) else _PIPE_WIDTH


def _coloured(stream: TextIO, settings: Settings) -> bool:
    return _is_terminal(stream) if settings.colour is None else settings.colour
