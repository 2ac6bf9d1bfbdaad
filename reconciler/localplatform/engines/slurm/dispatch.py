"""One turn of the Slurm engine's loop: take what the desk has found out, plan chains, submit, see what became of it.

What is true stands in two places. How an instance went, to the second and with its exit code, is in the records its
guardian left on the shared disk; where it is in the queue, and why it was stopped when nobody here asked for it, only
Slurm knows. Records are looked at when a guardian pokes (same machine) or Slurm's word about a job has changed.
"""

from __future__ import annotations

import math
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import unquote

from reconciler.localplatform.engines.lifecycle import Verb
from reconciler.localplatform.engines.protocol import EventType, UnknownRun
from reconciler.localplatform.engines.slurm.asking import follower
from reconciler.localplatform.engines.slurm.desk import Desk
from reconciler.localplatform.engines.slurm.errands import (
    Hold,
    Look,
    LookBack,
    Remembered,
    Seen,
    Signal,
    Stop,
    Submit,
    Submitted,
)
from reconciler.localplatform.engines.slurm.plan import Planner
from reconciler.localplatform.engines.slurm.reading import by_element
from reconciler.localplatform.engines.slurm.records import identity
from reconciler.localplatform.engines.slurm.script import Submission, sbatch_arguments, script
from reconciler.localplatform.engines.slurm.state import RunJobs, load
from reconciler.localplatform.engines.slurm.watch import SUSPENDED, Watch
from reconciler.localplatform.work import Cause, Status, topological_order

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from reconciler.localplatform.engines.dispatch import TrackedRun
    from reconciler.localplatform.engines.outbox import Outbox
    from reconciler.localplatform.engines.slurm.commands import Commands
    from reconciler.localplatform.engines.slurm.reading import Row
    from reconciler.localplatform.engines.slurm.site import Site

_LONGEST_PAUSE = 60.0


class SlurmDispatch:
    """Starts, watches and stops the work of one engine on a cluster. See `durable.Dispatch`."""

    def __init__(
        self, folder: Path, site: Site, clock: Callable[[], float], outbox: Outbox, commands: Commands
    ) -> None:
        """Raises OSError when the folder cannot be written."""
        self._folder = folder
        self._site = site
        self._clock = clock
        self._outbox = outbox
        self._engine = identity(folder)
        self._desk = Desk(commands, follower(site, commands), folder, self._engine, self._poke)
        self._watch = Watch(site, clock)
        self._planner = Planner(folder, site, self._engine)
        self._runs: dict[str, RunJobs] = {}
        self._heard = b""
        self._looking = False
        self._next_look = 0.0

    # What the engine asks

    def pick_up(self, tracked: TrackedRun) -> None:
        """See Dispatch."""
        jobs = self._runs[tracked.run_id] = load(tracked)
        ledger = tracked.life.ledger
        if ledger.started is not None:
            tracked.began = ledger.started - self._watch.moved()
        suspensions = [event.message for event in tracked.events if event.type is EventType.SUSPENDED]
        jobs.frozen = ledger.status is Status.SUSPENDED and suspensions[-1] == SUSPENDED
        jobs.held = ledger.status is Status.SUSPENDED
        self._watch.adopt(jobs)
        if ledger.stopping:
            self._desk.put(Stop(tuple(placed.id for placed in jobs.placed.values() if placed.id)))
        tracked.publish(self._outbox)

    def heard(self, news: bytes) -> None:
        """See Dispatch. A guardian writes a line with its run, task and index; whoever pokes, dots."""
        lines = (self._heard + news).split(b"\n")
        self._heard = lines.pop()
        for line in lines:
            run, _, rest = line.lstrip(b".").decode("utf-8", "replace").partition("\t")
            task, _, index = rest.rpartition("\t")
            jobs = self._runs.get(run)
            if jobs is not None and index.isdigit():
                jobs.dirty.add((unquote(task), int(index)))

    def before_stop(self, tracked: TrackedRun) -> None:
        """See Dispatch. Once the stop is on disk, whatever claims an attempt finds it and ends; whatever had claimed
        one before is found now.
        """
        jobs = self._runs.get(tracked.run_id)
        if jobs is None or tracked.life.ledger.status.ended:
            return
        self._stop_chains(jobs)
        jobs.dirty.update(jobs.where)
        self._inspect(jobs)

    def _stop_chains(self, jobs: RunJobs) -> None:
        """Lets nothing begin any more, and tells Slurm so."""
        for one in {placed.chain.number: placed.chain for placed in jobs.placed.values()}.values():
            with suppress(OSError):  # then scancel alone has to do
                one.stop()
        if ids := tuple(placed.id for placed in jobs.open() if placed.id):
            self._desk.put(Stop(ids))

    def close(self) -> None:
        """See Dispatch."""
        self._desk.close()

    def turn(self, runs: Collection[TrackedRun]) -> float:
        """See Dispatch."""
        active = [tracked for tracked in runs if not tracked.life.ledger.status.ended]
        for tracked in active:
            known = self._runs.get(tracked.run_id)
            if known is None or known.tracked is not tracked or known.generation != tracked.generation:
                self._runs[tracked.run_id] = RunJobs(tracked, tracked.generation)
        for result in self._desk.take():
            self._take(result)
        for tracked in active:
            jobs = self._runs[tracked.run_id]
            self._inspect(jobs)
            self._plan(jobs)
            self._keep_time(jobs)
            self._submit(jobs)
            self._hold(jobs)
            self._obey(jobs)
            tracked.publish(self._outbox)
        wait = self._ask()
        self._drop_ended()
        return self._wait(active, wait)

    # Answers

    def _take(self, result: Submitted | Seen | Remembered) -> None:
        match result:
            case Submitted():
                self._submitted(result)
            case Seen(rows, asked):
                self._looking = False
                if rows is not None:
                    self._seen(by_element(rows), asked)
            case Remembered(ids, rows):
                if rows is not None:  # else the next look finds them missing again
                    self._remember(ids, rows)

    def _submitted(self, answer: Submitted) -> None:
        found = next((jobs for jobs in self._runs.values() if answer.key in jobs.placed), None)
        if found is None:  # the run was forgotten, or its job given up, while it was being submitted
            if answer.id:
                self._desk.put(Stop((answer.id,)))
            return
        placed, ledger = found.placed[answer.key], found.tracked.life.ledger
        placed.sent, placed.search = False, True
        if answer.id:
            placed.id, placed.since = answer.id, time.monotonic()
            with suppress(OSError):  # then a restart finds it by its key
                placed.chain.note_submitted(answer.key, answer.id)
            if ledger.stopping or ledger.status.ended:
                self._desk.put(Stop((answer.id,)))
        elif answer.refused:
            self._watch.refused(found, placed, answer.message)
        else:
            placed.tries += 1
            placed.not_before = time.monotonic() + min(2.0**placed.tries, _LONGEST_PAUSE)

    def _seen(self, rows: Mapping[tuple[str, int], Row], asked: float) -> None:
        forgotten = []
        for jobs in self._runs.values():
            for placed in jobs.open():
                if placed.id and asked > placed.since:
                    self._watch.compare(jobs, placed, rows)
                    if placed.forgotten() or placed.taken:
                        forgotten.append(placed.id)
            self._watch.follow_suspension(jobs)
        if forgotten:
            self._desk.put(LookBack(tuple(forgotten)))

    def _remember(self, ids: tuple[str, ...], rows: tuple[Row, ...]) -> None:
        """Takes the last word on what the queue has forgotten; there will be no other. Accounting may be behind."""
        behind = self._desk.cluster is not None and self._desk.cluster.accounting
        runs: dict[str, dict[int, list[Row]]] = {}
        for row in rows:
            runs.setdefault(row.id, {}).setdefault(row.element, []).append(row)
        for jobs in self._runs.values():
            for placed in jobs.open():
                if placed.id in ids:
                    told = runs.get(placed.id, {})
                    self._watch.explain(jobs, placed, told)
                    for position in placed.forgotten():
                        last = told.get(0 if placed.job.gang else position, [None])[-1]
                        placed.last_word(position, last, behind=behind)
                        jobs.dirty.add((placed.job.task, placed.job.indexes[position]))

    # What there is to do

    def _plan(self, jobs: RunJobs) -> None:
        """Makes a chain of whatever waits and is in none; it is on disk before any of it is submitted."""
        life, cluster = jobs.tracked.life, self._desk.cluster
        if jobs.planned or cluster is None or life.ledger.status not in {Status.PENDING, Status.RUNNING}:
            return
        jobs.planned = True
        try:
            self._planner.plan(jobs, cluster.array_limit)
        except OSError as error:
            life.stop(self._clock(), Cause.DISK, f"cannot write down its jobs: {error.strerror}")

    def _submit(self, jobs: RunJobs) -> None:
        """Hands jobs to the desk whose needs have been submitted, in order."""
        ledger, now = jobs.tracked.life.ledger, time.monotonic()
        if ledger.status not in {Status.PENDING, Status.RUNNING} or jobs.complete:
            return
        jobs.complete = jobs.planned
        for placed in jobs.placed.values():
            if placed.id or ledger.tasks[placed.job.task].shown.status.ended:
                continue
            jobs.complete = False
            if placed.sent or placed.not_before > now:
                continue
            needs = [
                need
                for key in placed.job.needs
                if ledger.tasks[(need := jobs.placed[key]).job.task].shown.status is not Status.SUCCEEDED
            ]
            if all(need.id for need in needs):
                after = tuple(need.id for need in needs)
                about = Submission(ledger.run, placed.job, self._engine, str(placed.chain.path), after)
                arguments = sbatch_arguments(about, self._site)
                self._desk.put(Submit(placed.job.key, arguments, script(about, self._site), search=placed.search))
                placed.sent = True

    def _inspect(self, jobs: RunJobs) -> None:
        """Looks at what may have changed, tasks in the order of their needs: what one ending makes possible is seen."""
        if not jobs.dirty:
            return
        by_task: dict[str, list[int]] = {}
        for task, index in jobs.dirty:
            by_task.setdefault(task, []).append(index)
        jobs.dirty.clear()
        ledger = jobs.tracked.life.ledger
        for name in topological_order(ledger.needs):
            indexes = by_task.get(name, ())
            before = ledger.tasks[name].shown.status
            with suppress(UnknownRun):
                self._watch.inspect(jobs, name, sorted(indexes))
            if ledger.tasks[name].shown.status.ended and not before.ended:
                for later, needs in ledger.needs.items():
                    if name in needs:
                        by_task.setdefault(later, []).extend(ledger.tasks[later].waiting)
        for task in self._watch.take_uncovered():
            if ids := jobs.uncover(task):
                self._desk.put(Stop(ids))
            jobs.complete = False
        self._cancel_skipped(jobs)
        if jobs.cancelled:
            jobs.cancelled = False
            self._stop_chains(jobs)

    def _cancel_skipped(self, jobs: RunJobs) -> None:
        """What will never start need not wait in the queue."""
        tasks = jobs.tracked.life.ledger.tasks
        skipped = [
            placed
            for placed in jobs.placed.values()
            if tasks[placed.job.task].shown.status is Status.SKIPPED and placed.id and not placed.cancelled
        ]
        for placed in skipped:
            placed.cancelled = True
        if skipped:
            self._desk.put(Stop(tuple(placed.id for placed in skipped)))

    def _keep_time(self, jobs: RunJobs) -> None:
        tracked = jobs.tracked
        if tracked.deadline is not None and time.time() >= tracked.deadline and not tracked.life.ledger.stopping:
            self.before_stop(tracked)
            tracked.life.stop(self._clock(), Cause.RUN_TIMEOUT)

    def _hold(self, jobs: RunJobs) -> None:
        """Keeps what waits from starting while the run is suspended, by whoever it was."""
        wanted = jobs.tracked.life.ledger.status is Status.SUSPENDED
        if wanted != jobs.held:
            jobs.held = wanted
            if ids := tuple(placed.id for placed in jobs.open() if placed.id and not jobs.has_begun(placed)):
                self._desk.put(Hold(ids, release=not wanted))

    def _obey(self, jobs: RunJobs) -> None:
        """Carries out what the lifecycle asks for. Gentle stops are on their way already: those of a run by
        `before_stop`, those of a gang by its leader.
        """
        killed, frozen, thawed = [], [], []
        for order in jobs.tracked.life.take_orders():
            found = jobs.of(order.task, order.index)
            if found is None or not found[0].id:
                continue
            placed, position = found
            if order.verb is Verb.KILL:
                killed.append(placed.id)
            elif order.verb is Verb.FREEZE and not jobs.frozen:
                frozen.append((placed, position))
            elif order.verb is Verb.THAW and not jobs.frozen:
                thawed.append((placed, position))
        if killed:
            self._desk.put(Stop(tuple(dict.fromkeys(killed)), force=True))
        for name, some in (("TSTP", frozen), ("CONT", thawed)):
            if some:
                gangs = tuple(dict.fromkeys(placed.id for placed, _ in some if placed.job.gang))
                alone = tuple(placed.name(position) for placed, position in some if not placed.job.gang)
                self._desk.put(Signal(name, alone, gangs))

    def _ask(self) -> float:
        """Asks about all jobs, once per interval. Returns how long there is nothing to ask."""
        open_jobs = any(placed.id for jobs in self._runs.values() for placed in jobs.open())
        now = time.monotonic()
        if not open_jobs and self._desk.cluster is not None:
            return math.inf
        if now >= self._next_look and not self._looking:
            self._looking = True
            self._next_look = now + self._site.poll
            self._desk.put(Look())
        return max(self._next_look - now, 0.0) if not self._looking else self._site.poll

    def _wait(self, active: list[TrackedRun], wait: float) -> float:
        now, steady = time.time(), time.monotonic()
        waits = [wait, *(tracked.deadline - now for tracked in active if tracked.deadline is not None)]
        waits += [self._site.poll for tracked in active if tracked.folder.has_unsaved]
        waits += [
            placed.not_before - steady
            for jobs in self._runs.values()
            for placed in jobs.placed.values()
            if not placed.id and not placed.sent and placed.not_before > steady
        ]
        return max(min(waits), 0.0)

    def _drop_ended(self) -> None:
        for run_id, jobs in list(self._runs.items()):
            if jobs.tracked.life.ledger.status.ended and not any(
                placed.sent and not placed.id for placed in jobs.placed.values()
            ):
                del self._runs[run_id]

    def _poke(self) -> None:
        with suppress(OSError):
            descriptor = os.open(self._folder / "wake", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                os.write(descriptor, b".")
            finally:
                os.close(descriptor)
