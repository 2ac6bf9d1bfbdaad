"""`${task.output}`: the edges between the tasks of a workflow."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
