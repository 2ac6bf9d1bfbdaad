"""Which items of a long or deep list differ. For people: whether anything differs at all is decided before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from reconciler.model.change import ABSENT
from reconciler.planning.expressions import agrees
from reconciler.planning.normalise import same

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet

Steps: TypeAlias = tuple[int | str, ...]


class ItemChange(NamedTuple):
    """One place below a list: indices and member names, and its value on each side, or `ABSENT`."""

    path: Steps
    base: Any
    desired: Any
    third: Any


def item_changes(desired: list[Any], base: Any, third: Any, new: AbstractSet[str]) -> list[ItemChange]:  # noqa: ANN401 - any JSON value, or ABSENT
    """The differences between `desired` and `base` by place, what an author left to the platform left out.

    An index counts in `base`, and in `desired` for what only that has. `third` is the remaining side, of which the
    value is told where it is one of the two lists, or where it can be found at the same place.
    """
    from deepdiff import DeepDiff

    view = _view(desired, base, new)
    found = []
    for level in _levels(DeepDiff(view, desired, view="tree")):
        path: Steps = tuple(level.path(output_format="list"))
        before, after = _side(level.t1), _side(level.t2)
        found.append(ItemChange(path, before, after, _third(third, (base, before), (desired, after), path)))
    return sorted(found, key=lambda change: [(str(type(step)), step) for step in change.path])


def _view(desired: Any, base: Any, new: AbstractSet[str]) -> Any:  # noqa: ANN401 - any JSON values, or ABSENT
    """`base` without what `desired` leaves to the platform, and with its expressions where they agree."""
    if agrees(desired, base, new):
        return desired
    if isinstance(desired, dict) and isinstance(base, dict):
        return {name: _view(desired[name], item, new) for name, item in base.items() if name in desired}
    if isinstance(desired, list) and isinstance(base, list):
        pairs = [_view(mine, other, new) for mine, other in zip(desired, base, strict=False)]
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
