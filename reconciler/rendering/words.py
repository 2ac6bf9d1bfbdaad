"""The words, signs and spellings that every rendering shares.

Whatever comes from a manifest or a platform passes through `printable` before it reaches a person: a name must not
be able to move the cursor, recolour a line, hide text or turn the reading direction around.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any, Final

from reconciler.model.canonical import canonical_json
from reconciler.model.change import ABSENT, Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.model.change import Change

SIGNS: Final[Mapping[Action, str]] = {
    Action.NO_OP: " ",
    Action.HOLD: "?",
    Action.ADOPT: "<",
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.FORGET: ".",
    Action.REPLACE: "-/+",
    Action.DELETE: "-",
    Action.REFUSE: "!",
}
"""One sign per action, ASCII only, so that any terminal, log and code page shows it."""

INTENTIONS: Final[Mapping[Action, str]] = {
    Action.NO_OP: "unchanged",
    Action.HOLD: "held",
    Action.ADOPT: "to adopt",
    Action.CREATE: "to create",
    Action.UPDATE: "to update",
    Action.FORGET: "to forget",
    Action.REPLACE: "to replace",
    Action.DELETE: "to delete",
    Action.REFUSE: "refused",
}
"""How the counts line names each action."""

TALLY: Final = (
    Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE, Action.ADOPT,
    Action.FORGET, Action.HOLD, Action.REFUSE, Action.NO_OP,
)  # fmt: skip
"""The order in which counts are told: what reaches a platform, what is about our memory, the rest."""

ELLIPSIS = "..."
_MINUTE = 60
_HOUR = 3600
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@+=,%")


def worst_first(changes: Iterable[Change]) -> list[Change]:
    """`changes` in the order in which people read them."""
    return sorted(changes, key=lambda change: (-change.action.severity, change.address))


def printable(text: str) -> str:
    r"""`text` on one line with every control, formatting, bidirectional and unassigned character spelled out.

    `\n` stands for a line break, `\x1b` for an escape, `\u202e` for a right-to-left override. Printable text,
    Chinese included, comes back unchanged.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or unicodedata.category(c) == "Zs" else _spelled(c) for c in text)


def _spelled(character: str) -> str:
    if character == "\n":
        return "\\n"
    if character == "\t":
        return "\\t"
    if character == "\r":
        return "\\r"
    point = ord(character)
    if point < 0x100:  # noqa: PLR2004 - what two hex digits can spell
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"  # noqa: PLR2004 - what four hex digits can


def printable_lines(text: str) -> list[str]:
    """The lines of `text`, each made printable; tabs become four spaces. Only line feeds break lines."""
    return [printable(line.rstrip("\r").replace("\t", "    ")) for line in text.split("\n")]


def columns(text: str) -> int:
    """How many terminal columns printable `text` takes: wide East Asian characters two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(c) for c in text)


def _columns_of(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def fit(text: str, width: int) -> str:
    """`text` in at most `width` columns, its end replaced by `...` when it is longer."""
    if columns(text) <= width:
        return text
    room, kept = max(width - len(ELLIPSIS), 0), []
    for character in text:
        room -= _columns_of(character)
        if room < 0:
            break
        kept.append(character)
    return ("".join(kept) + ELLIPSIS)[: max(width, 0)] if width < len(ELLIPSIS) else "".join(kept) + ELLIPSIS


def pad(text: str, width: int) -> str:
    """`text` filled with spaces to `width` columns; longer text is left alone."""
    return text + " " * max(width - columns(text), 0)


def value(side: Any) -> str:  # noqa: ANN401 - any JSON value
    """One side of a field as people read it: plain words bare, everything else as JSON; `(absent)` when missing."""
    if side is ABSENT:
        return str(ABSENT)
    if isinstance(side, str) and side and not set(side) - _PLAIN and side not in {"true", "false", "null"}:
        return side if not _reads_as_number(side) else f'"{side}"'
    return printable(canonical_json(side))


def _reads_as_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 problem`, `2 problems`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def listed(words: Iterable[str]) -> str:
    """`a, b and c`."""
    *head, last = list(words) or [""]
    return f"{', '.join(head)} and {last}" if head else last


def duration(seconds: float) -> str:
    """`0.4s`, `12s`, `3m 05s`, `2h 07m`."""
    if seconds < 10:  # noqa: PLR2004 - below ten seconds a tenth still matters
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m {whole % _MINUTE:02d}s"
    return f"{whole // _HOUR}h {whole % _HOUR // _MINUTE:02d}m"
