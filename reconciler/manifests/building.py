"""From parse events to plain values: the strict constructor behind `reader`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

from reconciler.manifests.pointers import join
from reconciler.manifests.scalars import LARGEST_INTEGER, PlainScalars, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

DEEPEST: Final = 64
"""Levels of nesting."""
MOST_ALIASED: Final = 10_000
"""Values one document may get through aliases: enough for people, too few for a bomb."""
_MOST_PROBLEMS: Final = 50


@dataclass(frozen=True, slots=True)
class Problem:
    """Something the constructor refuses. `line` and `column` count from 0 within the document's text."""

    code: str
    message: str
    hint: str
    line: int
    column: int
    pointer: str = ""


class Stopped(Exception):  # noqa: N818 - not an error: the document has been judged
    """No use in reading on; the problem is recorded."""


class _Open(Exception):  # noqa: N818 - a marker, never raised
    """An anchor whose value is not complete yet."""


_NO_KEY: Final = object()
_STILL_OPEN: Final = _Open


class Builder:
    """Takes the events of one document and holds the outcome: `root`, `start`, `problems`.

    Iterative, so that no input can exhaust the stack. Goes on after a problem wherever the rest can still be judged.
    """

    __slots__ = (
        "_aliased",
        "_anchors",
        "_container",
        "_count",
        "_done",
        "_handlers",
        "_key",
        "_scalars",
        "_stack",
        "problems",
        "root",
        "start",
    )

    def __init__(self, scalars: PlainScalars) -> None:
        self.root: Any = None
        self.start: tuple[int, int] | None = None
        self.problems: list[Problem] = []
        self._scalars = scalars
        self._container: Any = None
        self._key: Any = _NO_KEY
        self._stack: list[tuple[Any, Any, str | None, int]] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._count = 0
        self._aliased = 0
        self._done = False
        self._handlers: dict[type[yaml.Event], Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._open_mapping,
            yaml.MappingEndEvent: self._close,
            yaml.SequenceStartEvent: self._open_sequence,
            yaml.SequenceEndEvent: self._close,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
            yaml.DocumentEndEvent: self._nothing,
        }

    def feed(self, events: Iterable[yaml.Event]) -> None:
        """Takes every event. Raises Stopped when reading on is pointless, and what the event source raises."""
        handlers = self._handlers
        for event in events:
            handlers[type(event)](event)

    def _nothing(self, event: yaml.Event) -> None:
        """The end of a document says nothing new."""

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        if self._done:
            self._problem(event, "yaml.syntax", "a second document begins here", "begin it with a line `---`")
            raise Stopped

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        self._count += 1
        if event.tag is not None:
            self._refuse_tag(event)
        value: Any = self._scalars[event.value] if event.implicit[0] else event.value
        container = self._container
        if type(container) is dict and self._key is _NO_KEY:
            self._take_key(event, value)
        else:
            if type(value) is Refusal:
                self._refuse_number(event, value)
            self._put(event, value)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, 1)

    def _take_key(self, event: yaml.ScalarEvent, value: Any) -> None:  # noqa: ANN401 - any scalar
        key = event.value
        if type(value) is not str:
            shown = key or "(nothing)"
            self._problem(event, "yaml.key", f"the key {shown} is no text", f'put it in quotes: "{key}":')
        elif key == "<<" and event.implicit[0]:
            hint = "write the merged keys out where they belong"
            self._problem(event, "yaml.merge-key", "merge keys are not supported", hint)
        elif key in self._container:
            hint = "keep one of them; in plain YAML the last one would silently win"
            self._problem(event, "yaml.duplicate-key", f"the key `{key}` is given twice in one mapping", hint, key=key)
        self._key = key

    def _put(self, event: yaml.Event, value: Any) -> None:  # noqa: ANN401 - any JSON value
        container = self._container
        if type(container) is dict:
            container[self._key] = value
            self._key = _NO_KEY
        elif container is not None:
            container.append(value)
        else:
            self.root = value
            self._done = True
            self.start = (event.start_mark.line, event.start_mark.column)

    def _open_mapping(self, event: yaml.MappingStartEvent) -> None:
        self._open(event, {})

    def _open_sequence(self, event: yaml.SequenceStartEvent) -> None:
        self._open(event, [])

    def _open(self, event: Any, value: Any) -> None:  # noqa: ANN401 - both start events; a dict or a list
        self._count += 1
        if event.tag is not None:
            self._refuse_tag(event)
        if len(self._stack) == DEEPEST:
            self._problem(event, "yaml.depth", f"nested deeper than {DEEPEST} levels", "flatten the document")
            raise Stopped
        if type(self._container) is dict and self._key is _NO_KEY:
            self._problem(event, "yaml.key", "a list or a mapping is used as a key", "keys are text")
            raise Stopped
        self._put(event, value)
        if event.anchor is not None:
            self._anchors[event.anchor] = (_STILL_OPEN, 0)
        # The key under which the container hangs was just used up; what comes back after closing is "no key".
        self._stack.append((self._container, value, event.anchor, self._count))
        self._container = value
        self._key = _NO_KEY

    def _close(self, event: yaml.Event) -> None:
        del event
        outer, value, anchor, count = self._stack.pop()
        if anchor is not None:
            self._anchors[anchor] = (value, self._count - count + 1)
        self._container = outer
        self._key = _NO_KEY

    def _alias(self, event: yaml.AliasEvent) -> None:
        name = str(event.anchor)
        value, size = self._anchors.get(name, (None, 0))
        self._count += max(size, 1)
        self._aliased += size
        if name not in self._anchors:
            self._problem(event, "yaml.alias", f"no anchor &{name} stands above this alias", "write the value out")
        elif value is _STILL_OPEN:
            self._problem(event, "yaml.alias", f"the value &{name} would hold itself", "write the value out")
            raise Stopped
        elif self._aliased > MOST_ALIASED:
            message = f"aliases multiply this document to more than {MOST_ALIASED:,} values"
            self._problem(event, "yaml.alias", message, "write the values out")
            raise Stopped
        if type(self._container) is dict and self._key is _NO_KEY:
            self._problem(event, "yaml.key", "an alias is used as a key", "write the key out")
            raise Stopped
        self._put(event, _copy(value))

    def _refuse_tag(self, event: yaml.NodeEvent) -> None:
        hint = "remove it; put quotes around a scalar that is meant as text"
        self._problem(event, "yaml.tag", f"the tag {_short_tag(str(event.tag))} is not supported", hint)  # type: ignore[attr-defined]

    def _refuse_number(self, event: yaml.ScalarEvent, refusal: Refusal) -> None:
        text = event.value if len(event.value) <= _LONGEST_SHOWN else event.value[:_LONGEST_SHOWN] + "..."
        if refusal is Refusal.NOT_FINITE:
            message = f"{text} is no number that can be sent"
        else:
            message = f"{text} is beyond {LARGEST_INTEGER} and would be rounded by other readers"
        self._problem(event, "yaml.number", message, 'put it in quotes if it is text: "..."')

    def _problem(self, event: yaml.Event, code: str, message: str, hint: str, key: str = "") -> None:
        if len(self.problems) == _MOST_PROBLEMS:
            raise Stopped
        mark = event.start_mark
        path = [*self._path(), key] if key else self._path()
        self.problems.append(Problem(code, message, hint, mark.line, mark.column, join(path)))

    def _path(self) -> list[str | int]:
        """Where the constructor stands now."""
        path: list[str | int] = []
        for outer, value, _, _ in self._stack:
            path += _place_in(outer, value)
        if type(self._container) is list:
            path.append(len(self._container))
        elif self._key is not _NO_KEY:
            path.append(self._key)
        return path


_LONGEST_SHOWN: Final = 40


def _place_in(outer: Any, value: Any) -> list[str | int]:  # noqa: ANN401 - any container
    """Key or index of an open container in the one around it: it is the last thing put there."""
    if type(outer) is dict:
        return [key for key, item in outer.items() if item is value][-1:]
    return [len(outer) - 1] if type(outer) is list else []


def _short_tag(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")


def _copy(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A value of its own for every alias, so that nobody changes two places at once. At most `MOST_ALIASED` values."""
    if type(value) is dict:
        return {key: _copy(item) for key, item in value.items()}
    if type(value) is list:
        return [_copy(item) for item in value]
    return value
