"""What the engine has in memory about the jobs of a run: a fold of the chains on disk and of what Slurm said last."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.localplatform.engines.protocol import EventType
from reconciler.localplatform.engines.slurm.mapping import taken
from reconciler.localplatform.engines.slurm.records import ChainFolder, chains_of
from reconciler.localplatform.work import topological_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.localplatform.engines.dispatch import TrackedRun
    from reconciler.localplatform.engines.slurm.chain import BatchJob
    from reconciler.localplatform.engines.slurm.reading import Row

_OVER_FOR_SURE = 2
"""So many looks must find a job over before its missing record is given up: a shared disk shows files late."""
_MISSING = 2
"""So many looks must miss a job before Slurm's own records are asked."""
_BEHIND = 10
"""So many answers accounting may give before it must have heard how a job ended that the queue has forgotten."""


@dataclass(slots=True)
class Placed:
    """One batch job of ours. `id` is Slurm's name for it, "" while that is not known.

    `sent`: an errand about it is under way; `search`: it may have been submitted already; `since` when it was submitted
    (monotonic seconds); `reason` why it waits, if that was told; `rows` what Slurm said last, by position; `overs` how
    often it was found over, `missing` how often not at all; `known`: some of it was found, the last time; `unheard`
    how often accounting was asked in vain; `taken` the number of runs it was taken from, as long as it is not known why
    of the last; `cancelled`: it was taken out of the queue, since it can never begin.
    """

    job: BatchJob
    chain: ChainFolder
    id: str = ""
    sent: bool = False
    search: bool = False
    not_before: float = 0.0
    tries: int = 0
    since: float = 0.0
    reason: str = ""
    rows: dict[int, Row] = field(default_factory=dict)
    overs: dict[int, int] = field(default_factory=dict)
    missing: dict[int, int] = field(default_factory=dict)
    known: bool = False
    unheard: dict[int, int] = field(default_factory=dict)
    taken: dict[int, int] = field(default_factory=dict)
    cancelled: bool = False

    def forgotten(self) -> list[int]:
        """Positions the queue no longer knows, and of which the last word has not been heard."""
        return [position for position, times in self.missing.items() if times >= _MISSING and not self.over(position)]

    def last_word(self, position: int, row: Row | None, *, behind: bool) -> None:
        """Takes what Slurm's own records say of a forgotten one, None: nothing. They may be `behind`, and are asked
        again then. An element that is taken out of the queue before it began is in no record, while others of its
        array are still in the queue.
        """
        if behind and (row is None or not row.over):
            self.unheard[position] = self.unheard.get(position, 0) + 1
            if self.unheard[position] < _BEHIND:
                return
        before = self.rows.pop(position, None)
        if row is None and before is not None and before.waiting and self.known:
            row = replace(before, state="CANCELLED", reason="")
        if row is not None:
            self.rows[position] = row
        self.overs[position] = _OVER_FOR_SURE

    def why_taken(self, position: int, runs: Sequence[Row]) -> str:
        """Why the last run was not the last one, from all there were; "" when that is not known, or not yet."""
        told = [why for row in runs if (why := taken(row))]
        number = self.taken[position]
        self.unheard[position] = self.unheard.get(position, 0) + 1
        if len(told) >= number or self.unheard[position] >= _BEHIND:
            del self.taken[position], self.unheard[position]
        return told[number - 1] if len(told) >= number else ""

    def over(self, position: int) -> bool:
        """Whether nothing more will come of an element, its record included."""
        return self.overs.get(position, 0) >= _OVER_FOR_SURE

    def name(self, position: int) -> str:
        """What Slurm calls one element."""
        return f"{self.id}_{position}" if len(self.job.indexes) > 1 and not self.job.gang else self.id


@dataclass(slots=True)
class RunJobs:
    """The jobs of one run since it was last put back (`generation`).

    `where` tells for an instance which job runs it, and its position there; `dirty` holds instances to look at;
    `planned`: whatever waits is in a chain; `complete`: all of it is submitted; `held`: what waits is kept from
    starting; `frozen`: an operator has suspended it; `cancelled`: somebody cancelled a part of it on the cluster, and
    the rest is still to be told.
    """

    tracked: TrackedRun
    generation: int = 0
    placed: dict[str, Placed] = field(default_factory=dict)
    where: dict[tuple[str, int], tuple[str, int]] = field(default_factory=dict)
    dirty: set[tuple[str, int]] = field(default_factory=set)
    planned: bool = False
    held: bool = False
    frozen: bool = False
    cancelled: bool = False
    complete: bool = False

    def add(self, job: BatchJob, chain: ChainFolder, *, search: bool = False) -> Placed:
        """Takes a job in; it runs its instances from now on."""
        placed = Placed(job, chain, search=search)
        self.placed[job.key] = placed
        for position, index in enumerate(job.indexes):
            self.where[job.task, index] = (job.key, position)
        return placed

    def uncover(self, task: str) -> tuple[str, ...]:
        """Nothing runs the waiting instances of a task and of those behind it any more. The ids of their jobs."""
        needs, gone = self.tracked.life.ledger.needs, {task}
        for name in topological_order(needs):
            if not gone.isdisjoint(needs[name]):
                gone.add(name)
        ids = []
        for key, placed in list(self.placed.items()):
            if placed.job.task in gone and not self._runs(placed):
                del self.placed[key]
                ids += [placed.id] if placed.id else []
                for index in placed.job.indexes:
                    self.where.pop((placed.job.task, index), None)
        self.planned = False
        return tuple(ids)

    def _runs(self, placed: Placed) -> bool:
        """Whether an instance of a job has begun and has not ended."""
        record = self.tracked.life.ledger.tasks[placed.job.task]
        return any(index in record.active for index in placed.job.indexes)

    def has_begun(self, placed: Placed) -> bool:
        """Whether every instance of a job has begun."""
        record = self.tracked.life.ledger.tasks[placed.job.task]
        return record.waiting.keys().isdisjoint(placed.job.indexes)

    def open(self) -> Iterator[Placed]:
        """Jobs of which some instance has not ended."""
        tasks = self.tracked.life.ledger.tasks
        for placed in self.placed.values():
            record = tasks[placed.job.task]
            if not record.shown.status.ended and any(
                not record.instances[index].shown.status.ended for index in placed.job.indexes
            ):
                yield placed

    def of(self, task: str, index: int) -> tuple[Placed, int] | None:
        """The job that runs an instance, and its position there."""
        found = self.where.get((task, index))
        return None if found is None else (self.placed[found[0]], found[1])


def load(tracked: TrackedRun) -> RunJobs:
    """What is on disk about the jobs of a run: those since it was last put back. Jobs whose id nobody has told may have
    been submitted.
    """
    jobs = RunJobs(tracked, tracked.generation)
    put_back = max(
        (event.sequence for event in tracked.events if event.type is EventType.RETRIED and not event.task), default=0
    )
    for chain in chains_of(tracked.folder.folder):
        with suppress(OSError, ValueError, KeyError):
            planned, sequence = chain.plan()
            if sequence < put_back:
                continue
            known = chain.submitted()
            for job in planned:
                placed = jobs.add(job, chain, search=True)
                placed.id = known.get(job.key, "")
    jobs.dirty.update(jobs.where)
    return jobs
