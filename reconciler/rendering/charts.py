"""What was measured over time, as a page with a picture for each series, and the figures beside it as text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import fmean
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from reconciler.rendering.page import Page, add
from reconciler.rendering.words import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH: Final = 720.0
_HEIGHT: Final = 160.0
_LEFT: Final = 64.0
_EDGE: Final = 8.0
_FOOT: Final = 24.0
_STYLE: Final = "svg{max-width:100%;height:auto}polyline{fill:none;stroke:var(--blue);stroke-width:1.5}"
_MANY: Final = 1500
"""Points of one picture; of more, the mean of neighbours."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One series. `points` are (UNIX seconds, value), oldest first, at least one."""

    title: str
    unit: str
    points: Sequence[tuple[float, float]]


def render_charts(title: str, charts: Sequence[Chart]) -> str:
    """A whole HTML document, ending in a line break."""
    page = Page(title, style=_STYLE)
    for chart in charts:
        figure = add(page.main, "figure")
        add(figure, "figcaption", f"{chart.title}: {figures(chart)}")
        add(figure, "div", classes="scroll").append(_picture(chart))
    if not charts:
        add(page.main, "p", "Nothing was measured.", classes="quiet")
    return page.text()


def figures(chart: Chart) -> str:
    """What the picture shows, in numbers."""
    values = [value for _, value in chart.points]
    told = (("last", values[-1]), ("mean", fmean(values)), ("highest", max(values)))
    return ", ".join(f"{name} {value:.4g} {chart.unit}".rstrip() for name, value in told)


def _picture(chart: Chart) -> ET.Element:
    points = _thinned(chart.points)
    begin, end = points[0][0], points[-1][0]
    top = max(0.0, *(value for _, value in points)) or 1.0
    size = {"viewBox": f"0 0 {_WIDTH:.0f} {_HEIGHT + _FOOT:.0f}", "width": f"{_WIDTH:.0f}", "role": "img"}
    drawing = ET.Element("svg", size)
    ET.SubElement(drawing, "title").text = printable(f"{chart.title}: {figures(chart)}")
    right, bottom = _WIDTH - _EDGE, _HEIGHT - _EDGE

    def place(point: tuple[float, float]) -> str:
        across = (point[0] - begin) / (end - begin) if end > begin else 1.0
        up = max(point[1], 0.0) / top
        return f"{_LEFT + across * (right - _LEFT):.1f},{bottom - up * (bottom - _EDGE):.1f}"

    ET.SubElement(drawing, "path", {"class": "edge"}, d=f"M{_LEFT} {_EDGE}V{bottom}H{right}")
    line = [place(point) for point in points]
    shown = line if len(line) > 1 else [f"{_LEFT},{line[0].partition(',')[2]}", *line]
    ET.SubElement(drawing, "polyline", points=" ".join(shown))
    for text, x, y, anchor in (
        (f"{top:.4g} {chart.unit}".rstrip(), _LEFT - _EDGE, _EDGE + 10, "end"),
        ("0", _LEFT - _EDGE, bottom, "end"),
        (_clock(begin), _LEFT, _HEIGHT + 12, "start"),
        (_clock(end), right, _HEIGHT + 12, "end"),
    ):
        label = ET.SubElement(drawing, "text", {"class": "detail", "text-anchor": anchor}, x=f"{x:.1f}", y=f"{y:.1f}")
        label.text = printable(text)
    return drawing


def _thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    share = -(-len(points) // _MANY)
    groups = [points[start : start + share] for start in range(0, len(points), share)]
    return [(fmean(at for at, _ in group), fmean(value for _, value in group)) for group in groups]


def _clock(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
