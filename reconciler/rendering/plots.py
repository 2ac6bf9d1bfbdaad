"""Plots in a terminal: columns of blocks, an axis at the left."""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

HEIGHT = 6
_BLOCKS = " ▁▂▃▄▅▆▇█"
_STEPS = len(_BLOCKS) - 1
_NARROWEST, _WIDEST = 8, 72
_LABEL = 10


def render_plot(points: Sequence[tuple[float, float]], *, width: int = 80, unit: str = "") -> str:
    """The values over time from zero up, a line break after each row; "" for no points.

    `points` are (seconds, value), oldest first. Of more points than columns those of one column are averaged. `width`
    0 means the widest that reads well.
    """
    if not points:
        return ""
    room = min(max((width or _WIDEST) - _LABEL - 2, _NARROWEST), _WIDEST)
    values = _columns([value for _, value in points], room)
    top = max(*values, 0.0) or 1.0
    rows = []
    for row in range(HEIGHT, 0, -1):
        label = f"{top:g}{unit}" if row == HEIGHT else "0" if row == 1 else ""
        rows.append(f"{_short(label):>{_LABEL}} ┤{''.join(_cell(value / top, row) for value in values)}".rstrip())
    return "\n".join(rows) + "\n"


def _columns(values: Sequence[float], room: int) -> list[float]:
    """At most `room` values, each the mean of its share."""
    count = min(len(values), room)
    edges = [round(index * len(values) / count) for index in range(count + 1)]
    return [max(fmean(values[start:end]), 0.0) for start, end in pairwise(edges)]


def _cell(share: float, row: int) -> str:
    """The block of a value that reaches `share` of the top, in a row counted from 1 at the bottom."""
    filled = round(share * HEIGHT * _STEPS) - (row - 1) * _STEPS
    return _BLOCKS[min(max(filled, 0), _STEPS)]


def _short(label: str) -> str:
    return label if len(label) <= _LABEL else f"{label[: _LABEL - 1]}…"
