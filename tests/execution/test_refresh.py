"""The world as it is now, in as few calls as it allows."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import Forbidden, NoSuchScope, PlatformError, Throttled, Unauthenticated, Unreachable
from reconciler.execution.refresh import refresh
from reconciler.model.address import Address
from reconciler.model.mark import Mark, Owner
from reconciler.model.resource import Phase, Reading
from reconciler.planning.wants import Want
from tests.support.applying import OWNER, PLATFORM, Wish, at, mark_of
from tests.support.memory_platform import KINDS, MemoryConnection, MemoryPlatform, SearchJob, Thing, Thingy, _Handler
from tests.support.time import ManualClock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.resource import Listed


def want(kind: str, name: str, remote_id: str = "") -> Want:
    """What a plan asks for."""
    return Want(at(kind, name), PLATFORM, remote_id, mark_of(Wish(at(kind, name))))


def add(platform: MemoryPlatform, kind: str, name: str, mark: Mark | None = None) -> Thing:
    """Something on the platform, ours unless said otherwise."""
    return platform.add(kind, at(kind, name), {"of": name}, mark or mark_of(Wish(at(kind, name))))


def read(platform: MemoryPlatform, wants: Sequence[Want], parallelism: int = 4) -> Reading:
    """One refresh."""
    return refresh(wants, {PLATFORM: platform.connection()}, KINDS, parallelism=parallelism, owner=OWNER)


@pytest.fixture
def platform() -> MemoryPlatform:
    """An empty one."""
    return MemoryPlatform(ManualClock())


def test_one_list_settles_a_whole_scope(platform: MemoryPlatform) -> None:
    """However many are wanted of it, and none of what is not wanted is read."""
    things = [add(platform, "SearchJob", f"job-{n}") for n in range(20)]
    reading = read(platform, [want("SearchJob", f"job-{n}", things[n].remote_id) for n in range(10)])
    assert platform.calls == ["list"]
    assert [live.remote_id for live in reading.live.values()] == [thing.remote_id for thing in things[:10]]


def test_nothing_wanted_asks_nothing(platform: MemoryPlatform) -> None:
    """An empty project costs no call."""
    assert read(platform, []) == Reading()
    assert platform.calls == []


def test_what_a_list_does_not_show_is_read_by_its_id(platform: MemoryPlatform) -> None:
    """Lists lag behind, and forget; an id still reaches."""
    thing = add(platform, "SearchJob", "job")
    platform.lag = 60.0
    reading = read(platform, [want("SearchJob", "job", thing.remote_id)])
    assert platform.calls == ["list", "read"]
    assert reading.live[at("SearchJob", "job")].remote_id == thing.remote_id


def test_what_is_gone_is_in_neither_mapping(platform: MemoryPlatform) -> None:
    """It does not exist, which is not the same as not readable."""
    reading = read(platform, [want("SearchJob", "job", "searchjob-404")])
    assert reading == Reading()


def test_without_an_id_the_mark_finds_it(platform: MemoryPlatform) -> None:
    """The memory was lost, the mark was not; its present name does not matter."""
    thing = platform.add("SearchJob", at("SearchJob", "renamed"), {}, mark_of(Wish(at("SearchJob", "job"))))
    reading = read(platform, [want("SearchJob", "job")])
    assert reading.live[at("SearchJob", "job")].remote_id == thing.remote_id
    assert reading.strangers == ()


def test_what_took_the_place_of_the_recorded_object_is_seen(platform: MemoryPlatform) -> None:
    """A person deleted it and made it anew: it is there, under another id, and nothing of it is an orphan."""
    former = add(platform, "Thing", "x")
    platform.things[former.remote_id] = replace(former, gone=platform.clock())
    present = add(platform, "Thing", "x")
    reading = read(platform, [want("Thing", "x", former.remote_id)])
    assert reading.live[at("Thing", "x")].remote_id == present.remote_id
    assert reading.strangers == ()


def test_what_only_a_stale_list_shows_is_not_there(platform: MemoryPlatform) -> None:
    """Deleted a moment ago, with the same mark and name as what took its place."""
    former = add(platform, "Thing", "x")
    clock = platform.clock
    assert isinstance(clock, ManualClock)
    clock.advance(100.0)
    platform.things[former.remote_id] = replace(former, gone=clock())
    platform.lag = 30.0
    assert read(platform, [want("Thing", "x")]).live == {}
    present = add(platform, "Thing", "x")
    clock.advance(29.0)
    platform.lag = 29.0
    assert read(platform, [want("Thing", "x")]).live[at("Thing", "x")].remote_id == present.remote_id


def test_another_run_of_the_same_name_is_not_ours(platform: MemoryPlatform) -> None:
    """Names of runs are not unique: somebody else's is left alone."""
    platform.add("SearchJob", at("SearchJob", "job"), {}, None)
    assert read(platform, [want("SearchJob", "job")]) == Reading()


def test_a_standing_thing_of_the_same_name_is_seen_whoever_owns_it(platform: MemoryPlatform) -> None:
    """It is in the way, and the plan must say so."""
    thing = platform.add("Thing", at("Thing", "x"), {}, None)
    assert read(platform, [want("Thing", "x")]).live[at("Thing", "x")].remote_id == thing.remote_id


def test_a_kind_that_cannot_list_is_read_by_id(platform: MemoryPlatform) -> None:
    """And one that cannot even be read is simply not seen."""
    thing = add(platform, "TokenJob", "job")
    reading = read(platform, [want("TokenJob", "job", thing.remote_id), want("BlindJob", "job", "blindjob-1")])
    assert list(reading.live) == [at("TokenJob", "job")]
    assert platform.calls == ["read"]


def test_ours_at_no_known_address_is_a_stranger(platform: MemoryPlatform) -> None:
    """Orphan candidates: the mark is of this owner, and nobody asked for the address."""
    orphan = add(platform, "SearchJob", "orphan")
    add(platform, "SearchJob", "foreign", Mark.of_run(Owner("other", "dev"), at("SearchJob", "foreign"), "d", 1))
    known = add(platform, "SearchJob", "job")
    reading = read(platform, [want("SearchJob", "job", known.remote_id)])
    assert [row.remote_id for row in reading.strangers] == [orphan.remote_id]


def test_earlier_submissions_of_a_known_run_are_no_strangers(platform: MemoryPlatform) -> None:
    """Its history carries other marks under the same address."""
    add(platform, "SearchJob", "job", Mark.of_run(OWNER, at("SearchJob", "job"), "earlier", 1))
    known = add(platform, "SearchJob", "job")
    assert read(platform, [want("SearchJob", "job", known.remote_id)]).strangers == ()


@pytest.mark.parametrize("recorded", [True, False])
def test_a_second_object_with_one_mark_is_a_stranger(platform: MemoryPlatform, recorded: bool) -> None:
    """At most one may carry it, so the other is shown."""
    first, second = add(platform, "SearchJob", "job"), add(platform, "SearchJob", "job")
    reading = read(platform, [want("SearchJob", "job", first.remote_id if recorded else "")])
    assert reading.live[at("SearchJob", "job")].remote_id == first.remote_id
    assert [row.remote_id for row in reading.strangers] == [second.remote_id]


def test_one_failure_is_one_unreadable_entry(platform: MemoryPlatform) -> None:
    """The others are read all the same."""
    jobs = [add(platform, "TokenJob", f"job-{n}") for n in range(3)]
    calls: list[str] = []

    def wire(crossed: str) -> None:
        if crossed == "before:read":
            calls.append(crossed)
            if len(calls) == 2:
                raise Throttled("slow down")

    platform.wire = wire
    reading = read(platform, [want("TokenJob", f"job-{n}", jobs[n].remote_id) for n in range(3)], parallelism=1)
    assert reading.unreadable == {at("TokenJob", "job-1"): "slow down"}
    assert list(reading.live) == [at("TokenJob", "job-0"), at("TokenJob", "job-2")]


def test_an_answer_that_nobody_foresaw_is_one_unreadable_entry(platform: MemoryPlatform) -> None:
    """The others are read, and nothing of the answer is quoted: a row of another shape costs no plan."""
    jobs = [add(platform, "TokenJob", f"job-{n}") for n in range(2)]
    calls: list[str] = []

    def wire(crossed: str) -> None:
        if crossed == "after:read" and not calls:
            calls.append(crossed)
            raise KeyError("what it holds")

    platform.wire = wire
    reading = read(platform, [want("TokenJob", f"job-{n}", jobs[n].remote_id) for n in range(2)], parallelism=1)
    assert reading.unreadable == {at("TokenJob", "job-0"): "its answer is not understood (KeyError)"}
    assert list(reading.live) == [at("TokenJob", "job-1")]


def test_a_list_that_fails_makes_its_scope_unreadable(platform: MemoryPlatform) -> None:
    """Every address of it, with the reason, and no other scope."""
    add(platform, "Thing", "x")

    class Refusing(SearchJob):
        """Nobody may list it."""

        def list(self, scope: str) -> Iterator[Listed]:
            """See Lists."""
            msg = "not you"
            raise Forbidden(msg)

    reading = refresh(
        [want("SearchJob", "a"), want("SearchJob", "b", "searchjob-1"), want("Thing", "x")],
        {PLATFORM: Special(platform, "SearchJob", Refusing)},
        KINDS,
        parallelism=2,
        owner=OWNER,
    )
    assert reading.unreadable == {at("SearchJob", "a"): "not you", at("SearchJob", "b"): "not you"}
    assert list(reading.live) == [at("Thing", "x")]


@pytest.mark.parametrize("error", [Unauthenticated("who are you"), Unreachable("no route")])
def test_a_target_that_lets_nobody_in_is_asked_once(platform: MemoryPlatform, error: PlatformError) -> None:
    """A wrong password is one message, not a thousand calls."""

    def wire(_: str) -> None:
        raise error

    platform.wire = wire
    wants = [want("TokenJob", f"job-{n}", f"tokenjob-{n}") for n in range(50)]
    reading = read(platform, wants, parallelism=1)
    assert platform.calls == ["read"]
    assert set(reading.unreadable.values()) == {error.message}
    assert len(reading.unreadable) == 50


def test_a_target_that_is_not_open_is_unreadable(platform: MemoryPlatform) -> None:
    """Missing is not empty."""
    elsewhere = replace(want("Thing", "x"), address=Address("other", "Thing", "lab", "x"))
    reading = read(platform, [elsewhere])
    assert reading.unreadable == {elsewhere.address: "there is no connection to the target other"}


def test_the_order_of_wants_does_not_matter(platform: MemoryPlatform) -> None:
    """Nor does how many threads there are."""
    wants = []
    for number in range(12):
        for kind in ("SearchJob", "TokenJob", "Thing"):
            thing = add(platform, kind, f"n{number}")
            wants.append(want(kind, f"n{number}", thing.remote_id if number % 2 else ""))
    expected = read(platform, wants, parallelism=1)
    for seed in range(5):
        shuffled = random.Random(seed).sample(wants, len(wants))  # noqa: S311 - an order, not a secret
        found = read(platform, shuffled, parallelism=8)
        assert found == expected
        assert list(found.live) == sorted(found.live)


@dataclass(frozen=True)
class Special(MemoryConnection):
    """A connection on which one kind behaves differently."""

    kind: str = ""
    handling: type[_Handler] = SearchJob

    def handler(self, kind: str) -> _Handler:
        """See Connection."""
        return self.handling(self.platform, kind) if kind == self.kind else super().handler(kind)


class BareRows(SearchJob):
    """Rows that hold neither marks nor definitions, as many a list does."""

    def list(self, scope: str) -> Iterator[Listed]:
        """See Lists."""
        for row in super().list(scope):
            yield replace(row, live=None, mark=None)


class MarkedRows(Thingy):
    """Rows with marks and without definitions."""

    def list(self, scope: str) -> Iterator[Listed]:
        """See Lists."""
        for row in super().list(scope):
            yield replace(row, live=None)


def test_rows_without_definitions_cost_one_read_for_each_that_is_wanted(platform: MemoryPlatform) -> None:
    """And none for those that are not."""
    for number in range(10):
        add(platform, "Thing", f"x{number}")
    wants = [want("Thing", "x3"), want("Thing", "x5", "thing-6"), want("Thing", "missing")]
    connections = {PLATFORM: Special(platform, "Thing", MarkedRows)}
    reading = refresh(wants, connections, KINDS, parallelism=2, owner=OWNER)
    assert Counter(platform.calls) == {"list": 1, "read": 2}
    assert [live.spec for live in reading.live.values()] == [{"of": "x3"}, {"of": "x5"}]


def test_rows_that_cannot_show_marks_lead_to_a_search(platform: MemoryPlatform) -> None:
    """What the list cannot tell is asked for one by one."""
    thing = add(platform, "SearchJob", "job")
    connections = {PLATFORM: Special(platform, "SearchJob", BareRows)}
    wants = [want("SearchJob", "job"), want("SearchJob", "new")]
    reading = refresh(wants, connections, KINDS, parallelism=1, owner=OWNER)
    assert Counter(platform.calls) == {"list": 1, "find": 2}
    assert {a.name: live.remote_id for a, live in reading.live.items()} == {"job": thing.remote_id}


def test_a_refresh_only_reads(platform: MemoryPlatform) -> None:
    """Whatever it meets."""
    for kind in ("SearchJob", "TokenJob", "Thing"):
        add(platform, kind, "x")
    before = dict(platform.things)
    read(platform, [want(kind, "x", f"{kind.lower()}-1") for kind in ("SearchJob", "TokenJob", "Thing", "BlindJob")])
    assert set(platform.calls) <= {"list", "read", "find"}
    assert platform.things == before


def test_phases_and_outputs_come_along(platform: MemoryPlatform) -> None:
    """They are what `status` and references need."""
    thing = add(platform, "SearchJob", "job")
    platform.end(thing.remote_id, Phase.FAILED)
    platform.outputs[thing.remote_id] = {"log": "s3://x"}
    live = read(platform, [want("SearchJob", "job", thing.remote_id)]).live[at("SearchJob", "job")]
    assert (live.phase, live.outputs) == (Phase.FAILED, {"log": "s3://x"})


def test_a_scope_that_is_about_to_be_made_holds_nothing(platform: MemoryPlatform) -> None:
    """Where the scope is wanted itself, that it does not exist is no failure; where it is not, it is one."""

    class Nowhere(SearchJob):
        """Its scope does not exist."""

        def list(self, scope: str) -> Iterator[Listed]:
            """See Lists."""
            msg = f"there is no scope {scope}"
            raise NoSuchScope(msg)

    scopes = replace(KINDS[PLATFORM, "Thing"], is_scope=True, account_wide=True)
    kinds = {**KINDS, (PLATFORM, "Thing"): scopes}
    inside = want("SearchJob", "a")
    itself = Want(Address(PLATFORM, "Thing", "-", inside.address.scope), PLATFORM, "", None)
    connections = {PLATFORM: Special(platform, "SearchJob", Nowhere)}
    expected = refresh([inside, itself], connections, kinds, parallelism=2, owner=OWNER)
    assert (dict(expected.live), dict(expected.unreadable)) == ({}, {})
    alone = refresh([inside], connections, kinds, parallelism=2, owner=OWNER)
    assert alone.unreadable == {inside.address: f"there is no scope {inside.address.scope}"}
