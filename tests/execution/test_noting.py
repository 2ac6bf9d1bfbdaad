"""What platforms fill in is noted after our own writes, and costs nothing where that fails."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import Unreachable
from reconciler.execution.executor import execute
from reconciler.execution.noting import unnoted
from reconciler.model.plan import Verb
from reconciler.model.resource import Reading
from reconciler.planning.defaults import LOOKED
from reconciler.state.memory import MemoryStore
from tests.support.applying import ENVIRONMENT, Bench, Wish, at, plan_for
from tests.support.memory_platform import KINDS, MemoryPlatform
from tests.support.time import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.model.outcome import Report
    from reconciler.model.resource import Recorded

THING = Wish(at("Thing", "x"), {"size": 1})


def bench_of(wire: Callable[[str], None] = lambda _: None) -> Bench:
    """A bench whose wire may do as it likes."""
    clock = ManualClock()
    bench = Bench(MemoryStore(clock), clock, MemoryPlatform(clock), looked=True)
    bench.platform.wire = wire
    return bench


def filling(bench: Bench, **more: object) -> None:
    """The platform fills in some fields of what it makes."""

    def wire(crossed: str) -> None:
        if crossed in {"after:create", "after:update"}:
            for thing in bench.platform.there():
                bench.platform.things[thing.remote_id] = replace(thing, spec={**more, **thing.spec})

    bench.platform.wire = wire


def walk(bench: Bench, *wishes: Wish) -> Report:
    """One apply."""
    lease = bench.store.lock(ENVIRONMENT, "me")
    report = execute(plan_for(wishes, bench.store.read(ENVIRONMENT)), bench.context(lease))
    lease.release()
    return report


def noted(bench: Bench) -> Recorded:
    """What memory has of the thing."""
    return bench.store.read(ENVIRONMENT).resources[THING.address]


def test_what_was_filled_in_is_noted_after_a_create_and_after_an_update() -> None:
    """Each time as it is then: numbers as they are, texts by a keyed digest."""
    bench = bench_of()
    filling(bench, cpu=2, zone="north")
    assert walk(bench, THING).complete
    first = noted(bench).defaults
    assert (set(first), first[LOOKED], first["/cpu"]) == ({LOOKED, "/cpu", "/zone"}, "{}", "2")
    assert first["/zone"].startswith("k1:")
    for thing in bench.platform.there():
        bench.platform.things[thing.remote_id] = replace(thing, spec={"size": 1})
    filling(bench, cpu=3)
    assert walk(bench, replace(THING, spec={"size": 2})).complete
    assert noted(bench).defaults == {LOOKED: "{}", "/cpu": "3"}


def test_a_run_is_not_looked_at() -> None:
    """It is what was submitted; a thousand of them cost a thousand calls, not two."""
    bench = bench_of()
    assert walk(bench, Wish(at("SearchJob", "job"), {"n": 1})).complete
    assert "read" not in bench.platform.calls


def test_an_adoption_notes_what_it_saw() -> None:
    """It was read a moment ago."""
    bench = bench_of()
    thing = bench.platform.add("Thing", THING.address, {"size": 1, "cpu": 2}, None)
    lease = bench.store.lock(ENVIRONMENT, "me")
    (create,) = plan_for([THING], bench.store.read(ENVIRONMENT)).steps
    plan = replace(plan_for([THING], bench.store.read(ENVIRONMENT)), steps=())
    adopt = replace(create, verb=Verb.ADOPT, remote_id=thing.remote_id)
    assert execute(replace(plan, steps=(adopt,)), bench.context(lease)).complete
    lease.release()
    assert noted(bench).defaults == {LOOKED: "{}", "/cpu": "2"}


@pytest.mark.parametrize("error", [Unreachable("gone"), KeyError("id")], ids=lambda error: type(error).__name__)
def test_what_cannot_be_looked_at_is_left_to_the_next_apply(error: Exception) -> None:
    """All was done, and the report says so; a refresh notes it later."""

    def wire(crossed: str) -> None:
        if crossed == "before:read":
            raise error

    bench = bench_of(wire)
    assert walk(bench, THING).complete
    assert noted(bench).defaults == {}
    bench.platform.wire = lambda _: None
    live = bench.platform.connection().handler("Thing").read(THING.address, noted(bench).remote_id)  # type: ignore[attr-defined] # it reads
    state = bench.store.read(ENVIRONMENT)
    (note,) = unnoted(state, Reading({THING.address: live}), 5.0, KINDS)
    assert (note.address, note.defaults) == (THING.address, {LOOKED: "{}"})
    other = Reading({THING.address: replace(live, remote_id="another")})
    assert list(unnoted(state, other, 5.0, KINDS)) == []


def test_who_is_asked_to_stop_looks_at_nothing() -> None:
    """The grace is for calls under way."""
    bench = bench_of()
    bench.stop = threading.Event()

    def wire(crossed: str) -> None:
        if crossed == "after:create":
            bench.stop.set()

    bench.platform.wire = wire
    report = walk(bench, THING)
    assert report.interrupted
    assert "read" not in bench.platform.calls
