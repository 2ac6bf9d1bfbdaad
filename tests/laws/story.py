"""A story to be told under any weather: three generations of manifests over every verb, and what must be true after it.

first   two standing things, a run that refers to one, one beside that will be removed, one that will be cancelled
second  one thing edited in place and one, which takes two calls to make, replaced by another of its name, the run
        edited while it is active and replaced, one removed, one cancelled, one new
third   nothing
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.model.canonical import digest
from reconciler.model.diagnostic import Source
from reconciler.model.kind import Ability, CreateClass, Life
from reconciler.model.manifest import Lifecycle, Manifest, OnChange, OnRemove
from tests.support.applying import ENVIRONMENT, Bench, at
from tests.support.crashing import Faults
from tests.support.memory_platform import KINDS, PLATFORM, MemoryPlatform
from tests.support.time import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.state.protocol import StateStore

REPLACE = Lifecycle(on_change=OnChange.REPLACE, on_remove=OnRemove.CANCEL)


def manifest(kind: str, name: str, lifecycle: Lifecycle = REPLACE, **spec: Any) -> Manifest:
    """A declared resource."""
    return Manifest(at(kind, name), PLATFORM, {"name": name, **spec}, Source(f"{name}.yaml"), lifecycle)


def generations(kind: str) -> list[list[Manifest]]:
    """What is declared, one after the other. A kind that cannot be stopped is neither edited nor removed."""
    base, edited = manifest("Thing", "base", size=1), manifest("Thing", "base", size=2)
    round_one = manifest("Thing", "shaped", shape="round", late=1)
    square_one = manifest("Thing", "shaped", shape="square", late=2)
    first = manifest(kind, "first", base="$[[ ref.Thing/base ]]", n=1)
    # Where a name can be used once only, an edited run needs a new name, and is a new one.
    used_up = KINDS[PLATFORM, kind].create_class is CreateClass.UNIQUE_NAME
    again = first if used_up else manifest(kind, "first", base="$[[ ref.Thing/base ]]", n=2)
    ended, active = manifest(kind, "ended", n=1), manifest(kind, "active", n=1)
    new = manifest(kind, "new", base="$[[ ref.Thing/base ]]", n=1)
    if Ability.STOP not in KINDS[PLATFORM, kind].can:
        return [[base, round_one, first, ended], [edited, square_one, first, ended, new]]
    return [[base, round_one, first, ended, active], [edited, square_one, again, new], []]


@dataclass(frozen=True)
class Ending:
    """What is left, without the ids that a platform gives: who is there, in which phase, and what is remembered."""

    there: tuple[tuple[str, str, str, str], ...]
    remembered: tuple[tuple[str, str, int, int], ...]


def tell(
    kind: str, lag: float, faults: Faults, make: Callable[[ManualClock], StateStore], parallelism: int = 1
) -> tuple[Bench, list[Ending]]:
    """Runs the story. The world at its end, and each generation's ending. Every generation is checked on the way."""
    clock = ManualClock()
    bench = Bench(make(clock), clock, MemoryPlatform(clock, lag=lag), faults, parallelism)
    endings = []
    for manifests in generations(kind):
        bench.reach(manifests)
        check_keys(bench)
        check_memory(bench)
        endings.append(ending(bench))
        for thing in bench.platform.there(kind):
            if thing.name == "ended":
                bench.platform.end(thing.remote_id)
    return bench, endings


def check_keys(bench: Bench) -> None:
    """At most one object ever carried each submission key; at most one lives of each standing thing."""
    carried: dict[str, list[str]] = {}
    for thing in bench.platform.things.values():
        if KINDS[PLATFORM, thing.kind].life is Life.RUN or thing.gone is None:
            carried.setdefault(str(thing.mark), []).append(thing.remote_id)
    twice = {mark: ids for mark, ids in carried.items() if len(ids) > 1}
    assert not twice, f"submitted more than once: {twice}"


def check_memory(bench: Bench) -> None:
    """What is remembered is there, under that id and with that mark, and nothing of ours is there unremembered but
    what was submitted before.
    """
    resources = bench.store.read(ENVIRONMENT).resources
    there = {thing.remote_id: thing for thing in bench.platform.there()}
    known = set()
    for recorded in resources.values():
        assert recorded.remote_id in there, f"{recorded.address} is remembered and not there"
        assert there[recorded.remote_id].mark == recorded.mark
        known |= {recorded.remote_id, *recorded.history}
    orphans = [t.remote_id for t in there.values() if t.remote_id not in known and not t.phase.ended]
    assert not orphans, f"active and forgotten: {orphans}"


def ending(bench: Bench) -> Ending:
    """See Ending."""
    resources = bench.store.read(ENVIRONMENT).resources
    there = [
        (
            thing.kind,
            thing.name,
            digest(thing.spec if "base" not in thing.spec else {**thing.spec, "base": ""}),
            thing.phase.value,
        )
        for thing in bench.platform.there()
    ]
    remembered = [(str(a), r.digest, r.attempt, len(r.history)) for a, r in resources.items()]
    return Ending(tuple(sorted(there)), tuple(sorted(remembered)))


def undisturbed(kind: str, lag: float, make: Callable[[ManualClock], StateStore]) -> tuple[list[Ending], list[str]]:
    """The same story in fair weather: its endings, and every boundary it crosses."""
    faults = Faults()
    _, endings = tell(kind, lag, faults, make)
    return endings, faults.seen
