"""Logs that are read in windows, by a cursor of 19 digits (contract, sections 4.8 and 7.1).

Both APIs begin at the newest lines and go to earlier ones with `order=asc` from the `start_line` of what they gave, to
later ones with `order=desc` from the `end_line`.
Cursors come as numbers or as texts and are kept as texts of digits: a double would lose their end.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from reconciler.providers.modelarts.place import whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Fetch = Callable[[dict[str, str]], Mapping[str, Any] | None]

LINES = 500
"""The most a window takes."""
EARLIER, LATER = "asc", "desc"


@dataclass(frozen=True, slots=True)
class Window:
    """Some lines, oldest first, and the cursors of the first and the last of them, "" where there are none."""

    lines: tuple[str, ...] = ()
    first: str = ""
    last: str = ""


def window(fetch: Fetch, base_line: str = "", order: str = EARLIER) -> Window:
    """One window: the newest lines without `base_line`, else those before (`EARLIER`) or after (`LATER`) it."""
    query = {"lines": str(LINES), "order": order, **({"base_line": base_line} if base_line else {})}
    answer = fetch(query) or {}
    content = str(answer.get("content") or "")
    return Window(tuple(content.splitlines()), _cursor(answer.get("start_line")), _cursor(answer.get("end_line")))


def whole_log(fetch: Fetch) -> list[str]:
    """Every line there is, oldest first: up from the newest to the first, then down to what was written meanwhile."""
    newest = found = window(fetch)
    windows = [found.lines]
    seen = {""}
    while found.lines and found.first not in seen:
        seen.add(found.first)
        found = window(fetch, found.first)
        windows.insert(0, found.lines)
    return [*chain.from_iterable(windows), *_since(fetch, newest.last)]


def _since(fetch: Fetch, last: str) -> Iterator[str]:
    """The lines behind a cursor, until a window is not full: who writes faster than that is read again later. What does
    not lie behind it, as one text of the vendor can be read, is not believed.
    """
    while last:
        found = window(fetch, last, LATER)
        if not found.lines or not found.first or int(found.first) <= int(last):
            return
        yield from found.lines
        last = found.last if len(found.lines) == LINES else ""


def _cursor(value: Any) -> str:  # noqa: ANN401 - any JSON value
    number = whole(value)
    return "" if number is None else str(number)
