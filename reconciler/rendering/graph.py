"""Dependency graphs and workflow DAGs as values, and as Mermaid and DOT. svg.py draws the same values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.rendering.words import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.address import Address

_MERMAID_PLAIN = re.compile(r"[A-Za-z0-9 _.\-/:@+,()=]")


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """`key` is unique in its graph; `label` is what people read; `detail` a second, smaller line or ""."""

    key: str
    label: str
    detail: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """`source` comes first and `target` after it: both are node keys."""

    source: str
    target: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """What is drawn, left to right in the order things happen. Every edge's ends are among the nodes."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def dependency_graph(
    title: str, depends_on: Mapping[Address, tuple[Address, ...]], life: Mapping[Address, str]
) -> Graph:
    """Who needs whom: an arrow leads from the needed to the one that needs it. `life` adds a word per address."""
    named = sorted({*depends_on, *(needed for needs in depends_on.values() for needed in needs)})
    nodes = tuple(Node(str(a), a.name, " ".join(w for w in (a.kind, life.get(a, "")) if w)) for a in named)
    edges = sorted({Edge(str(needed), str(a)) for a, needs in depends_on.items() for needed in needs})
    return Graph(title, nodes, tuple(edges))


def mermaid(graph: Graph) -> str:
    """A Mermaid flowchart, ending in a line break. Labels cannot leave their quotes."""
    names = {node.key: f"n{position}" for position, node in enumerate(graph.nodes)}
    lines = [f"%% {printable(graph.title)}", "flowchart LR", *_mermaid_nodes(graph, names)]
    for edge in graph.edges:
        arrow = f"-- {_mermaid_text(edge.label)} -->" if edge.label else "-->"
        lines.append(f"  {names[edge.source]} {arrow} {names[edge.target]}")
    return "\n".join(lines) + "\n"


def _mermaid_nodes(graph: Graph, names: Mapping[str, str]) -> Iterator[str]:
    for node in graph.nodes:
        label = node.label if not node.detail else f"{node.label}\n{node.detail}"
        yield f"  {names[node.key]}[{_mermaid_text(label)}]"


def _mermaid_text(text: str) -> str:
    """A quoted text in which everything but plain letters is an entity: `#` and `;` would start or end one."""
    lines = [printable(line) for line in text.split("\n")]
    return '"' + "<br/>".join("".join(map(_mermaid_character, line)) for line in lines) + '"'


def _mermaid_character(character: str) -> str:
    if _MERMAID_PLAIN.match(character) or (not character.isascii() and character.isalnum()):
        return character
    return f"#{ord(character)};"


def dot(graph: Graph) -> str:
    """A Graphviz digraph, ending in a line break."""
    lines = [f"digraph {_dot_text(graph.title)} {{", "  rankdir=LR;", '  node [shape=box, fontname="sans-serif"];']
    for node in graph.nodes:
        label = node.label if not node.detail else f"{node.label}\n{node.detail}"
        lines.append(f"  {_dot_text(node.key)} [label={_dot_text(label)}];")
    for edge in graph.edges:
        label = f" [label={_dot_text(edge.label)}]" if edge.label else ""
        lines.append(f"  {_dot_text(edge.source)} -> {_dot_text(edge.target)}{label};")
    return "\n".join([*lines, "}"]) + "\n"


def _dot_text(text: str) -> str:
    """A double-quoted DOT string with DOT's own sign for a line break; no other backslash escapes anything."""
    lines = [printable(line).replace("\\", "\\\\").replace('"', '\\"') for line in text.split("\n")]
    return '"' + "\\n".join(lines) + '"'
