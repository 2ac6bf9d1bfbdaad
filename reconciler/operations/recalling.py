"""Where a platform lets nobody look: a person's word, and what an old memory still says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.model.change import Action
from reconciler.model.kind import Kind, Life
from reconciler.model.resource import Live, Phase

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.model.address import Address
    from reconciler.model.mark import Mark
    from reconciler.model.plan import Plan
    from reconciler.model.resource import Reading
    from reconciler.operations.validate import Declared
    from reconciler.operations.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Unfound:
    """Something that may be on the platform and cannot be looked for. `remote_id` is what an old memory says of it, ""
    when that says nothing; `mark` is the one that a person would see on it.
    """

    address: Address
    remote_id: str
    mark: Mark | None


def with_words(
    reading: Reading, words: Mapping[Address, str], declared: Declared, kinds: Mapping[tuple[str, str], Kind]
) -> Reading:
    """`reading` with what a person says is there, under an id, where no platform call could show it: as it is declared,
    and, of a run, done.
    """
    told = dict(reading.live)
    for manifest in declared.manifests:
        kind = kinds.get((manifest.platform, manifest.address.kind))
        remote_id = words.get(manifest.address, "")
        if remote_id and kind is not None and kind.is_unseen:
            phase = Phase.SUCCEEDED if kind.life is Life.RUN else Phase.READY
            told[manifest.address] = Live(manifest.address, remote_id, manifest.spec, phase)
    return replace(reading, live=told)


def unfound(workspace: Workspace, plan: Plan, aside: Path | None) -> tuple[Unfound, ...]:
    """What a rebuilt memory cannot hold, by address: what `plan`, made without a memory, would create although it may
    be there, and what else the memory in `aside` knew of such kinds.
    """
    from reconciler.state.salvage import remembered_ids

    old = remembered_ids(aside) if aside is not None else {}
    creates = {change.address for change in plan.changes if change.action is Action.CREATE}
    declared = {change.address for change in plan.changes}
    marks = {step.address: step.mark for step in plan.steps}
    concerned = creates | (old.keys() - declared)
    blind = [address for address in sorted(concerned) if _is_blind(workspace, address)]
    return tuple(Unfound(address, old.get(address, ""), marks.get(address)) for address in blind)


def _is_blind(workspace: Workspace, address: Address) -> bool:
    kind = workspace.kinds.get((workspace.platforms.get(address.target, ""), address.kind))
    return kind is not None and (kind.is_unsearchable or kind.is_unseen)
