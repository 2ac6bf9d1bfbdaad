"""What a project file says about single resources: `moved`, `adopt`, `ignore` and `allow`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.manifests.findings import Finding
from reconciler.manifests.pointers import join
from reconciler.model.address import Address
from reconciler.model.project import Allowance, Allowed, Ignore, Move

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet

    Value = Mapping[str, Any]


def check(value: Value, broken: AbstractSet[str]) -> Iterator[Finding]:
    """What the schema cannot know about moves. Those at `broken` pointers have been reported."""
    entries = value.get("moved")
    seen: dict[str, dict[str, int]] = {"from": {}, "to": {}}
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        where: list[str | int] = ["moved", index]
        if any(f"{pointer}/".startswith(f"{join(where)}/") for pointer in broken):
            continue
        former, address = Address.parse(entry["from"]), Address.parse(entry["to"])
        if former == address:
            yield Finding("project.moved", "it moves nowhere", "take the entry out", join(where))
        elif (former.target, former.kind) != (address.target, address.kind):
            message = "a resource stays on its target and of its kind"
            yield Finding("project.moved", message, "declare it anew instead", join([*where, "to"]))
        for side, text in (("from", entry["from"]), ("to", entry["to"])):
            if text in seen[side]:
                message = f"`{text}` stands under `{side}` twice"
                yield Finding("project.moved", message, "keep one of the two", join([*where, side]))
            seen[side][text] = index


def moves(value: Value) -> tuple[Move, ...]:
    """The renames of a checked project file, in its order."""
    return tuple(Move(Address.parse(e["from"]), Address.parse(e["to"])) for e in value.get("moved") or ())


def ignore(value: Value) -> tuple[Ignore, ...]:
    """The fields that are left to others."""
    return tuple(
        Ignore(e["path"], e["reason"], e.get("address", "*"), e.get("kind", "")) for e in value.get("ignore") or ()
    )


def allowances(value: Value) -> tuple[Allowance, ...]:
    """The reviewed exceptions."""
    return tuple(
        Allowance(Allowed(e["what"]), frozenset(map(Address.parse, e["addresses"])), e["until"], e["reason"])
        for e in value.get("allow") or ()
    )


def adopt(value: Value) -> frozenset[Address]:
    """The live objects that may be taken over."""
    return frozenset(map(Address.parse, value.get("adopt") or ()))
