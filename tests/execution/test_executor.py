"""Walking a plan: every step once, in order, and nothing lost when something goes wrong."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import Refused, Unanswered
from reconciler.execution.executor import execute
from reconciler.model.manifest import Lifecycle
from reconciler.model.outcome import Report, Result, StepOutcome
from reconciler.model.plan import Base, Plan, Step, Verb
from reconciler.model.resource import Phase
from reconciler.state.journal import Header, Intent, encode
from reconciler.state.memory import MemoryStore
from reconciler.state.recovery import unsettled
from tests.support.applying import ENVIRONMENT, PLATFORM, Bench, Wish, at, mark_of, plan_for, seen_by
from tests.support.memory_platform import MemoryPlatform
from tests.support.time import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.model.address import Address
    from reconciler.state.journal import Record
    from reconciler.state.protocol import Lease

SECRET = "fake-secret-value-0123"


def bench_of(parallelism: int = 1, **secrets: str) -> Bench:
    """A fresh world."""
    clock = ManualClock()
    return Bench(MemoryStore(clock), clock, MemoryPlatform(clock), parallelism=parallelism, secrets=secrets)


def walk(bench: Bench, steps: Sequence[Step], change: Callable[[Lease], None] = lambda _: None) -> Report:
    """Executes some steps under a lease of their own."""
    lease = bench.store.lock(ENVIRONMENT, "me")
    change(lease)
    try:
        return execute(Plan(Base("genomics", ENVIRONMENT, "test"), (), tuple(steps)), bench.context(lease))
    finally:
        lease.release()


def create(number: int, wish: Wish, *needs: int) -> Step:
    """A create as the planner would lower it."""
    lowered = plan_for([wish], bench_of().store.read(ENVIRONMENT)).steps[0]
    return replace(lowered, id=number, needs=needs)


def wish(kind: str, name: str, *needs: Address, **spec: object) -> Wish:
    """A wish with a spec."""
    return Wish(at(kind, name), spec, needs)


def results(report: Report) -> list[str]:
    """How each step ended, in order."""
    return [outcome.result.value for outcome in report.outcomes]


def made(bench: Bench, wished: Wish) -> str:
    """Applies one wish; the id of what was made."""
    report = walk(bench, [create(1, wished)])
    assert report.complete
    return report.outcomes[0].remote_id


@dataclass
class Listener:
    """A progress that remembers."""

    heard: list[str] = field(default_factory=list)

    def started(self, step: Step) -> None:
        """See Progress."""
        self.heard.append(f"started {step.id}")

    def ended(self, outcome: StepOutcome) -> None:
        """See Progress."""
        self.heard.append(f"{outcome.result.value} {outcome.step.id}")

    def waiting(self, address: Address, phase: Phase) -> None:
        """See Progress."""
        self.heard.append(f"waiting {phase.value}")


class Overheard(MemoryStore):
    """A memory that tells somebody about every record once it is durable."""

    def __init__(self, clock: ManualClock, hear: Callable[[Record], object]) -> None:
        super().__init__(clock)
        self._hear = hear

    def append(self, environment: str, record: Record, lease: Lease) -> None:
        """See StateStore."""
        super().append(environment, record, lease)
        self._hear(record)


def test_what_was_done_is_recorded_and_committed() -> None:
    """Id, phase, spec with its expressions, and an empty journal."""
    bench = bench_of()
    report = walk(bench, [create(1, wish("SearchJob", "job", n=1))])
    state = bench.store.read(ENVIRONMENT)
    recorded = state.resources[at("SearchJob", "job")]
    assert report.complete
    assert (state.serial, recorded.remote_id, recorded.phase) == (1, "searchjob-1", Phase.RUNNING)
    assert (recorded.spec, recorded.mark) == ({"n": 1}, mark_of(wish("SearchJob", "job", n=1)))
    assert bench.store.records(ENVIRONMENT) == ()


def test_an_empty_plan_writes_nothing() -> None:
    """Not even a new serial."""
    bench = bench_of()
    assert walk(bench, []).complete
    assert bench.store.read(ENVIRONMENT).serial == 0


def test_every_mutating_call_is_announced_before_and_recorded_after() -> None:
    """The order of things at the boundary, which everything else rests on."""
    bench = bench_of()
    walk(bench, [create(1, wish("SearchJob", "job"))])
    tail = [b for b in bench.faults.seen if not b.endswith(("list", "find"))]
    assert tail == [
        "before:append", "after:append", "before:create", "after:create", "before:append", "after:append",
        "before:commit", "after:commit",
    ]  # fmt: skip


def test_references_and_secrets_are_filled_in_for_the_call_only() -> None:
    """The platform gets values, memory keeps expressions."""
    bench = bench_of(TOKEN=SECRET)
    base = wish("Thing", "base", size=1)
    job = wish("SearchJob", "job", at("Thing", "base"), base="$[[ ref.Thing/base ]]", key="Bearer $[[ secrets.TOKEN ]]")
    report = walk(bench, [create(1, base), create(2, job, 1)])
    assert report.complete
    sent = bench.platform.things[report.outcomes[1].remote_id].spec
    assert sent == {"base": "thing-1", "key": f"Bearer {SECRET}"}
    recorded = bench.store.read(ENVIRONMENT).resources[at("SearchJob", "job")]
    assert recorded.spec == dict(job.spec)


def test_outputs_of_a_step_reach_the_next_one() -> None:
    """`$[[ ref.Kind/name.output ]]`, from what was just made and from what was recorded long ago."""
    bench = bench_of()
    bench.platform.outputs["thing-1"] = {"url": "https://example.org/x"}
    base = wish("Thing", "base@1.0")
    job = wish("SearchJob", "job", at("Thing", "base@1.0"), url="$[[ ref.Thing/base@1.0.url ]]/y")
    assert walk(bench, [create(1, base), create(2, job, 1)]).complete
    again = replace(job, attempt=2)
    assert walk(bench, [create(1, again)]).complete
    assert [t.spec["url"] for t in bench.platform.there("SearchJob")] == ["https://example.org/x/y"] * 2


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("$[[ ref.Thing/other ]]", "refers to something that does not exist"),
        ("$[[ ref.Thing/base.url ]]", "has no output 'url' now"),
        ("$[[ secrets.MISSING ]]", "the secret MISSING is not set"),
    ],
)
def test_what_has_no_value_now_is_a_failure_before_anything_is_sent(text: str, complaint: str) -> None:
    """No intent, no call."""
    bench = bench_of()
    job = wish("SearchJob", "job", at("Thing", "base"), at("Thing", "other"), x=text)
    report = walk(bench, [create(1, wish("Thing", "base")), create(2, job, 1)])
    assert results(report) == ["done", "failed"]
    assert complaint in report.outcomes[1].error
    assert report.outcomes[1].code == "execution.unresolved"
    assert bench.platform.there("SearchJob") == []
    assert not unsettled(bench.store.records(ENVIRONMENT))


def test_a_failure_takes_what_needs_it_and_nothing_else() -> None:
    """Independent branches go on; each skipped step names its cause."""
    bench = bench_of()
    bench.platform.add("Thing", at("Thing", "bad"), {}, None)
    steps = [
        create(1, wish("Thing", "bad")),
        create(2, wish("Thing", "child"), 1),
        create(3, wish("Thing", "grandchild"), 2),
        create(4, wish("Thing", "other")),
        create(5, wish("Thing", "late"), 4),
    ]
    bench.looked = True
    report = walk(bench, steps)
    assert results(report) == ["failed", "skipped", "skipped", "done", "done"]
    assert [outcome.blocked_by for outcome in report.outcomes] == [0, 1, 1, 0, 0]
    assert not report.complete


def test_an_unknown_create_takes_what_needs_it_and_stays_in_the_journal() -> None:
    """It is not a failure: it must be settled before anything new starts there."""
    bench = bench_of()
    bench.platform.wire = _raise_at("after:create", Unanswered("no answer came"))
    steps = [create(1, wish("BlindJob", "job")), create(2, wish("SearchJob", "child"), 1)]
    report = walk(bench, steps)
    assert results(report) == ["unknown", "skipped"]
    assert report.outcomes[0].code == "platform.unanswered"
    assert [entry.intent.address for entry in unsettled(bench.store.records(ENVIRONMENT))] == [at("BlindJob", "job")]
    later = walk(bench, steps)
    assert results(later) == ["skipped", "skipped"]
    assert later.outcomes[0].code == "submission.ambiguous"
    assert len(bench.platform.things) == 1


def test_what_an_unsettled_submission_needs_is_not_removed() -> None:
    """It may be there, and the memory that would keep what it needs does not know of it yet."""
    bench = bench_of()
    base = made(bench, wish("Thing", "base"))
    other = made(bench, wish("Thing", "other"))
    bench.platform.wire = _raise_at("after:create", Unanswered("no answer came"))
    job = replace(create(1, wish("BlindJob", "job")), depends_on=(at("Thing", "base"),))
    assert results(walk(bench, [job])) == ["unknown"]
    bench.platform.wire = lambda _: None
    gone = [
        Step(number, at("Thing", name), PLATFORM, Verb.DELETE, remote_id=remote_id)
        for number, (name, remote_id) in enumerate([("base", base), ("other", other)], 1)
    ]
    report = walk(bench, gone)
    assert results(report) == ["skipped", "done"]
    assert report.outcomes[0].code == "submission.ambiguous"


def _raise_at(boundary: str, error: Exception, times: int = 1) -> Callable[[str], None]:
    left = [error] * times

    def wire(crossed: str) -> None:
        if crossed == boundary and left:
            raise left.pop()

    return wire


def test_a_defect_after_the_effect_is_unknown_not_failed() -> None:
    """A handler that cannot read its answer has submitted all the same."""
    bench = bench_of(TOKEN=SECRET)
    bench.platform.wire = _raise_at("after:create", KeyError(f"job_id in {SECRET}"))
    job = wish("SearchJob", "job", key="$[[ secrets.TOKEN ]]")
    report = walk(bench, [create(1, job), create(2, wish("SearchJob", "beside"))])
    assert results(report) == ["unknown", "done"]
    assert report.outcomes[0].error.startswith("KeyError: ")
    assert SECRET not in report.outcomes[0].error
    assert report.outcomes[0].code == "execution.unexpected"
    assert bench.converge([job, wish("SearchJob", "beside")]) == 1
    assert len(bench.platform.things) == 2


def test_a_defect_before_the_call_is_a_failure() -> None:
    """Nothing was sent."""
    bench = bench_of()
    recorded = made(bench, wish("Thing", "x"))
    bench.platform.wire = _raise_at("before:read", ZeroDivisionError("oops"))
    live = bench.platform.connection().handler("Thing")
    step = Step(1, at("Thing", "x"), PLATFORM, Verb.DELETE, remote_id=recorded, seen="v1:something")
    report = walk(bench, [step])
    assert results(report) == ["failed"]
    assert report.outcomes[0].error == "ZeroDivisionError: oops"
    assert live._one(recorded) is not None


def test_no_secret_reaches_the_journal_or_the_report() -> None:
    """Not even when the platform throws it back at us."""
    bench = bench_of(TOKEN=SECRET)
    bench.platform.wire = _raise_at("before:create", Refused(f"bad token {SECRET}"))
    lines: list[bytes] = []
    bench.store = Overheard(bench.clock, lambda record: lines.append(encode(record, 1)))
    report = walk(bench, [create(1, wish("SearchJob", "job", key="$[[ secrets.TOKEN ]]"))])
    assert report.outcomes[0].error == "bad token ***"
    assert len(lines) == 2
    assert SECRET.encode() not in b"".join(lines)
    assert b"$[[ secrets.TOKEN ]]" in lines[0]


@pytest.mark.parametrize("verb", [Verb.UPDATE, Verb.STOP, Verb.DELETE])
def test_what_moved_after_it_was_planned_is_left_alone(verb: Verb) -> None:
    """Skipped and reported; the rest goes on."""
    bench = bench_of()
    first = wish("Thing", "x", n=1)
    remote_id = made(bench, first)
    handler = bench.platform.connection().handler("Thing")
    planned = replace(create(1, wish("Thing", "x", n=2)), verb=verb, remote_id=remote_id)
    memory = bench.store.read(ENVIRONMENT)
    live = handler.read(at("Thing", "x"), remote_id)  # type: ignore[attr-defined]
    lowered = replace(planned, seen=seen_by(planned, live, memory.resources[at("Thing", "x")], memory.key))
    bench.platform.things[remote_id] = replace(bench.platform.things[remote_id], spec={"n": 7})
    report = walk(bench, [lowered, create(2, wish("Thing", "y"))])
    assert results(report) == ["skipped", "done"]
    assert (report.outcomes[0].stale, report.outcomes[0].code) == (True, "execution.stale")
    assert bench.platform.things[remote_id].spec == {"n": 7}
    assert bench.platform.things[remote_id].gone is None


def test_an_update_is_sent_whole_and_recorded() -> None:
    """Under the same id and mark; the lifecycle is remembered for when the file is gone."""
    bench = bench_of()
    remote_id = made(bench, wish("Thing", "x", n=1))
    handler = bench.platform.connection().handler("Thing")
    lowered = replace(create(1, wish("Thing", "x", n=2)), verb=Verb.UPDATE, remote_id=remote_id)
    memory = bench.store.read(ENVIRONMENT)
    live = handler.read(at("Thing", "x"), remote_id)  # type: ignore[attr-defined]
    seen = seen_by(lowered, live, memory.resources[at("Thing", "x")], memory.key)
    step = replace(lowered, seen=seen, lifecycle=Lifecycle(protect=True))
    assert walk(bench, [step]).complete
    recorded = bench.store.read(ENVIRONMENT).resources[at("Thing", "x")]
    assert bench.platform.things[remote_id].spec == {"n": 2}
    assert (recorded.remote_id, recorded.spec, recorded.lifecycle.protect) == (remote_id, {"n": 2}, True)


def test_a_stopped_run_has_ended_before_its_successor_is_sent() -> None:
    """`onChange: replace`: stop, wait for the end, submit; the former id stays as history."""
    bench = bench_of()
    first, second = wish("ActiveJob", "job", n=1), wish("ActiveJob", "job", n=2)
    remote_id = made(bench, first)
    stop = Step(1, at("ActiveJob", "job"), PLATFORM, Verb.STOP, remote_id=remote_id)
    report = walk(bench, [stop, create(2, second, 1)])
    assert report.complete
    recorded = bench.store.read(ENVIRONMENT).resources[at("ActiveJob", "job")]
    assert (recorded.remote_id, recorded.history) == ("activejob-2", (remote_id,))
    assert bench.platform.things[remote_id].phase is Phase.CANCELLED


def test_a_stop_that_takes_too_long_holds_its_successor_back() -> None:
    """Accepted and recorded, but what needs its end is not begun."""
    bench = bench_of()
    remote_id = made(bench, wish("SearchJob", "job", n=1))
    stop = Step(1, at("SearchJob", "job"), PLATFORM, Verb.STOP, remote_id=remote_id)
    stubborn = bench.platform.wire

    def wire(crossed: str) -> None:
        stubborn(crossed)
        if crossed == "after:stop":
            bench.platform.end(remote_id, Phase.STOPPING)

    bench.platform.wire = wire
    report = walk(bench, [stop, create(2, wish("SearchJob", "job", n=2), 1)])
    assert results(report) == ["failed", "skipped"]
    assert report.outcomes[0].code == "execution.unfinished"
    assert bench.store.read(ENVIRONMENT).resources[at("SearchJob", "job")].phase is Phase.STOPPING


def test_replacing_a_standing_thing_waits_until_the_old_one_is_gone() -> None:
    """Its name must be free."""
    bench = bench_of()
    first, second = wish("Thing", "x", n=1), wish("Thing", "x", n=2)
    remote_id = made(bench, first)
    delete = Step(1, at("Thing", "x"), PLATFORM, Verb.DELETE, remote_id=remote_id)
    assert walk(bench, [delete, create(2, second, 1)]).complete
    recorded = bench.store.read(ENVIRONMENT).resources[at("Thing", "x")]
    assert (recorded.remote_id, recorded.history) == ("thing-2", ())
    assert [t.remote_id for t in bench.platform.there("Thing")] == ["thing-2"]


@pytest.mark.parametrize(("waits", "expected"), [(0.0, "skipped"), (500.0, "done")])
def test_a_queued_run_is_sent_when_the_one_before_it_has_ended(waits: float, expected: str) -> None:
    """Looked at once, or waited for as long as was asked."""
    bench = bench_of()
    remote_id = made(bench, wish("SearchJob", "job", n=1))
    bench.patience = replace(bench.patience, queued=waits)
    queued = replace(create(1, wish("SearchJob", "job", n=2)), after_end=True, remote_id=remote_id)
    start = bench.clock()

    def wire(_: str) -> None:
        if bench.clock() - start > 100:
            bench.platform.end(remote_id)

    bench.platform.wire = wire
    report = walk(bench, [queued])
    assert results(report) == [expected]
    assert report.outcomes[0].code == ("execution.queued" if expected == "skipped" else "")
    assert len(bench.platform.there("SearchJob")) == (1 if expected == "skipped" else 2)


def test_adopting_and_forgetting_change_memory_alone() -> None:
    """Adopting records what is there with its phase; neither sends anything that changes anything."""
    bench = bench_of()
    there = bench.platform.add("SearchJob", at("SearchJob", "job"), {"n": 1}, None)
    adopt = replace(create(1, wish("SearchJob", "job", n=1)), verb=Verb.ADOPT, remote_id=there.remote_id)
    assert walk(bench, [adopt]).complete
    recorded = bench.store.read(ENVIRONMENT).resources[at("SearchJob", "job")]
    assert (recorded.remote_id, recorded.phase) == (there.remote_id, Phase.RUNNING)
    assert walk(bench, [Step(1, at("SearchJob", "job"), PLATFORM, Verb.FORGET)]).complete
    assert bench.store.read(ENVIRONMENT).resources == {}
    assert set(bench.platform.calls) <= {"read", "list", "find"}


def test_adopting_what_is_gone_is_stale() -> None:
    """There is nothing to adopt any more."""
    bench = bench_of()
    adopt = replace(create(1, wish("SearchJob", "job")), verb=Verb.ADOPT, remote_id="searchjob-404")
    report = walk(bench, [adopt])
    assert (results(report), report.outcomes[0].stale) == (["skipped"], True)


def test_a_run_submitted_by_somebody_else_meanwhile_is_not_submitted_again() -> None:
    """A person took ten minutes to say yes; another apply with this very mark was quicker."""
    bench = bench_of()
    job = wish("SearchJob", "job", n=1)
    there = bench.platform.add("SearchJob", job.address, {"n": 1}, mark_of(job))
    report = walk(bench, [create(1, job)])
    assert results(report) == ["done"]
    assert report.outcomes[0].remote_id == there.remote_id
    assert Counter(bench.platform.calls)["create"] == 0
    assert bench.store.read(ENVIRONMENT).resources[job.address].remote_id == there.remote_id


def test_an_edited_run_is_looked_for_by_its_new_mark_even_in_a_fresh_plan() -> None:
    """The plan looked at the recorded run, not for the new submission: an older copy of the memory does not know it."""
    bench = bench_of()
    bench.looked = True
    made(bench, wish("SearchJob", "job", n=1))
    edited = wish("SearchJob", "job", n=2)
    there = bench.platform.add("SearchJob", edited.address, {"n": 2}, mark_of(edited))
    report = walk(bench, [create(1, edited)])
    assert report.outcomes[0].remote_id == there.remote_id
    assert len(bench.platform.there("SearchJob")) == 2


def test_a_standing_thing_that_appeared_meanwhile_is_stale() -> None:
    """It may be anything: plan again."""
    bench = bench_of()
    bench.platform.add("Thing", at("Thing", "x"), {"n": 99}, None)
    report = walk(bench, [create(1, wish("Thing", "x", n=1))])
    assert (results(report), report.outcomes[0].stale) == (["skipped"], True)


def test_steps_run_side_by_side_up_to_the_limit() -> None:
    """Never more at once than allowed, and no fewer when there is enough to do."""
    bench = bench_of(parallelism=4)
    inside = threading.Semaphore(0)
    together = threading.Barrier(4, timeout=20)
    most: list[int] = []
    count = [0]
    lock = threading.Lock()

    def wire(crossed: str) -> None:
        if crossed == "before:create":
            with lock:
                count[0] += 1
                most.append(count[0])
            together.wait()
        if crossed == "after:create":
            with lock:
                count[0] -= 1
            inside.release()

    bench.platform.wire = wire
    report = walk(bench, [create(n, wish("SearchJob", f"job-{n}")) for n in range(1, 9)])
    assert report.complete
    assert max(most) == 4


def test_progress_hears_every_step_once() -> None:
    """Started before it ends; what was skipped has only an end."""
    bench = bench_of()
    bench.platform.add("Thing", at("Thing", "bad"), {}, None)
    bench.looked = True
    listener = Listener()
    lease = bench.store.lock(ENVIRONMENT, "me")
    steps = (create(1, wish("Thing", "bad")), create(2, wish("Thing", "child"), 1), create(3, wish("Thing", "good")))
    plan = Plan(Base("genomics", ENVIRONMENT, "test"), (), steps)
    execute(plan, replace(bench.context(lease), progress=listener))
    assert listener.heard == ["started 1", "failed 1", "skipped 2", "started 3", "done 3"]


def test_asked_to_stop_it_lets_running_calls_end_and_begins_nothing() -> None:
    """The journal is written, the rest is skipped, the report says so."""
    bench = bench_of()
    interrupt = bench.stop

    def wire(crossed: str) -> None:
        if crossed == "before:create":
            interrupt.set()

    bench.platform.wire = wire
    report = walk(bench, [create(n, wish("SearchJob", f"job-{n}")) for n in (1, 2, 3)])
    assert results(report) == ["done", "skipped", "skipped"]
    assert report.interrupted
    assert report.outcomes[1].code == "interrupted"
    assert list(bench.store.read(ENVIRONMENT).resources) == [at("SearchJob", "job-1")]


def test_a_call_that_hangs_is_left_behind_when_asked_to_stop() -> None:
    """After the grace it is unknown, its intent is in the journal, and nothing is sent in its name any more."""
    bench = bench_of(parallelism=2)
    bench.patience = replace(bench.patience, grace=0.05)
    hangs = threading.Event()

    def wire(crossed: str) -> None:
        if crossed == "before:create":
            bench.stop.set()
            hangs.wait(30)

    bench.platform.wire = wire
    report = walk(bench, [create(1, wish("SearchJob", "hangs")), create(2, wish("SearchJob", "next"), 1)])
    assert results(report) == ["unknown", "skipped"]
    assert report.interrupted
    assert [entry.intent.address.name for entry in unsettled(bench.store.records(ENVIRONMENT))] == ["hangs"]
    hangs.set()


def test_what_was_not_sent_when_left_behind_is_never_sent() -> None:
    """A step that is still reading when we leave is skipped, and stays skipped when its answer comes."""
    bench = bench_of()
    bench.patience = replace(bench.patience, grace=0.05)
    thing = bench.platform.add("Thing", at("Thing", "old"), {"name": "old"}, mark_of(wish("Thing", "old")))
    reads, left = threading.Event(), threading.Event()

    def wire(crossed: str) -> None:
        if crossed == "before:read":
            bench.stop.set()
            reads.wait(30)
            left.set()

    bench.platform.wire = wire
    planned = Step(1, at("Thing", "old"), PLATFORM, Verb.DELETE, remote_id=thing.remote_id)
    live = bench.platform.connection().handler("Thing")._live(thing, at("Thing", "old"))
    step = replace(planned, seen=seen_by(planned, live))
    assert results(walk(bench, [step])) == ["skipped"]
    reads.set()
    assert left.wait(30)
    assert "delete" not in bench.platform.calls


def test_a_lost_lease_ends_everything_before_the_next_call() -> None:
    """Nothing is sent that its successor could not know of."""
    bench = bench_of()

    def wire(crossed: str) -> None:
        if crossed == "after:create":
            bench.store.unlock(ENVIRONMENT)

    bench.platform.wire = wire
    report = walk(bench, [create(n, wish("SearchJob", f"job-{n}")) for n in (1, 2, 3)])
    assert results(report) == ["unknown", "skipped", "skipped"]
    assert {outcome.code for outcome in report.outcomes} == {"state.locked"}
    assert (report.halted_code, report.complete) == ("state.locked", False)
    assert len(bench.platform.things) == 1
    bench.platform.wire = lambda _: None
    assert bench.converge([wish("SearchJob", f"job-{n}") for n in (1, 2, 3)]) == 1
    assert len(bench.platform.things) == 3


def test_a_lease_lost_before_the_call_sends_nothing() -> None:
    """The last check stands between the intent and the request."""
    bench = bench_of()
    bench.store = Overheard(
        bench.clock, lambda record: bench.store.unlock(ENVIRONMENT) if isinstance(record, Intent) else None
    )
    report = walk(bench, [create(1, wish("SearchJob", "job"))])
    assert results(report) == ["skipped"]
    assert bench.platform.things == {}


def test_a_step_the_platform_cannot_do_fails_without_a_call() -> None:
    """No such call, or no connection."""
    bench = bench_of()
    bench.platform.add("BlindJob", at("BlindJob", "x"), {}, None)
    stop = Step(1, at("BlindJob", "x"), PLATFORM, Verb.STOP, remote_id="blindjob-1")
    elsewhere = replace(create(2, wish("SearchJob", "y")), address=replace(at("SearchJob", "y"), target="other"))
    bench.looked = True
    report = walk(bench, [stop, elsewhere])
    assert results(report) == ["failed", "failed"]
    assert {outcome.code for outcome in report.outcomes} == {"execution.impossible"}
    assert bench.platform.calls == []


def test_outcomes_come_in_step_order_with_their_time() -> None:
    """Whatever order they ended in."""
    bench = bench_of(parallelism=3)

    def wire(crossed: str) -> None:
        if crossed == "before:create":
            bench.clock.advance(2.0)

    bench.platform.wire = wire
    report = walk(bench, [create(n, wish("SearchJob", f"job-{n}")) for n in range(1, 7)])
    assert [outcome.step.id for outcome in report.outcomes] == [1, 2, 3, 4, 5, 6]
    assert all(outcome.seconds >= 2.0 for outcome in report.outcomes)


def test_the_journal_names_the_writer_once() -> None:
    """A header when it begins, not one a record."""
    bench = bench_of()
    bench.platform.wire = _raise_at("after:create", Unanswered("?"), 2)
    walk(bench, [create(1, wish("BlindJob", "a")), create(2, wish("BlindJob", "b"))])
    kinds = [type(record) for record in bench.store.records(ENVIRONMENT)]
    assert kinds.count(Header) <= 1
    assert kinds.count(Intent) == 2


def test_results_name_every_way_to_end() -> None:
    """A report can be filtered by them."""
    bench = bench_of()
    report = walk(bench, [create(1, wish("SearchJob", "a"))])
    assert [len(report.having(result)) for result in Result] == [1, 0, 0, 0]
