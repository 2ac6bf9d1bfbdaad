"""What became of instances: records on the shared disk and Slurm's word, told to the lifecycle.

Everything here may be done twice: what is known already moves nothing.
"""

from __future__ import annotations

import math
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.localplatform.engines.capture import Capture
from reconciler.localplatform.engines.launching import Launch
from reconciler.localplatform.engines.lifecycle import Ending, Unit
from reconciler.localplatform.engines.protocol import EventType
from reconciler.localplatform.engines.slurm.mapping import CANCELLED, ending_of, requeued, stopped_by
from reconciler.localplatform.engines.slurm.script import notes
from reconciler.localplatform.engines.slurm.sizes import asked_for
from reconciler.localplatform.work import Cause, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reconciler.localplatform.engines.slurm.reading import Row
    from reconciler.localplatform.engines.slurm.site import Site
    from reconciler.localplatform.engines.slurm.state import Placed, RunJobs

SUSPENDED = "suspended on the cluster"
_ORDINARY = frozenset(
    {"", "Priority", "Resources", "Dependency", "BeginTime", "JobHeldUser", "JobHeldAdmin", "Cleaning"}
)
"""Reasons to wait that pass by themselves, or are our own doing."""
_IN_VAIN = frozenset({"BadConstraints", "PartitionConfig", "PartitionNodeLimit", "PartitionTimeLimit"})
"""Reasons to wait that do not pass: no node has so much, or may be held so long."""
_NOT_MOVED = 0.001


class Watch:
    """Tells lifecycles. `clock` is the platform's."""

    def __init__(self, site: Site, clock: Callable[[], float]) -> None:
        self._site = site
        self._clock = clock
        self._uncovered: list[str] = []

    def moved(self) -> float:
        """By how much the platform's time differs from the machine's."""
        moved = self._clock() - time.time()
        return moved if abs(moved) > _NOT_MOVED else 0.0

    def take_uncovered(self) -> tuple[str, ...]:
        """Tasks with instances that wait and which no job will run any more, since the last time."""
        found, self._uncovered = tuple(dict.fromkeys(self._uncovered)), []
        return found

    def adopt(self, jobs: RunJobs) -> None:
        """After a restart: says of what still runs that it was found."""
        life = jobs.tracked.life
        for task, index in life.active():
            launch = self._launch(jobs, task, index, life.ledger.instance(task, index).shown.attempt)
            if not (launch.folder / "exit.json").exists():
                life.note(EventType.ADOPTED, task, index, self._clock(), "found again after a restart")

    def compare(self, jobs: RunJobs, placed: Placed, rows: Mapping[tuple[str, int], Row]) -> None:
        """Takes what Slurm says about a job, and counts how often it said nothing."""
        record = jobs.tracked.life.ledger.tasks[placed.job.task]
        for position, index in enumerate(placed.job.indexes):
            shown = record.instances[index].shown
            if shown.status.ended:
                placed.missing.pop(position, None)
                continue
            row = rows.get((placed.id, 0 if placed.job.gang else position))
            if row is None:
                placed.missing[position] = placed.missing.get(position, 0) + 1
                continue
            placed.missing.pop(position, None)
            placed.overs[position] = placed.overs.get(position, 0) + 1 if row.over else 0
            begins = not row.waiting and (shown.started is None or not record.instances[index].scheduled)
            if row != placed.rows.get(position) or row.over or begins:
                jobs.dirty.add((placed.job.task, index))
            placed.rows[position] = row
            if row.waiting and position == 0:
                self._tell_reason(jobs, placed, row)
        if placed.missing:
            placed.known = any((placed.id, element) in rows for element in range(len(placed.job.indexes)))

    def explain(self, jobs: RunJobs, placed: Placed, runs: Mapping[int, Sequence[Row]]) -> None:
        """Says why elements were begun again, where the records of their runs tell."""
        for position in list(placed.taken):
            if why := placed.why_taken(position, runs.get(position, ())):
                index = placed.job.indexes[position]
                jobs.tracked.life.note(EventType.QUEUED, placed.job.task, index, self._clock(), why)

    def _tell_reason(self, jobs: RunJobs, placed: Placed, row: Row) -> None:
        """Says once why a job waits, when it is not just its turn it waits for."""
        if row.reason != placed.reason and row.reason not in _ORDINARY:
            message, index = f"waits in the cluster's queue: {row.reason}", placed.job.indexes[0]
            if row.reason in _IN_VAIN:
                message = self._asking(message, jobs, placed)
                _write(jobs, placed.job.task, index, message)
            jobs.tracked.life.note(EventType.QUEUED, placed.job.task, index, self._clock(), message)
        placed.reason = row.reason

    def follow_suspension(self, jobs: RunJobs) -> None:
        """A run all of whose running jobs an operator has suspended is suspended, and goes on when they do."""
        life = jobs.tracked.life
        rows = [row for placed in jobs.open() for row in placed.rows.values() if not row.over and not row.waiting]
        suspended = bool(rows) and all(row.suspended for row in rows)
        if suspended and life.ledger.status in {Status.PENDING, Status.RUNNING}:
            jobs.frozen, jobs.held = True, True
            life.suspend(self._clock(), SUSPENDED)
            life.take_orders()
        elif not suspended and rows and jobs.frozen:
            life.resume(self._clock())
            life.take_orders()
            jobs.frozen, jobs.held = False, False

    def inspect(self, jobs: RunJobs, task: str, indexes: Sequence[int]) -> None:
        """Looks at instances of one task. In a gang, those that failed come before those that were stopped for it."""
        record = jobs.tracked.life.ledger.tasks[task]
        if any(found[0].job.gang for index in indexes if (found := jobs.of(task, index)) is not None):
            indexes = range(len(record.instances))
        later = [index for index in indexes if not self._look(jobs, task, index, patient=True)]
        for index in later:
            self._look(jobs, task, index, patient=False)

    def refused(self, jobs: RunJobs, placed: Placed, complaint: str) -> None:
        """A job that will never be: all its instances end, and their logs say why."""
        message, task = self._asking(f"Slurm refuses it: {complaint}", jobs, placed), placed.job.task
        for index in placed.job.indexes:
            _write(jobs, task, index, message)
            self._begin(jobs, task, index)
            self._end(jobs, task, index, self._clock(), Ending(Cause.LAUNCH, message=message))

    def _asking(self, message: str, jobs: RunJobs, placed: Placed) -> str:
        """What Slurm says, and of what: people may have asked for a size whose name tells little."""
        task = jobs.tracked.life.ledger.definition(placed.job.task)
        return f"{message} (asked for: {asked_for(placed.job, task, self._site)})"

    def _look(self, jobs: RunJobs, task: str, index: int, *, patient: bool) -> bool:
        """Follows one instance as far as is known. False: it was told to stop, and `patient` leaves why for later."""
        life = jobs.tracked.life
        record = life.ledger.instance(task, index)
        while not life.ledger.status.ended and not record.shown.status.ended:
            found = jobs.of(task, index)
            if found is None:
                return True
            if not record.scheduled:
                if not self._has_begun(jobs, task, index, *found):
                    return True
                continue
            moved = self._follow(jobs, task, index, *found, patient=patient)
            if moved is not True:
                return moved is None
        return True

    def _has_begun(self, jobs: RunJobs, task: str, index: int, placed: Placed, position: int) -> bool:
        """Notes that an instance has begun, or never will."""
        life = jobs.tracked.life
        ledger = life.ledger
        if any(ledger.tasks[need].shown.status is not Status.SUCCEEDED for need in ledger.needs[task]):
            return False
        launch = self._launch(jobs, task, index, ledger.instance(task, index).shown.attempt + 1)
        if (launch.folder / "claim").exists():
            self._begin(jobs, task, index)
            return True
        if not placed.over(position):
            return False
        row = placed.rows.get(position)
        if row is not None and row.state == "CANCELLED":
            self._cancelled_outside(jobs)
            return False
        self._begin(jobs, task, index)
        self._end_by_word(jobs, task, index, placed, row)
        return True

    def _follow(
        self, jobs: RunJobs, task: str, index: int, placed: Placed, position: int, *, patient: bool
    ) -> bool | None:
        """One step of an instance that has begun. True: something moved; None: nothing to see; False: see `_look`."""
        life = jobs.tracked.life
        record = life.ledger.instance(task, index)
        launch = self._launch(jobs, task, index, record.shown.attempt)
        row = placed.rows.get(position)
        if record.shown.started is None and (began := launch.started()) is not None:
            jobs.tracked.began = jobs.tracked.began or began[0]
            life.started(task, index, began[0] + self.moved(), began[1])
        if row is not None and row.restarts > _restart_of(launch):
            self._requeued(jobs, task, placed, row)
            return True
        if (launch.folder / "exit.json").exists():
            return self._read_ending(jobs, task, index, launch, row, patient=patient)
        if placed.over(position):
            self._end_by_word(jobs, task, index, placed, row)
            return True
        return None

    def _read_ending(
        self, jobs: RunJobs, task: str, index: int, launch: Launch, row: Row | None, *, patient: bool
    ) -> bool | None:
        """Takes the record of an instance. One that was stopped, and not by us, waits until Slurm says why."""
        record = jobs.tracked.life.ledger.instance(task, index)
        at, ending, about = launch.ending()
        if ending.stopped and not record.stopping:
            if patient:
                return False
            if row is None or not row.over:
                return None
            ending = stopped_by(row)
            if ending.stopped:
                self._cancelled_outside(jobs)
        at = at + self.moved() if at else self._clock()
        if about.get("dropped"):
            message = f"{about['dropped']} bytes of output were left out"
            jobs.tracked.life.note(EventType.LOG_CUT, task, index, at, message)
        elif about.get("log_error"):
            message = f"output was lost: {about['log_error']}"
            jobs.tracked.life.note(EventType.LOG_CUT, task, index, at, message)
        self._end(jobs, task, index, at, ending)
        return True

    def _end_by_word(self, jobs: RunJobs, task: str, index: int, placed: Placed, row: Row | None) -> None:
        """Ends an instance that left no record, as Slurm has it."""
        ending = ending_of(row)
        if jobs.tracked.life.ledger.instance(task, index).stopping:
            ending = Ending(Cause.CANCELLED, message="stopped", stopped=True)
        elif ending.stopped:
            self._cancelled_outside(jobs)
        if ending.cause in {Cause.LAUNCH, Cause.LOST} and (said := placed.chain.complaint(placed.job.key)):
            ending = replace(ending, message=f"{ending.message}: {said}")
        self._end(jobs, task, index, self._clock(), ending)
        if not jobs.tracked.life.ledger.instance(task, index).shown.status.ended:
            jobs.where.pop((task, index), None)  # it may be restarted, and this job is gone
            self._uncovered.append(task)

    def _cancelled_outside(self, jobs: RunJobs) -> None:
        """Somebody cancelled a job on the cluster: a chain with a link missing is cancelled whole."""
        jobs.tracked.life.stop(self._clock(), Cause.CANCELLED, CANCELLED)
        jobs.cancelled = True

    def _requeued(self, jobs: RunJobs, task: str, placed: Placed, row: Row) -> None:
        """Slurm took the machine away and begins again."""
        indexes = placed.job.indexes if placed.job.gang else [placed.job.indexes[row.element]]
        jobs.tracked.life.requeued(task, indexes, self._clock(), requeued(row))
        placed.taken[row.element] = row.restarts

    def _begin(self, jobs: RunJobs, task: str, index: int) -> None:
        """A job has its room: so have all members of a gang."""
        life = jobs.tracked.life
        found = jobs.of(task, index)
        gang = found is not None and found[0].job.gang
        record = life.ledger.tasks[task]
        if index not in record.waiting:
            return
        indexes = tuple(sorted(record.waiting)) if gang else (index,)
        life.scheduled(Unit(task, indexes), self._clock())
        for each in indexes:
            for message in notes(life.ledger.definition(task).instances[each], self._site):
                life.note(EventType.NOMINAL, task, each, self._clock(), message)

    def _end(self, jobs: RunJobs, task: str, index: int, at: float, ending: Ending) -> None:
        jobs.tracked.life.ended(task, index, at, ending)

    @staticmethod
    def _launch(jobs: RunJobs, task: str, index: int, attempt: int) -> Launch:
        return Launch(jobs.tracked.folder.instance(task, index) / f"{attempt}-0")


def _write(jobs: RunJobs, task: str, index: int, message: str) -> None:
    """A line of ours in the log of an instance that does not run."""
    folder = jobs.tracked.folder.instance(task, index)
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = Capture(str(folder / "log"), str(folder / "marks"), limit=0, tail=0)
        log.header(f"[{message}]\n")
        log.finish()


def _restart_of(launch: Launch) -> float:
    """Which of Slurm's starts of the job an attempt belongs to; infinite while it has not told."""
    with suppress(OSError, ValueError):
        return int((launch.folder / "restart").read_text(encoding="ascii"))
    return math.inf
