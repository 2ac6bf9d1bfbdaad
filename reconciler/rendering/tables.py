"""Rows for people: columns as wide as they need, the widest cut when the terminal is narrow."""

from __future__ import annotations

import json
from textwrap import wrap
from typing import TYPE_CHECKING

from reconciler.rendering.paint import Paint, Tone
from reconciler.rendering.words import columns, fit, pad, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_GAP = 2
_BELOW = 4
_ROOM_FOR_WORDS = 30
_NARROWEST = 8


def render_table(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, width: int = 100, colour: bool = False
) -> str:
    """A table without lines, headers in capitals. Every row has as many cells as there are headers.

    `width` 0 cuts nothing (output that is piped). "" for no rows.
    """
    if not rows:
        return ""
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(columns(text) for text in column) for column in zip(headers, *cells, strict=True)]
    if width:
        widths = _narrowed(widths, width)
    head = _line([header.upper() for header in headers], widths)
    body = [_line(row, widths) for row in cells]
    return "\n".join([Paint(colour)(head, Tone.STRONG), *body]) + "\n"


def render_words(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, width: int = 100, colour: bool = False
) -> str:
    """As `render_table`, for rows whose last cell is a list of words: it is never cut, but goes on below itself, or
    below the whole row where there is little room beside the other cells.
    """
    if not rows or not width:
        return render_table(headers, rows, width=width, colour=colour)
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [
        max(columns(text) for text in column) for column in zip(headers[:-1], *(row[:-1] for row in cells), strict=True)
    ]
    beside = sum(widths) + _GAP * len(widths)
    at = beside if width - beside >= _ROOM_FOR_WORDS else _BELOW
    told = []
    for row in cells:
        first, *more = wrap(row[-1], width - at) or [""]
        line = _line(row[:-1], widths)
        told += [f"{pad(line, at)}{first}".rstrip()] if at == beside else [line, " " * at + first]
        told += [" " * at + each for each in more]
    names = [*headers[:-1], *([headers[-1]] if at == beside else [])]
    head = _line([name.upper() for name in names], [*widths, columns(headers[-1])][: len(names)])
    return "\n".join([Paint(colour)(head, Tone.STRONG), *told]) + "\n"


def _narrowed(widths: list[int], width: int) -> list[int]:
    """Takes columns off the widest until the table fits, but never below what is still readable."""
    widths = list(widths)
    while sum(widths) + _GAP * (len(widths) - 1) > width and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [pad(fit(text, wide), wide) for text, wide in zip(row, widths, strict=True)]
    return (" " * _GAP).join(cells).rstrip()


def render_facts(facts: Sequence[tuple[str, str]]) -> str:
    """`label:  value` lines, the values below each other. "" for no facts."""
    widest = max((columns(label) for label, _ in facts), default=0) + 1
    return "".join(f"{pad(label + ':', widest)} {printable(text)}".rstrip() + "\n" for label, text in facts)


def rows_to_json(name: str, rows: Sequence[Mapping[str, object]]) -> str:
    """`{"format": "reconciler.<name>/v1", "items": [...]}` with sorted keys, ending in a line break."""
    return json.dumps({"format": f"reconciler.{name}/v1", "items": list(rows)}, indent=2, sort_keys=True) + "\n"
