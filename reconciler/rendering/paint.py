"""Colour as a value: renderings say what a text means, this says how that looks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from reconciler.model.change import Action
from reconciler.model.diagnostic import Severity
from reconciler.model.outcome import Result

if TYPE_CHECKING:
    from collections.abc import Mapping


class Tone(StrEnum):
    """What a piece of text is to its reader. The value is the SGR parameter of the terminal."""

    PLAIN = ""
    STRONG = "1"
    QUIET = "2"
    DANGER = "1;31"
    REMOVED = "31"
    ADDED = "32"
    CHANGED = "33"
    NOTE = "36"


ACTION_TONES: Final[Mapping[Action, Tone]] = {
    Action.NO_OP: Tone.QUIET,
    Action.HOLD: Tone.CHANGED,
    Action.ADOPT: Tone.NOTE,
    Action.CREATE: Tone.ADDED,
    Action.UPDATE: Tone.CHANGED,
    Action.FORGET: Tone.NOTE,
    Action.REPLACE: Tone.DANGER,
    Action.DELETE: Tone.DANGER,
    Action.REFUSE: Tone.DANGER,
}
SEVERITY_TONES: Final[Mapping[Severity, Tone]] = {
    Severity.ERROR: Tone.DANGER,
    Severity.WARNING: Tone.CHANGED,
    Severity.NOTE: Tone.NOTE,
}
RESULT_TONES: Final[Mapping[Result, Tone]] = {
    Result.DONE: Tone.ADDED,
    Result.FAILED: Tone.DANGER,
    Result.SKIPPED: Tone.QUIET,
    Result.UNKNOWN: Tone.DANGER,
}


@dataclass(frozen=True, slots=True)
class Paint:
    """Wraps text in terminal colours, or leaves it alone. The text must already be printable."""

    colour: bool

    def __call__(self, text: str, tone: Tone) -> str:
        """`text` in `tone`."""
        return f"\x1b[{tone}m{text}\x1b[0m" if self.colour and tone and text else text
