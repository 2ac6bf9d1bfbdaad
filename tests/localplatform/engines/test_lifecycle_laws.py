"""Laws that hold for any graph, any outcomes and any interference, and for what is written down on the way."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.localplatform.engines import codec
from reconciler.localplatform.engines.ledger import Ledger
from reconciler.localplatform.engines.lifecycle import Ending, Lifecycle, Order, Unit, Verb
from reconciler.localplatform.engines.protocol import Event, EventType
from reconciler.localplatform.engines.scheduling import Capacity, Grant, Offer, choose, clamp, grant
from reconciler.localplatform.engines.storage import folder_name
from reconciler.localplatform.work import (
    Cause,
    File,
    Instance,
    Limits,
    Program,
    Restart,
    Run,
    Script,
    Size,
    Status,
    Task,
    Together,
)

TEXT = st.text(max_size=5)
INSTANCES = st.builds(
    Instance,
    command=st.one_of(
        st.builds(Script, st.lists(TEXT, max_size=3).map(tuple), st.booleans()),
        st.builds(Program, st.lists(TEXT, min_size=1, max_size=3).map(tuple)),
    ),
    environment=st.dictionaries(st.from_regex(r"[A-Z]{1,3}", fullmatch=True), TEXT.filter(lambda t: "\0" not in t)),
    directory=TEXT,
    inputs=st.lists(TEXT, max_size=2).map(tuple),
    outputs=st.lists(TEXT, max_size=2).map(tuple),
    files=st.lists(st.builds(File, st.just("a/b"), st.binary(max_size=5), st.booleans()), max_size=2).map(tuple),
    limits=st.builds(Limits, st.floats(0, 99), st.integers(0, 2**40), st.integers(0, 16)),
    name=TEXT,
    image=TEXT,
    requested=st.none() | st.builds(Limits, st.floats(0, 99), st.integers(0, 2**40), st.integers(0, 16), st.booleans()),
    size=st.none() | st.builds(Size, TEXT, st.integers(0, 9)),
)


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """Runs of any shape, without sense in what they would do."""
    names = draw(st.lists(st.text(min_size=1, max_size=4), unique=True, max_size=5))
    tasks = []
    for position, name in enumerate(names):
        instances = tuple(draw(st.lists(INSTANCES, max_size=3)))
        together = draw(st.sampled_from(Together))
        decided_by = (0,) if instances and together is Together.GANG and draw(st.booleans()) else ()
        tasks.append(
            Task(
                name,
                instances,
                needs=tuple(draw(st.lists(st.sampled_from(names[:position]), unique=True))) if position else (),
                together=together,
                restart=Restart(draw(st.integers(0, 2)), frozenset(draw(st.sets(st.integers(1, 3))))),
                timeout=draw(st.none() | st.floats(0.1, 99)),
                ports=draw(st.sampled_from([(), ("PORT",)])),
                decided_by=decided_by,
            )
        )
    return Run(
        "r-1", tuple(tasks), draw(TEXT), draw(st.integers(0, 9)), draw(st.none() | st.floats(0.1, 99)), {"a": "b"}
    )


ENDINGS = st.sampled_from(
    [
        Ending(exit_code=0),
        Ending(exit_code=0),
        Ending(Cause.EXIT_CODE, 1, message="exit code 1"),
        Ending(Cause.SIGNAL, signal=9),
        Ending(Cause.TIMEOUT),
        Ending(Cause.LAUNCH),
        Ending(Cause.LOST),
    ]
)


class World:
    """An engine's side of a lifecycle, with everything that happens chosen by `data`."""

    def __init__(self, run: Run, data: st.DataObject) -> None:
        self.life = Lifecycle(run)
        self.data = data
        self.events: list[Event] = []
        self.running: set[tuple[str, int]] = set()
        self.starts: dict[tuple[str, int], int] = {}
        self.now = 0.0
        self.life.submitted(self.now)

    def step(self) -> bool:
        """One thing happens. False: nothing can."""
        self.now += 1
        self.events += self.life.take_events()
        self.life.take_orders()
        units = list(self.life.units())
        choices = [("start", unit) for unit in units] + [("end", key) for key in sorted(self.running)]
        if not choices:
            return False
        verb, what = self.data.draw(st.sampled_from(choices))
        if isinstance(what, Unit):
            self._start(what)
        else:
            self._end(what)
        assert verb in {"start", "end"}
        return True

    def _start(self, unit: Unit) -> None:
        needs = self.life.ledger.needs[unit.task]
        assert all(self.life.ledger.tasks[need].shown.status is Status.SUCCEEDED for need in needs)
        self.life.scheduled(unit, self.now)
        for index in unit.indexes:
            self.running.add((unit.task, index))
            self.starts[unit.task, index] = self.starts.get((unit.task, index), 0) + 1
            if self.data.draw(st.booleans()):
                self.life.started(unit.task, index, self.now)

    def _end(self, key: tuple[str, int]) -> None:
        stopping = self.life.ledger.instance(*key).stopping
        ending = Ending(stopped=True) if stopping else self.data.draw(ENDINGS)
        self.running.discard(key)
        if self.data.draw(st.booleans()):
            self.life.started(*key, self.now)
        self.life.ended(*key, self.now, ending)
        self.life.ended(*key, self.now, Ending(Cause.LOST))  # told twice

    def finish(self) -> None:
        """Until nothing can happen. Nothing may have ended more often than it was started."""
        while self.step():
            pass
        self.events += self.life.take_events()
        ends = Counter((e.task, e.index, e.attempt) for e in self.events if e.type is EventType.ENDED and e.attempt)
        assert all(count == 1 for count in ends.values())
        whole = [event.type for event in self.events if not event.task]
        assert whole.count(EventType.ENDED) == whole.count(EventType.RETRIED) + 1


@settings(max_examples=60, deadline=None)
@given(runs(), st.data())
def test_every_run_ends_and_says_truly_how(run: Run, data: st.DataObject) -> None:
    """Whatever happens in whatever order, everything ends, and the parts explain the whole."""
    world = World(run, data)
    interference = data.draw(st.sampled_from(["none", "cancel", "timeout", "suspend"]))
    for _ in range(data.draw(st.integers(0, 6))):
        world.step()
    if interference == "cancel":
        world.life.stop(world.now, Cause.CANCELLED)
    elif interference == "timeout":
        world.life.stop(world.now, Cause.RUN_TIMEOUT)
    elif interference == "suspend":
        world.life.suspend(world.now)
        assert list(world.life.units()) == [] or world.life.ledger.status.ended
        world.life.resume(world.now)
    world.finish()
    snapshot = world.life.ledger.snapshot()
    assert snapshot.status.ended
    assert not world.running
    for task in snapshot.tasks:
        statuses = {instance.status for instance in task.instances}
        assert all(status.ended for status in statuses)
        assert (task.status is Status.FAILED) == (Status.FAILED in statuses)
        if task.status is Status.SUCCEEDED:
            assert statuses <= {Status.SUCCEEDED}
        if task.status is Status.SKIPPED:
            assert any(snapshot.task(need).status is not Status.SUCCEEDED for need in run.task(task.name).needs)
    succeeded = all(task.status is Status.SUCCEEDED for task in snapshot.tasks)
    assert (snapshot.status is Status.SUCCEEDED) == succeeded
    if interference in {"none", "suspend"}:
        assert snapshot.status is not Status.CANCELLED


@settings(max_examples=60, deadline=None)
@given(runs(), st.data())
def test_a_retry_never_repeats_success(run: Run, data: st.DataObject) -> None:
    """After a retry, instances of a fan-out which had succeeded were started no more often than before."""
    world = World(run, data)
    world.finish()
    before = world.life.ledger.snapshot()
    starts = dict(world.starts)
    again = world.life.retry(world.now)
    assert set(again) == {task.name for task in before.tasks if task.status is not Status.SUCCEEDED}
    world.finish()
    for task in before.tasks:
        for instance in task.instances:
            fan_out = run.task(task.name).together is Together.FAN_OUT
            if task.status is Status.SUCCEEDED or (fan_out and instance.status is Status.SUCCEEDED):
                assert world.starts.get((task.name, instance.index), 0) == starts.get((task.name, instance.index), 0)


@settings(max_examples=60, deadline=None)
@given(runs(), st.data())
def test_restarting_an_engine_anywhere_loses_nothing(run: Run, data: st.DataObject) -> None:
    """Folding what was written down, through JSON, gives the same state, and the same things may start."""
    world = World(codec.run_from_json(codec.run_to_json(run)), data)
    for _ in range(data.draw(st.integers(0, 12))):
        world.step()
    world.events += world.life.take_events()
    lines = [codec.event_to_json(event) for event in world.events]
    again = Lifecycle(codec.run_from_json(codec.run_to_json(run)), map(codec.event_from_json, lines))
    assert again.ledger.snapshot() == world.life.ledger.snapshot()
    assert {(unit.task, unit.indexes) for unit in again.units()} == {
        (unit.task, unit.indexes) for unit in world.life.units()
    }
    assert sorted(again.active()) == sorted(world.life.active())
    assert [event.sequence for event in world.events] == list(range(1, len(world.events) + 1))


@settings(max_examples=50, deadline=None)
@given(runs())
def test_a_run_written_down_is_the_same_run(run: Run) -> None:
    """Every member of every value survives."""
    assert codec.run_from_json(codec.run_to_json(run)) == run


@given(st.sampled_from(EventType), st.none() | st.sampled_from(Status), st.sampled_from(Cause), TEXT, st.booleans())
def test_an_event_written_down_is_the_same_event(
    kind: EventType, status: Status | None, cause: Cause, text: str, warning: bool
) -> None:
    """Members at their defaults included."""
    event = Event("r", 3, 1.5, kind, text, text, 0, 2, status, cause, 0, 9, 77, warning)
    assert codec.event_from_json(codec.event_to_json(event)) == event
    bare = Event("r", 1, 0.0, kind)
    assert codec.event_from_json(codec.event_to_json(bare)) == bare


@given(st.lists(st.text(min_size=1, max_size=150), min_size=2, max_size=2, unique=True))
def test_no_two_names_share_a_folder(names: list[str]) -> None:
    """Not even where case does not count; and no name is special or too long."""
    first, second = map(folder_name, names)
    assert first.lower() != second.lower()
    assert first not in {"", ".", ".."}
    assert "/" not in first
    assert len(first.encode()) <= 255
    assert not first.startswith(".")


LIMITS = st.builds(Limits, st.floats(0, 8), st.integers(0, 100), st.integers(0, 2))


@given(
    st.lists(st.tuples(st.lists(LIMITS, min_size=1, max_size=6), st.integers(0, 9), st.integers(0, 3)), max_size=8),
    st.lists(st.builds(Grant, st.floats(0, 4), st.integers(0, 50), st.integers(0, 4)), max_size=4),
)
def test_what_is_chosen_fits_and_is_first_in_line(
    offers: list[tuple[list[Limits], int, int]], held: list[Grant]
) -> None:
    """What starts keeps within the machine, nothing of lower priority overtakes, an idle machine never waits."""
    capacity = Capacity(4.0, 50, 4)
    lined = [
        Offer(
            f"r{order}",
            Unit("t", ()),
            grant([clamp(one, capacity)[0] for one in limits], capacity),
            priority,
            running,
            order,
        )
        for order, (limits, priority, running) in enumerate(offers)
    ]
    chosen = choose(lined, held, capacity)
    if chosen is not None:
        assert chosen.grant.cpu + sum(one.cpu for one in held) <= capacity.cpu + 1e-6
        assert chosen.grant.memory + sum(one.memory for one in held) <= capacity.memory
        assert chosen.grant.instances + sum(one.instances for one in held) <= capacity.instances
        assert chosen.priority == max(offer.priority for offer in lined)
    assert choose(lined, [], capacity) is not None or not lined


def begun(task: Task) -> Lifecycle:
    """A run of that task, all of it running."""
    life = Lifecycle(Run("r", (task,)))
    life.submitted(0.0)
    for unit in list(life.units()):
        life.scheduled(unit, 1.0)
        for index in unit.indexes:
            life.started(unit.task, index, 2.0)
    return life


NOTHING = Instance(Script(()))


def test_what_fails_while_it_is_stopped_is_not_restarted() -> None:
    """The failure came before the stop arrived: the run is over all the same."""
    life = begun(Task("t", (NOTHING,), restart=Restart(5)))
    life.stop(3.0, Cause.CANCELLED)
    life.ended("t", 0, 4.0, Ending(Cause.EXIT_CODE, 1))
    assert life.ledger.status is Status.CANCELLED
    assert life.ledger.instance("t", 0).shown.restarts == 0


def test_what_starts_in_a_suspended_run_is_frozen() -> None:
    """It was about to start when the run was suspended."""
    life = Lifecycle(Run("r", (Task("t", (NOTHING,)),)))
    life.submitted(0.0)
    life.scheduled(next(life.units()), 1.0)
    life.suspend(2.0)
    assert life.take_orders() == (Order(Verb.FREEZE, "t", 0),)
    life.started("t", 0, 3.0)
    assert life.take_orders() == (Order(Verb.FREEZE, "t", 0),)
    assert life.ledger.status is Status.SUSPENDED


def test_a_gang_restarts_even_if_a_worker_started_late() -> None:
    """Its first sign of life came after it was asked to stop."""
    life = Lifecycle(Run("r", (Task("t", (NOTHING, NOTHING), together=Together.GANG, restart=Restart(1)),)))
    life.submitted(0.0)
    life.scheduled(next(life.units()), 1.0)
    life.ended("t", 0, 2.0, Ending(Cause.EXIT_CODE, 1))
    life.started("t", 1, 3.0)
    life.ended("t", 1, 4.0, Ending(stopped=True))
    assert [unit.indexes for unit in life.units()] == [(0, 1)]


def test_once_decided_a_gang_cannot_fail_any_more() -> None:
    """A worker that falls over because its chief has gone does no harm; one that fell over before does."""
    gang = Task("t", (NOTHING, NOTHING), together=Together.GANG, decided_by=(0,))
    life = begun(gang)
    life.ended("t", 0, 3.0, Ending(exit_code=0))
    life.ended("t", 1, 4.0, Ending(Cause.EXIT_CODE, 1))
    assert life.ledger.status is Status.SUCCEEDED
    life = begun(gang)
    life.ended("t", 1, 3.0, Ending(Cause.EXIT_CODE, 1))
    life.ended("t", 0, 4.0, Ending(exit_code=0))
    assert life.ledger.status is Status.FAILED


def test_a_ledger_ignores_events_that_only_tell() -> None:
    """A note moves nothing but the sequence."""
    run = Run("r", (Task("t", (Instance(Script(())),)),))
    ledger = Ledger(run)
    before = ledger.snapshot()
    ledger.apply(Event("r", 1, 5.0, EventType.CLAMPED, task="t", index=0))
    after = ledger.snapshot()
    assert (after.status, after.tasks) == (before.status, before.tasks)
    assert after.sequence == 1
