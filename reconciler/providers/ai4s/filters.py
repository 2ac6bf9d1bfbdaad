"""What `get --filter` takes on this platform: words that are checked, and points in time in any usual form."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.providers.ai4s.times import milliseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ORDERS = ("asc", "desc")


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of one list that the platform itself applies: our word -> its query parameter. Words of `choices`
    take only these values, in any case; `times` are points in time.
    """

    texts: Mapping[str, str]
    times: Mapping[str, str]
    choices: Mapping[str, tuple[str, ...]]

    @property
    def names(self) -> tuple[str, ...]:
        """Every word."""
        return (*self.texts, *self.times)

    def query(self, given: Mapping[str, str]) -> dict[str, str]:
        """The query for what was `given`. Raises UsageError for a word or a value that there is not."""
        query: dict[str, str] = {}
        for name, value in given.items():
            if name in self.times:
                query[self.times[name]] = moment(name, value)
            elif name in self.texts:
                query[self.texts[name]] = one_of(value, self.choices[name], name) if name in self.choices else value
            else:
                raise unknown("filter", name, self.names)
        return query


def moment(name: str, value: str) -> str:
    """UNIX milliseconds for the filter `name`. Raises UsageError when `value` is no point in time."""
    try:
        return str(milliseconds(value))
    except ValueError:
        msg = f"filter {name}: {value!r} is not a point in time"
        hint = "write it like 2026-01-31T12:00:00Z, or '2026-01-31 12:00:00' in UTC, or as UNIX seconds"
        raise UsageError(msg, hint=hint) from None


def one_of(value: str, known: tuple[str, ...], name: str) -> str:
    """The word of `known` that is meant, whatever its case. Raises UsageError for any other."""
    for word in known:
        if word.lower() == value.lower():
            return word
    raise unknown(name, value, known)


def labels(value: str) -> list[str]:
    """The labels of a text that separates them by commas."""
    return [label for part in value.split(",") if (label := part.strip())]


def unknown(what: str, value: str, known: Iterable[str]) -> UsageError:
    """The error of a word that is not among `known`, with the one that was perhaps meant."""
    words = sorted(known)
    near = difflib.get_close_matches(value, words, n=1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    return UsageError(f"there is no {what} {value!r}", hint=f"{meant}known: {', '.join(words)}")
