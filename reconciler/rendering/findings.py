"""Diagnostics for people: the place as editors understand it, the offending line, a caret, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.diagnostic import Severity
from reconciler.rendering.paint import SEVERITY_TONES, Paint, Tone
from reconciler.rendering.words import columns, counted, listed, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.model.diagnostic import Diagnostic

_WINDOW = 96
_LEAD = 32


def render_diagnostics(
    diagnostics: Iterable[Diagnostic], sources: Mapping[str, str] | None = None, *, colour: bool = False
) -> str:
    """Every finding in file order, then how many. `sources` maps a file to its text; without it no line is quoted.

    "" when there is nothing to say.
    """
    found = sorted(diagnostics, key=lambda d: d.sort_key)
    if not found:
        return ""
    paint, texts = Paint(colour), {file: text.split("\n") for file, text in (sources or {}).items() if text}
    lines = [line for d in found for line in finding_lines(d, paint, texts.get(d.source.file, ()) if d.source else ())]
    return "\n".join([*lines, summary(found)]) + "\n"


def place_and_message(diagnostic: Diagnostic) -> tuple[str, str]:
    """Where it is, "" where nobody knows, and its message, which does not begin with that place once more."""
    if diagnostic.source or not diagnostic.address:
        return str(diagnostic.source or ""), diagnostic.message
    return str(diagnostic.address), diagnostic.message.removeprefix(f"{diagnostic.address}: ")


def finding_lines(diagnostic: Diagnostic, paint: Paint, text: Sequence[str] = ()) -> list[str]:
    """One finding as lines: `file:line:column: error: message [code]`, the quoted line, the hint. `text` are the lines
    of its file.
    """
    where, message = place_and_message(diagnostic)
    where = f"{printable(where)}: " if where else ""
    severity = paint(f"{diagnostic.severity}:", SEVERITY_TONES[diagnostic.severity])
    code = paint(f"[{printable(diagnostic.code)}]", Tone.QUIET)
    lines = [f"{where}{severity} {printable(message)} {code}"]
    if diagnostic.source:
        lines += _quoted(text, diagnostic.source.line, diagnostic.source.column, paint)
    if diagnostic.hint:
        lines.append(f"  {paint('hint:', Tone.NOTE)} {printable(diagnostic.hint)}")
    return lines


def _quoted(lines: Sequence[str], line: int, column: int, paint: Paint) -> list[str]:
    """The offending line with a caret below it; a long line is cut to a window around the caret."""
    if not 1 <= line <= len(lines):
        return []
    raw = lines[line - 1].rstrip("\r")
    start = max(column - 1 - _LEAD, 0) if len(raw) > _WINDOW else 0
    shown = printable(raw[start : start + _WINDOW])
    cut = "..." if start else ""
    gutter = f"{line:>5} | "
    quoted = [f"{paint(gutter, Tone.QUIET)}{cut}{shown}{'...' if start + _WINDOW < len(raw) else ''}"]
    if column:
        before = printable(raw[start : max(column - 1, 0)])
        blank = " " * (len(cut) + columns(before))
        quoted.append(f"{paint(' ' * (len(gutter) - 2) + '| ', Tone.QUIET)}{blank}{paint('^', Tone.DANGER)}")
    return quoted


def summary(diagnostics: Sequence[Diagnostic]) -> str:
    """How many of each severity: `2 errors and 1 warning in 2 files.` and nothing else."""
    tally = {severity: sum(d.severity is severity for d in diagnostics) for severity in Severity}
    words = [counted(number, severity.value) for severity, number in tally.items() if number]
    files = len({d.source.file for d in diagnostics if d.source})
    return f"{listed(words)}{' in ' + counted(files, 'file') if files else ''}."
