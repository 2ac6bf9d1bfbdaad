"""One turn of the process engine's loop: see what became of what runs, carry out orders, start what fits."""

from __future__ import annotations

import math
import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.engines import launching
from reconciler.localplatform.engines.launching import Found, Job, Launch, Surroundings
from reconciler.localplatform.engines.lifecycle import Ending, Verb
from reconciler.localplatform.engines.protocol import EventType
from reconciler.localplatform.engines.sandbox import SYSTEM_PATH, search_path
from reconciler.localplatform.engines.scheduling import Capacity, Grant, Offer, choose, clamp, grant
from reconciler.localplatform.work import Cause, Together

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from reconciler.localplatform.engines.lifecycle import Lifecycle
    from reconciler.localplatform.engines.outbox import Outbox
    from reconciler.localplatform.engines.protocol import Event
    from reconciler.localplatform.engines.storage import RunFolder
    from reconciler.localplatform.work import Instance, Limits

_MEGABYTE = 1024 * 1024
_NOT_MOVED = 0.001
_SHARED = 64 * _MEGABYTE
"""A process's peak counts memory it shares with others; so much of it is let pass."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be chosen about a process engine. Times in seconds, sizes in bytes.

    `capacity` None: all of the machine. `grace` lies between a gentle stop and a kill. Of an instance's output the
    first `log_limit` and the last `log_tail` are kept. `system_path` is searched after the interpreter's own folder.
    `temporary` is where temporary folders are made: a short path. `poll` is how often what cannot tell by itself (a
    killed supervisor) is looked for.
    """

    capacity: Capacity | None = None
    grace: float = 10.0
    log_limit: int = 16 * _MEGABYTE
    log_tail: int = 64 * 1024
    system_path: str = SYSTEM_PATH
    temporary: Path = Path("/tmp")  # noqa: S108 - what is made in it has an unguessable name and is private
    niceness: int = 5
    poll: float = 0.5


@dataclass(slots=True)
class _Held:
    """The room of a unit, until the last of its instances has ended."""

    grant: Grant
    indexes: set[int]


@dataclass(slots=True)
class TrackedRun:
    """A run the engine has in memory. `order`: when it came, among all.

    `began` and `first_starts` (of the run and of its instances) are in the machine's time, from which limits count;
    times in events are the platform's, which may be moved. `generation` counts how often it was put back.
    """

    life: Lifecycle
    folder: RunFolder
    order: int
    events: list[Event] = field(default_factory=list)
    launches: dict[tuple[str, int], Launch] = field(default_factory=dict)
    held: list[tuple[str, _Held]] = field(default_factory=list)
    began: float | None = None
    first_starts: dict[tuple[str, int], float] = field(default_factory=dict)
    generation: int = 0

    @property
    def run_id(self) -> str:
        """Its id."""
        return self.life.ledger.run.id

    @property
    def deadline(self) -> float | None:
        """When the run's time is over, in the machine's time."""
        timeout, ledger = self.life.ledger.run.timeout, self.life.ledger
        return None if timeout is None or self.began is None or ledger.status.ended else self.began + timeout

    def begin_anew(self) -> None:
        """All limits count from the next start."""
        self.generation += 1
        self.began = None
        self.first_starts.clear()

    def save(self, outbox: Outbox) -> None:
        """Writes the news down, durably. Raises OSError; then it is tried again with the next news."""
        events = self.life.take_events()
        self.events += events
        outbox.put(events)
        self.folder.append(events)

    def publish(self, outbox: Outbox) -> None:
        """Writes the news down if the disk lets us, and hands it out in any case."""
        with suppress(OSError):
            self.save(outbox)
            if self.life.ledger.status.ended:
                self.folder.mark_ended(ended=True)


class Dispatcher:
    """Starts and watches. Every method is called with the engine's lock held."""

    def __init__(self, folder: Path, settings: Settings, clock: Callable[[], float], outbox: Outbox) -> None:
        """Raises OSError when the folder cannot be written."""
        self._clock = clock
        self._outbox = outbox
        self._poll = settings.poll
        self._exiting: list[Launch] = []
        self._capacity = settings.capacity or machine()
        self._around = Surroundings(
            wake=folder / "wake",
            search_path=search_path(folder / "bin", settings.system_path),
            temporary=settings.temporary,
            grace=settings.grace,
            log_limit=settings.log_limit,
            log_tail=settings.log_tail,
            niceness=settings.niceness,
        )

    def turn(self, runs: Collection[TrackedRun]) -> float:
        """Does what there is to do now. Returns after how many seconds at most to look again."""
        active = [tracked for tracked in runs if not tracked.life.ledger.status.ended]
        for tracked in active:
            self._watch(tracked)
            self._obey(tracked)
        while self._start_next(active):
            pass
        for tracked in active:
            self._obey(tracked)
            tracked.publish(self._outbox)
        now = time.time()
        waits = [deadline - now for tracked in active if (deadline := tracked.deadline) is not None]
        self._exiting = [found for found in self._exiting if not found.gone()]
        if self._exiting or any(tracked.launches or tracked.folder.has_unsaved for tracked in active):
            waits.append(self._poll)
        return max(min(waits, default=math.inf), 0.0)

    def heard(self, news: bytes) -> None:
        """A poke says that there is something to look at, and no more."""

    def before_stop(self, tracked: TrackedRun) -> None:
        """Nothing to do: what has begun is what we began."""

    def close(self) -> None:
        """Nothing to let go of: supervisors live by themselves."""

    def pick_up(self, tracked: TrackedRun) -> None:
        """After a restart: finds what became of each instance that was to run. Called once per run."""
        life = tracked.life
        if life.ledger.started is not None:
            tracked.began = life.ledger.started - self._moved()
        for task, index in life.active():
            attempt = life.ledger.instance(task, index).shown.attempt
            found, number = launching.last_launch(tracked.folder.instance(task, index), attempt)
            if found is not None:
                self._remember_limits(tracked, found, task, index)
            if found is not None and self._adopts(tracked, found, task, index):
                tracked.launches[task, index] = found
                if life.ledger.instance(task, index).stopping:  # the order may have died with the last process
                    found.signal(Verb.STOP)
            else:
                self._launch(tracked, task, index, number=number)
        for task, record in life.ledger.tasks.items():
            if record.active:
                self._hold(tracked, task, tuple(record.active))
        tracked.publish(self._outbox)

    @staticmethod
    def _remember_limits(tracked: TrackedRun, found: Launch, task: str, index: int) -> None:
        """Takes the real times from which limits count out of the order of a launch."""
        deadlines, ledger = launching.deadlines_of(found), tracked.life.ledger
        limit, whole = ledger.definition(task).timeout, ledger.run.timeout
        if limit is not None and Cause.TIMEOUT in deadlines:
            tracked.first_starts[task, index] = deadlines[Cause.TIMEOUT] - limit
        if whole is not None and Cause.RUN_TIMEOUT in deadlines:
            tracked.began = deadlines[Cause.RUN_TIMEOUT] - whole

    def _adopts(self, tracked: TrackedRun, found: Launch, task: str, index: int) -> bool:
        """Whether a launch was begun; one that was not is made void, so that another can be made."""
        state = found.look()
        if state is Found.UNCLAIMED and launching.void(found):
            return False
        if state is Found.ALIVE:
            message = "found still running after a restart"
            tracked.life.note(EventType.ADOPTED, task, index, self._clock(), message)
        return state is not Found.VOID

    def _watch(self, tracked: TrackedRun) -> None:
        """Tells the lifecycle what became of what runs."""
        life = tracked.life
        for (task, index), found in list(tracked.launches.items()):
            instance = life.ledger.instance(task, index)
            if instance.shown.started is None and (began := found.started()) is not None:
                tracked.began = tracked.began or began[0]
                tracked.first_starts.setdefault((task, index), began[0])
                life.started(task, index, began[0] + self._moved(), began[1])
            if found.look() is Found.FINISHED:
                at, ending, record = found.ending()
                at = at + self._moved() if at else self._clock()
                self._note_record(tracked, task, index, at, record)
                self._end(tracked, task, index, at, ending)
                self._exiting.append(found)
            elif found.gone() and found.look() is not Found.FINISHED:
                self._end(tracked, task, index, self._clock(), found.silent_ending())
        deadline = tracked.deadline
        if deadline is not None and time.time() >= deadline:
            life.stop(self._clock(), Cause.RUN_TIMEOUT)

    def _end(self, tracked: TrackedRun, task: str, index: int, at: float, ending: Ending) -> None:
        tracked.launches.pop((task, index), None)
        for name, held in tracked.held:
            if name == task:
                held.indexes.discard(index)
        tracked.held = [(name, held) for name, held in tracked.held if held.indexes]
        tracked.life.ended(task, index, at, ending)

    def _moved(self) -> float:
        """By how much the platform's time differs from the machine's."""
        moved = self._clock() - time.time()
        return moved if abs(moved) > _NOT_MOVED else 0.0

    def _note_record(self, tracked: TrackedRun, task: str, index: int, at: float, record: dict[str, Any]) -> None:
        """What a supervisor noticed besides the end itself."""
        if record.get("log_error"):
            tracked.life.note(EventType.LOG_CUT, task, index, at, f"output was lost: {record['log_error']}")
        elif record.get("dropped"):
            tracked.life.note(EventType.LOG_CUT, task, index, at, f"{record['dropped']} bytes of output were left out")
        limit = self._granted(tracked, task, index).memory
        peak = record.get("peak", 0)
        if limit and peak > limit + _SHARED and record["cause"] != Cause.OUT_OF_MEMORY:
            message = f"held up to {peak // _MEGABYTE} MiB of memory, its limit is {limit // _MEGABYTE} MiB"
            tracked.life.note(EventType.OVER_MEMORY, task, index, at, message)

    @staticmethod
    def _obey(tracked: TrackedRun) -> None:
        for order in tracked.life.take_orders():
            if found := tracked.launches.get((order.task, order.index)):
                found.signal(order.verb)

    def _offers(self, active: list[TrackedRun]) -> Iterator[Offer]:
        for tracked in active:
            run = tracked.life.ledger.run
            for unit in tracked.life.units():
                limits = [self._granted(tracked, unit.task, index) for index in unit.indexes]
                running = len(tracked.launches)
                yield Offer(run.id, unit, grant(limits, self._capacity), run.priority, running, tracked.order)

    def _start_next(self, active: list[TrackedRun]) -> bool:
        """Starts the first in line, if it fits. False: nothing was started."""
        held = [one.grant for tracked in active for _, one in tracked.held]
        offer = choose(self._offers(active), held, self._capacity)
        if offer is None:
            return False
        tracked = next(one for one in active if one.run_id == offer.run_id)
        unit = offer.unit
        tracked.life.scheduled(unit, self._clock())
        self._hold(tracked, unit.task, unit.indexes)
        for index in unit.indexes:
            self._note_limits(tracked, unit.task, index)
        try:
            tracked.save(self._outbox)
        except OSError as error:
            ending = Ending(Cause.DISK, message=f"its start cannot be written down: {error.strerror}")
            for index in unit.indexes:
                self._end(tracked, unit.task, index, self._clock(), ending)
            return True
        for index in unit.indexes:
            self._launch(tracked, unit.task, index)
        return True

    def _hold(self, tracked: TrackedRun, task: str, indexes: tuple[int, ...]) -> None:
        """Takes the room: as one for a gang, each by itself in a fan-out."""
        gang = tracked.life.ledger.definition(task).together is Together.GANG
        for group in (indexes,) if gang else tuple((index,) for index in indexes):
            limits = [self._granted(tracked, task, index) for index in group]
            tracked.held.append((task, _Held(grant(limits, self._capacity), set(group))))

    def _launch(self, tracked: TrackedRun, task: str, index: int, *, number: int = 0) -> None:
        now, ledger = time.time(), tracked.life.ledger
        definition, record = ledger.definition(task), ledger.instance(task, index)
        deadlines = []
        if definition.timeout is not None:
            first = tracked.first_starts.get((task, index), now)
            deadlines.append((Cause.TIMEOUT, first + definition.timeout))
        if ledger.run.timeout is not None:
            deadlines.append((Cause.RUN_TIMEOUT, (tracked.began or now) + ledger.run.timeout))
        job = Job(
            run=ledger.run,
            task=definition,
            index=index,
            attempt=record.shown.attempt,
            folder=tracked.folder.instance(task, index),
            limits=self._granted(tracked, task, index),
            ports=self._ports(tracked, task) if definition.ports else {},
            deadlines=deadlines,
        )
        try:
            tracked.launches[task, index] = launching.launch(job, self._around, number)
        except OSError as error:
            ending = Ending(Cause.DISK, message=f"cannot start it: {error.strerror}")
            self._end(tracked, task, index, self._clock(), ending)

    def _ports(self, tracked: TrackedRun, task: str) -> dict[str, str]:
        """The ports of a gang: those its first member got, or new ones."""
        for (name, _), found in tracked.launches.items():
            if name == task and tracked.life.ledger.definition(task).together is Together.GANG:
                return launching.ports_of(found)
        return launching.free_ports(tracked.life.ledger.definition(task).ports)

    def _instance(self, tracked: TrackedRun, task: str, index: int) -> Instance:
        return tracked.life.ledger.definition(task).instances[index]

    def _granted(self, tracked: TrackedRun, task: str, index: int) -> Limits:
        return clamp(self._instance(tracked, task, index).limits, self._capacity)[0]

    def _note_limits(self, tracked: TrackedRun, task: str, index: int) -> None:
        """Says what is not as asked for."""
        instance, now = self._instance(tracked, task, index), self._clock()
        if short := clamp(instance.limits, self._capacity)[1]:
            tracked.life.note(EventType.CLAMPED, task, index, now, short)
        if instance.limits.gpu:
            message = f"{instance.limits.gpu} accelerator(s) granted in name only: this machine's are not assigned"
            tracked.life.note(EventType.NOMINAL, task, index, now, message)
        if instance.image:
            message = f"image {instance.image} is not pulled: the command runs directly on this machine"
            tracked.life.note(EventType.NOMINAL, task, index, now, message)


def machine() -> Capacity:
    """What this machine has: every core this process may use, all memory, four instances a core."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Capacity(float(cores), memory, 4 * cores)
