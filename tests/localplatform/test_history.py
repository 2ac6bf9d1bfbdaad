"""What is remembered of runs: each piece of news once, in order, however it arrives."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.localplatform.clock import Clock, utc_text
from reconciler.localplatform.database import Database
from reconciler.localplatform.engines.protocol import (
    Event,
    EventType,
    InstanceSnapshot,
    RunSnapshot,
    TaskSnapshot,
    UnknownRun,
)
from reconciler.localplatform.engines.simulated import SimulatedEngine
from reconciler.localplatform.folder import Folder, Lock
from reconciler.localplatform.history import History, RunRow, Sample
from reconciler.localplatform.runs import Runs
from reconciler.localplatform.snapshots import snapshot_from_text, snapshot_to_text
from reconciler.localplatform.work import Cause, Instance, Run, Script, Status, Task

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NEWS = (
    Event("r", 1, 1.0, EventType.SUBMITTED, status=Status.PENDING),
    Event("r", 2, 2.0, EventType.STARTED, status=Status.RUNNING),
    Event("r", 3, 2.5, EventType.STARTED, task="t", index=0, attempt=1, status=Status.RUNNING),
    Event("r", 4, 3.0, EventType.ENDED, "no", task="t", index=0, status=Status.FAILED, cause=Cause.EXIT_CODE),
    Event("r", 5, 3.5, EventType.ENDED, "a task failed", status=Status.FAILED, cause=Cause.EXIT_CODE, warning=True),
    Event("r", 6, 9.0, EventType.RETRIED, status=Status.PENDING),
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty one."""
    with closing(Database(tmp_path / "f")) as made:
        yield made


@pytest.fixture
def history(database: Database) -> History:
    """A history with one open run."""
    made = History(database)
    made.open(RunRow("r", "p", "Job", "simulated", Status.PENDING, created=0.5))
    return made


def test_news_moves_the_run(history: History) -> None:
    """State, cause and times follow the events about the run as a whole."""
    assert history.take(NEWS[:2]) == frozenset()
    row = history.get("r")
    assert row is not None
    assert (row.state, row.started, row.finished, row.sequence) == (Status.RUNNING, 2.0, None, 2)
    assert history.take(NEWS[2:5]) == {"r"}
    row = history.get("r")
    assert row is not None
    assert (row.state, row.cause, row.message, row.finished) == (Status.FAILED, Cause.EXIT_CODE, "a task failed", 3.5)
    assert history.active() == ()
    history.take(NEWS[5:])
    row = history.get("r")
    assert row is not None
    assert (row.state, row.started, row.finished, row.message) == (Status.PENDING, None, None, "")
    assert [active.id for active in history.active()] == ["r"]


@given(order=st.lists(st.integers(0, 5), max_size=20))
@settings(deadline=None, max_examples=40)
def test_each_event_once_and_in_order(tmp_path_factory: pytest.TempPathFactory, order: list[int]) -> None:
    """Repeats and news that runs ahead change nothing; handing in everything at the end completes it."""
    with closing(Database(tmp_path_factory.mktemp("h") / "f")) as database:
        history = History(database)
        history.open(RunRow("r", "p", "Job", "simulated", Status.PENDING, created=0.5))
        for position in order:
            history.take(NEWS[position : position + 1])
            numbers = [row.sequence for row in history.events("r")]
            assert numbers == list(range(1, len(numbers) + 1))
        history.take(NEWS)
        assert [(row.sequence, row.type) for row in history.events("r")] == [(e.sequence, e.type) for e in NEWS]


def test_events_by_task_and_instance(history: History) -> None:
    """The whole, a task's, an instance's; news of unknown runs is nobody's."""
    history.take((*NEWS, Event("stranger", 1, 1.0, EventType.SUBMITTED, status=Status.PENDING)))
    assert [row.sequence for row in history.events("r", task="t")] == [3, 4]
    assert [row.sequence for row in history.events("r", task="t", number=0)] == [3, 4]
    assert history.events("r", task="t", number=1) == ()
    assert history.events("stranger") == ()
    assert history.identifiers() == {"r"}


def test_forgetting_takes_everything(history: History) -> None:
    """Events and measurements go with the run."""
    history.take(NEWS)
    history.measure([Sample("r", "t", 0, "m", 1.0, 2.0)])
    history.forget("r")
    assert (history.get("r"), history.events("r"), history.measured("r", "t", 0, "m")) == (None, (), ())


def work(name: str, *lines: str) -> Run:
    """A run of one task."""
    return Run(name, (Task("t", (Instance(Script(lines)),)),))


def test_a_listener_that_missed_some_catches_up(database: Database) -> None:
    """News that runs ahead makes the whole story be asked for."""
    runs = Runs(History(database), Clock())
    engine = SimulatedEngine()
    runs.attach({"simulated": engine}, "simulated")
    runs.open("r", "p", "Job")
    engine.submit(work("r", "true"))
    last = engine.events("r")[-1]
    runs.hear((last,))
    row = runs.history.get("r")
    assert row is not None
    assert (row.state, row.sequence) == (Status.SUCCEEDED, last.sequence)
    assert snapshot_from_text(row.snapshot) == engine.observe("r")


def test_runs_nobody_knows(database: Database) -> None:
    """Asking about one is an error of its own kind, and hearing of one is nothing."""
    runs = Runs(History(database), Clock())
    runs.attach({"simulated": SimulatedEngine()}, "simulated")
    runs.hear(NEWS)
    for ask in (runs.look, runs.state, runs.cancel, runs.drop, runs.events):
        with pytest.raises(UnknownRun):
            ask("r")
    with pytest.raises(ValueError, match="no engine"):
        runs.choose("none")


def test_snapshots_as_text() -> None:
    """There and back."""
    instance = InstanceSnapshot(0, Status.FAILED, Cause.SIGNAL, None, 9, 2, 1, 1.5, 2.5, "killed", None)
    snapshot = RunSnapshot(
        "r", Status.FAILED, (TaskSnapshot("t", Status.FAILED, (instance,), Cause.SIGNAL, 1.5, 2.5, "x"),), 7, 1.0
    )
    assert snapshot_from_text(snapshot_to_text(snapshot)) == snapshot


def test_clock() -> None:
    """Runs with its source, can be moved, stopped, moved while stopped, and let go."""
    source = [100.0]
    clock = Clock(lambda: source[0])
    clock.advance(10)
    assert clock.now() == 110
    clock.freeze()
    clock.freeze()
    source[0] = 200.0
    assert clock.now() == 110
    clock.advance(-5)
    assert clock.now() == 105
    clock.release()
    assert clock.now() == 200


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0, "1970-01-01T00:00:00Z"),
        (1611974076.9, "2021-01-30T02:34:36Z"),
        (-5, "1970-01-01T00:00:00Z"),
        (1e30, "9999-12-31T23:59:59Z"),
    ],
)
def test_times_as_text(seconds: float | None, text: str) -> None:
    """UTC with a Z, whole seconds, never an error."""
    assert utc_text(seconds) == text


def test_locks(tmp_path: Path) -> None:
    """One holder at a time, known by its process id; free again when given back."""
    first, second = Lock(tmp_path / "lock"), Lock(tmp_path / "lock")
    assert second.holder() is None
    assert first.take()
    assert not second.take(patience=0.05)
    assert second.holder() is not None
    first.release()
    assert second.take()
    second.release()


def test_an_account_is_invented_once(tmp_path: Path) -> None:
    """The same afterwards; a damaged file gets a new one."""
    folder = Folder.claim(tmp_path / "f")
    account = folder.account()
    assert folder.account() == account
    (folder.root / "account.json").write_text('{"access_key": 5}')
    assert folder.account() != account
    assert folder.ready() is None
