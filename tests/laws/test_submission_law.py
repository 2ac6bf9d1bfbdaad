"""At most one live run per submission key, whatever dies or gets lost, and the same end as undisturbed.

Three ways to look for a counterexample: every single fault at every boundary of a small apply; every single fault at
every boundary of a whole story (`make test-long`); and schedules of several faults from seeds, a few hundred of them
by default, ten thousand with `make test-long`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.model.resource import Phase
from reconciler.state.file import FileStore
from reconciler.state.memory import MemoryStore
from tests.laws.schedules import KINDS_OF_RUN, Weather, calm, check, hold
from tests.laws.story import check_memory, tell
from tests.support.applying import ENVIRONMENT, Bench, Wish, at, mark_of
from tests.support.crashing import Fault, Faults
from tests.support.memory_platform import HANDLERS, MemoryPlatform
from tests.support.time import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.model.resource import Recorded

LAGS = (0.0, 45.0)


def wishes_of(kind: str) -> list[Wish]:
    """A standing thing, a run that refers to it, and one beside."""
    base = at("Thing", "base")
    spec = {"base": "$[[ ref.Thing/base ]]", "n": 1}
    return [Wish(base, {"size": 1}), Wish(at(kind, "first"), spec, (base,)), Wish(at(kind, "second"), {"n": 2})]


def bench_of(faults: Faults, lag: float) -> Bench:
    """A fresh world."""
    clock = ManualClock()
    return Bench(MemoryStore(clock), clock, MemoryPlatform(clock, lag=lag), faults)


def ending(bench: Bench) -> list[Recorded]:
    """What memory holds at the end, without the ids that a platform gives, the phase that a person does not tell, and
    what a look after the last write noted: whoever is killed before it leaves that to the next plan.
    """
    names = {thing.remote_id: f"id of {thing.name}" for thing in bench.platform.there()}
    return [
        replace(recorded, remote_id=names.get(recorded.remote_id, "gone"), phase=Phase.UNKNOWN, defaults={})
        for _, recorded in sorted(bench.store.read(ENVIRONMENT).resources.items())
    ]


def small(kind: str, lag: float, planned: dict[int, Fault]) -> Faults:
    """Runs one schedule and checks the law. The faults, with every crossing seen."""
    wishes = wishes_of(kind)
    calm = bench_of(Faults(), lag)
    calm.converge(wishes)
    bench = bench_of(Faults(planned), lag)
    bench.converge(wishes)
    for wish in wishes:
        carried = [thing for thing in bench.platform.things.values() if thing.mark == mark_of(wish)]
        assert len(carried) == 1, f"{len(carried)} objects carry the mark of {wish.address}: {planned}"
    assert ending(bench) == ending(calm), planned
    assert bench.converge(wishes) == 1
    return bench.faults


@pytest.mark.parametrize("lag", LAGS)
@pytest.mark.parametrize("kind", HANDLERS)
@pytest.mark.parametrize("fault", Fault)
def test_one_fault_anywhere_changes_nothing_in_the_end(kind: str, lag: float, fault: Fault) -> None:
    """Every single boundary of an undisturbed apply is hit by every fault in turn."""
    crossings = len(small(kind, lag, {}).seen)
    assert crossings > 10
    for crossing in range(crossings):
        small(kind, lag, {crossing: fault})


@pytest.mark.parametrize("part", range(8))
def test_schedules_of_several_faults(part: int) -> None:
    """A story over every verb ends as in fair weather; a failure names its seed."""
    check(range(part * 50, part * 50 + 50))


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("part", range(20))
def test_ten_thousand_schedules_of_several_faults(part: int) -> None:
    """The same, far beyond what anybody would think of."""
    check(range(1000 + part * 500, 1000 + part * 500 + 500))


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("lag", LAGS)
@pytest.mark.parametrize("kind", KINDS_OF_RUN)
def test_one_fault_anywhere_in_the_whole_story(kind: str, lag: float) -> None:
    """Every boundary, every fault: no seed has to be lucky."""
    for crossing in range(len(calm(kind, lag)[1])):
        for fault in Fault:
            hold(Weather(-1, kind, lag, {crossing: fault}))


def on_disk(folder: Path) -> Callable[[ManualClock], FileStore]:
    """Makes a file backend there."""
    return lambda clock: FileStore(folder, clock)


def hold_on_disk(kind: str, folder: Path, stride: int) -> None:
    """The story with the file backend, killed at every so many boundaries, and an answer lost soon after."""
    expected, seen = calm(kind, 5.0)
    for crossing in range(1, len(seen), stride):
        faults = Faults({crossing: Fault.KILL, crossing + 7: Fault.LOST})
        bench, endings = tell(kind, 5.0, faults, on_disk(folder / str(crossing)))
        check_memory(bench)
        assert endings == expected, (kind, crossing)


@pytest.mark.parametrize("kind", KINDS_OF_RUN)
def test_the_law_holds_on_disk_too(kind: str, tmp_path: Path) -> None:
    """What is durable is the same thing there."""
    hold_on_disk(kind, tmp_path, 47)


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kind", KINDS_OF_RUN)
def test_the_law_holds_at_every_boundary_on_disk(kind: str, tmp_path: Path) -> None:
    """Every third of them."""
    hold_on_disk(kind, tmp_path, 3)


@pytest.mark.parametrize("kind", KINDS_OF_RUN)
def test_the_law_holds_side_by_side(kind: str) -> None:
    """With several workers the order of things is anybody's guess; the law is not."""
    expected, seen = calm(kind, 5.0)
    for crossing in range(3, len(seen), 12):
        faults = Faults({crossing: Fault.KILL, crossing + 5: Fault.LOST})
        bench, endings = tell(kind, 5.0, faults, MemoryStore, parallelism=4)
        check_memory(bench)
        assert endings == expected, (kind, crossing)
