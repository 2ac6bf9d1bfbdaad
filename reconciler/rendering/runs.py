"""Runs, their output and what happened to them, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.resource import Phase
from reconciler.rendering.paint import Paint, Tone
from reconciler.rendering.words import pad, printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.address import Address

PHASE_TONES = {
    Phase.SUCCEEDED: Tone.ADDED,
    Phase.READY: Tone.ADDED,
    Phase.FAILED: Tone.DANGER,
    Phase.CANCELLED: Tone.CHANGED,
    Phase.UNKNOWN: Tone.CHANGED,
}
_PHASE_WIDTH = 9


def render_runs(runs: Iterable[tuple[Address, Phase | None, str]], *, colour: bool = False) -> str:
    """One line a run: how it ended, or where it is; the platform's reason behind it. "" for no runs."""
    paint = Paint(colour)
    lines = []
    for address, phase, detail in runs:
        word = pad(phase.value if phase else "gone", _PHASE_WIDTH)
        tone = PHASE_TONES.get(phase, Tone.PLAIN) if phase else Tone.CHANGED
        lines.append(f"{paint(word, tone)}  {printable(str(address))}  {printable(detail)}".rstrip())
    return "".join(line + "\n" for line in lines)
