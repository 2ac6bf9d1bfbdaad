"""What was let go of and is wanted again a moment later, while the platform's lists still lag behind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.address import Address
from reconciler.model.manifest import OnRemove
from reconciler.model.resource import Phase
from reconciler.state.memory import MemoryStore
from tests.laws.story import manifest
from tests.support.applying import ENVIRONMENT, Bench
from tests.support.memory_platform import PLATFORM, MemoryPlatform
from tests.support.time import ManualClock

LAG = 45.0
BASE = manifest("Thing", "base", size=1)


def bench_of() -> Bench:
    """A platform whose lists lag, and nobody who waits for them."""
    clock = ManualClock()
    return Bench(MemoryStore(clock), clock, MemoryPlatform(clock, lag=LAG))


def submissions(bench: Bench, name: str) -> list[str]:
    """The ids that were ever made under a name."""
    return [thing.remote_id for thing in bench.platform.things.values() if thing.name == name]


def end(bench: Bench, name: str) -> None:
    """All runs of that name end well."""
    for remote_id in submissions(bench, name):
        bench.platform.end(remote_id, Phase.SUCCEEDED)


@pytest.mark.parametrize("looked", [True, False], ids=["planned just now", "planned a while ago"])
@pytest.mark.parametrize("kind", ["SearchJob", "ActiveJob", "TokenJob", "NamedJob"])
def test_a_run_that_was_forgotten_is_found_again_by_its_id(kind: str, looked: bool) -> None:
    """One submission a key: removing a file and bringing it back is no wish for a second one."""
    bench = bench_of()
    bench.looked = looked
    job = manifest(kind, "job", n=1, tag="job")
    bench.pursue([BASE, job])
    end(bench, "job")
    bench.pursue([BASE])
    assert Address(PLATFORM, kind, "lab", "job") not in bench.store.read(ENVIRONMENT).resources
    bench.pursue([BASE, job])
    (only,) = submissions(bench, "job")
    assert bench.store.read(ENVIRONMENT).resources[job.address].remote_id == only
    assert bench.pursue([BASE, job])


@pytest.mark.parametrize("kind", ["SearchJob", "ActiveJob", "TokenJob"])
def test_an_edit_taken_back_finds_the_run_before_it(kind: str) -> None:
    """It carries the very key that is wanted again."""
    bench = bench_of()
    first, second = (manifest(kind, "job", n=n, tag="job") for n in (1, 2))
    bench.pursue([BASE, first])
    end(bench, "job")
    bench.pursue([BASE, second])
    end(bench, "job")
    bench.pursue([BASE, first])
    assert len(submissions(bench, "job")) == 2
    assert bench.store.read(ENVIRONMENT).resources[first.address].remote_id == submissions(bench, "job")[0]


def test_a_standing_thing_that_was_let_go_of_is_taken_over_again() -> None:
    """Not made twice, and not refused as somebody else's."""
    bench = bench_of()
    kept = replace(
        manifest("Thing", "kept", size=1, tag="kept"), lifecycle=replace(BASE.lifecycle, on_remove=OnRemove.KEEP)
    )
    bench.pursue([BASE, kept])
    bench.pursue([BASE, kept])
    bench.pursue([BASE])
    assert kept.address not in bench.store.read(ENVIRONMENT).resources
    bench.pursue([BASE, kept])
    assert len(submissions(bench, "kept")) == 1
    assert bench.store.read(ENVIRONMENT).resources[kept.address].remote_id == submissions(bench, "kept")[0]


def test_a_run_that_is_really_gone_is_submitted_again() -> None:
    """Somebody deleted it; the id leads nowhere."""
    bench = bench_of()
    job = manifest("SearchJob", "job", n=1, tag="job")
    bench.pursue([BASE, job])
    end(bench, "job")
    bench.pursue([BASE])
    (first,) = submissions(bench, "job")
    bench.platform.things[first] = replace(bench.platform.things[first], gone=bench.clock())
    bench.pursue([BASE, job])
    assert len(submissions(bench, "job")) == 2
