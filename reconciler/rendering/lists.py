"""Lists of texts, such as the commands of a script, compared item by item."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

from reconciler.model.change import ABSENT
from reconciler.rendering.words import value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.change import FieldChange

_SHORT: Final = 3
"""Lists of at most so many items may stand on one line where they fit."""


def is_list_of_texts(side: object) -> bool:
    """Whether it is a list, and of nothing but texts."""
    return isinstance(side, list) and all(isinstance(item, str) for item in side)


def comparable_lists(field: FieldChange) -> tuple[list[str], list[str]] | None:
    """What was there and what is to be there, when both are lists of texts worth a line each; else None.

    What was there is the live side where it is known, since that is what changes.
    """
    former = field.recorded if field.live is ABSENT else field.live
    if field.secret or not isinstance(former, list) or not isinstance(field.desired, list):
        return None
    if not is_list_of_texts(former) or not is_list_of_texts(field.desired):
        return None
    return (former, field.desired) if max(len(former), len(field.desired)) > _SHORT else None


def item_lines(former: list[str], latter: list[str], *, context: int = 1) -> Iterator[str]:
    """Lines that begin with `-`, `+`, a space or `@@`: every item in the spelling of values, hence one line each."""
    compared = difflib.unified_diff(list(map(value, former)), list(map(value, latter)), n=context, lineterm="")
    yield from list(compared)[2:]
