"""`${task.output}`: the edges between the tasks of a workflow, and the circles they may close."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_WIRE = re.compile(r"\$\{([A-Za-z][A-Za-z0-9_-]*)\.([a-z][a-z0-9-]*)\}")
DATA = re.compile(r"[^:/|\s]+:/.*")
SUB_PATH = re.compile(r"(?:[^:/|\s]+:)?/.*")


@dataclass(frozen=True, slots=True)
class Wire:
    """The output of a task, as the value of an input of another."""

    task: str
    output: str


def wire(value: str) -> Wire | None:
    """The edge that a value stands for, or None when it is a value of its own (contract section 8.1)."""
    match = _WIRE.fullmatch(value)
    return Wire(match[1], match[2]) if match else None


def waits_for(inputs: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The tasks whose outputs stand among the values of one task's inputs, in order, each once."""
    edges = [wire(value) for values in inputs.values() for value in values]
    return tuple(dict.fromkeys(edge.task for edge in edges if edge))


def cycles(needs: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """One shortest circle per set of tasks that wait for each other, as `(a, b, c)`: a needs b, b needs c, c needs a.

    Begins with the task that stands first in `needs`. Each task is in at most one reported circle.
    """
    reported: set[str] = set()
    for start in needs:
        if start in reported:
            continue
        if found := _circle(start, needs):
            yield found
            reported |= {task for task in needs if _reaches(task, start, needs) and _reaches(start, task, needs)}


def _circle(start: str, needs: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Breadth first, so that the first way back found is a shortest one."""
    paths: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    for path in paths:  # grows while walked
        for need in dict.fromkeys(needs.get(path[-1], ())):
            if need == start:
                return path
            if need in needs and need not in seen:
                seen.add(need)
                paths.append((*path, need))
    return ()


def _reaches(start: str, end: str, needs: Mapping[str, Sequence[str]]) -> bool:
    order, seen = [start], {start}
    for task in order:  # grows while walked
        if task == end:
            return True
        fresh = [need for need in needs.get(task, ()) if need in needs and need not in seen]
        seen.update(fresh)
        order += fresh
    return False
