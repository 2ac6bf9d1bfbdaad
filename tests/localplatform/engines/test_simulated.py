"""What only the simulated engine has: paces, and outcomes that are asked for."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.localplatform.engines.outbox import Outbox
from reconciler.localplatform.engines.protocol import Event, EventType
from reconciler.localplatform.engines.simulated import Advance, SimulatedEngine
from reconciler.localplatform.engines.simulation import perform
from reconciler.localplatform.work import Cause, Instance, Program, Run, Script, Status, Task
from tests.localplatform.engines.conftest import hanging, shell


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """UNIX seconds."""
        return self.now


CHAIN = Run(
    "run-1", (Task("a", (shell("echo a", "sleep 10"),)), Task("b", (shell("sleep 5", "exit 3"),), needs=("a",)))
)


def statuses(engine: SimulatedEngine) -> list[Status]:
    """Run and tasks."""
    snapshot = engine.observe("run-1")
    return [snapshot.status, *(task.status for task in snapshot.tasks)]


def test_at_once_all_is_over_when_submit_returns() -> None:
    """However long it would take, but for what never ends."""
    engine = SimulatedEngine()
    engine.submit(CHAIN)
    assert statuses(engine) == [Status.FAILED, Status.SUCCEEDED, Status.FAILED]


def test_per_read_each_look_goes_one_step() -> None:
    """Running, ended, next one running, ended; and nothing moves without a look."""
    engine = SimulatedEngine(advance=Advance.PER_READ)
    engine.submit(CHAIN)
    assert [event.type for event in engine.events("run-1")] == [EventType.SUBMITTED]
    seen = [statuses(engine) for _ in range(5)]
    assert seen == [
        [Status.RUNNING, Status.RUNNING, Status.PENDING],
        [Status.RUNNING, Status.SUCCEEDED, Status.PENDING],
        [Status.RUNNING, Status.SUCCEEDED, Status.RUNNING],
        [Status.FAILED, Status.SUCCEEDED, Status.FAILED],
        [Status.FAILED, Status.SUCCEEDED, Status.FAILED],
    ]


def test_per_read_a_cancel_shows_stopping_first() -> None:
    """What is asked to stop has stopped at the next look but one."""
    engine = SimulatedEngine(advance=Advance.PER_READ)
    engine.submit(Run("run-1", (Task("a", (hanging(),)),)))
    engine.observe("run-1")
    engine.cancel("run-1")
    assert engine.events("run-1")[-1].status is Status.STOPPING
    assert engine.observe("run-1").status is Status.CANCELLED


def test_by_clock_things_happen_when_they_would() -> None:
    """Times in events are those at which it happened, however late somebody looks."""
    clock = Hands()
    engine = SimulatedEngine(advance=Advance.BY_CLOCK, clock=clock)
    engine.submit(CHAIN)
    clock.now += 9
    assert statuses(engine) == [Status.RUNNING, Status.RUNNING, Status.PENDING]
    clock.now += 100
    snapshot = engine.observe("run-1")
    assert snapshot.status is Status.FAILED
    assert (snapshot.task("a").finished, snapshot.task("b").started, snapshot.finished) == (1010.0, 1010.0, 1015.0)


def test_by_clock_a_tick_tells_without_a_look() -> None:
    """News reaches the listener."""
    clock, heard = Hands(), []
    engine = SimulatedEngine(heard.extend, advance=Advance.BY_CLOCK, clock=clock)
    engine.submit(CHAIN)
    clock.now += 100
    engine.tick()
    assert heard[-1].status is Status.FAILED


def test_by_clock_suspended_time_does_not_count_but_for_limits() -> None:
    """Work is put off by as long as it stood still; the run's limit is not."""
    clock = Hands()
    engine = SimulatedEngine(advance=Advance.BY_CLOCK, clock=clock)
    engine.submit(Run("run-1", (Task("a", (shell("sleep 10"),)),), timeout=50))
    clock.now += 4
    engine.suspend("run-1")
    clock.now += 20
    engine.resume("run-1")
    clock.now += 5
    assert engine.observe("run-1").status is Status.RUNNING
    clock.now += 1
    assert engine.observe("run-1").finished == 1030.0
    engine.forget("run-1")
    engine.submit(Run("run-1", (Task("a", (shell("sleep 10"),)),), timeout=20))
    engine.suspend("run-1")
    clock.now += 21
    assert engine.observe("run-1").cause is Cause.RUN_TIMEOUT


def test_by_clock_a_stubborn_command_outlives_a_gentle_stop() -> None:
    """It takes the grace, or force."""
    clock = Hands()
    engine = SimulatedEngine(advance=Advance.BY_CLOCK, clock=clock)
    engine.submit(Run("run-1", (Task("a", (hanging("trap '' TERM"),)),)))
    engine.cancel("run-1")
    clock.now += 5
    assert engine.observe("run-1").status is Status.STOPPING
    engine.cancel("run-1", force=True)
    assert engine.observe("run-1").status is Status.CANCELLED


@pytest.mark.parametrize("cause", [cause for cause in Cause if cause not in {Cause.NONE, Cause.CANCELLED, Cause.PEER}])
def test_any_cause_can_be_asked_for(cause: Cause) -> None:
    """By one variable."""
    engine = SimulatedEngine()
    engine.submit(Run("run-1", (Task("a", (shell("true", environment={"SIMULATED_CAUSE": cause}),)),)))
    assert engine.observe("run-1").task("a").instances[0].cause is cause


def test_an_exit_code_can_be_asked_for() -> None:
    """The variable wins over the command."""
    engine = SimulatedEngine()
    engine.submit(Run("run-1", (Task("a", (shell("exit 3", environment={"SIMULATED_EXIT_CODE": "0"}),)),)))
    assert engine.observe("run-1").status is Status.SUCCEEDED


@given(st.lists(st.text(max_size=20), max_size=4).map(tuple), st.booleans())
def test_any_text_can_be_performed(lines: tuple[str, ...], stop: bool) -> None:
    """Commands nobody understands succeed, and none is an error of ours."""
    played = perform(Instance(Script(lines, stop)), {})
    assert played.seconds >= 0
    assert not math.isnan(played.seconds)
    perform(Instance(Program(lines or ("x",))), {})


def test_without_stopping_at_failures_the_last_line_counts() -> None:
    """As a plain shell does it."""
    assert perform(Instance(Script(("false", "true"), stop_at_failure=False)), {}).ending.exit_code == 0
    assert perform(Instance(Script(("true", "false"), stop_at_failure=False)), {}).ending.exit_code == 1
    assert perform(Instance(Script(("exit 4", "true"), stop_at_failure=False)), {}).ending.exit_code == 4


def test_a_listener_that_raises_gets_its_news_again() -> None:
    """With the next delivery, before what came later; nothing is lost and nothing overtakes."""
    heard: list[int] = []
    broken = True

    def listen(events: tuple[Event, ...]) -> None:
        if broken:
            raise OSError
        heard.extend(event.sequence for event in events)

    outbox = Outbox(listen)
    outbox.put((Event("r", 1, 0.0, EventType.SUBMITTED),))
    with pytest.raises(OSError):  # noqa: PT011 - which one does not matter
        outbox.deliver()
    broken = False
    outbox.put((Event("r", 2, 0.0, EventType.STARTED),))
    outbox.deliver()
    outbox.deliver()
    assert heard == [1, 2]
