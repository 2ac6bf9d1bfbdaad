"""Orders and cycles of directed graphs, in linear time and the same every time."""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


class _Ordered(Protocol):
    def __lt__(self, other: Any, /) -> bool: ...  # noqa: ANN401 - that of the type itself

    def __hash__(self) -> int: ...


N = TypeVar("N", bound=_Ordered)


def in_order(needs: Mapping[N, Iterable[N]]) -> list[N]:
    """Every node after all it needs; of several that may come next, the smallest comes first. Needs that are no key
    of `needs` are left out of account. Nodes on a cycle, and those that need them, are missing from the result: ask
    `cycles` about them.

    In-degree counters: each edge is looked at twice, whatever the shape of the graph.
    """
    waiting = {node: {need for need in wanted if need in needs} for node, wanted in needs.items()}
    users: dict[N, list[N]] = {node: [] for node in needs}
    for node, wanted in waiting.items():
        for need in wanted:
            users[need].append(node)
    count = {node: len(wanted) for node, wanted in waiting.items()}
    ready = [node for node, missing in count.items() if not missing]
    heapq.heapify(ready)
    result = []
    while ready:
        node = heapq.heappop(ready)
        result.append(node)
        for user in users[node]:
            count[user] -= 1
            if not count[user]:
                heapq.heappush(ready, user)
    return result


def closure(start: Iterable[N], needs: Mapping[N, Iterable[N]]) -> set[N]:
    """`start` and everything it needs, directly or not."""
    found = set(start)
    queue = deque(found)
    while queue:
        for need in needs.get(queue.popleft(), ()):
            if need not in found:
                found.add(need)
                queue.append(need)
    return found


def cycles(needs: Mapping[N, Collection[N]]) -> list[list[N]]:
    """One shortest cycle out of each knot of the graph, each begun at its smallest node, in order. A node that needs
    itself is a cycle of one.
    """
    found = []
    for knot in knots(needs):
        start = min(knot)
        if len(knot) > 1 or start in needs.get(start, ()):
            found.append(_shortest_cycle(start, set(knot), needs))
    return sorted(found)


def _shortest_cycle(start: N, knot: set[N], needs: Mapping[N, Collection[N]]) -> list[N]:
    """Breadth first from `start` back to it, inside of its knot."""
    came_from: dict[N, N] = {}
    queue = deque([start])
    while True:  # every node of a knot leads back to every other one
        node = queue.popleft()
        for need in sorted(needs.get(node, ())):
            if need == start:
                path = [node]
                while path[-1] != start:
                    path.append(came_from[path[-1]])
                return path[::-1]
            if need in knot and need not in came_from:
                came_from[need] = node
                queue.append(need)


@dataclass(slots=True)
class _Walk:
    """The running values of Tarjan's algorithm, without recursion: a chain may be longer than Python's stack."""

    index: dict[Any, int] = field(default_factory=dict)
    low: dict[Any, int] = field(default_factory=dict)
    stack: list[Any] = field(default_factory=list)
    on_stack: set[Any] = field(default_factory=set)

    def enter(self, node: Any) -> None:  # noqa: ANN401 - a node
        self.index[node] = self.low[node] = len(self.index)
        self.stack.append(node)
        self.on_stack.add(node)

    def leave(self, node: Any) -> list[Any]:  # noqa: ANN401 - a node
        """The knot that is complete when `node` is left, empty while it is not."""
        if self.low[node] != self.index[node]:
            return []
        knot: list[Any] = []
        while not knot or knot[-1] != node:
            knot.append(self.stack.pop())
        self.on_stack.difference_update(knot)
        return knot


def knots(needs: Mapping[N, Collection[N]]) -> list[list[N]]:
    """The strongly connected parts: two nodes are in one when each needs the other, directly or not."""
    walk = _Walk()
    found: list[list[N]] = []
    for root in sorted(needs):
        if root not in walk.index:
            _explore(root, needs, walk, found)
    return found


def _explore(root: N, needs: Mapping[N, Collection[N]], walk: _Walk, found: list[list[N]]) -> None:
    walk.enter(root)
    path = [(root, iter(sorted(needs.get(root, ()))))]
    while path:
        node, rest = path[-1]
        for need in rest:
            if need not in walk.index:
                walk.enter(need)
                path.append((need, iter(sorted(needs.get(need, ())))))
                break
            if need in walk.on_stack:
                walk.low[node] = min(walk.low[node], walk.index[need])
        else:
            path.pop()
            if path:
                walk.low[path[-1][0]] = min(walk.low[path[-1][0]], walk.low[node])
            if knot := walk.leave(node):
                found.append(knot)
