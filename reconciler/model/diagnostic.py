"""A finding about something a person wrote: what, where, why, what to do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.address import Address


class Severity(StrEnum):
    """How much a finding matters. Only `ERROR` stops anything."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """A place in a file: path as the user would type it, line and column counted from 1 (0: unknown)."""

    file: str
    line: int = 0
    column: int = 0
    document: int = 0
    """Index of the YAML document in the file, from 0. For finding the place again; not for people."""

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `code` is stable and documented (docs/errors.md); `pointer` is an RFC 6901 JSON pointer into
    the document at `source`, in the words the author used; `hint` says what to do, `did you mean` included.
    """

    severity: Severity
    code: str
    message: str
    source: Source | None = None
    pointer: str = ""
    hint: str = ""
    address: Address | None = None

    @property
    def sort_key(self) -> tuple[str, int, int, str, str, str]:
        """Order for people: by file and place, so that output is the same every time."""
        place = self.source or Source("")
        return (place.file, place.line, place.column, self.pointer, self.code, self.message)

    def at(self, source: Source) -> Diagnostic:
        """The same finding, placed."""
        return replace(self, source=source)


def errors(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Only those that stop."""
    return tuple(d for d in diagnostics if d.severity is Severity.ERROR)
