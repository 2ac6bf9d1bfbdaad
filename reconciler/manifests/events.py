"""The one place that talks to the YAML library: a stream of parse events for one document.

Events rather than composed nodes: the C library's composer recurses, and a file of 100,000 opening brackets crashes the
process with it. A stream can be given up at any depth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    EventSource = Callable[[str], Iterator[yaml.Event]]


class _PythonParser(Reader, Scanner, Parser):
    """The pure Python parser without the parts behind it."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


def python_events(text: str) -> Iterator[yaml.Event]:
    """Events of the pure Python parser, several times slower. Raises yaml.YAMLError while iterating."""
    return _stream(_PythonParser(text))


def native_events(text: str) -> Iterator[yaml.Event]:
    """Events of the C parser, or of the Python one where the library was built without it. Raises yaml.YAMLError while
    iterating."""
    if not yaml.__with_libyaml__:
        return python_events(text)
    from yaml.cyaml import CParser  # noqa: PLC0415 - absent without libyaml

    return _stream(CParser(text))


def _stream(parser: Any) -> Iterator[yaml.Event]:  # noqa: ANN401 - two unrelated classes with one shape
    """Without the stream's own start and end."""
    get: Callable[[], yaml.Event] = parser.get_event
    end = yaml.StreamEndEvent
    get()
    try:
        while type(event := get()) is not end:
            yield event
    finally:
        parser.dispose()
