"""What follows from what: the one place that decides how runs, tasks and instances move. No processes, no clock.

An engine tells what it did or saw (`scheduled`, `started`, `ended`) and what people asked (`cancel`, `retry` ...); the
lifecycle answers with events (`take_events`), with what to do to running instances (`take_orders`), and with what
may start (`units`). Both engines share it, so they cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypedDict, Unpack

from reconciler.localplatform.engines.ledger import Ledger
from reconciler.localplatform.engines.protocol import Event, EventType, InvalidRun, RunActive
from reconciler.localplatform.work import Cause, Status, Together, problems, ready, unreachable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.localplatform.engines.ledger import TaskRecord
    from reconciler.localplatform.work import Run, Task

_RESTARTABLE = {Cause.EXIT_CODE, Cause.SIGNAL, Cause.OUT_OF_MEMORY}
_BY_SIGNAL = 128


class Verb(StrEnum):
    """What an engine does to a running instance. `STOP` is gentle first, `KILL` at once."""

    STOP = "stop"
    KILL = "kill"
    FREEZE = "freeze"
    THAW = "thaw"


@dataclass(frozen=True, slots=True)
class Order:
    """Something to do to a running instance."""

    verb: Verb
    task: str
    index: int


@dataclass(frozen=True, slots=True)
class Unit:
    """Instances which must start together: one of a fan-out, or a whole gang."""

    task: str
    indexes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ending:
    """How an instance ended. `stopped`: because it was asked to; why, the lifecycle knows."""

    cause: Cause = Cause.NONE
    exit_code: int | None = None
    signal: int | None = None
    message: str = ""
    stopped: bool = False


class _Waits(TypedDict, total=False):
    status: Status | None
    message: str
    warning: bool


class _About(_Waits, total=False):
    task: str
    index: int | None
    attempt: int
    cause: Cause
    exit_code: int | None
    signal: int | None
    process: int | None


class Lifecycle:
    """One run's life. Not safe to share between threads without a lock of the owner's."""

    def __init__(self, run: Run, events: Iterable[Event] = ()) -> None:
        self.ledger = Ledger(run)
        for event in events:
            self.ledger.apply(event)
        self._events: list[Event] = []
        self._orders: list[Order] = []

    # What an engine takes

    def take_events(self) -> tuple[Event, ...]:
        """The news since the last time, in order."""
        events, self._events = tuple(self._events), []
        return events

    def take_orders(self) -> tuple[Order, ...]:
        """What to do to running instances, in order."""
        orders, self._orders = tuple(self._orders), []
        return orders

    def units(self) -> Iterator[Unit]:
        """What may start now, tasks in the run's order. Of a fan-out only the next one: ask again after each."""
        ledger = self.ledger
        if ledger.status not in {Status.PENDING, Status.RUNNING}:
            return
        for name, record in ledger.tasks.items():
            if record.waiting and self._may_start(record, name):
                if ledger.definition(name).together is Together.GANG:
                    if not record.active:
                        yield Unit(name, tuple(sorted(record.waiting)))
                else:
                    yield Unit(name, (next(iter(record.waiting)),))

    def _may_start(self, record: TaskRecord, name: str) -> bool:
        needs = (self.ledger.tasks[need].shown.status for need in self.ledger.needs[name])
        return record.shown.status in {Status.PENDING, Status.RUNNING} and set(needs) <= {Status.SUCCEEDED}

    # What an engine tells

    def submitted(self, at: float) -> None:
        """The run was taken."""
        self._emit(EventType.SUBMITTED, at, status=Status.PENDING)
        self._settle(at)

    def scheduled(self, unit: Unit, at: float) -> None:
        """Room was found for a unit."""
        for index in unit.indexes:
            attempt = self.ledger.instance(unit.task, index).shown.attempt + 1
            self._emit(EventType.SCHEDULED, at, task=unit.task, index=index, attempt=attempt)

    def started(self, task: str, index: int, at: float, process: int | None = None) -> None:
        """A command runs."""
        instance = self.ledger.instance(task, index)
        if not instance.scheduled or instance.shown.started is not None:
            return
        status, attempt = Status.STOPPING if instance.stopping else Status.RUNNING, instance.shown.attempt
        if self.ledger.started is None or self.ledger.status is Status.PENDING:
            moves = self.ledger.status is Status.PENDING
            self._emit(EventType.STARTED, at, status=Status.RUNNING if moves else None)
        if self.ledger.tasks[task].shown.started is None or self.ledger.tasks[task].shown.status is Status.PENDING:
            whole = Status.STOPPING if self.ledger.stopping else Status.RUNNING
            self._emit(EventType.STARTED, at, task=task, status=whole)
        self._emit(EventType.STARTED, at, task=task, index=index, attempt=attempt, status=status, process=process)
        if self.ledger.status is Status.SUSPENDED:
            self._orders.append(Order(Verb.FREEZE, task, index))

    def ended(self, task: str, index: int, at: float, ending: Ending) -> None:
        """A command has ended, or could not be started. Told twice: nothing happens."""
        record, instance = self.ledger.tasks[task], self.ledger.instance(task, index)
        if not instance.scheduled:
            return
        if ending.stopped:
            ending = replace(ending, cause=instance.stopping or Cause.CANCELLED)
        definition = self.ledger.definition(task)
        if definition.together is Together.FAN_OUT and self._restarts(definition, record, [index], [ending]):
            self._end(EventType.RESTARTED, task, index, at, ending)
            return
        self._end(EventType.ENDED, task, index, at, ending)
        if definition.together is Together.GANG:
            self._gang_ended(definition, record, at)
        if self._task_over(record):
            self._end_task(definition, record, at)

    def requeued(self, task: str, indexes: Sequence[int], at: float, message: str) -> None:
        """Whoever owns the machines took them away and will begin these anew; what was to be stopped has stopped."""
        record = self.ledger.tasks[task]
        waits: _Waits = {"status": Status.PENDING, "message": message, "warning": True}
        for index in indexes:
            instance = self.ledger.instance(task, index)
            if instance.scheduled and instance.stopping:
                self.ended(task, index, at, Ending(stopped=True))
            elif instance.scheduled:
                attempt = instance.shown.attempt
                self._emit(EventType.REQUEUED, at, task=task, index=index, attempt=attempt, **waits)
        if record.active or record.shown.status is not Status.RUNNING or len(record.waiting) < len(record.instances):
            return
        self._emit(EventType.REQUEUED, at, task=task, **waits)
        if self.ledger.status is Status.RUNNING and set(self.ledger.statuses().values()) == {Status.PENDING}:
            self._emit(EventType.REQUEUED, at, **waits)

    def note(self, kind: EventType, task: str, index: int, at: float, message: str) -> None:
        """Something people should know and that moves nothing."""
        attempt = self.ledger.instance(task, index).shown.attempt
        warning = kind is not EventType.ADOPTED
        self._emit(kind, at, task=task, index=index, attempt=attempt, message=message, warning=warning)

    # What people ask

    def stop(self, at: float, cause: Cause, message: str = "", *, force: bool = False) -> None:
        """Ends the run for `cause`: CANCELLED by a person, RUN_TIMEOUT, or DISK."""
        ledger = self.ledger
        if ledger.status.ended:
            return
        if not ledger.stopping:
            self._emit(EventType.STOPPING, at, status=Status.STOPPING, cause=cause, message=message)
        for name, record in ledger.tasks.items():
            if record.shown.status.ended:
                continue
            if record.active and record.shown.status is Status.RUNNING:
                self._emit(EventType.STOPPING, at, task=name, status=Status.STOPPING, cause=cause)
            for index in record.active:
                self._stop_instance(name, index, at, cause, force=force)
            if self._task_over(record):
                self._end_task(ledger.definition(name), record, at, settle=False)
        self._settle(at)

    def retry(self, at: float, amended: Run | None = None) -> tuple[str, ...]:
        """Puts back what has not succeeded. See Engine.retry."""
        if not self.ledger.status.ended:
            message = f"run {self.ledger.run.id} has not ended: cancel it first"
            raise RunActive(message)
        before = self.ledger.run
        if amended is not None:
            self.ledger.reshape(self._merged(amended))
        again = [name for name, status in self.ledger.statuses().items() if status is not Status.SUCCEEDED]
        if not again:
            return ()
        self._emit(EventType.RETRIED, at, status=Status.PENDING)
        for name in again:
            changed = self.ledger.definition(name) != before.task(name)
            self._retry_task(self.ledger.definition(name), at, whole=changed)
        self._settle(at)
        return tuple(again)

    def suspend(self, at: float, message: str = "") -> None:
        """Freezes what runs. `message` says who wants it, when that is not whoever submitted the run."""
        if self.ledger.status in {Status.PENDING, Status.RUNNING}:
            self._emit(EventType.SUSPENDED, at, status=Status.SUSPENDED, message=message)
            self._orders += [Order(Verb.FREEZE, task, index) for task, index in self.active()]

    def resume(self, at: float) -> None:
        """Lets it go on."""
        if self.ledger.status is Status.SUSPENDED:
            status = Status.PENDING if self.ledger.started is None else Status.RUNNING
            self._emit(EventType.RESUMED, at, status=status)
            self._orders += [Order(Verb.THAW, task, index) for task, index in self.active()]

    # What an engine asks

    def active(self) -> tuple[tuple[str, int], ...]:
        """The instances that hold room."""
        return tuple((name, index) for name, record in self.ledger.tasks.items() for index in record.active)

    # How it follows

    def _restarts(self, task: Task, record: TaskRecord, indexes: Sequence[int], endings: Sequence[Ending]) -> bool:
        """Whether instances that failed like this start again."""
        if self.ledger.stopping or not endings:
            return False
        used = max(record.instances[index].shown.restarts for index in indexes)
        return used < task.restart.limit and all(_restartable(task, ending) for ending in endings)

    def _gang_ended(self, task: Task, record: TaskRecord, at: float) -> None:
        """One of a gang has ended: stop the others when that settles it; start all again when all have ended."""
        shown = [instance.shown for instance in record.instances]
        failed = [one for one in shown if one.status is Status.FAILED]
        if (failed or _decided(task, record)) and not self.ledger.stopping:
            for index in record.active:
                self._stop_instance(task.name, index, at, Cause.PEER)
        if record.active or not failed:
            return
        endings = [Ending(one.cause, one.exit_code, one.signal) for one in failed]
        if self._restarts(task, record, range(len(shown)), endings):
            for one in shown:
                ending = Ending(one.cause, one.exit_code, one.signal, one.message)
                self._end(EventType.RESTARTED, task.name, one.index, at, ending)

    def _stop_instance(self, task: str, index: int, at: float, cause: Cause, *, force: bool = False) -> None:
        instance = self.ledger.instance(task, index)
        if not instance.stopping:
            status = Status.STOPPING if instance.shown.status is Status.RUNNING else None
            attempt = instance.shown.attempt
            self._emit(EventType.STOPPING, at, task=task, index=index, attempt=attempt, status=status, cause=cause)
            self._orders.append(Order(Verb.KILL if force else Verb.STOP, task, index))
        elif force:
            self._orders.append(Order(Verb.KILL, task, index))

    def _end(self, kind: EventType, task: str, index: int, at: float, ending: Ending) -> None:
        record = self.ledger.tasks[task]
        status = Status.PENDING if kind is EventType.RESTARTED else _status_of(ending.cause)
        if kind is EventType.ENDED and _decided(self.ledger.definition(task), record):
            status = Status.SUCCEEDED  # also one that fell over because the others had gone already
        self._emit(
            kind,
            at,
            task=task,
            index=index,
            attempt=record.instances[index].shown.attempt,
            status=status,
            cause=ending.cause,
            exit_code=ending.exit_code,
            signal=ending.signal,
            message=ending.message,
            warning=status is not Status.SUCCEEDED,
        )

    def _task_over(self, record: TaskRecord) -> bool:
        return not record.active and (not record.waiting or bool(self.ledger.stopping))

    def _end_task(self, task: Task, record: TaskRecord, at: float, *, settle: bool = True) -> None:
        """All its instances have ended, or those that have not will never start."""
        worst = next((i.shown for i in record.instances if i.shown.status is Status.FAILED), None)
        status, cause, message = Status.SUCCEEDED, Cause.NONE, ""
        if worst is not None:
            status, cause = Status.FAILED, worst.cause
            of = f"instance {worst.index}: " if len(record.instances) > 1 else ""
            message = of + worst.message
        elif record.waiting or record.counts[Status.CANCELLED] or (self.ledger.stopping and not record.instances):
            status, cause = Status.CANCELLED, self.ledger.stopping or Cause.CANCELLED
        failed = status is not Status.SUCCEEDED
        self._emit(EventType.ENDED, at, task=task.name, status=status, cause=cause, message=message, warning=failed)
        if settle:
            self._settle(at)

    def _settle(self, at: float) -> None:
        """What follows once a task has ended: empty tasks succeed, dead branches are skipped, the run ends."""
        ledger = self.ledger
        while True:
            statuses = ledger.statuses()
            empty = [name for name in ready(ledger.needs, statuses) if not ledger.tasks[name].instances]
            if not empty or ledger.stopping:
                break
            for name in empty:
                self._emit(EventType.ENDED, at, task=name, status=Status.SUCCEEDED)
        for name in unreachable(ledger.needs, ledger.statuses()):
            message = "a task it needs did not succeed"
            self._emit(EventType.SKIPPED, at, task=name, status=Status.SKIPPED, cause=Cause.DEPENDENCY, message=message)
        if all(status.ended for status in ledger.statuses().values()):
            self._end_run(at)

    def _end_run(self, at: float) -> None:
        ledger = self.ledger
        shown = [record.shown for record in ledger.tasks.values()]
        failed = next((task for task in shown if task.status is Status.FAILED), None)
        status, cause, message = Status.SUCCEEDED, Cause.NONE, ""
        if all(task.status is Status.SUCCEEDED for task in shown):
            pass
        elif ledger.stopping:
            cause = ledger.stopping
            status = Status.CANCELLED if cause is Cause.CANCELLED else Status.FAILED
            message = _STOPPED.get(cause, "")
        elif failed is not None:
            status, cause, message = Status.FAILED, failed.cause, f"task {failed.name}: {failed.message}"
        failing = status is not Status.SUCCEEDED
        self._emit(EventType.ENDED, at, status=status, cause=cause, message=message, warning=failing)

    def _merged(self, amended: Run) -> Run:
        """The amended run, with what has succeeded as it was."""
        before = self.ledger.run
        wrong = problems(amended)
        if amended.id != before.id or {task.name for task in amended.tasks} != {task.name for task in before.tasks}:
            wrong = (*wrong, f"an amended run must have the id and the tasks of {before.id}")
        if wrong:
            raise InvalidRun("; ".join(wrong))
        done = {name for name, status in self.ledger.statuses().items() if status is Status.SUCCEEDED}
        kept = tuple(before.task(task.name) if task.name in done else task for task in amended.tasks)
        return replace(amended, tasks=kept)

    def _retry_task(self, task: Task, at: float, *, whole: bool) -> None:
        self._emit(EventType.RETRIED, at, task=task.name, status=Status.PENDING)
        record = self.ledger.tasks[task.name]
        whole = whole or task.together is Together.GANG
        for index in range(len(task.instances)):
            shown = record.instances[index].shown
            if whole or shown.status is not Status.SUCCEEDED:
                self._emit(EventType.RETRIED, at, task=task.name, index=index, status=Status.PENDING)

    def _emit(self, kind: EventType, at: float, **about: Unpack[_About]) -> None:
        event = Event(self.ledger.run.id, self.ledger.sequence + 1, at, kind, **about)
        self.ledger.apply(event)
        self._events.append(event)


_STOPPED = {
    Cause.CANCELLED: "cancelled",
    Cause.RUN_TIMEOUT: "the run's time was over",
    Cause.DISK: "the engine could not write to its folder",
}


def _status_of(cause: Cause) -> Status:
    if cause is Cause.NONE:
        return Status.SUCCEEDED
    return Status.CANCELLED if cause in {Cause.CANCELLED, Cause.PEER} else Status.FAILED


def _decided(task: Task, record: TaskRecord) -> bool:
    """Whether those who decide a gang have all succeeded."""
    return bool(task.decided_by) and all(
        record.instances[index].shown.status is Status.SUCCEEDED for index in task.decided_by
    )


def _restartable(task: Task, ending: Ending) -> bool:
    if ending.cause not in _RESTARTABLE:
        return False
    code = ending.exit_code if ending.signal is None else _BY_SIGNAL + ending.signal
    return not task.restart.exit_codes or code in task.restart.exit_codes
