"""What a change of the files changes in what is declared: files against files, without memory and without platforms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.change import ABSENT, Action, Change, FieldChange
from reconciler.model.kind import OnFieldChange
from reconciler.planning.diff import Sides, Terms, differences
from reconciler.planning.normalise import Place, normalise_by
from reconciler.planning.rules import Trees

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.model.address import Address
    from reconciler.model.kind import Kind
    from reconciler.model.manifest import Lifecycle, Manifest


def declared_changes(
    base: Iterable[Manifest], head: Iterable[Manifest], kinds: Mapping[tuple[str, str], Kind]
) -> tuple[Change, ...]:
    """By address: what is declared anew, what is no longer declared, and the fields that differ.

    The actions say what happened to the declaration. What an apply would do depends on the platforms and on memory.
    """
    former, latter = ({manifest.address: manifest for manifest in each} for each in (base, head))
    trees = Trees(kinds)
    found = []
    for address in sorted({*former, *latter}):
        change = _change(address, former.get(address), latter.get(address), kinds, trees)
        found += [change] if change else []
    return tuple(found)


def _change(
    address: Address,
    was: Manifest | None,
    now: Manifest | None,
    kinds: Mapping[tuple[str, str], Kind],
    trees: Trees,
) -> Change | None:
    manifest = now or was
    if manifest is None or (manifest.platform, address.kind) not in kinds:
        return None
    kind, rules = kinds[manifest.platform, address.kind], trees[manifest.platform, address.kind]
    if now is None or was is None:
        action, why = (Action.CREATE, "declared anew") if now else (Action.DELETE, "no longer declared")
        return Change(address, manifest.platform, kind.life, action, why, source=now.source if now else None)
    normal = [normalise_by(rules, each.spec, Place(address.scope)) for each in (was, now)]
    terms = Terms(kind.life, kind.can, reads_live=False, remembers=True)
    fields = differences(rules, Sides(normal[0], normal[1], ABSENT), terms)
    fields += _lifecycle(was.lifecycle, now.lifecycle)
    return (
        Change(address, now.platform, kind.life, Action.UPDATE, "edited", fields, source=now.source) if fields else None
    )


def _lifecycle(was: Lifecycle, now: Lifecycle) -> tuple[FieldChange, ...]:
    """The author's policy for it, word by word."""
    names = ("on_failure", "on_change", "on_remove", "protect", "attempt")
    pairs = [(name, _plain(getattr(was, name)), _plain(getattr(now, name))) for name in names]
    return tuple(
        FieldChange(f"lifecycle {name}", before, after, ABSENT, OnFieldChange.NOTHING)
        for name, before, after in pairs
        if before != after
    )


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, bool | int) else str(value)
