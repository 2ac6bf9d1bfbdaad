"""What a crash left is settled before anything new starts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import Interrupted, Unanswered, Unauthenticated, Unreachable, UsageError
from reconciler.execution.settle import Ambiguous, Settled, Settlement, settle, settle_by_hand
from reconciler.model.plan import Verb
from reconciler.model.resource import Phase
from reconciler.state.journal import Done, Intent, Unknown
from reconciler.state.memory import MemoryStore
from reconciler.state.recovery import unsettled
from tests.support.applying import ENVIRONMENT, PLATFORM, Bench, Wish, at, mark_of
from tests.support.memory_platform import MemoryPlatform, Thing
from tests.support.time import ManualClock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.state.journal import Record
    from reconciler.state.protocol import State

SEARCHABLE = ["SearchJob", "NamedJob", "ActiveJob", "Thing"]


def bench_of(lag: float = 0.0, **secrets: str) -> Bench:
    """A fresh world."""
    clock = ManualClock()
    return Bench(MemoryStore(clock), clock, MemoryPlatform(clock, lag=lag), secrets=secrets)


def intent(bench: Bench, kind: str, verb: Verb = Verb.CREATE, **more: object) -> Intent:
    """One that was written just now."""
    wish = Wish(at(kind, "job"), {"n": 1})
    made = Intent("1.1.p", "p", 1, wish.address, PLATFORM, verb, bench.clock(), mark_of(wish), spec={"n": 1})
    return replace(made, **more)  # type: ignore[arg-type]


def left_behind(bench: Bench, *some: Record) -> None:
    """A process wrote this, and died."""
    lease = bench.store.lock(ENVIRONMENT, "dead")
    for record in some:
        bench.store.append(ENVIRONMENT, record, lease)
    lease.release()


def submitted(bench: Bench, kind: str) -> Thing:
    """Its request had arrived."""
    wish = Wish(at(kind, "job"), {"n": 1})
    return bench.platform.add(kind, wish.address, {"n": 1}, mark_of(wish))


def settled(bench: Bench, known: Sequence[Ambiguous] = ()) -> Settlement:
    """The next process."""
    lease = bench.store.lock(ENVIRONMENT, "next")
    try:
        return settle(bench.context(lease), known)
    finally:
        lease.release()


def recorded_id(state: State, kind: str) -> str:
    """What memory says is there."""
    found = state.resources.get(at(kind, "job"))
    return "" if found is None else found.remote_id


def test_with_nothing_to_settle_nothing_is_asked_or_written() -> None:
    """The ordinary case."""
    bench = bench_of()
    assert settled(bench).require().serial == 0
    assert bench.platform.calls == []


@pytest.mark.parametrize("kind", SEARCHABLE)
@pytest.mark.parametrize("lag", [0.0, 45.0])
def test_a_create_that_happened_is_found_and_recorded(kind: str, lag: float) -> None:
    """With all that was intended and the id it has, for good."""
    bench = bench_of(lag)
    left_behind(bench, intent(bench, kind))
    thing = submitted(bench, kind)
    settlement = settled(bench)
    assert settlement.settled == (Settled(at(kind, "job"), Verb.CREATE, thing.remote_id),)
    assert recorded_id(settlement.require(), kind) == thing.remote_id
    assert recorded_id(bench.store.read(ENVIRONMENT), kind) == thing.remote_id
    assert unsettled(bench.store.records(ENVIRONMENT)) == ()


@pytest.mark.parametrize("kind", SEARCHABLE)
def test_a_create_that_did_not_happen_may_be_planned_again(kind: str) -> None:
    """Said only after the platform's lag has been waited out."""
    bench = bench_of()
    left_behind(bench, intent(bench, kind))
    begun = bench.clock()
    settlement = settled(bench)
    assert settlement.settled == (Settled(at(kind, "job"), Verb.CREATE),)
    assert settlement.require().resources == {}
    assert bench.clock() - begun >= bench.patience.horizon
    assert unsettled(bench.store.records(ENVIRONMENT)) == ()


def test_a_create_of_long_ago_is_searched_for_once() -> None:
    """Whatever it did shows by now."""
    bench = bench_of()
    left_behind(bench, intent(bench, "SearchJob"))
    bench.clock.advance(100_000.0)
    begun = bench.clock()
    assert settled(bench).ambiguous == ()
    assert bench.clock() == begun
    assert bench.platform.calls == ["find"]


@pytest.mark.parametrize("arrived", [True, False])
def test_a_token_settles_a_create_that_cannot_be_searched_for(arrived: bool) -> None:
    """Asked again with the same token, its references and secrets filled in: one run either way."""
    bench = bench_of(TOKEN="fake-token-0123")
    left_behind(bench, intent(bench, "TokenJob", spec={"key": "$[[ secrets.TOKEN ]]"}))
    wish = Wish(at("TokenJob", "job"), {"n": 1})
    if arrived:
        thing = submitted(bench, "TokenJob")
        bench.platform.tokens[str(mark_of(wish))] = thing.remote_id
    settlement = settled(bench)
    assert recorded_id(settlement.require(), "TokenJob") == "tokenjob-1"
    assert len(bench.platform.things) == 1
    assert settlement.require().resources[wish.address].spec == {"key": "$[[ secrets.TOKEN ]]"}


@pytest.mark.parametrize(
    ("spec", "later", "why"),
    [
        ({"n": 1}, 7200.0, "too long ago"),
        ({"key": "$[[ secrets.GONE ]]"}, 0.0, "the secret GONE is not set"),
        ({"x": "$[[ ref.Thing/gone ]]"}, 0.0, "does not exist"),
    ],
)
def test_a_token_that_cannot_be_used_again_leaves_it_to_a_person(
    spec: dict[str, object], later: float, why: str
) -> None:
    """A forgotten token would submit twice."""
    bench = bench_of()
    left_behind(bench, intent(bench, "TokenJob", spec=spec))
    bench.clock.advance(later)
    settlement = settled(bench)
    assert why in settlement.ambiguous[0].why
    assert bench.platform.calls == []


def test_a_blind_create_is_for_a_person_and_says_how() -> None:
    """Every address, the reason, and the one command."""
    bench = bench_of()
    left_behind(bench, intent(bench, "BlindJob"), Unknown("1.1.p", at("BlindJob", "job"), "no answer came", "x", 2.0))
    settlement = settled(bench)
    doubt = settlement.doubt()
    assert doubt is not None
    assert "memory/BlindJob/lab/job: no answer came" in doubt.message
    assert "reconciler state settle memory/BlindJob/lab/job --environment dev --submitted ID" in doubt.hint
    assert "--not-submitted" in doubt.hint
    assert doubt.hint.startswith("Look for it there"), "applying again tells nobody anything"
    assert settlement.require().resources == {}
    assert len(unsettled(bench.store.records(ENVIRONMENT))) == 1


def test_what_is_settled_stays_settled_when_something_else_is_not() -> None:
    """One ambiguous address does not hold the others up, and survives the commit."""
    bench = bench_of()
    blind, search = intent(bench, "BlindJob"), intent(bench, "SearchJob", key="1.2.p")
    thing = submitted(bench, "SearchJob")
    left_behind(bench, blind, search)
    settlement = settled(bench)
    assert [entry.address for entry in settlement.ambiguous] == [blind.address]
    assert recorded_id(bench.store.read(ENVIRONMENT), "SearchJob") == thing.remote_id
    assert [entry.intent for entry in unsettled(bench.store.records(ENVIRONMENT))] == [blind]


@pytest.mark.parametrize("submitted_as", ["blindjob-9", ""])
def test_a_person_settles_by_hand(submitted_as: str) -> None:
    """With the id that is there, or by saying that nothing is."""
    bench = bench_of()
    left_behind(bench, intent(bench, "BlindJob"))
    lease = bench.store.lock(ENVIRONMENT, "person")
    state = settle_by_hand(bench.store, lease, ENVIRONMENT, at("BlindJob", "job"), submitted_as, bench.clock)
    lease.release()
    assert recorded_id(state, "BlindJob") == submitted_as
    assert settled(bench).ambiguous == ()


def test_settling_by_hand_what_is_not_open_is_a_mistake() -> None:
    """It would record something that nobody intended."""
    bench = bench_of()
    lease = bench.store.lock(ENVIRONMENT, "person")
    with pytest.raises(UsageError, match="nothing is unsettled at"):
        settle_by_hand(bench.store, lease, ENVIRONMENT, at("BlindJob", "job"), "x", bench.clock)


def test_two_with_one_mark_are_for_a_person() -> None:
    """Both ids are named."""
    bench = bench_of()
    left_behind(bench, intent(bench, "SearchJob"))
    submitted(bench, "SearchJob")
    submitted(bench, "SearchJob")
    settlement = settled(bench)
    assert "searchjob-1, searchjob-2" in settlement.ambiguous[0].why


@pytest.mark.parametrize("error", [Unanswered("down for maintenance"), Unauthenticated("who are you")])
def test_a_platform_that_cannot_be_searched_now_settles_nothing(error: Exception) -> None:
    """Not found is not the same as not there; and nobody waits for a sign-in that does not come."""
    bench = bench_of()
    left_behind(bench, intent(bench, "SearchJob"))

    def wire(crossed: str) -> None:
        if crossed == "before:find":
            raise error

    bench.platform.wire = wire
    settlement = settled(bench)
    assert str(error) in settlement.ambiguous[0].why
    if isinstance(error, Unauthenticated):
        assert bench.platform.calls == ["find"]


def test_a_target_that_is_not_open_settles_nothing() -> None:
    """A selection of targets must not declare runs on another one lost."""
    bench = bench_of()
    elsewhere = replace(at("SearchJob", "job"), target="other")
    left_behind(bench, intent(bench, "SearchJob", address=elsewhere))
    assert "no connection to the target other" in settled(bench).ambiguous[0].why


@pytest.mark.parametrize(
    ("verb", "phase", "expected"),
    [
        (Verb.STOP, Phase.CANCELLED, Phase.CANCELLED),
        (Verb.STOP, Phase.SUCCEEDED, Phase.SUCCEEDED),
        (Verb.STOP, Phase.RUNNING, Phase.RUNNING),
        (Verb.STOP, None, Phase.CANCELLED),
        (Verb.DELETE, None, None),
        (Verb.DELETE, Phase.RUNNING, Phase.RUNNING),
        (Verb.UPDATE, Phase.RUNNING, Phase.RUNNING),
        (Verb.ADOPT, Phase.RUNNING, Phase.RUNNING),
        (Verb.FORGET, Phase.RUNNING, Phase.RUNNING),
    ],
)
def test_other_calls_are_settled_by_reading_or_planned_again(
    verb: Verb, phase: Phase | None, expected: Phase | None
) -> None:
    """They may be sent twice, so that not knowing costs nothing. None: gone, there and from memory."""
    bench = bench_of()
    thing = submitted(bench, "SearchJob")
    created = intent(bench, "SearchJob", key="0.1.p")
    begun = intent(bench, "SearchJob", verb, remote_id=thing.remote_id)
    left_behind(bench, created, Done(created.key, created.address, thing.remote_id, 1.0, Phase.RUNNING), begun)
    if phase is None:
        bench.platform.things[thing.remote_id] = replace(thing, gone=1.0)
    else:
        bench.platform.end(thing.remote_id, phase)
    found = settled(bench).require().resources.get(created.address)
    assert (None if found is None else found.phase) == expected
    assert unsettled(bench.store.records(ENVIRONMENT)) == ()


@pytest.mark.parametrize("verb", [Verb.STOP, Verb.DELETE])
def test_reading_that_fails_only_means_planning_again(verb: Verb) -> None:
    """An idempotent call is never ambiguous."""
    bench = bench_of()
    thing = submitted(bench, "SearchJob")
    left_behind(bench, intent(bench, "SearchJob", verb, remote_id=thing.remote_id))

    def wire(crossed: str) -> None:
        if crossed == "before:read":
            raise Unanswered("down")

    bench.platform.wire = wire
    assert settled(bench).ambiguous == ()


def test_a_target_that_cannot_be_reached_is_asked_once_and_not_waited_for() -> None:
    """However much was left there; the rest of the apply has better things to do."""
    bench = bench_of()
    left_behind(bench, *(intent(bench, "SearchJob", key=f"1.{n}.p") for n in (1, 2, 3)))
    asked: list[str] = []

    def wire(crossed: str) -> None:
        asked.append(crossed)
        raise Unreachable("nothing listens there")

    bench.platform.wire = wire
    begun = bench.clock()
    settlement = settled(bench)
    assert (len(settlement.ambiguous), len(asked)) == (3, 1)
    assert all("nothing listens there" in left.why for left in settlement.ambiguous)
    assert bench.clock() == begun
    again = settled(bench, settlement.ambiguous)
    assert (len(again.ambiguous), len(asked)) == (3, 1)
    assert again.require().resources == {}


def test_a_defect_in_a_handler_leaves_its_own_call_unsettled_and_no_other() -> None:
    """Whatever it stumbled over, the rest is settled, and nothing is lost."""
    bench = bench_of()
    token, search = intent(bench, "TokenJob"), intent(bench, "SearchJob", key="1.2.p")
    thing = submitted(bench, "SearchJob")
    left_behind(bench, token, search)

    def wire(crossed: str) -> None:
        if crossed == "after:create":
            raise KeyError("id")

    bench.platform.wire = wire
    (left,) = settled(bench).ambiguous
    assert (left.address, "KeyError" in left.why) == (token.address, True)
    assert recorded_id(bench.store.read(ENVIRONMENT), "SearchJob") == thing.remote_id
    bench.platform.wire = lambda _: None
    assert settled(bench).ambiguous == ()
    assert len(bench.platform.there("TokenJob")) == 1


def test_a_stop_while_settling_is_an_interruption() -> None:
    """What was not waited out is no ambiguity that a person has to settle."""
    bench = bench_of()
    left_behind(bench, intent(bench, "SearchJob"))
    bench.stop.set()
    with pytest.raises(Interrupted):
        settled(bench).require()
    assert len(unsettled(bench.store.records(ENVIRONMENT))) == 1


def test_a_kind_nobody_knows_any_more_is_for_a_person() -> None:
    """A plug-in that is gone leaves what it began to those who can look."""
    bench = bench_of()
    left_behind(bench, replace(intent(bench, "SearchJob"), address=at("GoneJob", "job")))
    (left,) = settled(bench).ambiguous
    assert "GoneJob is not known here" in left.why
