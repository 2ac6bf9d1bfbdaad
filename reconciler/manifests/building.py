"""From parse events to plain values: the strict constructor behind `reader`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

from reconciler.manifests.events import position
from reconciler.manifests.pointers import join
from reconciler.manifests.scalars import LARGEST_INTEGER, PlainScalars, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.manifests.events import EventParser

DEEPEST: Final = 64
"""Levels of nesting."""
MOST_ALIASED: Final = 10_000
"""Values one document may get through aliases: enough for people, too few for a bomb."""
_MOST_PROBLEMS: Final = 50
_LONGEST_SHOWN: Final = 40
_NO_KEY: Final = object()
_INCOMPLETE: Final = object()


@dataclass(frozen=True, slots=True)
class Problem:
    """Something the constructor refuses. `line` and `column` count from 0 within the document's text."""

    code: str
    message: str
    hint: str
    line: int
    column: int
    pointer: str = ""


class Stopped(Exception):
    """The document has been judged: no use in reading on. The reason is among the problems."""


class Builder:
    """Takes the events of one document and holds the outcome: `root`, `start`, `problems`.

    That there is one document only is the work of `documents.split`: a second one begins with a line `---`.
    Iterative, so that no input can exhaust the stack. Goes on after a problem wherever the rest can still be judged.
    """

    __slots__ = (
        "_aliased",
        "_anchors",
        "_container",
        "_count",
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
        """Line and column of the root, from 0; None as long as there is none."""
        self.problems: list[Problem] = []
        self._scalars = scalars
        self._container: Any = None
        self._key: Any = _NO_KEY
        self._stack: list[tuple[Any, Any, str | None, int]] = []
        """For each open container: the one around it, itself, its anchor, and the count when it was opened."""
        self._anchors: dict[str, tuple[Any, int]] = {}
        """Value and number of values in it."""
        self._count = 0
        self._aliased = 0
        self._handlers: dict[type[yaml.Event], Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._open_mapping,
            yaml.MappingEndEvent: self._close,
            yaml.SequenceStartEvent: self._open_sequence,
            yaml.SequenceEndEvent: self._close,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._nothing,
            yaml.DocumentEndEvent: self._nothing,
            yaml.StreamStartEvent: self._nothing,
        }

    def feed(self, parser: EventParser) -> None:
        """Takes every event. Raises Stopped when reading on is pointless, and yaml.YAMLError for what is no YAML.

        Plain values in mappings are nearly all there is in manifests; they are handled here, the rest by the handlers.
        """
        get, handlers, scalars = parser.get_event, self._handlers, self._scalars
        scalar, end = yaml.ScalarEvent, yaml.StreamEndEvent
        while True:
            event: Any = get()
            kind = type(event)
            container = self._container
            if kind is scalar and type(container) is dict and event.anchor is None and event.tag is None:
                value = scalars[event.value] if event.implicit[0] else event.value
                self._count += 1
                if self._key is not _NO_KEY and type(value) is not Refusal:
                    container[self._key] = value
                    self._key = _NO_KEY
                elif self._key is _NO_KEY and type(value) is str and value not in container and value != "<<":
                    self._key = value
                else:
                    self._count -= 1
                    self._scalar(event)
            elif kind is end:
                return
            else:
                handlers[kind](event)

    def _nothing(self, event: yaml.Event) -> None:
        """Says nothing about values."""

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        self._count += 1
        if event.tag is not None:
            self._refuse_tag(event, event.tag)
        value = self._scalars[event.value] if event.implicit[0] else event.value
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, 1)
        if type(self._container) is dict and self._key is _NO_KEY:
            self._take_key(event, value)
            return
        if type(value) is Refusal:
            self._refuse_number(event, value)
        self._put(event, value)

    def _take_key(self, event: yaml.ScalarEvent, value: object) -> None:
        key = event.value
        if type(value) is not str:
            shown = f"`{key}`" if key else "(nothing)"
            self._problem(event, "yaml.key", f"the key {shown} is no text", f'put it in quotes: "{key}":')
        elif key == "<<" and event.implicit[0]:
            hint = "write the merged keys out where they belong"
            self._problem(event, "yaml.merge-key", "merge keys are not supported", hint)
        elif key in self._container:
            hint = "keep one of them; other readers silently take the last"
            message = f"the key `{key}` is given twice in one mapping"
            self._problem(event, "yaml.duplicate-key", message, hint, key=key)
        self._key = key

    def _put(self, event: yaml.Event, value: object) -> None:
        container = self._container
        if type(container) is dict:
            container[self._key] = value
            self._key = _NO_KEY
        elif container is not None:
            container.append(value)
        else:
            self.root = value
            self.start = position(event)

    def _open_mapping(self, event: yaml.MappingStartEvent) -> None:
        self._open(event, {})

    def _open_sequence(self, event: yaml.SequenceStartEvent) -> None:
        self._open(event, [])

    def _open(self, event: yaml.CollectionStartEvent, value: dict[str, Any] | list[Any]) -> None:
        if event.tag is not None:
            self._refuse_tag(event, event.tag)
        if len(self._stack) == DEEPEST:
            self._problem(event, "yaml.depth", f"nested deeper than {DEEPEST} levels", "flatten the document")
            raise Stopped
        self._needs_key(event, "a list or a mapping")
        self._put(event, value)
        if event.anchor is not None:
            self._anchors[event.anchor] = (_INCOMPLETE, 0)
        self._stack.append((self._container, value, event.anchor, self._count))
        self._count += 1
        self._container = value

    def _close(self, event: yaml.Event) -> None:
        del event
        self._container, value, anchor, count = self._stack.pop()
        self._key = _NO_KEY
        if anchor is not None:
            self._anchors[anchor] = (value, self._count - count)

    def _alias(self, event: yaml.AliasEvent) -> None:
        name = str(event.anchor)
        value, size = self._anchors.get(name, (None, 0))
        self._count += size
        self._aliased += size
        if name not in self._anchors:
            self._problem(event, "yaml.alias", f"no anchor &{name} stands above this alias", "write the value out")
        elif value is _INCOMPLETE:
            self._problem(event, "yaml.alias", f"the value &{name} would hold itself", "write the value out")
            raise Stopped
        elif self._aliased > MOST_ALIASED:
            message = f"aliases blow this document up to more than {MOST_ALIASED:,} values"
            self._problem(event, "yaml.alias", message, "write the values out")
            raise Stopped
        self._needs_key(event, "an alias")
        self._put(event, _copy(value))

    def _needs_key(self, event: yaml.Event, what: str) -> None:
        """Refuses `what` where a key must stand. The rest of the mapping cannot be judged then."""
        if type(self._container) is dict and self._key is _NO_KEY:
            self._problem(event, "yaml.key", f"{what} is used as a key", "write the key as text")
            raise Stopped

    def _refuse_tag(self, event: yaml.Event, tag: str) -> None:
        shown = tag.replace("tag:yaml.org,2002:", "!!")[:_LONGEST_SHOWN]
        hint = "remove it; put quotes around a scalar that is meant as text"
        self._problem(event, "yaml.tag", f"the tag {shown} is not supported", hint)

    def _refuse_number(self, event: yaml.ScalarEvent, refusal: Refusal) -> None:
        text = event.value[:_LONGEST_SHOWN]
        if refusal is Refusal.NOT_FINITE:
            message = f"{text} is no number that can be sent"
        else:
            message = f"{text} is beyond {LARGEST_INTEGER} and would be rounded by other readers"
        self._problem(event, "yaml.number", message, "put it in quotes if it is text")

    def _problem(self, event: yaml.Event, code: str, message: str, hint: str, *, key: str = "") -> None:
        line, column = position(event)
        path = [*self._path(), key] if key else self._path()
        self.problems.append(Problem(code, message, hint, line, column, join(path)))
        if len(self.problems) == _MOST_PROBLEMS:
            raise Stopped

    def _path(self) -> list[str | int]:
        """Where the constructor stands now."""
        path: list[str | int] = []
        for outer, _, _, _ in self._stack:
            # An open container is the last thing that was put into the one around it.
            if type(outer) is dict:
                path.append(next(reversed(outer)))
            elif outer is not None:
                path.append(len(outer) - 1)
        if type(self._container) is list:
            path.append(len(self._container))
        elif self._key is not _NO_KEY:
            path.append(self._key)
        return path


def _copy(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A value of its own for every alias, so that nobody changes two places at once. At most `MOST_ALIASED` values."""
    if type(value) is dict:
        return {key: _copy(item) for key, item in value.items()}
    if type(value) is list:
        return [_copy(item) for item in value]
    return value
