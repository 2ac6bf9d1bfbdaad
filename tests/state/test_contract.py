"""What every memory promises, whatever it is made of."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.errors import PlanStale, StateLocked
from reconciler.model.plan import Verb
from reconciler.model.resource import Former
from reconciler.state.journal import Done, Failed, Header, Record, Unknown
from reconciler.state.protocol import State, StateStore
from reconciler.state.recovery import unsettled
from tests.state.backends import BACKENDS, LEASE_SECONDS, Backend
from tests.state.records import address_of, create, done, mark_of, recorded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reconciler.model.resource import Recorded

ENV = "dev"
CREATE = create("a")


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    """Each of them, empty."""
    return BACKENDS[request.param](tmp_path)


def acts(store: StateStore, environment: str = ENV) -> Sequence[Record]:
    """The journal without the lines that only say who writes."""
    return [record for record in store.records(environment) if not isinstance(record, Header)]


def test_an_environment_never_applied_is_empty_and_reading_leaves_no_trace(backend: Backend) -> None:
    """A plan only reads, and reading writes nothing."""
    store = backend.open()
    assert store.read(ENV) == State("", 0)
    assert store.records(ENV) == ()
    assert store.holder(ENV) is None
    assert store.unlock(ENV) is None
    assert backend.traces() == []


def test_an_appended_outcome_is_read_by_everybody(backend: Backend) -> None:
    """Before any commit: the journal is memory too."""
    store = backend.open()
    lease = store.lock(ENV, "me")
    store.append(ENV, CREATE, lease)
    assert backend.open().read(ENV).resources == {}
    store.append(ENV, done(CREATE), lease)
    assert backend.open().read(ENV).resources[CREATE.address].remote_id == "id-1"
    assert acts(backend.open()) == [CREATE, done(CREATE)]
    lease.release()


def test_several_records_are_appended_as_one(backend: Backend) -> None:
    """In their order, behind what stands there already; and none of them is nothing."""
    store = backend.open()
    lease = store.lock(ENV, "me")
    store.append(ENV, CREATE, lease)
    store.append_all(ENV, [done(CREATE), create("b"), create("c")], lease)
    before = backend.traces()
    store.append_all(ENV, [], lease)
    assert backend.traces() == before
    assert acts(backend.open()) == [CREATE, done(CREATE), create("b"), create("c")]
    backend.open().unlock(ENV)
    with pytest.raises(StateLocked):
        store.append_all(ENV, [create("d"), create("e")], lease)
    assert acts(backend.open()) == [CREATE, done(CREATE), create("b"), create("c")]
    lease.release()


def test_a_commit_is_read_by_everybody_and_empties_the_journal(backend: Backend) -> None:
    """The state as given, one serial on, with a lineage of its own."""
    store = backend.open()
    lease = store.lock(ENV, "me")
    store.append(ENV, CREATE, lease)
    store.append(ENV, done(CREATE), lease)
    committed = store.commit(ENV, store.read(ENV), expected_serial=0, lease=lease)
    assert committed.serial == 1
    assert committed.lineage
    assert backend.open().read(ENV) == committed
    assert acts(backend.open()) == []
    again = store.commit(ENV, committed, expected_serial=1, lease=lease)
    assert (again.serial, again.lineage) == (2, committed.lineage)
    lease.release()


def test_the_key_comes_with_the_first_lease_and_stays(backend: Backend) -> None:
    """Who has never been written has none; everybody who reads has the same one."""
    store = backend.open()
    assert store.read(ENV).key == ""
    lease = store.lock(ENV, "me")
    key = backend.open().read(ENV).key
    assert len(bytes.fromhex(key)) == 32
    committed = store.commit(ENV, store.read(ENV), expected_serial=0, lease=lease)
    lease.release()
    store.lock(ENV, "next").release()
    other = store.lock("prod", "me")
    other.release()
    assert {committed.key, backend.open().read(ENV).key} == {key}
    assert backend.open().read("prod").key not in {key, ""}


def test_the_key_stands_in_no_text_about_the_state(backend: Backend) -> None:
    """A traceback or a log line must not tell it."""
    store = backend.open()
    store.lock(ENV, "me").release()
    state = store.read(ENV)
    assert state.key
    assert state.key not in repr(state)


def test_what_was_let_go_of_is_read_by_everybody_for_a_week(backend: Backend) -> None:
    """Then it goes with the next commit."""
    store = backend.open()
    lease = store.lock(ENV, "me")
    forget = replace(CREATE, key="1.2.f", verb=Verb.FORGET, remote_id="id-1")
    now = backend.clock()
    for record in (CREATE, done(CREATE), forget, Done(forget.key, forget.address, "id-1", now)):
        store.append(ENV, record, lease)
    committed = store.commit(ENV, store.read(ENV), expected_serial=0, lease=lease)
    assert backend.open().read(ENV) == committed
    assert committed.former == (Former(CREATE.address, mark_of("a"), "id-1", now),)
    lease.release()
    backend.clock.advance(8 * 86_400)
    lease = store.lock(ENV, "me")
    store.commit(ENV, store.read(ENV), expected_serial=1, lease=lease)
    lease.release()
    assert backend.open().read(ENV).former == ()


def test_a_commit_keeps_what_is_unsettled(backend: Backend) -> None:
    """A create that may have happened is not forgotten because something else was committed."""
    store = backend.open()
    lease = store.lock(ENV, "me")
    lost, ended = create("lost"), create("ended")
    unknown = Unknown(lost.key, lost.address, "no answer", "platform.unanswered", 2.0)
    refused = create("refused")
    no = Failed(refused.key, refused.address, "no", "platform.refused", 2.0)
    for record in (lost, ended, unknown, done(ended), refused, no):
        store.append(ENV, record, lease)
    state = store.commit(ENV, store.read(ENV), expected_serial=0, lease=lease)
    assert [entry.intent for entry in unsettled(backend.open().records(ENV))] == [lost]
    assert list(state.resources) == [ended.address]
    store.append(ENV, done(lost, "id-7"), lease)
    assert backend.open().read(ENV).resources[lost.address].remote_id == "id-7"
    store.commit(ENV, store.read(ENV), expected_serial=1, lease=lease)
    assert acts(store) == []
    lease.release()


def test_a_commit_on_another_serial_is_refused_and_changes_nothing(backend: Backend) -> None:
    """Compare-and-swap: whoever planned on what is gone plans again."""
    store = backend.open()
    lease = store.lock(ENV, "me")
    committed = store.commit(ENV, store.read(ENV), expected_serial=0, lease=lease)
    other = replace(committed, resources={})
    for serial in (0, 2):
        with pytest.raises(PlanStale, match="serial 1"):
            store.commit(ENV, other, expected_serial=serial, lease=lease)
    with pytest.raises(PlanStale):
        store.commit(ENV, replace(committed, lineage="another"), expected_serial=1, lease=lease)
    assert backend.open().read(ENV) == committed
    lease.release()


def test_only_one_holds_the_lease(backend: Backend) -> None:
    """The second is told who has it, and gets it when it is given back; the number rises with every grant."""
    first = backend.open().lock(ENV, "ada on laptop")
    with pytest.raises(StateLocked, match="ada on laptop") as caught:
        backend.open().lock(ENV, "runner 7")
    assert "unlock" in caught.value.hint
    found = backend.open().holder(ENV)
    assert found is not None
    assert (found.name, found.fencing) == ("ada on laptop", first.fencing)
    first.release()
    first.release()
    assert backend.open().holder(ENV) is None
    second = backend.open().lock(ENV, "runner 7")
    assert second.fencing > first.fencing
    second.check()
    second.release()


def test_a_lease_given_back_writes_nothing(backend: Backend) -> None:
    """Release is the end."""
    store = backend.open()
    lease = store.lock(ENV, "me")
    lease.release()
    with pytest.raises(StateLocked):
        lease.check()
    with pytest.raises(StateLocked):
        store.append(ENV, CREATE, lease)
    assert acts(store) == []


def test_an_expired_lease_is_taken_over_and_its_former_holder_writes_nothing(backend: Backend) -> None:
    """A process that was suspended for too long wakes up to nothing it could spoil."""
    sleeper = backend.open()
    asleep = sleeper.lock(ENV, "sleeper")
    sleeper.append(ENV, CREATE, asleep)
    backend.clock.advance(LEASE_SECONDS + 1)
    heir = backend.open()
    lease = heir.lock(ENV, "heir")
    assert lease.fencing > asleep.fencing
    for attempt in (
        asleep.check,
        lambda: sleeper.append(ENV, done(CREATE), asleep),
        lambda: sleeper.commit(ENV, sleeper.read(ENV), expected_serial=0, lease=asleep),
    ):
        with pytest.raises(StateLocked, match="taken over by heir"):
            attempt()
    asleep.release()
    assert acts(heir) == [CREATE]
    heir.append(ENV, done(CREATE, "found"), lease)
    committed = heir.commit(ENV, heir.read(ENV), expected_serial=0, lease=lease)
    assert committed.resources[CREATE.address].remote_id == "found"
    with pytest.raises(StateLocked):
        sleeper.append(ENV, create("late"), asleep)
    assert backend.open().read(ENV) == committed
    lease.release()


def test_an_expired_lease_nobody_wanted_goes_on(backend: Backend) -> None:
    """A laptop that slept with the only apply there is simply continues."""
    store = backend.open()
    lease = store.lock(ENV, "me")
    backend.clock.advance(LEASE_SECONDS * 10)
    lease.check()
    with pytest.raises(StateLocked):
        backend.open().lock(ENV, "you")
    store.append(ENV, CREATE, lease)
    assert acts(store) == [CREATE]
    lease.release()


def test_a_lease_taken_away_by_a_person_is_lost(backend: Backend) -> None:
    """`state unlock`: the former holder can write nothing, the next one begins at once."""
    store = backend.open()
    lease = store.lock(ENV, "stuck")
    found = backend.open().unlock(ENV)
    assert found is not None
    assert found.name == "stuck"
    with pytest.raises(StateLocked, match="taken away"):
        lease.check()
    with pytest.raises(StateLocked):
        store.append(ENV, CREATE, lease)
    following = backend.open().lock(ENV, "next")
    assert following.fencing > lease.fencing
    following.release()
    lease.release()


def test_the_journal_goes_on_where_a_dead_writer_left_it(backend: Backend) -> None:
    """Three processes in a row, each with its own lease, one story."""
    for number in (1, 2, 3):
        store = backend.open()
        lease = store.lock(ENV, f"process {number}")
        store.append(ENV, create(f"job-{number}"), lease)
        store.unlock(ENV)
    assert acts(backend.open()) == [create("job-1"), create("job-2"), create("job-3")]


def test_environments_of_any_name_are_apart(backend: Backend) -> None:
    """No name reaches another environment's memory, or out of the store."""
    store = backend.open()
    other = store.lock(ENV, "me")
    names = ["../escape", "prod/eu", "..", ".hidden", "caf\u00e9", "x" * 300, "a b", "lock"]
    leases = {name: store.lock(name, "me") for name in names}
    for number, name in enumerate(names):
        store.append(name, create(f"job-{number}"), leases[name])
        with pytest.raises(StateLocked, match="no lease of"):
            store.append(ENV, CREATE, leases[name])
    for number, name in enumerate(names):
        assert acts(store, name) == [create(f"job-{number}")]
        leases[name].release()
    assert acts(store) == []
    assert all(trace.startswith("state") for trace in backend.traces())
    other.release()


def test_long_names_that_begin_alike_are_apart(backend: Backend) -> None:
    """A bounded file name still tells them apart."""
    store = backend.open()
    lease = store.lock("x" * 300, "me")
    store.append("x" * 300, CREATE, lease)
    assert acts(store, "x" * 301) == []
    lease.release()


def test_many_threads_append_and_every_record_is_there(backend: Backend) -> None:
    """Each in its own order, none lost, none torn."""
    store = backend.open()
    lease = store.lock(ENV, "me")

    def write(worker: int) -> None:
        for number in range(10):
            store.append(ENV, create(f"w{worker}", key=f"{worker}.{number}"), lease)

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    keys = [record.key for record in acts(backend.open()) if isinstance(record, type(CREATE))]
    assert len(keys) == 80
    for worker in range(8):
        assert [key for key in keys if key.startswith(f"{worker}.")] == [f"{worker}.{n}" for n in range(10)]
    lease.release()


@given(some=st.lists(recorded(), max_size=4))
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_state_is_read_as_it_was_committed(backend: Backend, some: list[Recorded]) -> None:
    """Whatever text addresses, specs and outputs hold, on whatever targets."""
    store = backend.open()
    lease = store.lock(ENV, "me")
    former = store.read(ENV)
    state = replace(former, resources={entry.address: entry for entry in some})
    committed = store.commit(ENV, state, expected_serial=former.serial, lease=lease)
    assert committed.resources == state.resources
    assert backend.open().read(ENV) == committed
    lease.release()


def test_two_applies_at_the_same_instant_one_wins(backend: Backend) -> None:
    """Whoever loses is told; nobody shares a fencing number."""
    barrier = threading.Barrier(6)
    won: list[int] = []
    lost: list[str] = []
    leases = []

    def race(number: int) -> None:
        store = backend.open()
        barrier.wait()
        try:
            lease = store.lock(ENV, f"racer {number}")
        except StateLocked as error:
            lost.append(error.message)
        else:
            won.append(lease.fencing)
            leases.append(lease)

    threads = [threading.Thread(target=race, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert len(lost) == 5
    for lease in leases:
        lease.release()


def test_marks_come_back_whole(backend: Backend) -> None:
    """They are what everything else can be found again by."""
    store = backend.open()
    lease = store.lock(ENV, "me")
    store.append(ENV, CREATE, lease)
    store.append(ENV, done(CREATE), lease)
    store.commit(ENV, store.read(ENV), expected_serial=0, lease=lease)
    assert store.read(ENV).resources[address_of("a")].mark == mark_of("a")
    lease.release()


@pytest.mark.parametrize("target", ["journal", "journal-7", "alive-7", "alive-ness", "head", "lease", "lock", "former"])
def test_a_target_may_be_called_like_a_file_of_ours(backend: Backend, target: str) -> None:
    """Names of targets are the author's: none of them is taken for a journal, a lease or a sign of life."""
    intent = replace(CREATE, address=address_of("a", target))
    store = backend.open()
    lease = store.lock(ENV, "me")
    store.append(ENV, intent, lease)
    store.append(ENV, done(intent), lease)
    store.commit(ENV, store.read(ENV), expected_serial=0, lease=lease)
    lease.release()
    store = backend.open()
    store.unlock(ENV)
    lease = store.lock(ENV, "somebody else")
    store.append(ENV, create("b"), lease)
    assert store.read(ENV).resources.keys() == {intent.address}
    assert acts(store) == [create("b")]
    lease.release()
