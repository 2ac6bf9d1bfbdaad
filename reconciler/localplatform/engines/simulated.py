"""An engine that runs nothing: for tests of everything around it. Deterministic, no processes, no threads, no files.

What a command would do is read from the command itself, so that one run means the same to this engine and to a real
one, as far as these few lines of shell go; every other line does nothing, successfully:

    sleep SECONDS        takes that long                  exit CODE        ends with that code
    echo TEXT            writes TEXT                      true  false      succeeds, fails
    kill -SIGNAL $$      ends by that signal (a number)   trap '' TERM     ignores a gentle stop

`$NAME` and `${NAME}` are filled from the instance's environment. These variables of it say more than shell can:

    SIMULATED_SECONDS    takes that long; `inf` never ends by itself
    SIMULATED_EXIT_CODE  how it ends
    SIMULATED_CAUSE      ends for that `work.Cause` (out-of-memory, launch, lost ...)
    SIMULATED_FAILURES   the first so many attempts fail with exit code 1, later ones do what the rest says
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler.localplatform.engines.lifecycle import Ending, Lifecycle, Verb
from reconciler.localplatform.engines.outbox import Outbox
from reconciler.localplatform.engines.protocol import LOG_LIMIT, InvalidRun, LogChunk, LogMark, RunActive, UnknownRun
from reconciler.localplatform.engines.sandbox import identity
from reconciler.localplatform.engines.simulation import perform
from reconciler.localplatform.work import Cause, Status, problems

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.localplatform.engines.lifecycle import Unit
    from reconciler.localplatform.engines.protocol import Event, Listener, RunSnapshot
    from reconciler.localplatform.work import Run, Task

_GRACE = 10.0
_BEFORE_START = {Cause.LAUNCH, Cause.INPUT_MISSING, Cause.DISK}


class Advance(StrEnum):
    """When states move.

    `AT_ONCE`: `submit` goes on until nothing moves by itself. `PER_READ`: each `observe` goes one step first (start all
    that may start, or end what ends first), so reads show running, then ended. `BY_CLOCK`: whatever is asked of the
    engine first brings it to the clock's time; `tick` does so for every run.
    """

    AT_ONCE = "at-once"
    PER_READ = "per-read"
    BY_CLOCK = "by-clock"


@dataclass(slots=True)
class _Playing:
    """One running instance and when it ends, in the run's own time."""

    ends: float
    ending: Ending
    stubborn: bool


@dataclass(slots=True)
class _Stage:
    """One run. `now` is its own time: the clock's with `BY_CLOCK`, else it jumps to whatever happens next.

    `began` and `first_starts` are in that time too, unlike the times in events, which are always the clock's.
    """

    life: Lifecycle
    now: float
    began: float | None = None
    frozen: float | None = None
    events: list[Event] = field(default_factory=list)
    playing: dict[tuple[str, int], _Playing] = field(default_factory=dict)
    first_starts: dict[tuple[str, int], float] = field(default_factory=dict)
    output: dict[tuple[str, int], bytes] = field(default_factory=dict)
    marks: dict[tuple[str, int], list[LogMark]] = field(default_factory=dict)

    @property
    def deadline(self) -> float:
        """When the run's time is over; infinite when it has no end."""
        timeout = self.life.ledger.run.timeout
        return math.inf if timeout is None or self.began is None else self.began + timeout


class SimulatedEngine:
    """The protocol (Engine and Suspends) without processes. Room is unlimited. Nothing outlives the object."""

    def __init__(
        self,
        listener: Listener | None = None,
        *,
        advance: Advance = Advance.AT_ONCE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._advance = advance
        self._clock = clock
        self._lock = threading.RLock()
        self._outbox = Outbox(listener)
        self._stages: dict[str, _Stage] = {}

    @property
    def uses_images(self) -> bool:
        """See Engine. Nothing runs, so nothing runs otherwise than it was asked for."""
        return True

    def submit(self, run: Run) -> None:
        """See Engine."""
        with self._lock:
            if run.id not in self._stages:
                if wrong := problems(run):
                    raise InvalidRun("; ".join(wrong))
                stage = _Stage(Lifecycle(run), self._clock())
                self._stages[run.id] = stage
                stage.life.submitted(self._at(stage))
                self._settle(stage)
        self._outbox.deliver()

    def cancel(self, run_id: str, *, force: bool = False) -> None:
        """See Engine."""
        with self._lock:
            stage = self._current(run_id)
            stage.life.stop(self._at(stage), Cause.CANCELLED, force=force)
            self._settle(stage)
        self._outbox.deliver()

    def retry(self, run_id: str, *, amended: Run | None = None) -> tuple[str, ...]:
        """See Engine."""
        with self._lock:
            stage = self._current(run_id)
            again = stage.life.retry(self._at(stage), amended)
            if again:
                stage.began = None
                stage.first_starts.clear()
            self._settle(stage)
        self._outbox.deliver()
        return again

    def suspend(self, run_id: str) -> None:
        """See Suspends."""
        with self._lock:
            stage = self._current(run_id)
            stage.life.suspend(self._at(stage))
            if stage.life.ledger.status is Status.SUSPENDED and stage.frozen is None:
                stage.frozen = stage.now
            self._settle(stage)
        self._outbox.deliver()

    def resume(self, run_id: str) -> None:
        """See Suspends."""
        with self._lock:
            stage = self._current(run_id)
            stage.life.resume(self._at(stage))
            if stage.frozen is not None:
                for playing in stage.playing.values():
                    playing.ends += stage.now - stage.frozen
                stage.frozen = None
            self._settle(stage)
        self._outbox.deliver()

    def observe(self, run_id: str) -> RunSnapshot:
        """See Engine."""
        with self._lock:
            stage = self._current(run_id)
            if self._advance is Advance.PER_READ:
                self._step(stage, math.inf)
                self._publish(stage)
            snapshot = stage.life.ledger.snapshot()
        self._outbox.deliver()
        return snapshot

    def events(self, run_id: str, *, after: int = 0) -> tuple[Event, ...]:
        """See Engine."""
        with self._lock:
            events = tuple(self._current(run_id).events[max(after, 0) :])
        self._outbox.deliver()
        return events

    def logs(self, run_id: str, task: str, index: int = 0, *, offset: int = 0, limit: int = LOG_LIMIT) -> LogChunk:
        """See Engine."""
        with self._lock:
            stage = self._current(run_id)
            ended = stage.life.ledger.instance(task, index).shown.status.ended
            output = stage.output.get((task, index), b"")
            marks = stage.marks.get((task, index), [])
        self._outbox.deliver()
        start = min(offset, len(output)) if offset >= 0 else max(len(output) + offset, 0)
        end = min(start + max(limit, 0), len(output))
        known = tuple(mark for mark in marks if start <= mark.offset < end)
        return LogChunk(output[start:end], end, ended and end == len(output), known)

    def forget(self, run_id: str) -> None:
        """See Engine."""
        with self._lock:
            if run_id in self._stages:
                if not self._current(run_id).life.ledger.status.ended:
                    message = f"run {run_id} has not ended: cancel it first"
                    raise RunActive(message)
                del self._stages[run_id]

    def recover(self) -> tuple[str, ...]:
        """See Engine. Nothing is ever left behind."""
        return ()

    def close(self) -> None:
        """See Engine."""

    def tick(self) -> None:
        """Brings every run to the clock's time (`BY_CLOCK`)."""
        with self._lock:
            for stage in self._stages.values():
                self._settle(stage)
        self._outbox.deliver()

    def _current(self, run_id: str) -> _Stage:
        try:
            stage = self._stages[run_id]
        except KeyError:
            message = f"no run {run_id!r}"
            raise UnknownRun(message) from None
        if self._advance is Advance.BY_CLOCK:
            self._settle(stage)
        return stage

    def _at(self, stage: _Stage) -> float:
        """The time to write on what happens now."""
        return stage.now if self._advance is Advance.BY_CLOCK else self._clock()

    def _settle(self, stage: _Stage) -> None:
        """Lets happen what happens by itself now."""
        self._obey(stage)
        if self._advance is not Advance.PER_READ:
            horizon = self._clock() if self._advance is Advance.BY_CLOCK else math.inf
            while self._step(stage, horizon):
                pass
            if self._advance is Advance.BY_CLOCK:
                stage.now = max(stage.now, horizon)
        self._publish(stage)

    def _step(self, stage: _Stage, horizon: float) -> bool:
        """One step no later than `horizon`: start all that may start, or end what ends first. False: nothing moved."""
        started = False
        while unit := next(stage.life.units(), None):
            self._start(stage, unit)
            started = True
        return started or self._end_next(stage, horizon)

    def _end_next(self, stage: _Stage, horizon: float) -> bool:
        frozen = stage.life.ledger.status is Status.SUSPENDED
        ends = math.inf if frozen else min((playing.ends for playing in stage.playing.values()), default=math.inf)
        deadline = math.inf if stage.life.ledger.stopping or not stage.playing else stage.deadline
        if min(ends, deadline) > horizon or min(ends, deadline) == math.inf:
            return False
        stage.now = max(stage.now, min(ends, deadline))
        if deadline < ends:
            stage.life.stop(self._at(stage), Cause.RUN_TIMEOUT)
            self._obey(stage)
            return True
        for key in [key for key, playing in stage.playing.items() if playing.ends <= stage.now]:
            stage.life.ended(*key, self._at(stage), stage.playing.pop(key).ending)
        self._obey(stage)
        return True

    def _start(self, stage: _Stage, unit: Unit) -> None:
        life, at = stage.life, self._at(stage)
        life.scheduled(unit, at)
        for index in unit.indexes:
            key = (unit.task, index)
            task = life.ledger.definition(unit.task)
            played = perform(task.instances[index], _environment(life, task, index))
            if played.ending.cause in _BEFORE_START:
                life.ended(*key, at, played.ending)
                continue
            life.started(*key, at)
            written = stage.output.get(key, b"")
            stage.marks.setdefault(key, []).append(LogMark(len(written), at))
            stage.output[key] = written + played.output
            stage.began = stage.now if stage.began is None else stage.began
            ends, ending = stage.now + played.seconds, played.ending
            if task.timeout is not None:
                over = stage.first_starts.setdefault(key, stage.now) + task.timeout
                if over < ends:
                    ends, ending = over, Ending(Cause.TIMEOUT, message="the task's time was over")
            stage.playing[key] = _Playing(ends, ending, played.stubborn)
        self._obey(stage)

    def _obey(self, stage: _Stage) -> None:
        """Stops what the lifecycle orders to stop: it ends with the next step, or after the grace if it is stubborn."""
        for order in stage.life.take_orders():
            playing = stage.playing.get((order.task, order.index))
            if playing is not None and order.verb in {Verb.STOP, Verb.KILL}:
                grace = _GRACE if playing.stubborn and order.verb is Verb.STOP else 0.0
                playing.ends, playing.ending = stage.now + grace, Ending(stopped=True, message="stopped")

    def _publish(self, stage: _Stage) -> None:
        events = stage.life.take_events()
        stage.events += events
        self._outbox.put(events)


def _environment(life: Lifecycle, task: Task, index: int) -> Mapping[str, str]:
    attempt = life.ledger.instance(task.name, index).shown.attempt
    return {**identity(life.ledger.run, task, index, attempt), **task.instances[index].environment}
