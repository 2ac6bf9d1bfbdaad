"""One create, carried through to a verdict, for every class and every way it can end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import repeat as forever

import pytest

from reconciler.errors import Busy, Conflict, PlatformError, Refused, StateLocked, Throttled, Unanswered, Unreachable
from reconciler.execution.calling import Creation, Effect, Gate, NoEffect, Unsure, Verdict, repeat
from reconciler.model.resource import Desired, Phase
from reconciler.state.memory import MemoryStore
from tests.support.applying import ENVIRONMENT, Bench, Wish, at, mark_of
from tests.support.memory_platform import HANDLERS, KINDS, PLATFORM, MemoryPlatform
from tests.support.time import ManualClock

RUNS = ["SearchJob", "NamedJob", "ActiveJob", "TokenJob", "BlindJob"]
Script = Callable[[str], None]


def bench_of(lag: float = 0.0) -> Bench:
    """A fresh world."""
    clock = ManualClock()
    return Bench(MemoryStore(clock), clock, MemoryPlatform(clock, lag=lag))


def on(boundary: str, *errors: Exception | None) -> Script:
    """The wire raises these, one after the other, each time `boundary` is crossed; None lets pass."""
    left: Iterator[Exception | None] = iter([*errors])

    def wire(crossed: str) -> None:
        error = next(left, None) if crossed == boundary else None
        if error is not None:
            raise error

    return wire


def run(bench: Bench, kind: str) -> Verdict:
    """One create of one job."""
    wish = Wish(at(kind, "job"), {"n": 1})
    lease = bench.store.lock(ENVIRONMENT, "me")
    handler = bench.platform.connection().handler(kind)
    desired = Desired(wish.address, wish.spec, mark_of(wish))
    try:
        return Creation(handler, desired, Gate(lease), bench.context(lease)).run(KINDS[PLATFORM, kind])
    finally:
        lease.release()


LOST = Unanswered("no answer came")


@pytest.mark.parametrize("kind", HANDLERS)
def test_an_answer_is_an_effect_and_one_request(kind: str) -> None:
    """The ordinary case costs nothing extra."""
    bench = bench_of()
    verdict = run(bench, kind)
    assert isinstance(verdict, Effect)
    assert list(bench.platform.things) == [verdict.remote_id]
    assert bench.platform.calls == ["create"]


@pytest.mark.parametrize("kind", HANDLERS)
@pytest.mark.parametrize("error", [Throttled("slow down", retry_after=7.0), Unreachable("no route")])
def test_what_was_not_accepted_is_sent_again(kind: str, error: PlatformError) -> None:
    """A create that certainly had no effect may be repeated, after as long as the platform asks."""
    bench = bench_of()
    before = bench.clock()
    bench.platform.wire = on("before:create", error, error)
    assert isinstance(run(bench, kind), Effect)
    assert bench.platform.calls == ["create"] * 3
    assert bench.clock() - before == (14.0 if isinstance(error, Throttled) else 3.0)


@pytest.mark.parametrize("kind", HANDLERS)
def test_throttling_that_does_not_end_is_a_refusal(kind: str) -> None:
    """A bounded number of times, and never when asked to wait for hours."""
    bench = bench_of()
    bench.platform.wire = on("before:create", *[Throttled("slow down")] * 9)
    assert run(bench, kind) == NoEffect("slow down", "platform.throttled")
    assert bench.platform.calls == ["create"] * 5
    bench = bench_of()
    bench.platform.wire = on("before:create", Throttled("tomorrow", retry_after=86_400.0))
    assert run(bench, kind) == NoEffect("tomorrow", "platform.throttled")
    assert bench.platform.calls == ["create"]


@pytest.mark.parametrize("kind", HANDLERS)
def test_a_refusal_is_final(kind: str) -> None:
    """The platform said no."""
    bench = bench_of()
    bench.platform.wire = on("before:create", Refused("quota", status=400))
    assert run(bench, kind) == NoEffect("quota", "platform.refused")
    assert bench.platform.calls == ["create"]


@pytest.mark.parametrize("lag", [0.0, 45.0])
@pytest.mark.parametrize("kind", ["SearchJob", "NamedJob", "ActiveJob", "TokenJob", "Thing"])
def test_a_lost_answer_is_found_and_nothing_is_made_twice(kind: str, lag: float) -> None:
    """By its mark, as soon as lists show it, or by asking again with the same token."""
    bench = bench_of(lag)
    bench.platform.wire = on("after:create", LOST)
    verdict = run(bench, kind)
    assert isinstance(verdict, Effect)
    assert list(bench.platform.things) == [verdict.remote_id]
    assert Counter(bench.platform.calls)["create"] == (2 if kind == "TokenJob" else 1)


@pytest.mark.parametrize("kind", ["SearchJob", "ActiveJob"])
def test_a_lost_request_is_not_repeated_where_only_a_search_tells(kind: str) -> None:
    """It is recorded as not submitted, and the next apply does it after one more look."""
    bench = bench_of()
    before = bench.clock()
    bench.platform.wire = on("before:create", LOST)
    verdict = run(bench, kind)
    assert isinstance(verdict, NoEffect)
    assert "not submitted" in verdict.error
    assert bench.platform.things == {}
    assert Counter(bench.platform.calls)["create"] == 1
    assert bench.clock() - before >= bench.patience.horizon


@pytest.mark.parametrize("kind", ["NamedJob", "Thing", "TokenJob"])
def test_a_lost_request_is_repeated_where_the_platform_keeps_a_second_one_out(kind: str) -> None:
    """A unique name or a token make the repeat harmless."""
    bench = bench_of()
    bench.platform.wire = on("before:create", LOST)
    assert isinstance(run(bench, kind), Effect)
    assert len(bench.platform.things) == 1


@pytest.mark.parametrize("boundary", ["before:create", "after:create"])
def test_a_blind_create_without_an_answer_stays_unknown(boundary: str) -> None:
    """There is no way to find out, and guessing is billed twice."""
    bench = bench_of()
    bench.platform.wire = on(boundary, LOST)
    found = run(bench, "BlindJob")
    assert isinstance(found, Unsure)
    assert found.code == "platform.unanswered"
    assert found.error.startswith("no answer came; nothing can look for it but you: it carries rc-")
    assert bench.platform.calls == ["create"]


@pytest.mark.parametrize("kind", ["NamedJob", "Thing"])
@pytest.mark.parametrize(("lag", "expected"), [(100.0, Effect), (1000.0, Unsure)])
def test_a_lag_longer_than_the_horizon_still_makes_one(kind: str, lag: float, expected: type[Verdict]) -> None:
    """The search concludes too early, the unique name does not: what has the name is most likely the lost one."""
    bench = bench_of(lag)
    bench.platform.wire = on("after:create", LOST)
    verdict = run(bench, kind)
    assert len(bench.platform.things) == 1
    assert isinstance(verdict, expected)


def test_a_platform_that_never_answers_is_unknown_in_the_end() -> None:
    """Repeating with a token is harmless and still bounded."""
    bench = bench_of()
    bench.platform.wire = on("after:create", *[LOST] * 9)
    assert isinstance(run(bench, "TokenJob"), Unsure)
    assert len(bench.platform.things) == 1
    assert bench.platform.calls == ["create"] * 5


def test_a_refusal_after_a_lost_answer_does_not_hide_it() -> None:
    """The first one may have used up the quota that the second one did not get."""
    bench = bench_of()
    refused = on("before:create", None, Refused("quota"))
    lost = on("after:create", LOST)
    bench.platform.wire = lambda crossed: (refused(crossed), lost(crossed))[0]
    assert isinstance(run(bench, "TokenJob"), Unsure)


def test_being_throttled_after_a_lost_answer_does_not_hide_it() -> None:
    """Giving up on the repeat is not knowing about the first."""
    bench = bench_of()
    later = on("before:create", None, Throttled("tomorrow", retry_after=86_400.0))
    lost = on("after:create", LOST)
    bench.platform.wire = lambda crossed: (later(crossed), lost(crossed))[0]
    assert isinstance(run(bench, "TokenJob"), Unsure)


@pytest.mark.parametrize("kind", ["SearchJob", "NamedJob", "ActiveJob", "Thing"])
def test_searches_that_fail_prove_nothing(kind: str) -> None:
    """Only a search that worked may say that it is not there."""
    bench = bench_of()
    lost = on("before:create", LOST)
    broken = on("before:find", *[Unanswered("search is down")] * 99)
    bench.platform.wire = lambda crossed: (lost(crossed), broken(crossed))[0]
    verdict = run(bench, kind)
    assert isinstance(verdict, Unsure)
    assert "search is down" in verdict.error
    assert Counter(bench.platform.calls)["create"] == 1


def test_two_objects_with_one_mark_are_for_a_person() -> None:
    """Something outside made a duplicate; choosing one of them would hide it."""
    bench = bench_of()
    wish = Wish(at("SearchJob", "job"), {"n": 1})
    bench.platform.add("SearchJob", wish.address, {"n": 1}, mark_of(wish))
    bench.platform.wire = on("after:create", LOST)
    verdict = run(bench, "SearchJob")
    assert isinstance(verdict, Unsure)
    assert "searchjob-1, searchjob-2" in verdict.error


def test_a_run_that_exists_with_this_very_mark_is_this_submission() -> None:
    """An earlier process made it and its journal is gone: nothing is submitted twice."""
    bench = bench_of()
    wish = Wish(at("NamedJob", "job"), {"n": 1})
    there = bench.platform.add("NamedJob", wish.address, {"n": 1}, mark_of(wish))
    assert run(bench, "NamedJob") == Effect(there.remote_id, Phase.RUNNING)


@pytest.mark.parametrize("kind", ["NamedJob", "Thing"])
def test_a_name_that_somebody_else_has_is_a_refusal(kind: str) -> None:
    """Without our mark it is not ours, whatever its name."""
    bench = bench_of()
    bench.platform.add(kind, at(kind, "job"), {}, None)
    verdict = run(bench, kind)
    assert verdict == NoEffect("job exists", "platform.conflict")


def test_a_standing_thing_that_appeared_with_our_mark_is_a_conflict() -> None:
    """Its mark says that it is ours, not that it is what was planned."""
    bench = bench_of()
    wish = Wish(at("Thing", "job"), {"n": 1})
    bench.platform.add("Thing", wish.address, {"n": 99}, mark_of(wish))
    assert run(bench, "Thing") == NoEffect("job exists", "platform.conflict")


def test_a_deleted_predecessor_in_a_stale_list_is_not_taken_for_the_new_one() -> None:
    """A standing thing that replaces another carries the same mark."""
    bench = bench_of(lag=30.0)
    wish = Wish(at("Thing", "job"), {"n": 1})
    former = bench.platform.add("Thing", wish.address, {"n": 0}, mark_of(wish))
    bench.clock.advance(100.0)
    bench.platform.things[former.remote_id] = replace(former, gone=bench.clock())
    bench.platform.wire = on("after:create", LOST)
    verdict = run(bench, "Thing")
    assert isinstance(verdict, Effect)
    assert verdict.remote_id != former.remote_id


def test_nothing_is_sent_once_the_lease_is_lost() -> None:
    """A holder that was suspended must not send what its successor has settled."""
    bench = bench_of()
    lease = bench.store.lock(ENVIRONMENT, "me")
    bench.store.unlock(ENVIRONMENT)
    gate = Gate(lease)
    handler = bench.platform.connection().handler("SearchJob")
    wish = Wish(at("SearchJob", "job"))
    desired = Desired(wish.address, {}, mark_of(wish))
    with pytest.raises(StateLocked):
        Creation(handler, desired, gate, bench.context(lease)).run(KINDS[PLATFORM, "SearchJob"])
    assert bench.platform.calls == []
    assert not gate.passed


def test_a_request_held_back_on_its_way_out_did_not_leave() -> None:
    """Signing in may take longer than the lease lasts: what the last look before sending stops was not sent."""
    bench = bench_of()
    lease = bench.store.lock(ENVIRONMENT, "me")
    gate = Gate(lease)

    def send() -> None:
        bench.store.unlock(ENVIRONMENT)
        lease.check()

    with pytest.raises(StateLocked):
        repeat(send, "id", gate, bench.context(lease))
    assert not gate.passed


@pytest.mark.parametrize("kind", ["SearchJob", "NamedJob", "TokenJob"])
def test_a_stop_ends_the_search_without_a_verdict(kind: str) -> None:
    """What was not waited out is not known."""
    bench = bench_of()
    bench.platform.wire = on("before:create", LOST)
    lease = bench.store.lock(ENVIRONMENT, "me")
    context = replace(bench.context(lease), pause=lambda _: True)
    wish = Wish(at(kind, "job"))
    handler = bench.platform.connection().handler(kind)
    creation = Creation(handler, Desired(wish.address, {}, mark_of(wish)), Gate(lease), context)
    assert isinstance(creation.run(KINDS[PLATFORM, kind]), Unsure)
    assert Counter(bench.platform.calls)["create"] == 1


IDEMPOTENT = [
    ([None], Effect("id"), 1),
    ([LOST, None], Effect("id"), 2),
    ([Throttled("slow"), None], Effect("id"), 2),
    ([LOST, LOST, LOST], Unsure("no answer came", "platform.unanswered"), 3),
    ([Unreachable("no route")] * 3, NoEffect("no route", "platform.unreachable"), 3),
    ([Conflict("in use")], NoEffect("in use", "platform.conflict"), 1),
    ([LOST, Refused("no")], Unsure("no answer came", "platform.unanswered"), 2),
]


@pytest.mark.parametrize(("answers", "expected", "sent"), IDEMPOTENT)
def test_idempotent_calls_are_repeated_until_answered(
    answers: list[Exception | None], expected: Verdict, sent: int
) -> None:
    """A few times, and what was never answered is not called a failure."""
    bench = bench_of()
    lease = bench.store.lock(ENVIRONMENT, "me")
    left = iter([*answers, *forever(None, 1)])
    calls: list[int] = []

    def send() -> None:
        calls.append(1)
        if (error := next(left)) is not None:
            raise error

    assert repeat(send, "id", Gate(lease), bench.context(lease)) == expected
    assert len(calls) == sent


BUSY = Busy("still on its way")


@pytest.mark.parametrize(
    ("answers", "expected", "seconds"),
    [
        ([BUSY] * 6, Effect("id"), 35.0),
        ([Unanswered("lost"), BUSY, BUSY], Effect("id"), 4.0),
        ([BUSY, Refused("no")], NoEffect("no", "platform.refused"), 1.0),
        ([BUSY] * 1000, NoEffect("still on its way", "platform.busy"), 305.0),
    ],
)
def test_what_is_on_its_way_is_waited_for(answers: list[PlatformError], expected: Verdict, seconds: float) -> None:
    """As long as a stop is waited for, however often that is; what it is told then is the answer."""
    bench = bench_of()
    lease = bench.store.lock(ENVIRONMENT, "me")
    left = iter([*answers, *forever(None, 1)])
    begun = bench.clock.now

    def send() -> None:
        if (error := next(left)) is not None:
            raise error

    assert repeat(send, "id", Gate(lease), bench.context(lease)) == expected
    assert bench.clock.now - begun == seconds


def test_asked_to_stop_nobody_waits_for_what_is_on_its_way() -> None:
    """It had no effect, and the next apply plans it again."""
    bench = bench_of()
    lease = bench.store.lock(ENVIRONMENT, "me")
    bench.stop.set()

    def send() -> None:
        raise BUSY

    found = repeat(send, "id", Gate(lease), bench.context(lease))
    assert found == NoEffect("still on its way", "platform.busy")
    assert bench.clock.now == bench_of().clock.now
