"""Dotted field paths (`tasks[].resources.cpu`, `env.*`), as field rules use them, walked over a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    Slot = tuple[Any, str | int, list[str | int]]


def slots(value: Any, path: str) -> Iterator[Slot]:  # noqa: ANN401 - any JSON value
    """Every place that `path` names and that exists in `value`: the container, the key or index in it, and the way to
    it, as in a JSON pointer.
    """
    steps = path.replace("[]", ".[]").split(".")
    yield from _slots(value, steps, [])


def _slots(value: Any, steps: list[str], way: list[str | int]) -> Iterator[Slot]:  # noqa: ANN401 - any JSON value
    step, rest = steps[0], steps[1:]
    keys: list[Any] = []
    if step == "[]" and isinstance(value, list):
        keys = list(range(len(value)))
    elif step == "*" and isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, dict) and step in value:
        keys = [step]
    for key in keys:
        if rest:
            yield from _slots(value[key], rest, [*way, key])
        else:
            yield value, key, [*way, key]
