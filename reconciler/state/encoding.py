"""One JSON spelling for what memory holds, and strict reading of it.

Reading is strict in both directions: a field that is missing, of the wrong type or not known is damage, or the
work of a newer release, and is never guessed at. Secrets never pass here: specs hold expressions, not values.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypeVar

from reconciler.errors import StateUnreadable
from reconciler.model.address import Address
from reconciler.model.manifest import Lifecycle, OnChange, OnFailure, OnRemove
from reconciler.model.mark import Mark
from reconciler.model.resource import Former, Phase, Recorded

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")

VERSION = "1.2"
"""Major: readers of another one refuse. Minor: rises when a field is added. A newer minor is refused, so that nothing
is dropped on the next write; an older one is read, and becomes ours with the next write.

    1.0  the first
    1.1  head: `applied`; intents: `moved_from`
    1.2  head: `key`, `former`; resources, outcomes: `defaults`
"""
_FORM = re.compile(r"([0-9]{1,6})\.([0-9]{1,6})")


def check_version(found: object, where: str) -> tuple[int, int]:
    """Major and minor. Raises StateUnreadable unless we read that version."""
    ours, theirs = _FORM.fullmatch(VERSION), _FORM.fullmatch(found) if isinstance(found, str) else None
    if ours and theirs and theirs[1] == ours[1] and int(theirs[2]) <= int(ours[2]):
        return int(theirs[1]), int(theirs[2])
    msg = f"{where} is of format version {found!r}; this release reads {VERSION} and older"
    raise StateUnreadable(msg, hint="Use the release that wrote it, or a newer one.")


class Fields:
    """Takes the members of one JSON object, each once, and complains about what is left."""

    def __init__(self, data: object, where: str) -> None:
        if not isinstance(data, dict):
            msg = f"{where}: expected a JSON object"
            raise StateUnreadable(msg)
        self._data: dict[str, Any] = dict(data)
        self._where = where

    def take(self, name: str, kind: type[Any] | tuple[type[Any], ...]) -> Any:  # noqa: ANN401 - any JSON value
        """The member `name`, of type `kind`."""
        if name not in self._data:
            msg = f"{self._where}: {name!r} is missing"
            raise StateUnreadable(msg)
        value = self._data.pop(name)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
            msg = f"{self._where}: {name!r} has the wrong type"
            raise StateUnreadable(msg)
        return value

    def has(self, name: str) -> bool:
        """Whether the member `name` is there: for members that are written only where they say something."""
        return name in self._data

    def text(self, name: str) -> str:
        """A string."""
        return str(self.take(name, str))

    def whole(self, name: str) -> int:
        """An integer."""
        return int(self.take(name, int))

    def number(self, name: str) -> float:
        """A number."""
        return float(self.take(name, (int, float)))

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings."""
        return tuple(self._each(name, str, lambda item: item))

    def wholes(self, name: str) -> tuple[int, ...]:
        """A list of integers."""
        return tuple(self._each(name, int, int))

    def mapping(self, name: str) -> dict[str, str]:
        """An object whose values are strings."""
        found = self.take(name, dict)
        if not all(isinstance(value, str) for value in found.values()):
            msg = f"{self._where}: {name!r} holds something other than text"
            raise StateUnreadable(msg)
        return dict(found)

    def mapping_if_any(self, name: str) -> dict[str, str]:
        """The same for a member that is written only where it says something."""
        return self.mapping(name) if name in self._data else {}

    def parsed(self, name: str, parse: Callable[[str], _T]) -> _T:
        """A string that `parse` understands (it raises ValueError when it does not)."""
        return self._parse(name, self.text(name), parse)

    def each_parsed(self, name: str, parse: Callable[[str], _T]) -> tuple[_T, ...]:
        """A list of such strings."""
        return tuple(self._each(name, str, lambda item: self._parse(name, item, parse)))

    def end(self) -> None:
        """Raises StateUnreadable when a member nobody asked for is left."""
        if self._data:
            unknown = ", ".join(sorted(self._data))
            msg = f"{self._where}: unknown field(s) {unknown}"
            raise StateUnreadable(msg, hint="It was written by a newer release: use that one, or a newer one.")

    def _each(self, name: str, kind: type[Any], turn: Callable[[Any], _T]) -> list[_T]:
        found = self.take(name, list)
        if not all(isinstance(item, kind) for item in found):
            msg = f"{self._where}: {name!r} holds something of the wrong type"
            raise StateUnreadable(msg)
        return [turn(item) for item in found]

    def _parse(self, name: str, text: str, parse: Callable[[str], _T]) -> _T:
        try:
            return parse(text)
        except ValueError as error:
            msg = f"{self._where}: {name!r}: {error}"
            raise StateUnreadable(msg) from error


def load_json(text: bytes, where: str) -> object:
    """Any JSON value. Raises StateUnreadable, naming `where`."""
    try:
        return json.loads(text.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        msg = f"{where} is damaged: {error}"
        raise StateUnreadable(msg) from error


def mark_from_text(text: str) -> Mark:
    """The inverse of `str(mark)`. Raises ValueError."""
    mark = Mark.find(text)
    if mark is None or str(mark) != text:
        msg = f"not a mark: {text!r}"
        raise ValueError(msg)
    return mark


def lifecycle_to_json(lifecycle: Lifecycle) -> dict[str, Any]:
    """A lifecycle in JSON."""
    return {
        "on_failure": lifecycle.on_failure.value,
        "on_change": lifecycle.on_change.value,
        "on_remove": lifecycle.on_remove.value if lifecycle.on_remove else "",
        "protect": lifecycle.protect,
        "attempt": lifecycle.attempt,
    }


def lifecycle_from_json(data: object, where: str) -> Lifecycle:
    """The inverse of `lifecycle_to_json`."""
    fields = Fields(data, where)
    found = Lifecycle(
        on_failure=fields.parsed("on_failure", OnFailure),
        on_change=fields.parsed("on_change", OnChange),
        on_remove=fields.parsed("on_remove", lambda text: OnRemove(text) if text else None),
        protect=bool(fields.take("protect", bool)),
        attempt=fields.whole("attempt"),
    )
    fields.end()
    return found


def recorded_to_json(recorded: Recorded) -> dict[str, Any]:
    """A recorded resource in JSON."""
    return {
        "address": str(recorded.address),
        "platform": recorded.platform,
        "remote_id": recorded.remote_id,
        "spec": dict(recorded.spec),
        "digest": recorded.digest,
        "mark": str(recorded.mark),
        "attempt": recorded.attempt,
        "phase": recorded.phase.value,
        "depends_on": [str(address) for address in recorded.depends_on],
        "lifecycle": lifecycle_to_json(recorded.lifecycle),
        "outputs": dict(recorded.outputs),
        "history": list(recorded.history),
        **({"defaults": dict(recorded.defaults)} if recorded.defaults else {}),
    }


def recorded_from_json(data: object, where: str) -> Recorded:
    """The inverse of `recorded_to_json`."""
    fields = Fields(data, where)
    found = Recorded(
        address=fields.parsed("address", Address.parse),
        platform=fields.text("platform"),
        remote_id=fields.text("remote_id"),
        spec=fields.take("spec", dict),
        digest=fields.text("digest"),
        mark=fields.parsed("mark", mark_from_text),
        attempt=fields.whole("attempt"),
        phase=fields.parsed("phase", Phase),
        depends_on=fields.each_parsed("depends_on", Address.parse),
        lifecycle=lifecycle_from_json(fields.take("lifecycle", dict), where),
        outputs=fields.mapping("outputs"),
        history=fields.texts("history"),
        defaults=fields.mapping_if_any("defaults"),
    )
    fields.end()
    return found


def former_to_json(former: Former) -> dict[str, Any]:
    """What was let go of in JSON."""
    return {
        "address": str(former.address),
        "mark": str(former.mark),
        "remote_id": former.remote_id,
        "at": former.at,
    }


def former_from_json(data: object, where: str) -> Former:
    """The inverse of `former_to_json`."""
    fields = Fields(data, where)
    found = Former(
        address=fields.parsed("address", Address.parse),
        mark=fields.parsed("mark", mark_from_text),
        remote_id=fields.text("remote_id"),
        at=fields.number("at"),
    )
    fields.end()
    return found
