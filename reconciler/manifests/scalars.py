"""What an unquoted YAML scalar means. One rule, for every file this program reads (table in `reader`)."""

from __future__ import annotations

import math
import re
from enum import StrEnum
from typing import Final

PlainValue = str | int | float | bool | None

LARGEST_INTEGER: Final = 2**53 - 1
"""Beyond this, JSON readers of other languages round: such a number must be quoted."""

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_TYPED: Final[dict[str, PlainValue]] = {"": None, "~": None, "null": None, "true": True, "false": False}
_LONGEST_NUMBER: Final = 400
MOST_REMEMBERED: Final = 10_000
"""Scalars kept: manifests repeat few, and a file of different ones must not fill the memory."""


class Refusal(StrEnum):
    """Why a plain scalar is not accepted. A type of its own, so that it cannot be mistaken for text."""

    NOT_FINITE = "not-finite"
    TOO_LARGE = "too-large"


def resolve(text: str) -> PlainValue | Refusal:
    """The value of the unquoted scalar `text`: typed where every YAML reader agrees, else `text` itself."""
    if text in _TYPED:
        return _TYPED[text]
    if text[0] not in "-+.0123456789":
        return text
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        return _float(text)
    return Refusal.NOT_FINITE if _NOT_FINITE.fullmatch(text) else text


def _integer(text: str) -> int | Refusal:
    if len(text) > _LONGEST_NUMBER or abs(int(text)) > LARGEST_INTEGER:
        return Refusal.TOO_LARGE
    return int(text)


def _float(text: str) -> float | Refusal:
    value = float(text)
    return value if math.isfinite(value) else Refusal.TOO_LARGE


class PlainScalars(dict[str, PlainValue | Refusal]):
    """`resolve`, remembered: manifests repeat the same few scalars thousands of times. One per load, never global."""

    def __missing__(self, text: str) -> PlainValue | Refusal:
        value = resolve(text)
        if len(self) < MOST_REMEMBERED:
            self[text] = value
        return value
