"""What is left at the end, without the ids that a platform gives: two stories are the same when their endings are."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.admin import reset
from reconciler.localplatform.store import Query
from reconciler.model.mark import Mark

if TYPE_CHECKING:
    from tests.invariants.world import World


@dataclass(frozen=True)
class Ending:
    """Every object with what a person sees of it, and everything remembered."""

    there: tuple[tuple[str, str, str, str], ...]
    remembered: tuple[tuple[str, str, int, int], ...]


def ending(world: World) -> Ending:
    """See Ending. Fails when two runs carry one submission key, or what is remembered is not there."""
    store = world.platform.services.store
    rows = []
    for name in store.counts():
        platform, kind = name.split("/", 1)
        rows += store.find(Query(platform, kind)).entities
    marks = [str(mark) for row in rows if (mark := Mark.find(*_texts(dict(row.body))))]
    assert len(marks) == len(set(marks)), f"submitted more than once: {sorted(marks)}"
    recorded = world.recorded()
    ids = {row.id for row in rows}
    lost = [str(each.address) for each in recorded.values() if each.remote_id.rpartition("/")[2] not in ids]
    assert not lost, f"remembered, and not there: {lost}"
    return Ending(
        tuple(sorted((row.platform, row.kind, row.name, row.version) for row in rows)),
        tuple(sorted((str(a), r.digest, r.attempt, len(r.history)) for a, r in recorded.items())),
    )


def anew(world: World) -> None:
    """The platform as a new account finds it, and nothing remembered."""
    shutil.rmtree(world.root / ".reconciler", ignore_errors=True)
    world.platform.faults.replace([])
    reset(world.platform.services, world.platform.faces)
    world.platform.log.clear()


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    return [text for item in value for text in _texts(item)] if isinstance(value, list) else []
