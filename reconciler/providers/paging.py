"""Walking a list that comes in pages, on a platform where things come and go meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `count` is how many there are on all pages, None where the platform does not say."""

    items: list[dict[str, Any]]
    count: int | None = None


def every_item(
    fetch: Callable[[int], Page], *, key: Callable[[dict[str, Any]], str], start: int = 0
) -> Iterator[dict[str, Any]]:
    """Every item once, but for the first `start`. `fetch` gets the number of items to leave out; `key` tells items
    apart.

    A page shorter than asked for does not end the walk (a platform may give less than was asked for), only the count
    or an empty page does. What moves to a later page while we walk is not given twice. A platform that repeats itself
    does not keep us for ever: without a count, a page with nothing new is the last.
    """
    return _walk(lambda _number, offset: fetch(offset), key, start)


def every_page(fetch: Callable[[int], Page], *, key: Callable[[dict[str, Any]], str]) -> Iterator[dict[str, Any]]:
    """The same on a platform that numbers its pages: `fetch` gets the number of a page, from 0."""
    return _walk(lambda number, _offset: fetch(number), key)


def _walk(
    fetch: Callable[[int, int], Page], key: Callable[[dict[str, Any]], str], start: int = 0
) -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    offset = start
    for number in count():
        page = fetch(number, offset)
        fresh = [item for item in page.items if key(item) not in seen]
        for item in fresh:
            seen.add(key(item))
            yield item
        offset += len(page.items)
        if not page.items or (offset >= page.count if page.count is not None else not fresh):
            return
