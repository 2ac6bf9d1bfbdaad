"""The sides of a field as people read them, for every rendering; what is hidden is hidden here."""

from __future__ import annotations

import difflib
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from reconciler.model.change import ABSENT
from reconciler.rendering.words import printable_lines, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.change import FieldChange

_CONTEXT: Final = 2
_LINES: Final = 40
_COLUMNS: Final = 400
HIDDEN: Final = "(hidden)"


class Profile(StrEnum):
    """Who may read it: everybody on the team, or everybody."""

    FULL = "full"
    REDACTED = "redacted"


class Line(NamedTuple):
    """A line of a difference: `-`, `+`, a space for context, `@` for where; and its text, printable."""

    sign: str
    text: str


def shown(side: object, *, secret: bool, profile: Profile = Profile.FULL) -> str:
    """One side: references to secrets are shown, what else stands in a secret field is not; to everybody, nothing."""
    if side is ABSENT:
        return value(side)
    if secret and not _is_reference(side):
        return "(secret)"
    return HIDDEN if profile is Profile.REDACTED else value(side)


def _is_reference(side: object) -> bool:
    return isinstance(side, str) and side.startswith("$[[ secrets.") and side.endswith("]]") and side.count("$[[") == 1


def before(field: FieldChange) -> tuple[object, ...]:
    """What is there before: the live side; recorded and live, both, when the platform moved away from what we did."""
    if field.live is ABSENT:
        return (field.recorded,)
    if field.recorded is ABSENT or field.recorded == field.live:
        return (field.live,)
    return (field.recorded, field.live)


def difference(field: FieldChange, profile: Profile = Profile.FULL) -> list[Line]:
    """A field as lines of a diff, cut where it is long, which is said."""
    lines = list(_lines(field, profile))
    kept = [Line(line.sign, _cut(line.text)) for line in lines[:_LINES]]
    more = len(lines) - len(kept)
    return [*kept, Line("@", f"and {more} more lines")] if more > 0 else kept


def _lines(field: FieldChange, profile: Profile) -> Iterator[Line]:
    sides = before(field)
    texts = [side for side in (*sides, field.desired) if isinstance(side, str)]
    plain = profile is Profile.FULL and not field.secret
    if plain and len(sides) == 1 and len(texts) == 2 and any("\n" in text for text in texts):  # noqa: PLR2004 - both
        yield from text_difference(texts[0], texts[1])
        return
    if len(sides) == 1:
        if sides[0] is not ABSENT:
            yield Line("-", shown(sides[0], secret=field.secret, profile=profile))
    else:
        for name, side in zip(("recorded", "live"), sides, strict=True):
            yield Line("-", f"{name}: {shown(side, secret=field.secret, profile=profile)}")
    if field.desired is not ABSENT:
        yield Line("+", shown(field.desired, secret=field.secret, profile=profile))


def text_difference(former: str, latter: str) -> Iterator[Line]:
    """Texts of several lines, line by line, with what stands around."""
    compared = difflib.unified_diff(printable_lines(former), printable_lines(latter), n=_CONTEXT, lineterm="")
    for line in list(compared)[2:]:
        yield Line("@", line.strip("@ ")) if line[0] == "@" else Line(line[0], line[1:])


def _cut(text: str) -> str:
    over = len(text) - _COLUMNS
    return text if over <= 0 else f"{text[:_COLUMNS]}... ({over} more characters)"
