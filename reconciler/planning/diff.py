"""What differs, field by field, on three sides.

A subset difference: what the manifest does not name is the platform's business, with one exception: a field that was
declared when we last wrote, and no longer is, goes back to the platform's default or goes away. A list that is named
is named as a whole.

What the declared side is compared with:

    standing thing     live; where the platform does not show a field (write-only, secret) what was recorded
    run                recorded: a run is what was submitted, whatever the platform makes of it
    nothing readable   recorded
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from reconciler.model.change import ABSENT, FieldChange
from reconciler.model.kind import Life, OnFieldChange
from reconciler.planning.expressions import agrees, holds_secret, masked, texts, veiled
from reconciler.planning.normalise import default_of, key_of, same
from reconciler.planning.rules import Rules, forces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.model.kind import Ability

_SHORT = 8
"""Lists of up to so many plain values are shown as they are."""


class Sides(NamedTuple):
    """The same place on the three sides, each a normal form or `ABSENT`."""

    recorded: Any
    desired: Any
    live: Any

    def at(self, name: str) -> Sides:
        """The member `name` of each side."""
        return Sides(*(side.get(name, ABSENT) if isinstance(side, dict) else ABSENT for side in self))


@dataclass(frozen=True, slots=True)
class Terms:
    """How to compare. `reads_live`: the live side was read; else the recorded side stands in for it. `remembers`:
    there is a recorded side. `new`: expressions whose value this very plan will change; `former`: the names of remote
    ids (`Kind/remote id`) that it will take out of use.
    """

    life: Life
    can: frozenset[Ability]
    reads_live: bool
    remembers: bool
    new: frozenset[str] = frozenset()
    former: Mapping[str, str] = field(default_factory=dict)

    @property
    def against_live(self) -> bool:
        """Fields are compared with the live side, where it shows them."""
        return self.reads_live and self.life is Life.STANDING


class Spot(NamedTuple):
    """A place in a spec: its JSON pointer, its rules, and whether a secret stands near it."""

    path: str
    rules: Rules
    tainted: bool = False

    def at(self, name: str, rules: Rules) -> Spot:
        """The member or item `name` below."""
        step = name.replace("~", "~0").replace("/", "~1")
        return Spot(f"{self.path}/{step}", rules, self.tainted)


def differences(rules: Rules, sides: Sides, terms: Terms) -> tuple[FieldChange, ...]:
    """Each field that has to change, in the order of its path; list items under a key are written `/tasks/[align]`.
    Empty exactly when the declared side holds.
    """
    return tuple(_object(Spot("", rules), sides, terms))


def highest(changes: Iterable[FieldChange]) -> OnFieldChange:
    """What all of `changes` together ask for."""
    return max((change.forces for change in changes), key=lambda forced: forced.severity, default=OnFieldChange.NOTHING)


def _object(spot: Spot, sides: Sides, terms: Terms) -> Iterator[FieldChange]:
    declared = [side for side in (sides.desired, sides.recorded) if isinstance(side, dict)]
    beside_secret = any(isinstance(v, str) and holds_secret(v) for side in declared for v in side.values())
    here = spot._replace(tainted=spot.tainted or beside_secret)
    for name in sorted(set().union(*declared)):
        yield from _any(here.at(name, spot.rules.within(name, declared[0])), sides.at(name), terms)


def _any(spot: Spot, sides: Sides, terms: Terms) -> Iterator[FieldChange]:
    if spot.rules.rule.computed:
        return
    if sides.desired is ABSENT:
        yield from _removed(spot, sides, terms)
    elif isinstance(sides.desired, dict) and sides.desired:
        yield from _object(spot, sides, terms)
    elif isinstance(sides.desired, list) and isinstance(_base(spot, sides, terms), list):
        yield from _list(spot, sides, terms)
    elif not _holds(spot, sides, terms):
        yield _change(spot, sides, terms)


def _base(spot: Spot, sides: Sides, terms: Terms) -> Any:  # noqa: ANN401 - any JSON value, or ABSENT
    """The side that the declared one is compared with."""
    shown = terms.against_live and not spot.rules.rule.write_only and not spot.rules.rule.secret
    return sides.live if shown else sides.recorded


def _holds(spot: Spot, sides: Sides, terms: Terms) -> bool:
    """Whether what is declared is so."""
    rule = spot.rules.rule
    if (rule.write_only or rule.secret) and not terms.remembers:
        return True  # nothing to compare with: neither memory nor the platform can tell
    base = _base(spot, sides, terms)
    found = default_of(spot.rules) if base is ABSENT else base
    if base is sides.live:
        return agrees(sides.desired, found, terms.new)
    return same(sides.desired, found)


def _removed(spot: Spot, sides: Sides, terms: Terms) -> Iterator[FieldChange]:
    """Declared when we last wrote, and no longer."""
    if isinstance(sides.recorded, dict) and sides.recorded:
        yield from _object(spot, sides, terms)
        return
    base = _base(spot, sides, terms)
    wanted = default_of(spot.rules)
    if base is not ABSENT and not same(base, wanted):
        yield _change(spot, sides._replace(desired=wanted), terms, "no longer declared")


def _list(spot: Spot, sides: Sides, terms: Terms) -> Iterator[FieldChange]:
    base = _base(spot, sides, terms)
    here = spot._replace(tainted=spot.tainted or holds_secret(sides.desired) or holds_secret(sides.recorded))
    key = spot.rules.rule.list_key
    declared, found = _by_key(sides.desired, key), _by_key(base, key)
    if key and declared is not None and found is not None:
        yield from _keyed(spot, sides, terms, sorted({*declared, *found}))
    elif len(sides.desired) == len(base) and any(isinstance(item, dict | list) for item in sides.desired):
        for index in range(len(base)):
            yield from _any(here.at(str(index), spot.rules.items), _item(sides, index), terms)
    elif not _holds(spot, sides, terms):
        yield from _long(here, sides, terms) if _is_long(sides.desired, base) else (_change(here, sides, terms),)


def _by_key(items: Any, key: str) -> dict[str, Any] | None:  # noqa: ANN401 - any JSON value, or ABSENT
    """The items by their key; None unless each has one of its own."""
    if not isinstance(items, list):
        return None
    found = {name: item for item in items if (name := key_of(item, key)) is not None}
    return found if len(found) == len(items) else None


def _keyed(spot: Spot, sides: Sides, terms: Terms, names: list[str]) -> Iterator[FieldChange]:
    key = spot.rules.rule.list_key
    by_key = Sides(*(_by_key(side, key) or {} for side in sides))
    for name in names:
        there = spot.at(f"[{name}]", spot.rules.items)
        item = by_key.at(name)
        if item.desired is ABSENT:
            yield _change(there, item, terms, "not declared" if item.recorded is ABSENT else "no longer declared")
        elif _base(spot, item, terms) is ABSENT:
            yield _change(there, item, terms)
        else:
            yield from _any(there, item, terms)


def _item(sides: Sides, index: int) -> Sides:
    return Sides(*(side[index] if isinstance(side, list) and index < len(side) else ABSENT for side in sides))


def _is_long(desired: list[Any], base: list[Any]) -> bool:
    return max(len(desired), len(base)) > _SHORT or any(isinstance(item, dict | list) for item in (*desired, *base))


def _long(spot: Spot, sides: Sides, terms: Terms) -> Iterator[FieldChange]:
    """Only those items of a long list that differ."""
    from reconciler.planning.long_lists import item_changes

    base_is_live = _base(spot, sides, terms) is sides.live
    base = sides.live if base_is_live else sides.recorded
    third = sides.recorded if base_is_live else sides.live
    found = False
    alike = partial(agrees, new=terms.new) if base_is_live else same
    for change in item_changes(sides.desired, base, third, alike):
        there = spot
        for step in change.path:
            there = there.at(str(step), there.rules.items if isinstance(step, int) else there.rules.at(step))
        recorded, live = (change.third, change.base) if base_is_live else (change.base, change.third)
        found = True
        yield _change(there, Sides(recorded, change.desired, live), terms)
    if not found:
        yield _change(spot, sides, terms)


def _change(spot: Spot, sides: Sides, terms: Terms, what: str = "") -> FieldChange:
    rules = spot.rules
    forced = forces(rules.rule, terms.life, terms.can)
    live = sides.live
    tainted = spot.tainted or holds_secret(sides.desired) or holds_secret(sides.recorded)
    if tainted:
        live = veiled(live, texts(sides.desired) | texts(sides.recorded))
    return FieldChange(
        path=spot.path,
        recorded=masked(sides.recorded, rules),
        desired=masked(sides.desired, rules),
        live=masked(live, rules),
        forces=forced,
        why=_why(spot, sides, terms, what, forced),
        secret=tainted or rules.secrets,
    )


def _why(spot: Spot, sides: Sides, terms: Terms, what: str, forced: OnFieldChange) -> str:
    reason = spot.rules.rule.because
    reference = spot.rules.rule.refers_to
    if reference and any(sides.recorded == terms.former.get(f"{kind}/{sides.live}") for kind in reference.kinds):
        sides = sides._replace(live=sides.recorded)  # still the id of what we mean, though not for long
    parts = [what, _who(sides, terms)]
    if reason and forced in {OnFieldChange.REPLACE, OnFieldChange.NEW_RUN, OnFieldChange.NOTHING}:
        parts.append(reason)
    if spot.rules.rule.write_only:
        parts.append("not shown by the platform: a change made there cannot be seen")
    return "; ".join(part for part in parts if part)


def _who(sides: Sides, terms: Terms) -> str:
    """Whose doing a difference is."""
    if not terms.remembers:
        return "differs on the platform"
    edited = not same(sides.recorded, sides.desired)
    moved = terms.against_live and not agrees(sides.recorded, sides.live, frozenset())
    if edited:
        return "you edited it, and it moved on the platform" if moved else "you edited it"
    return "it moved on the platform" if moved else "known after apply: it refers to something that is made anew"
