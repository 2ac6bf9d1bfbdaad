"""Graphs as Mermaid, DOT and SVG."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.rendering.graph import Edge, Graph, Node, dependency_graph, dot, mermaid
from reconciler.rendering.layers import arranged
from reconciler.rendering.svg import svg
from tests.rendering.plans import address

NASTY = st.text(st.characters(codec=None), min_size=1, max_size=8)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Any graph: unconnected parts, cycles, self edges, any text."""
    keys = draw(st.lists(NASTY, min_size=1, max_size=8, unique=True))
    ends = st.sampled_from(keys)
    edges = draw(st.lists(st.builds(Edge, ends, ends, st.just("") | NASTY), max_size=12))
    return Graph(draw(NASTY), tuple(Node(key, draw(NASTY), draw(st.just("") | NASTY)) for key in keys), tuple(edges))


def test_dependencies() -> None:
    """Arrows lead from what is needed to what needs it, and what is only needed is drawn too."""
    job, flow, app = address("Job", "j"), address("Workflow", "w@1"), address("App", "a@1")
    graph = dependency_graph("demo", {job: (flow,), flow: (app,)}, {job: "run"})
    assert [(node.label, node.detail) for node in graph.nodes] == [
        ("a@1", "App"),
        ("j", "Job run"),
        ("w@1", "Workflow"),
    ]
    assert graph.edges == (Edge(str(app), str(flow)), Edge(str(flow), str(job)))


def test_mermaid() -> None:
    """Labels are quoted and everything in them that could mean something to Mermaid is an entity."""
    graph = Graph("t", (Node("a", 'x"]; click a'), Node("b", "比对", "App")), (Edge("a", "b", "bam"),))
    assert mermaid(graph) == (
        '%% t\nflowchart LR\n  n0["x#34;#93;#59; click a"]\n  n1["比对<br/>App"]\n  n0 -- "bam" --> n1\n'
    )


def test_dot() -> None:
    """Quotes and backslashes cannot end a text."""
    graph = Graph("t", (Node('a"', "l\\n", "d"),), (Edge('a"', 'a"', "x"),))
    assert dot(graph).splitlines()[3:5] == ['  "a\\"" [label="l\\\\n\\nd"];', '  "a\\"" -> "a\\"" [label="x"];']


@given(graphs())
def test_no_text_breaks_out(graph: Graph) -> None:
    """Whatever the texts: as many lines as there are things, and SVG that parses with the texts in it."""
    assert len(mermaid(graph).splitlines()) == 2 + len(graph.nodes) + len(graph.edges)
    assert len(dot(graph).splitlines()) == 4 + len(graph.nodes) + len(graph.edges)
    tree = ET.fromstring(svg(graph))  # noqa: S314 - our own output
    assert len(tree.findall("{http://www.w3.org/2000/svg}g")) == len(graph.nodes)


@given(graphs())
def test_same_bytes(graph: Graph) -> None:
    """A graph is drawn the same way every time."""
    assert svg(graph) == svg(graph)


@given(graphs())
def test_no_two_nodes_in_one_place(graph: Graph) -> None:
    """Every node has a place of its own inside the drawing."""
    layout = arranged([node.key for node in graph.nodes], [(e.source, e.target) for e in graph.edges])
    assert len(set(layout.places.values())) == len(graph.nodes)
    assert all(0 <= x < layout.columns and 0 <= y < layout.rows for x, y in layout.places.values())


@given(
    st.integers(2, 9).flatmap(
        lambda n: st.tuples(st.just(n), st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1))))
    )
)
def test_arrows_point_right(case: tuple[int, set[tuple[int, int]]]) -> None:
    """Without cycles every arrow leads to a column further right, through one place per column."""
    count, pairs = case
    edges = [(str(a), str(b)) for a, b in pairs if a < b]
    layout = arranged([str(n) for n in range(count)], edges)
    for source, target in edges:
        left, right = layout.places[source][0], layout.places[target][0]
        assert left < right
        assert [place[0] for place in layout.routes[source, target]] == list(range(left, right + 1))


def test_a_diamond_is_drawn_as_one() -> None:
    """A split and a join: three columns, the middle two above each other."""
    layout = arranged(["a", "b", "c", "d"], [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")])
    assert (layout.columns, layout.rows) == (3, 2)


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "&amp;", "]]>", "\x00\x1b"])
def test_svg_is_text_not_markup(text: str) -> None:
    """A label is shown, never run."""
    drawn = svg(Graph(text, (Node(text, text),), ()))
    assert "<script" not in drawn
    assert not re.search(r"[\x00\x1b]", drawn)
