"""What a run finds is waited for where another resource refers to it, and only there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.execution.executor import execute
from reconciler.model.plan import Base, Plan, Step
from reconciler.model.resource import Phase
from reconciler.state.memory import MemoryStore
from tests.support.applying import ENVIRONMENT, Bench, Wish, at, plan_for
from tests.support.memory_platform import MemoryPlatform
from tests.support.time import ManualClock

if TYPE_CHECKING:
    from reconciler.model.outcome import Report

SEARCH = Wish(at("SearchJob", "search"), {})
USER = Wish(at("TokenJob", "user"), {"table": "$[[ ref.SearchJob/search.url ]]"}, (SEARCH.address,))


def bench_of(**ending: Phase) -> tuple[Bench, MemoryPlatform]:
    """A world in which the first run ends a minute after it began, as `ending` says, and then tells its result."""
    clock = ManualClock()
    platform = MemoryPlatform(clock)

    def later(call: str) -> None:
        if ending and call == "before:read" and clock.now > 1_000_060.0:
            platform.end("searchjob-1", ending["phase"])
            if ending["phase"] is Phase.SUCCEEDED:
                platform.outputs["searchjob-1"] = {"url": "http://there/table.csv"}

    bench = Bench(MemoryStore(clock), clock, platform)
    platform.wire = later
    return bench, platform


def walk(bench: Bench, *wishes: Wish, results: float = 3600.0) -> Report:
    """Creates these, in order."""
    steps: list[Step] = []
    for number, wish in enumerate(wishes, start=1):
        (step,) = plan_for([wish], MemoryStore(bench.clock).read(ENVIRONMENT)).steps
        steps.append(replace(step, id=number, needs=tuple(range(1, number))))
    lease = bench.store.lock(ENVIRONMENT, "me")
    context = bench.context(lease)
    context = replace(context, patience=replace(context.patience, results=results))
    try:
        return execute(Plan(Base("genomics", ENVIRONMENT, "test"), (), tuple(steps)), context)
    finally:
        lease.release()


def test_the_result_of_a_run_is_waited_for() -> None:
    """The second is submitted when the first has told what it found, with that."""
    bench, platform = bench_of(phase=Phase.SUCCEEDED)
    assert walk(bench, SEARCH, USER).complete
    assert bench.clock.now > 1_000_060.0
    assert platform.things["tokenjob-2"].spec == {"table": "http://there/table.csv"}


@pytest.mark.parametrize("phase", [Phase.FAILED, Phase.CANCELLED, Phase.SUCCEEDED])
def test_a_run_that_ends_without_it_fails_what_needs_it(phase: Phase) -> None:
    """Nothing is sent, and nobody waits any longer."""
    bench, platform = bench_of(phase=phase)
    user = replace(USER, spec={"table": "$[[ ref.SearchJob/search.other ]]"})
    report = walk(bench, SEARCH, user)
    assert [outcome.result.value for outcome in report.outcomes] == ["done", "failed"]
    assert "has no output 'other' now" in report.outcomes[1].error
    assert platform.there("TokenJob") == []


def test_patience_ends() -> None:
    """Then it is skipped, with the reason: the next apply goes on."""
    bench, platform = bench_of()
    report = walk(bench, SEARCH, USER, results=30.0)
    outcome = report.outcomes[1]
    assert (outcome.result.value, outcome.code) == ("skipped", "execution.awaiting")
    assert "still running, and this needs its url" in outcome.error
    assert 1_000_030.0 <= bench.clock.now < 1_000_060.0
    assert platform.there("TokenJob") == []


def test_an_id_needs_no_waiting() -> None:
    """It is there with the answer to the create."""
    bench, platform = bench_of()
    user = replace(USER, spec={"after": "$[[ ref.SearchJob/search ]]"})
    assert walk(bench, SEARCH, user).complete
    assert bench.clock.now < 1_000_010.0
    assert platform.things["tokenjob-2"].spec == {"after": "searchjob-1"}


def test_what_cannot_be_read_is_not_waited_for() -> None:
    """Of a run that nothing shows nothing more will ever be told."""
    bench, _ = bench_of()
    blind = Wish(at("BlindJob", "blind"), {})
    user = Wish(at("TokenJob", "user"), {"x": "$[[ ref.BlindJob/blind.url ]]"}, (blind.address,))
    report = walk(bench, blind, user)
    assert [outcome.result.value for outcome in report.outcomes] == ["done", "failed"]
    assert bench.clock.now < 1_000_010.0
