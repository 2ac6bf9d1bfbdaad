"""A graph as a picture that any browser shows, in light and dark.

Built as a tree of elements, so that no text can become markup.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from reconciler.rendering.layers import Layout, Place, arranged
from reconciler.rendering.words import columns, fit, printable

if TYPE_CHECKING:
    from reconciler.rendering.graph import Graph, Node

_CHARACTER = 8.0
_LABEL_COLUMNS = 36
_PADDING = 12.0
_HEIGHT = 44.0
_GAP_X = 56.0
_GAP_Y = 20.0
_MARGIN = 16.0
_TITLE = 28.0
_STYLE = (
    "text{font:13px ui-monospace,Menlo,Consolas,monospace;fill:#1f2328}"
    ".detail{font-size:11px;fill:#59636e}.title{font-weight:bold}"
    "rect{fill:#f6f8fa;stroke:#59636e;rx:6px}path.edge{fill:none;stroke:#59636e}path.head{fill:#59636e}"
    "@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.detail{fill:#9198a1}rect{fill:#151b23;stroke:#9198a1}"
    "path.edge{stroke:#9198a1}path.head{fill:#9198a1}}"
)


def svg(graph: Graph) -> str:
    """A whole SVG document, ending in a line break; columns run left to right in the order things happen."""
    layout = arranged([node.key for node in graph.nodes], [(edge.source, edge.target) for edge in graph.edges])
    widest = max((_node_width(node) for node in graph.nodes), default=0.0)
    width = 2 * _MARGIN + max(layout.columns * (widest + _GAP_X) - _GAP_X, columns(graph.title) * _CHARACTER)
    height = 2 * _MARGIN + _TITLE + max(layout.rows * (_HEIGHT + _GAP_Y) - _GAP_Y, 0)
    root = ET.Element(
        "svg",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=f"{width:.0f}",
        height=f"{height:.0f}",
        role="img",
    )
    ET.SubElement(root, "title").text = printable(graph.title)
    ET.SubElement(root, "style").text = _STYLE
    _text(root, (_MARGIN, _MARGIN + 12), graph.title, "title")
    _draw_edges(root, graph, layout, widest)
    for node in graph.nodes:
        _draw_node(root, node, _corner(layout.places[node.key], layout, widest), widest)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _node_width(node: Node) -> float:
    longest = max(columns(printable(node.label)), columns(printable(node.detail)))
    return min(longest, _LABEL_COLUMNS) * _CHARACTER + 2 * _PADDING


def _corner(place: Place, layout: Layout, widest: float) -> tuple[float, float]:
    """The upper left corner of a place; columns are centred on each other."""
    column, row = place
    down = row + (layout.rows - layout.heights[column]) / 2
    return _MARGIN + column * (widest + _GAP_X), _MARGIN + _TITLE + down * (_HEIGHT + _GAP_Y)


def _draw_node(root: ET.Element, node: Node, corner: tuple[float, float], widest: float) -> None:
    x, y = corner
    group = ET.SubElement(root, "g")
    ET.SubElement(group, "title").text = printable(node.key)
    ET.SubElement(group, "rect", x=f"{x:.1f}", y=f"{y:.1f}", width=f"{widest:.1f}", height=f"{_HEIGHT:.1f}")
    _text(group, (x + _PADDING, y + (19 if node.detail else 27)), node.label, "")
    if node.detail:
        _text(group, (x + _PADDING, y + 35), node.detail, "detail")


def _text(parent: ET.Element, at: tuple[float, float], text: str, style: str) -> None:
    attributes = {"class": style} if style else {}
    element = ET.SubElement(parent, "text", attributes, x=f"{at[0]:.1f}", y=f"{at[1]:.1f}")
    element.text = printable(text) if style == "title" else fit(printable(text), _LABEL_COLUMNS)


def _draw_edges(root: ET.Element, graph: Graph, layout: Layout, widest: float) -> None:
    """A smooth line through the middle of every place an edge passes, with an arrow head at its end."""
    for edge in graph.edges:
        route = layout.routes.get((edge.source, edge.target))
        if route is None:
            continue
        points = _points(route, layout, widest)
        path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
        for (x0, y0), (x1, y1) in pairwise(points):
            middle = (x0 + x1) / 2
            path += f" C{middle:.1f} {y0:.1f} {middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
        ET.SubElement(root, "path", {"class": "edge"}, d=path)
        x, y = points[-1]
        back = -7 if points[-1][0] >= points[-2][0] else 7
        ET.SubElement(root, "path", {"class": "head"}, d=f"M{x:.1f} {y:.1f}l{back} -4v8z")


def _points(route: tuple[Place, ...], layout: Layout, widest: float) -> list[tuple[float, float]]:
    """From the right side of the first box over the middles of the empty places to the left side of the last."""
    forward = route[-1][0] >= route[0][0]
    points = []
    for position, place in enumerate(route):
        x, y = _corner(place, layout, widest)
        first, last = position == 0, position == len(route) - 1
        left, right = (x, x + widest) if forward else (x + widest, x)
        if not first:
            points.append((left, y + _HEIGHT / 2))
        if not last:
            points.append((right, y + _HEIGHT / 2))
    return points
