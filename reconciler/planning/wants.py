"""What is wanted, in normal form with its digest, and what a refresh has to read to plan for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from reconciler.model.kind import Life
from reconciler.model.mark import Mark
from reconciler.planning.edges import Edge, Via
from reconciler.planning.forms import form_of
from reconciler.planning.normalise import Place, arranged, digest_by, normalise_by
from reconciler.planning.references import check
from reconciler.planning.rules import Trees

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.model.address import Address
    from reconciler.model.kind import Kind
    from reconciler.model.manifest import Manifest, Spec
    from reconciler.model.mark import Owner
    from reconciler.model.resource import Former, Recorded
    from reconciler.planning.references import Kinds
    from reconciler.planning.rules import Rules


@dataclass(frozen=True, slots=True)
class Want:
    """An address that a refresh must read: by `remote_id` where we recorded one, or let go of it lately; else by
    `mark`, else by address. `mark` is that of the last submission, or the one that the next would carry.
    """

    address: Address
    platform: str
    remote_id: str
    mark: Mark | None


@dataclass(frozen=True)  # not slotted: the digest is made when asked for, which most unchanged things never do
class Wanted:
    """A manifest's spec in normal form, and as its author wrote it."""

    kind: Kind
    rules: Rules
    spec: dict[str, Any]
    authored: Spec

    @cached_property
    def digest(self) -> str:
        """What identifies the meaning of the spec."""
        return digest_by(self.rules, self.kind, self.spec)

    @cached_property
    def sent(self) -> dict[str, Any]:
        """What a platform gets: the normal form, lists in the order of the author."""
        return self.arrange(self.spec)

    def arrange(self, normal: dict[str, Any]) -> dict[str, Any]:
        """A normal form with its lists in the order of the author."""
        return dict(arranged(normal, self.authored, self.rules))


def wanted_of(manifest: Manifest, kind: Kind, rules: Rules, edges: Iterable[Edge]) -> Wanted:
    """What `manifest` asks for. `edges` are its own: where a reference field holds an expression, they tell its name
    in the platform's form, so that both spellings of a reference have one digest.

    Nothing else enters: not our memory, not the platform. A digest that moved with either would start runs anew.
    """
    names = {edge.mention.whole: name for edge in edges if (name := _name(edge))}
    spec = normalise_by(rules, manifest.spec, Place(manifest.address.scope, names))
    return Wanted(kind, rules, spec, manifest.spec)


def _name(edge: Edge) -> str | None:
    mention, dependency = edge.mention, edge.dependency
    form = form_of(mention.reference.form) if mention.reference else None
    if form is None or mention.via is not Via.EXPRESSION or mention.output or mention.whole.strip() != mention.text:
        return None
    fits = (
        mention.reference is not None
        and dependency.kind in mention.reference.kinds
        and dependency.target == edge.dependent.target
    )
    return form.write(dependency) if fits else None


def mark_of(owner: Owner, address: Address, life: Life, digest: str, attempt: int) -> Mark:
    """The mark of what stands, or is submitted, at `address`."""
    return Mark.of_run(owner, address, digest, attempt) if life is Life.RUN else Mark.of_standing(owner, address)


def ids_of(former: Iterable[Former]) -> dict[tuple[Address, Mark], str]:
    """By what was let go of, its remote id; of several the last one."""
    return {(each.address, each.mark): each.remote_id for each in sorted(former, key=lambda each: each.at)}


def wants(
    manifests: Iterable[Manifest],
    recorded: Mapping[Address, Recorded],
    kinds: Kinds,
    owner: Owner,
    former: Iterable[Former] = (),
) -> tuple[Want, ...]:
    """One for every address that is declared or recorded, sorted. Addresses of a kind that is not in `kinds` are left
    out: nothing could read them. `former` is what memory let go of lately: what is declared again is looked for by its
    id, since lists lag.
    """
    gone = ids_of(former)
    declared = {manifest.address: manifest for manifest in manifests}
    unrecorded_run = any(
        address not in recorded and (kind := kinds.get((manifest.platform, address.kind))) and kind.life is Life.RUN
        for address, manifest in declared.items()
    )
    edges = check(declared.values(), kinds)[0].of if unrecorded_run else {}
    trees = Trees(kinds)
    found = []
    for address in sorted({*declared, *recorded}):
        if remembered := recorded.get(address):
            if (remembered.platform, address.kind) in kinds:
                found.append(Want(address, remembered.platform, remembered.remote_id, remembered.mark))
            continue
        manifest = declared[address]
        name = (manifest.platform, address.kind)
        kind = kinds.get(name)
        if kind is not None and kind.life is Life.STANDING:
            mark = Mark.of_standing(owner, address)
            found.append(Want(address, manifest.platform, gone.get((address, mark), ""), mark))
        elif kind is not None:
            digest = wanted_of(manifest, kind, trees[name], edges.get(address, ())).digest
            mark = Mark.of_run(owner, address, digest, manifest.lifecycle.attempt)
            found.append(Want(address, manifest.platform, gone.get((address, mark), ""), mark))
    return tuple(found)
