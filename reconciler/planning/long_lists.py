"""Which items of a long or deep list differ. For people: whether anything differs at all is decided before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from reconciler.model.change import ABSENT
from reconciler.planning.normalise import same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Steps: TypeAlias = tuple[int | str, ...]
Agrees: TypeAlias = "Callable[[Any, Any], bool]"


class ItemChange(NamedTuple):
    """One place below a list: indices and member names, and its value on each side, or `ABSENT`."""

    path: Steps
    base: Any
    desired: Any
    third: Any


def item_changes(desired: list[Any], base: Any, third: Any, agrees: Agrees) -> list[ItemChange]:  # noqa: ANN401 - any JSON value, or ABSENT
    """The differences between `desired` and `base` by place, what an author left to the platform left out.

    An index counts in `base`, and in `desired` for what only that has. `third` is the remaining side, of which the
    value is told where it is one of the two lists, or where it can be found at the same place. `agrees` tells whether
    a value of `desired` and one of `base` are the same in spite of expressions.
    """
    from deepdiff import DeepDiff

    view = _view(desired, base, agrees)
    found = []
    for level in _levels(DeepDiff(view, desired, view="tree")):
        path: Steps = tuple(level.path(output_format="list"))
        before, after = _side(level.t1), _side(level.t2)
        found.append(ItemChange(path, before, after, _third(third, (base, before), (desired, after), path)))
    return sorted(found, key=lambda change: [(str(type(step)), step) for step in change.path])


def _view(desired: Any, base: Any, agrees: Agrees) -> Any:  # noqa: ANN401 - any JSON values, or ABSENT
    """`base` without what `desired` leaves to the platform, and with its expressions where they agree."""
    if agrees(desired, base):
        return desired
    if isinstance(desired, dict) and isinstance(base, dict):
        return {name: _view(desired[name], item, agrees) for name, item in base.items() if name in desired}
    if isinstance(desired, list) and isinstance(base, list):
        pairs = [_view(mine, other, agrees) for mine, other in zip(desired, base, strict=False)]
        return [*pairs, *base[len(desired) :]]
    return base


def _levels(found: Mapping[str, Any]) -> Iterator[Any]:
    for levels in found.values():
        yield from levels


def _side(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    from deepdiff.helper import notpresent

    return ABSENT if value is notpresent else value


def _third(third: Any, base: tuple[Any, Any], desired: tuple[Any, Any], path: Steps) -> Any:  # noqa: ANN401 - any JSON values, or ABSENT
    """The value on the third side: indices of different lists do not mean the same place, so it is looked up by index
    only where the third side is neither of the two others.
    """
    for whole, value in (base, desired):
        if same(third, whole):
            return value
    for step in path:
        inside = step in third if isinstance(third, dict) else isinstance(third, list) and step in range(len(third))
        if not inside:
            return ABSENT
        third = third[step]
    return third
