"""Where a run stands: the fold of its events, and nothing else.

Events carry the status they lead to, so folding decides nothing; deciding is lifecycle.py. The same fold serves a
running engine (one event at a time) and a restarted one (the whole file).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.localplatform.engines.protocol import (
    EventType,
    InstanceSnapshot,
    RunSnapshot,
    TaskSnapshot,
    UnknownRun,
)
from reconciler.localplatform.work import Cause, Status

if TYPE_CHECKING:
    from reconciler.localplatform.engines.protocol import Event
    from reconciler.localplatform.work import Run, Task


@dataclass(slots=True)
class InstanceRecord:
    """One instance, as the events told. `scheduled`: it holds room, its process may exist or not yet; `first_started`
    is the first start since the last submit or retry, from which its time limit counts; `stopping` why it was asked
    to stop.
    """

    shown: InstanceSnapshot
    scheduled: bool = False
    first_started: float | None = None
    stopping: Cause = Cause.NONE


@dataclass(slots=True)
class TaskRecord:
    """One task, as the events told. `waiting` holds, in order, the instances that need a start; `active` those that
    hold room; `counts` how many instances are in each status.
    """

    shown: TaskSnapshot
    instances: list[InstanceRecord] = field(default_factory=list)
    waiting: dict[int, None] = field(default_factory=dict)
    active: dict[int, None] = field(default_factory=dict)
    counts: Counter[Status] = field(default_factory=Counter)

    def resize(self, count: int) -> None:
        """Makes room for `count` instances, or drops those beyond."""
        del self.instances[count:]
        while len(self.instances) < count:
            self.instances.append(InstanceRecord(InstanceSnapshot(len(self.instances), Status.PENDING)))
        self.waiting = {
            index: None
            for index, instance in enumerate(self.instances)
            if instance.shown.status is Status.PENDING and not instance.scheduled
        }
        self.active = {index: None for index in self.active if index < count}
        self.counts = Counter(instance.shown.status for instance in self.instances)


class Ledger:
    """A run and where it stands. Not safe to share between threads without a lock of the owner's."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.status = Status.PENDING
        self.cause = Cause.NONE
        self.sequence = 0
        self.submitted = 0.0
        self.started: float | None = None
        self.finished: float | None = None
        self.message = ""
        self.stopping = Cause.NONE
        self.tasks: dict[str, TaskRecord] = {}
        self.needs: dict[str, tuple[str, ...]] = {}
        self.reshape(run)

    def reshape(self, run: Run) -> None:
        """Takes an amended run: same task names, instances anew where a task has not succeeded."""
        self.run = run
        self.needs = {task.name: task.needs for task in run.tasks}
        for task in run.tasks:
            record = self.tasks.setdefault(task.name, TaskRecord(TaskSnapshot(task.name, Status.PENDING, ())))
            if record.shown.status is not Status.SUCCEEDED:
                record.resize(len(task.instances))

    def definition(self, name: str) -> Task:
        """What the task was asked to be. Raises UnknownRun."""
        try:
            return self.run.task(name)
        except KeyError:
            message = f"run {self.run.id} has no task {name!r}"
            raise UnknownRun(message) from None

    def instance(self, name: str, index: int) -> InstanceRecord:
        """One instance. Raises UnknownRun."""
        record = self.tasks.get(name)
        if record is None or not 0 <= index < len(record.instances):
            message = f"run {self.run.id} has no task {name!r} with an instance {index}"
            raise UnknownRun(message)
        return record.instances[index]

    def statuses(self) -> dict[str, Status]:
        """The status of each task."""
        return {name: record.shown.status for name, record in self.tasks.items()}

    def snapshot(self) -> RunSnapshot:
        """The run now, as a value."""
        return RunSnapshot(
            run_id=self.run.id,
            status=self.status,
            tasks=tuple(self._task_snapshot(task) for task in self.run.tasks),
            sequence=self.sequence,
            submitted=self.submitted,
            cause=self.cause,
            started=self.started,
            finished=self.finished,
            message=self.message,
        )

    def _task_snapshot(self, task: Task) -> TaskSnapshot:
        record = self.tasks[task.name]
        return replace(record.shown, instances=tuple(instance.shown for instance in record.instances))

    def apply(self, event: Event) -> None:
        """Folds one event in."""
        self.sequence = event.sequence
        if not event.task:
            self._apply_to_run(event)
        elif event.index is None:
            self._apply_to_task(event, self.tasks[event.task])
        else:
            self._apply_to_instance(event, self.tasks[event.task], event.index)

    def _apply_to_run(self, event: Event) -> None:
        self.status = event.status or self.status
        match event.type:
            case EventType.SUBMITTED:
                self.submitted = event.at
            case EventType.STARTED:
                self.started = event.at
            case EventType.STOPPING:
                self.stopping = event.cause
            case EventType.ENDED:
                self.finished, self.cause, self.message = event.at, event.cause, event.message
            case EventType.RETRIED:
                self.started = self.finished = None
                self.cause = self.stopping = Cause.NONE
                self.message = ""
            case _:
                pass

    def _apply_to_task(self, event: Event, record: TaskRecord) -> None:
        if event.status is None:
            return
        shown = replace(record.shown, status=event.status)
        match event.type:
            case EventType.STARTED:
                shown = replace(shown, started=event.at)
            case EventType.RETRIED:
                shown = TaskSnapshot(shown.name, event.status, ())
                record.resize(len(self.definition(shown.name).instances))
            case EventType.ENDED | EventType.SKIPPED:
                shown = replace(shown, finished=event.at, cause=event.cause, message=event.message)
                for index in list(record.waiting):
                    instance = record.instances[index]
                    ended = replace(instance.shown, status=event.status, cause=event.cause, finished=event.at)
                    _move(record, instance, ended)
                record.waiting.clear()
            case _:
                pass
        record.shown = shown

    @staticmethod
    def _apply_to_instance(event: Event, record: TaskRecord, index: int) -> None:
        if index >= len(record.instances):
            record.resize(index + 1)
        instance = record.instances[index]
        shown = instance.shown if event.status is None else replace(instance.shown, status=event.status)
        match event.type:
            case EventType.SCHEDULED:
                instance.scheduled, instance.stopping = True, Cause.NONE
                shown = InstanceSnapshot(index, shown.status, attempt=event.attempt, restarts=shown.restarts)
                record.waiting.pop(index, None)
                record.active[index] = None
            case EventType.STARTED:
                shown = replace(shown, started=event.at, process=event.process)
                if instance.first_started is None:
                    instance.first_started = event.at
            case EventType.STOPPING:
                instance.stopping = event.cause
            case EventType.ENDED:
                shown = _ended(shown, event)
                _release(record, instance, index)
            case EventType.RESTARTED:
                shown = replace(_ended(shown, event), finished=None, restarts=shown.restarts + 1)
                _release(record, instance, index)
                record.waiting[index] = None
            case EventType.REQUEUED:
                shown = InstanceSnapshot(
                    index, shown.status, attempt=shown.attempt, restarts=shown.restarts, message=event.message
                )
                _release(record, instance, index)
                record.waiting[index] = None
            case EventType.RETRIED:
                shown = InstanceSnapshot(index, shown.status, attempt=shown.attempt)
                instance.first_started = None
                record.waiting[index] = None
            case _:
                pass
        _move(record, instance, shown)


def _ended(shown: InstanceSnapshot, event: Event) -> InstanceSnapshot:
    return replace(
        shown,
        finished=event.at,
        cause=event.cause,
        exit_code=event.exit_code,
        signal=event.signal,
        message=event.message,
        process=None,
    )


def _release(record: TaskRecord, instance: InstanceRecord, index: int) -> None:
    instance.scheduled = False
    record.active.pop(index, None)


def _move(record: TaskRecord, instance: InstanceRecord, shown: InstanceSnapshot) -> None:
    record.counts[instance.shown.status] -= 1
    record.counts[shown.status] += 1
    instance.shown = shown
