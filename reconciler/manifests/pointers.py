"""RFC 6901 JSON pointers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def join(path: Iterable[str | int]) -> str:
    """`/a/0/b` for `a`, 0, `b`; "" for the whole document."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def path_in(value: Any, pointer: str) -> tuple[str | int, ...]:  # noqa: ANN401 - any JSON value
    """The keys and indices that `pointer` leads along in `value`, whether the last ones exist or not."""
    path: list[str | int] = []
    for part in pointer.split("/")[1:]:
        step: str | int = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and part.isdigit():
            step = int(part)
            value = value[step] if step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
        path.append(step)
    return tuple(path)


def parent(pointer: str) -> str:
    """The pointer of what holds `pointer`; "" for the whole document."""
    return pointer.rpartition("/")[0]
