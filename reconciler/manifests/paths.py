"""Dotted field paths (`tasks[].resources.cpu`, `env.*`), as field rules use them, walked over a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.model.unsound import members

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
    # Only what exists counts, so wrong parts of a value are passed over: `list.__len__`, `dict.__contains__`.
    if step == "[]" and isinstance(value, list):
        keys = list(range(list.__len__(value)))
    elif step == "*" and isinstance(value, dict):
        keys = [key for key, _ in members(value)]
    elif isinstance(value, dict) and dict.__contains__(value, step):
        keys = [step]
    for key in keys:
        if rest:
            yield from _slots(value[key], rest, [*way, key])
        else:
            yield value, key, [*way, key]
