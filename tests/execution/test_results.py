"""What works on the result of a run is begun when that run has succeeded; until then it holds up nobody."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.execution.context import Silence
from reconciler.execution.executor import execute
from reconciler.model.plan import Base, Plan, Step, Verb
from reconciler.model.resource import Phase
from reconciler.state.memory import MemoryStore
from tests.support.applying import ENVIRONMENT, Bench, Wish, at, plan_for
from tests.support.crashing import Fault, Faults, Killed
from tests.support.memory_platform import MemoryPlatform
from tests.support.time import ManualClock

if TYPE_CHECKING:
    from reconciler.model.address import Address
    from reconciler.model.outcome import Report, StepOutcome

BEGIN = 1_000_000.0
MAKER = Wish(at("SearchJob", "maker"), {})
USER = Wish(at("SearchJob", "user"), {"data": "$[[ ref.SearchJob/maker.folder ]]"}, (MAKER.address,))
THIRD = Wish(at("SearchJob", "third"), {"after": "$[[ ref.SearchJob/user ]]"}, (USER.address,))
OTHER = Wish(at("SearchJob", "other"), {})


def bench_of(phase: Phase | None = Phase.SUCCEEDED) -> tuple[Bench, MemoryPlatform]:
    """A world in which the first run ends a minute after it began, as `phase` says, or never."""
    clock = ManualClock()
    platform = MemoryPlatform(clock)
    platform.outputs["searchjob-1"] = {"folder": "lab:/there"}
    bench = Bench(MemoryStore(clock), clock, platform)

    def later(call: str) -> None:
        if (
            phase
            and call in {"before:read", "before:list"}
            and clock.now > BEGIN + 60
            and "searchjob-1" in platform.things
        ):
            platform.end("searchjob-1", phase)

    platform.wire = later
    return bench, platform


def steps_for(*wishes: Wish, made: tuple[Address, ...] = ()) -> tuple[Step, ...]:
    """Creates these, in order; who refers to an output waits for its success. `made` were made before."""
    found: list[Step] = []
    for number, wish in enumerate(wishes, start=1):
        (step,) = plan_for([wish], MemoryStore(ManualClock()).read(ENVIRONMENT)).steps
        needs = tuple(s.id for s in found if s.address in wish.needs)
        awaits = wish.needs if "data" in wish.spec else ()
        assert set(awaits) <= {*made, *(s.address for s in found)}
        found.append(replace(step, id=number, needs=needs, after_success=awaits))
    return tuple(found)


def walk(bench: Bench, steps: tuple[Step, ...], results: float = 3600.0) -> Report:
    """Carries these out."""
    lease = bench.store.lock(ENVIRONMENT, "me")
    context = bench.context(lease)
    context = replace(context, patience=replace(context.patience, results=results))
    try:
        return execute(Plan(Base("genomics", ENVIRONMENT, "test"), (), steps), context)
    finally:
        lease.release()


def told(report: Report) -> list[tuple[str, str, str]]:
    """Name, result and code of each step."""
    return [(o.step.address.name, o.result.value, o.code) for o in report.outcomes]


@pytest.mark.parametrize("parallelism", [1, 4])
def test_the_success_of_a_run_is_waited_for(parallelism: int) -> None:
    """Though its output is known from the start; what it told and how it ended is remembered."""
    bench, platform = bench_of()
    bench.parallelism = parallelism
    assert walk(bench, steps_for(MAKER, USER, THIRD)).complete
    assert platform.things["searchjob-2"].spec == {"data": "lab:/there"}
    assert platform.things["searchjob-2"].born > BEGIN + 60
    assert bench.store.read(ENVIRONMENT).resources[MAKER.address].phase is Phase.SUCCEEDED


def test_who_waits_holds_up_nobody() -> None:
    """With one worker, and the one that waits first in the line: the others go on, for as long as it waits."""
    bench, platform = bench_of()

    def when_the_other_is_there(_: str) -> None:
        if "searchjob-2" in platform.things:
            platform.end("searchjob-1")

    platform.wire = when_the_other_is_there
    assert walk(bench, steps_for(MAKER, USER, OTHER), results=1e12).complete
    assert [platform.things[f"searchjob-{n}"].name for n in (1, 2, 3)] == ["maker", "other", "user"]


def test_many_wait_for_one() -> None:
    """It is read as often as if one did."""
    calls = []
    for number in (1, 50):
        bench, platform = bench_of()
        users = [replace(USER, address=at("SearchJob", f"user-{n}")) for n in range(number)]
        assert walk(bench, steps_for(MAKER, *users)).complete
        calls.append(sum(call == "list" for call in platform.calls))
    assert calls[0] == calls[1]


@pytest.mark.parametrize("phase", [Phase.FAILED, Phase.CANCELLED])
def test_a_run_that_does_not_succeed(phase: Phase) -> None:
    """What works on its result, and what needs that, is skipped with the reason; the rest is done."""
    bench, platform = bench_of(phase)
    report = walk(bench, steps_for(MAKER, USER, THIRD, OTHER))
    assert told(report) == [
        ("maker", "done", ""),
        ("user", "skipped", "execution.no-result"),
        ("third", "skipped", "execution.blocked"),
        ("other", "done", ""),
    ]
    assert report.outcomes[1].error == f"memory/SearchJob/lab/maker {phase.value}"
    assert [thing.name for thing in platform.there("SearchJob")] == ["maker", "other"]
    assert bench.store.read(ENVIRONMENT).resources[MAKER.address].phase is phase


def test_patience_ends() -> None:
    """Then it is skipped, and the next apply goes on waiting for the one that was submitted."""
    bench, platform = bench_of()
    report = walk(bench, steps_for(MAKER, USER), results=30.0)
    assert told(report)[1] == ("user", "skipped", "execution.awaiting")
    assert "is still running, and this works on its result" in report.outcomes[1].error
    assert BEGIN + 30 <= bench.clock.now < BEGIN + 60
    assert walk(bench, steps_for(USER, made=(MAKER.address,))).complete
    assert [thing.name for thing in platform.there("SearchJob")] == ["maker", "user"]


def test_a_run_that_is_gone() -> None:
    """One that the platform had forgotten before is waited for no more; one that vanishes is, for as long as lists may
    be behind.
    """
    for before in (True, False):
        bench, platform = bench_of(None)
        if before:
            assert walk(bench, steps_for(MAKER)).complete

        def vanish(call: str, platform: MemoryPlatform = platform) -> None:
            for remote_id in ("searchjob-1",) if call in {"before:read", "before:list"} else ():
                if remote_id in platform.things:
                    platform.things[remote_id] = replace(platform.things[remote_id], gone=0.0)

        platform.wire = vanish
        report = walk(bench, steps_for(*(() if before else (MAKER,)), USER, made=(MAKER.address,)))
        assert report.complete is before
        if not before:
            assert told(report)[1] == ("user", "skipped", "execution.no-result")
            assert "is gone from the platform" in report.outcomes[1].error
            assert bench.clock.now >= BEGIN + 60


def test_a_success_may_not_be_the_last_word() -> None:
    """A run that succeeded may be run again under its id: one that was seen to go on is looked at."""
    bench, platform = bench_of()
    assert walk(bench, steps_for(MAKER, USER)).complete
    platform.end("searchjob-1", Phase.RUNNING)
    platform.wire = lambda _: None
    again = replace(USER, address=at("SearchJob", "again"))
    report = walk(bench, steps_for(again, made=(MAKER.address,)), results=30.0)
    assert told(report) == [("again", "skipped", "execution.awaiting")]


def test_what_nothing_shows_is_not_waited_for() -> None:
    """It would be for ever."""
    bench, platform = bench_of()
    blind = Wish(at("BlindJob", "blind"), {})
    after = Wish(at("SearchJob", "after"), {"data": "$[[ ref.BlindJob/blind ]]"}, (blind.address,))
    assert walk(bench, steps_for(blind, after)).complete
    assert platform.calls == ["list", "create", "create"]


def test_asked_to_stop_while_waiting() -> None:
    """At once; what waits was never begun, and nothing of it is in the journal."""
    clock = ManualClock()
    platform = MemoryPlatform(clock)
    bench = Bench(MemoryStore(clock), clock, platform)

    class Stopper(Silence):
        """Asks to stop when the run is seen."""

        def waiting(self, address: Address, phase: Phase) -> None:
            """See Progress."""
            bench.stop.set()

    lease = bench.store.lock(ENVIRONMENT, "me")
    context = replace(bench.context(lease), progress=Stopper(), pause=None)
    report = execute(Plan(Base("genomics", ENVIRONMENT, "test"), (), steps_for(MAKER, USER)), context)
    assert told(report) == [("maker", "done", ""), ("user", "skipped", "interrupted")]
    assert report.interrupted
    assert not [thread for thread in threading.enumerate() if thread.name == "results"]
    assert set(bench.store.read(ENVIRONMENT).resources) == {MAKER.address}


@pytest.mark.parametrize("fault", list(Fault))
def test_whatever_happens_at_any_boundary(fault: Fault) -> None:
    """Each is submitted once, and the second after the success of the first."""
    calm, _ = _pursued({})
    for crossing in range(calm):
        _, platform = _pursued({crossing: fault})
        assert sorted(thing.name for thing in platform.things.values()) == ["maker", "user"], crossing
        user = next(thing for thing in platform.things.values() if thing.name == "user")
        assert user.born > BEGIN + 60, crossing


def _pursued(planned: dict[int, Fault]) -> tuple[int, MemoryPlatform]:
    """Applies until both are done, a new process after each death. How many boundaries there were, and the world."""
    clock = ManualClock()
    platform = MemoryPlatform(clock)
    bench = Bench(MemoryStore(clock), clock, platform, Faults(planned))
    crossed = bench.faults.cross

    def wire(call: str) -> None:
        maker = next((thing for thing in platform.things.values() if thing.name == "maker"), None)
        if maker is not None and clock.now > BEGIN + 60:
            platform.end(maker.remote_id)
            platform.outputs[maker.remote_id] = {"folder": "lab:/there"}
        crossed(call)

    platform.wire = wire
    for _ in range(30):
        try:
            if _lived(bench):
                return len(bench.faults.seen), platform
        except Killed:
            bench.die()
        clock.advance(100.0)
    pytest.fail(f"never done: {planned}")


def _lived(bench: Bench) -> bool:
    """One life: what is not recorded is submitted. Whether both are."""
    from reconciler.execution.settle import settle

    lease = bench.store.lock(ENVIRONMENT, "me")
    settle(bench.context(lease))
    known = bench.store.read(ENVIRONMENT).resources
    missing = [wish for wish in (MAKER, USER) if wish.address not in known]
    steps = steps_for(*missing, made=tuple(known))
    execute(Plan(Base("genomics", ENVIRONMENT, "test"), (), steps), bench.context(lease))
    lease.release()
    return {MAKER.address, USER.address} <= bench.store.read(ENVIRONMENT).resources.keys()


def test_what_would_be_replaced_goes_on() -> None:
    """Nothing is stopped for a result that never comes, and each step is told of once."""
    bench, platform = bench_of(Phase.FAILED)
    assert walk(bench, steps_for(MAKER)).complete
    assert walk(bench, steps_for(OTHER)).complete
    (create,) = steps_for(USER, made=(MAKER.address,))
    create = replace(create, id=2, needs=(1,), address=OTHER.address)
    stop = Step(1, OTHER.address, create.platform, Verb.STOP, remote_id="searchjob-2", after_success=(MAKER.address,))
    heard: list[int] = []

    class Ear(Silence):
        """Counts."""

        def ended(self, outcome: StepOutcome) -> None:
            """See Progress."""
            heard.append(outcome.step.id)

    lease = bench.store.lock(ENVIRONMENT, "me")
    plan = Plan(Base("genomics", ENVIRONMENT, "test"), (), (stop, create))
    report = execute(plan, replace(bench.context(lease), progress=Ear()))
    assert told(report) == [("other", "skipped", "execution.no-result"), ("other", "skipped", "execution.blocked")]
    assert heard == [1, 2]
    assert platform.things["searchjob-2"].phase is Phase.RUNNING
