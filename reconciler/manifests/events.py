"""The one place that talks to the YAML library: parse events of one document.

Events rather than composed nodes: the C library's composer recurses, and a file of 100,000 opening brackets crashes the
process with it. A stream of events can be given up at any depth.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

import yaml
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner, ScannerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    OpenParser = Callable[[str], "EventParser"]


_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")


class EventParser(Protocol):
    """What the C parser and the Python parser have in common."""

    def get_event(self) -> yaml.Event:
        """The next event. Raises yaml.YAMLError."""

    def dispose(self) -> None:
        """Frees what the parser holds."""


class PythonParser(Reader, Scanner, Parser):
    """The pure Python parser without the parts behind it; several times slower."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)

    def get_event(self) -> yaml.Event:
        """The next event. Refuses escape sequences that are no character, as the C parser does."""
        try:
            event: yaml.Event = super().get_event()  # type: ignore[no-untyped-call]  # not typed there
        except ValueError as error:
            raise self._no_character() from error
        if isinstance(event, yaml.ScalarEvent) and _HALF_A_CHARACTER.search(event.value):
            raise self._no_character()
        return event

    def _no_character(self) -> ScannerError:
        return ScannerError(None, None, "found invalid Unicode character escape code", self.get_mark())


def open_parser(text: str) -> EventParser:
    """The C parser, or the Python one where the library was built without it."""
    if not yaml.__with_libyaml__:
        return PythonParser(text)
    from yaml._yaml import CParser

    parser: Any = CParser(text)
    opened: EventParser = parser
    return opened


def position(event: yaml.Event) -> tuple[int, int]:
    """Line and column at which an event begins, from 0."""
    mark = event.start_mark
    return (mark.line, mark.column) if mark is not None else (0, 0)


def iterate(text: str) -> Iterator[yaml.Event]:
    """Every event of a text. Raises yaml.YAMLError while iterating."""
    parser = open_parser(text)
    try:
        while type(event := parser.get_event()) is not yaml.StreamEndEvent:
            yield event
    finally:
        parser.dispose()
