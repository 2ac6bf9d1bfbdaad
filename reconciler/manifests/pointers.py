"""RFC 6901 JSON pointers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def join(path: Iterable[str | int]) -> str:
    """`/a/0/b` for `a`, 0, `b`; "" for the whole document."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def parent(pointer: str) -> str:
    """The pointer of what holds `pointer`; "" for the whole document."""
    return pointer.rpartition("/")[0]
