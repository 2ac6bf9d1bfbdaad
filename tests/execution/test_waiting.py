"""Waiting for runs to end, and remembering it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.errors import Throttled
from reconciler.execution.executor import execute
from reconciler.execution.waiting import Waited, observed, wait_for
from reconciler.model.resource import Phase, Reading
from reconciler.planning.wants import Want
from reconciler.state.memory import MemoryStore
from tests.support.applying import ENVIRONMENT, PLATFORM, Bench, Wish, at, mark_of, plan_for
from tests.support.memory_platform import MemoryPlatform
from tests.support.time import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.model.address import Address
    from reconciler.model.outcome import StepOutcome
    from reconciler.model.plan import Step
    from reconciler.state.journal import Record
    from reconciler.state.protocol import Lease


class Heard:
    """A progress that remembers phases."""

    def __init__(self) -> None:
        self.phases: list[str] = []

    def started(self, step: Step) -> None:
        """See Progress."""

    def ended(self, outcome: StepOutcome) -> None:
        """See Progress."""

    def waiting(self, address: Address, phase: Phase) -> None:
        """See Progress."""
        self.phases.append(f"{address.name} {phase.value}")


def started(*names: str, memory: type[MemoryStore] = MemoryStore) -> Bench:
    """A world in which these jobs were submitted."""
    clock = ManualClock()
    bench = Bench(memory(clock), clock, MemoryPlatform(clock))
    lease = bench.store.lock(ENVIRONMENT, "me")
    wishes = [Wish(at("SearchJob", name)) for name in names]
    assert execute(plan_for(wishes, bench.store.read(ENVIRONMENT)), bench.context(lease)).complete
    lease.release()
    return bench


def waits(bench: Bench, *names: str, deadline: float | None = None, heard: Heard | None = None) -> Waited:
    """Waits for these."""
    recorded = bench.store.read(ENVIRONMENT).resources
    wants = [Want(at("SearchJob", name), PLATFORM, recorded[at("SearchJob", name)].remote_id, None) for name in names]
    lease = bench.store.lock(ENVIRONMENT, "me")
    try:
        return wait_for(wants, replace(bench.context(lease), progress=heard or Heard()), deadline=deadline)
    finally:
        lease.release()


def after(bench: Bench, seconds: float, act: Callable[[], None]) -> None:
    """Something happens on the platform by itself."""
    start, pending = bench.clock(), [act]

    def wire(_: str) -> None:
        if pending and bench.clock() - start >= seconds:
            pending.pop()()

    bench.platform.wire = wire


def phase_of(bench: Bench, name: str) -> Phase:
    """What memory holds."""
    return bench.store.read(ENVIRONMENT).resources[at("SearchJob", name)].phase


def test_it_ends_when_every_run_has_ended() -> None:
    """Each with its own end."""
    bench = started("good", "bad")

    def end() -> None:
        bench.platform.end("searchjob-1", Phase.SUCCEEDED)
        bench.platform.end("searchjob-2", Phase.FAILED)

    after(bench, 3600.0, end)
    waited = waits(bench, "good", "bad")
    assert {a.name: live.phase for a, live in waited.ended.items()} == {"good": Phase.SUCCEEDED, "bad": Phase.FAILED}
    assert waited.failed == (at("SearchJob", "bad"),)
    assert not waited.pending


def test_the_end_is_remembered_when_the_platform_forgets_it() -> None:
    """Durable "done": committed with its phase and outputs."""
    bench = started("job")
    bench.platform.end("searchjob-1")
    bench.platform.outputs["searchjob-1"] = {"result": "s3://x"}
    waits(bench, "job")
    bench.platform.things.clear()
    recorded = bench.store.read(ENVIRONMENT).resources[at("SearchJob", "job")]
    assert (recorded.phase, recorded.outputs) == (Phase.SUCCEEDED, {"result": "s3://x"})
    assert bench.store.records(ENVIRONMENT) == ()


def test_intervals_grow_to_a_bound() -> None:
    """A day of waiting is not a hundred thousand calls."""
    bench = started("job")
    after(bench, 86_400.0, lambda: bench.platform.end("searchjob-1"))
    waits(bench, "job")
    assert 2000 < len(bench.platform.calls) < 3500


def test_many_runs_cost_one_list_a_round() -> None:
    """Not one call each."""
    bench = started(*[f"job-{n}" for n in range(30)])
    bench.platform.calls.clear()

    def end() -> None:
        for n in range(1, 31):
            bench.platform.end(f"searchjob-{n}")

    after(bench, 10.0, end)
    waited = waits(bench, *[f"job-{n}" for n in range(30)])
    assert len(waited.ended) == 30
    assert set(bench.platform.calls) == {"list"}
    assert len(bench.platform.calls) < 10


def test_a_deadline_ends_the_waiting_with_what_was_seen() -> None:
    """The run goes on, and so may somebody else's waiting."""
    bench = started("job")
    begun = bench.clock()
    waited = waits(bench, "job", deadline=begun + 100.0)
    assert waited.pending == {at("SearchJob", "job"): Phase.RUNNING}
    assert not waited.interrupted
    assert 100.0 <= bench.clock() - begun < 101.0


def test_asked_to_stop_it_stops() -> None:
    """What has ended by then is remembered."""
    bench = started("done", "job")
    bench.platform.end("searchjob-1")
    after(bench, 50.0, bench.stop.set)
    waited = waits(bench, "done", "job")
    assert waited.interrupted
    assert list(waited.ended) == [at("SearchJob", "done")]
    assert phase_of(bench, "done") is Phase.SUCCEEDED


def test_what_the_platform_no_longer_knows_is_gone() -> None:
    """Waiting for it would never end."""
    bench = started("job")
    bench.platform.things.clear()
    waited = waits(bench, "job")
    assert waited.gone == (at("SearchJob", "job"),)
    assert phase_of(bench, "job") is Phase.RUNNING


def test_a_platform_that_cannot_be_read_for_a_while_is_asked_again() -> None:
    """A hiccup in fourteen hours is no reason to give up."""
    bench = started("job")
    begun = bench.clock()

    def wire(crossed: str) -> None:
        if crossed.startswith("before:") and bench.clock() - begun < 60:
            msg = "slow down"
            raise Throttled(msg)
        bench.platform.end("searchjob-1")

    bench.platform.wire = wire
    assert list(waits(bench, "job").ended) == [at("SearchJob", "job")]


def test_what_ends_in_one_round_is_written_down_at_once() -> None:
    """A thousand runs that end together cost one write, not a thousand."""
    names = ("first", "second", "third")
    written: list[int] = []

    class Counting(MemoryStore):
        def append_all(self, environment: str, records: Sequence[Record], lease: Lease) -> None:
            written.append(len(records))
            super().append_all(environment, records, lease)

    bench = started(*names, memory=Counting)
    written.clear()
    for number in range(1, 4):
        bench.platform.end(f"searchjob-{number}")
    assert len(waits(bench, *names).ended) == 3
    assert written == [3]
    assert {phase_of(bench, name) for name in names} == {Phase.SUCCEEDED}


def test_progress_hears_each_phase_once() -> None:
    """Not once a round."""
    bench = started("job")
    heard = Heard()
    after(bench, 500.0, lambda: bench.platform.end("searchjob-1"))
    waits(bench, "job", heard=heard)
    assert heard.phases == ["job running", "job succeeded"]


def test_a_refresh_teaches_memory_what_it_did_not_know() -> None:
    """New phases and outputs of the recorded run; nothing of another one, nothing twice."""
    bench = started("ended", "same", "other")
    bench.platform.end("searchjob-1", Phase.FAILED)
    bench.platform.outputs["searchjob-2"] = {"url": "x"}
    handler = bench.platform.connection().handler("SearchJob")
    recorded = bench.store.read(ENVIRONMENT).resources
    live = {
        at("SearchJob", name): handler.read(at("SearchJob", name), remote_id)  # type: ignore[attr-defined]
        for name, remote_id in {"ended": "searchjob-1", "same": "searchjob-2", "other": "searchjob-1"}.items()
    }
    found = observed(recorded, Reading(live), 5.0)
    assert [(r.address.name, r.phase) for r in found] == [("ended", Phase.FAILED), ("same", Phase.RUNNING)]
    lease = bench.store.lock(ENVIRONMENT, "me")
    for record in found:
        bench.store.append(ENVIRONMENT, record, lease)
    assert observed(bench.store.read(ENVIRONMENT).resources, Reading(live), 6.0) == ()


def test_the_mark_is_not_needed_to_wait() -> None:
    """Runs that are not ours can be waited for by their id."""
    bench = started("job")
    stranger = bench.platform.add("SearchJob", at("SearchJob", "theirs"), {}, None)
    bench.platform.end(stranger.remote_id)
    lease = bench.store.lock(ENVIRONMENT, "me")
    wants = [Want(at("SearchJob", "theirs"), PLATFORM, stranger.remote_id, mark_of(Wish(at("SearchJob", "x"))))]
    assert list(wait_for(wants, bench.context(lease)).ended) == [at("SearchJob", "theirs")]
    assert at("SearchJob", "theirs") not in bench.store.read(ENVIRONMENT).resources
