"""At most one live run per submission key, whatever dies or gets lost, and the same end as undisturbed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.model.resource import Phase
from reconciler.state.memory import MemoryStore
from tests.support.applying import ENVIRONMENT, Bench, Wish, at, mark_of
from tests.support.crashing import Fault, Faults
from tests.support.memory_platform import HANDLERS, MemoryPlatform
from tests.support.time import ManualClock

if TYPE_CHECKING:
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
    """What memory holds at the end, without the ids that a platform gives and the phase that a person does not tell."""
    names = {thing.remote_id: f"id of {thing.name}" for thing in bench.platform.there()}
    return [
        replace(recorded, remote_id=names.get(recorded.remote_id, "gone"), phase=Phase.UNKNOWN)
        for _, recorded in sorted(bench.store.read(ENVIRONMENT).resources.items())
    ]


def check(kind: str, lag: float, planned: dict[int, Fault]) -> Faults:
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
    crossings = len(check(kind, lag, {}).seen)
    assert crossings > 10
    for crossing in range(crossings):
        check(kind, lag, {crossing: fault})
