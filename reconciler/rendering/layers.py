"""Where the nodes of a drawn graph stand: columns by longest path, rows by the mean of their neighbours.

A plain layered layout, enough for tens of nodes: cycles are broken for the layout only (the drawing still shows
every edge), an edge over several columns is led through an empty place in each, rows settle in a few sweeps.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_SWEEPS = 8

Place = tuple[int, int]
"""Column and row, both from 0."""


@dataclass(frozen=True, slots=True)
class Layout:
    """`places` of every node; `routes` of every edge: the places it passes, both ends included.

    `heights` is how many places each column has, so that short columns can be centred.
    """

    places: Mapping[str, Place]
    routes: Mapping[tuple[str, str], tuple[Place, ...]]
    heights: tuple[int, ...]

    @property
    def columns(self) -> int:
        """How many columns there are."""
        return len(self.heights)

    @property
    def rows(self) -> int:
        """How many places the highest column has."""
        return max(self.heights, default=0)


def arranged(keys: Sequence[str], edges: Iterable[tuple[str, str]]) -> Layout:
    """The layout of a graph; the same input gives the same layout. Keys are not empty; self edges get no route."""
    pairs = sorted({edge for edge in edges if edge[0] != edge[1]})
    forward = _acyclic(keys, pairs)
    column = _columns(keys, forward)
    chains = {edge: _chain(edge, column) for edge in forward}
    rows = _rows(keys, column, chains)
    places = {key: (column[key], rows[key]) for key in keys}
    routes: dict[tuple[str, str], tuple[Place, ...]] = {}
    for source, target in pairs:
        edge = (source, target) if (source, target) in chains else (target, source)
        passed = tuple((column[edge[0]] + step, rows[name]) for step, name in enumerate(chains[edge]))
        routes[source, target] = passed if edge == (source, target) else passed[::-1]
    heights: dict[int, int] = {}
    for at, row in (*places.values(), *(place for route in routes.values() for place in route)):
        heights[at] = max(heights.get(at, 0), row + 1)
    return Layout(places, routes, tuple(heights[at] for at in sorted(heights)))


def _acyclic(keys: Sequence[str], pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The edges with those that close a cycle turned around, found by one depth-first walk."""
    following: dict[str, list[str]] = {key: [] for key in keys}
    for source, target in pairs:
        following[source].append(target)
    state: dict[str, bool] = {}
    kept: set[tuple[str, str]] = set()
    for root in keys:
        if root in state:
            continue
        state[root] = True
        walk = [(root, iter(following[root]))]
        while walk:
            key, rest = walk[-1]
            target = next(rest, "")
            if not target:
                state[key] = False
                walk.pop()
                continue
            kept.add((target, key) if state.get(target) else (key, target))
            if target not in state:
                state[target] = True
                walk.append((target, iter(following[target])))
    return sorted(kept)


def _columns(keys: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """The longest path that leads to each node; needs acyclic edges."""
    waiting = dict.fromkeys(keys, 0)
    following: dict[str, list[str]] = {key: [] for key in keys}
    for source, target in edges:
        waiting[target] += 1
        following[source].append(target)
    column = dict.fromkeys(keys, 0)
    ready = [key for key in keys if not waiting[key]]
    for key in ready:
        for target in following[key]:
            column[target] = max(column[target], column[key] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return column


def _chain(edge: tuple[str, str], column: Mapping[str, int]) -> tuple[str, ...]:
    """The edge with a made-up node for each column it passes; the separator cannot stand in a printable key."""
    source, target = edge
    between = range(column[source] + 1, column[target])
    return (source, *(f"{source}\x00{target}\x00{passed}" for passed in between), target)


def _rows(
    keys: Sequence[str], column: Mapping[str, int], chains: Mapping[tuple[str, str], tuple[str, ...]]
) -> dict[str, int]:
    """Rows by repeated sorting of each column by the mean row of the neighbours on one side, then on the other."""
    members: dict[int, list[str]] = {}
    for key in keys:
        members.setdefault(column[key], []).append(key)
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for chain in chains.values():
        for step, name in enumerate(chain[1:-1], start=1):
            members.setdefault(column[chain[0]] + step, []).append(name)
        for left, right in pairwise(chain):
            after.setdefault(left, []).append(right)
            before.setdefault(right, []).append(left)
    row = {name: position for names in members.values() for position, name in enumerate(names)}
    for sweep in range(_SWEEPS):
        neighbours = before if sweep % 2 == 0 else after
        for index in sorted(members, reverse=sweep % 2 == 1):
            members[index].sort(key=lambda name: _mean(name, neighbours, row))
            row.update({name: position for position, name in enumerate(members[index])})
    return row


def _mean(name: str, neighbours: Mapping[str, list[str]], row: Mapping[str, int]) -> float:
    found = [row[other] for other in neighbours.get(name, ())]
    return sum(found) / len(found) if found else float(row[name])
