"""A field as rows of two columns: what is there, and what is declared, aligned line by line."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final, NamedTuple

from reconciler.model.change import ABSENT
from reconciler.rendering.sides import Profile, before, shown
from reconciler.rendering.words import printable_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.change import FieldChange

_LINES: Final = 2_000
_COLUMNS: Final = 4_000
_COMPARED: Final = 4_000


class Row(NamedTuple):
    """A line on each side. `tone` is `same`, `changed`, `removed`, `added`, or `more` where lines were left out."""

    tone: str
    left: str
    right: str


def rows(field: FieldChange, profile: Profile = Profile.FULL) -> list[Row]:
    """The rows of a field; very long ones are cut, which is said."""
    found = [Row(row.tone, _cut(row.left), _cut(row.right)) for row in _rows(field, profile)]
    more = len(found) - _LINES
    return [*found[:_LINES], Row("more", f"and {more} more lines", "")] if more > 0 else found


def _rows(field: FieldChange, profile: Profile) -> Iterator[Row]:
    sides = before(field)
    former, latter = sides[-1], field.desired
    plain = profile is Profile.FULL and not field.secret and len(sides) == 1
    if plain and isinstance(former, str) and isinstance(latter, str) and "\n" in former + latter:
        yield from _aligned(printable_lines(former), printable_lines(latter))
        return
    shown_before = [shown(side, secret=field.secret, profile=profile) for side in sides]
    after = shown(latter, secret=field.secret, profile=profile)
    if len(sides) > 1:
        shown_before = [f"{name}: {text}" for name, text in zip(("recorded", "live"), shown_before, strict=True)]
    tone = "added" if sides == (ABSENT,) else "removed" if latter is ABSENT else "changed"
    yield Row(tone, shown_before[0], after)
    for text in shown_before[1:]:
        yield Row(tone, text, "")


def _aligned(left: list[str], right: list[str]) -> Iterator[Row]:
    if len(left) + len(right) > _COMPARED:
        yield from (Row("removed", line, "") for line in left)
        yield from (Row("added", "", line) for line in right)
        return
    for tag, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        tone = {"equal": "same", "replace": "changed", "delete": "removed", "insert": "added"}[tag]
        for index in range(max(b - a, d - c)):
            there = left[a + index] if a + index < b else ""
            here = right[c + index] if c + index < d else ""
            yield Row(tone, there, here)


def _cut(text: str) -> str:
    over = len(text) - _COLUMNS
    return text if over <= 0 else f"{text[:_COLUMNS]}... ({over} more characters)"
