"""Values with parts that are known to be wrong. Whatever can be said without those parts still is.

    {"a": 1, "b": <wrong>}   reading a gives 1, reading b raises Unsound; going through it gives a, then raises
    {"a": 1, ANYTHING: ...}  a key is there that nobody knows: reading whatever is not there raises, since that may be
                             what the key was meant to be
    [1, <wrong>, 3]          going through it gives 1, then raises

So a check needs no care: what it has said before it comes to a wrong part is true whatever that part will become, and
`sound` ends it there. Only what looks for things, and concludes nothing from their absence, asks for `members`.
"""

from __future__ import annotations

from collections.abc import ItemsView, KeysView, ValuesView
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_T = TypeVar("_T")
Path = tuple[str | int, ...]
ANYTHING: Final = "*"
"""Stands, at the end of a path, for whatever a mapping does not hold: it holds a key that nobody knows."""
ANY_KIND: Final = ""
"""Stands for the kind of a document of which not even that is known."""


class Unsound(Exception):
    """What was asked for may be among the wrong parts."""


def sound(findings: Iterable[_T]) -> Iterator[_T]:
    """`findings` up to the first that would need a wrong part."""
    try:
        yield from findings
    except Unsound:
        return


def up_to_wrong(items: Iterable[_T]) -> tuple[tuple[_T, ...], bool]:
    """The items before the first that would need a wrong part, and whether those are all."""
    found: list[_T] = []
    try:
        for item in items:
            found.append(item)  # noqa: PERF402 - what came before the wrong part is kept
    except Unsound:
        return tuple(found), False
    return tuple(found), True


def without(value: Any, wrong: Iterable[Path]) -> Any:  # noqa: ANN401 - any JSON value
    """`value` without what stands, or should stand, at the paths `wrong`. What holds none of them is the same object.

    A path that leads through something else than mappings and lists is about nothing.
    """
    below: dict[Any, list[Path]] = {}
    for first, *rest in wrong:
        below.setdefault(first, []).append(tuple(rest))
    gone = {step for step, paths in below.items() if () in paths}
    if isinstance(value, dict) and below:
        kept = {key: without(item, below.get(key, ())) for key, item in value.items() if key not in gone}
        return Partial(kept, frozenset(gone)) if gone else kept
    if isinstance(value, list) and below:
        items = [without(item, below.get(index, ())) for index, item in enumerate(value[: min(gone, default=None)])]
        return PartialList(items) if gone else items
    return value


def members(mapping: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """What a mapping surely holds, wrong parts passed over: for who looks for things, never for who misses some."""
    return dict.items(mapping) if isinstance(mapping, dict) else mapping.items()


def member(mapping: Mapping[str, Any], key: str) -> Any:  # noqa: ANN401 - any JSON value
    """The member `key` if it is surely there, else None; in the same spirit."""
    return dict.get(mapping, key) if isinstance(mapping, dict) else mapping.get(key)


def like(mapping: Mapping[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    """`spec`, made out of the members of `mapping`: it lacks what that lacks."""
    return Partial(spec, mapping.wrong) if isinstance(mapping, Partial) else spec


def _unknown(*_: object) -> NoReturn:
    raise Unsound


class Partial(dict[str, Any]):
    """A mapping without its members `wrong`. Never equal to anything."""

    __slots__ = ("wrong",)
    __hash__ = None
    __len__ = __eq__ = __ne__ = __or__ = __ror__ = __reversed__ = _unknown

    def __init__(self, kept: Iterable[tuple[str, Any]] | Mapping[str, Any], wrong: frozenset[str]) -> None:
        super().__init__(kept)
        self.wrong = wrong

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - any JSON value
        if key not in self:
            raise KeyError(key)
        return dict.__getitem__(self, key)

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 - any JSON value
        """As of any mapping."""
        return dict.get(self, key) if key in self else default

    def __contains__(self, key: object) -> bool:
        if dict.__contains__(self, key):
            return True
        return bool({key, ANYTHING} & self.wrong) and _unknown()

    def __bool__(self) -> bool:
        return bool(dict.__len__(self)) or _unknown()

    def __iter__(self) -> Iterator[str]:
        yield from dict.__iter__(self)
        raise Unsound

    def keys(self) -> KeysView[str]:  # type: ignore[override]  # a view, as of any mapping
        """As of any mapping, by `__iter__`."""
        return KeysView(self)

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]  # as above
        """As of any mapping, by `__iter__`."""
        return ItemsView(self)

    def values(self) -> ValuesView[Any]:  # type: ignore[override]  # as above
        """As of any mapping, by `__iter__`."""
        return ValuesView(self)

    def copy(self) -> Partial:
        """Another one that lacks the same."""
        return Partial(dict.items(self), self.wrong)


class PartialList(list[Any]):
    """A list up to its first wrong item: nobody can tell what comes then."""

    __slots__ = ()
    __hash__ = None
    __len__ = __eq__ = __ne__ = __add__ = __radd__ = __reversed__ = _unknown

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401 - any JSON value
        known = isinstance(index, int) and 0 <= index < list.__len__(self)
        return list.__getitem__(self, index) if known else _unknown()

    def __contains__(self, item: object) -> bool:
        return list.__contains__(self, item) or _unknown()

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Any]:
        yield from list.__iter__(self)
        raise Unsound
