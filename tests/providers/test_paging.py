"""Walking pages while things come and go."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler.providers.paging import Page, every_item, every_page


def rows(*ids: int) -> list[dict[str, Any]]:
    """Items with these ids."""
    return [{"id": str(number)} for number in ids]


@given(st.integers(0, 40), st.integers(1, 9), st.integers(1, 9), st.booleans())
def test_every_item_once_and_in_order(total: int, asked: int, given_at_most: int, counted: bool) -> None:
    """Whatever the page size, also when the platform gives less than was asked for, or does not count."""

    def fetch(offset: int) -> Page:
        page = rows(*range(total))[offset : offset + min(asked, given_at_most)]
        return Page(page, total if counted else None)

    assert [row["id"] for row in every_item(fetch, key=lambda row: str(row["id"]))] == [str(n) for n in range(total)]


def test_item_that_moves_to_a_later_page_is_not_given_twice() -> None:
    """A new item in front pushes the others back by one."""
    pages = iter([Page(rows(3, 2), 4), Page(rows(2, 1), 5), Page(rows(0), 5)])
    found = every_item(lambda _offset: next(pages), key=lambda row: str(row["id"]))
    assert [row["id"] for row in found] == ["3", "2", "1", "0"]


def test_page_of_only_old_items_does_not_end_a_counted_walk() -> None:
    """A whole page of new items in front makes one page repeat; what is behind it still counts."""
    pages = iter([Page(rows(2, 1), 3), Page(rows(2, 1), 5), Page(rows(0), 5)])
    found = every_item(lambda _offset: next(pages), key=lambda row: str(row["id"]))
    assert [row["id"] for row in found] == ["2", "1", "0"]


def test_platform_that_ignores_the_offset_does_not_keep_us() -> None:
    """The same page for ever is one page."""
    found = every_item(lambda _offset: Page(rows(1, 2)), key=lambda row: str(row["id"]))
    assert [row["id"] for row in found] == ["1", "2"]


@given(st.integers(0, 40), st.integers(1, 9), st.integers(1, 9), st.booleans())
def test_every_page_once_and_in_order(total: int, asked: int, given_at_most: int, counted: bool) -> None:
    """By number: whoever gives less than was asked for counts pages of that size, too, and nothing is left out."""

    def fetch(number: int) -> Page:
        size = min(asked, given_at_most)
        return Page(rows(*range(total))[number * size : (number + 1) * size], total if counted else None)

    assert [row["id"] for row in every_page(fetch, key=lambda row: str(row["id"]))] == [str(n) for n in range(total)]


def test_pages_that_are_all_old_do_not_end_a_counted_walk_of_pages() -> None:
    """As with offsets: what comes in front pushes a whole page back, and what is behind it still counts."""
    pages = iter([Page(rows(2, 1), 3), Page(rows(2, 1), 5), Page(rows(0), 5)])
    found = every_page(lambda _number: next(pages), key=lambda row: str(row["id"]))
    assert [row["id"] for row in found] == ["2", "1", "0"]


def test_the_first_are_left_out() -> None:
    """They are never asked for, and the count is that of the whole list."""
    asked = []

    def fetch(offset: int) -> Page:
        asked.append(offset)
        return Page([{"id": str(n)} for n in range(offset, min(offset + 2, 7))], 7)

    assert [item["id"] for item in every_item(fetch, key=lambda item: str(item["id"]), start=3)] == ["3", "4", "5", "6"]
    assert asked == [3, 5]
