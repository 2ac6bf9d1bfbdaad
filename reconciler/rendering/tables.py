"""Rows for people: columns as wide as they need, the widest cut when the terminal is narrow, the first one last."""

from __future__ import annotations

import json
from itertools import compress
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

    `width` 0 cuts nothing (output that is piped). Where it is too little, columns in which nothing stands go, and the
    first one is cut last: it says what a row is about, and is what one types next. "" for no rows.
    """
    if not rows:
        return ""
    table = [[header.upper() for header in headers], *([printable(cell) for cell in row] for row in rows)]
    widths = _widths(table)
    if width and _total(widths) > width:
        said = [not at or any(column[1:]) for at, column in enumerate(zip(*table, strict=True))]
        table = [list(compress(row, said)) for row in table]
        widths = _narrowed(_widths(table), width)
    head, *body = (_line(row, widths) for row in table)
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


def _widths(table: Sequence[Sequence[str]]) -> list[int]:
    return [max(columns(text) for text in column) for column in zip(*table, strict=True)]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _narrowed(widths: Sequence[int], width: int) -> list[int]:
    """Takes columns off the widest until the table fits, but never below what is still readable."""
    first, *others = widths
    while _total([first, *others]) > width and max(others, default=0) > _NARROWEST:
        others[others.index(max(others))] -= 1
    over = max(0, _total([first, *others]) - width)
    return [max(first - over, min(first, _NARROWEST)), *others]


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
