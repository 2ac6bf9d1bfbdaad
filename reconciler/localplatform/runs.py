"""The bridge between the platforms' runs and the engines that carry them out.

Order of things: a face stores the object of a run and opens its row in one transaction, then starts it. When the
server dies between the two, `recover` starts it: engines take an id only once, so nothing runs twice. News from
engines comes in by `hear`, and by asking whenever somebody looks, so that a list never tells less than a look.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.localplatform.data import OutsideData
from reconciler.localplatform.engines.protocol import InvalidRun, LogChunk, RunSnapshot, UnknownRun
from reconciler.localplatform.history import RunRow
from reconciler.localplatform.snapshots import snapshot_from_text, snapshot_to_text
from reconciler.localplatform.work import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.localplatform.clock import Clock
    from reconciler.localplatform.engines.protocol import Engine, Event
    from reconciler.localplatform.history import EventRow, History
    from reconciler.localplatform.work import Run

    Translate = Callable[[RunRow], Run | None]

_LOG = logging.getLogger(__name__)
_POLL = 0.05
"""Seconds between two looks while waiting for work to end."""


class Runs:
    """Every run of every platform. Thread safe, as the history and the engines are."""

    def __init__(self, history: History, clock: Clock) -> None:
        self.history = history
        self._clock = clock
        self._engines: Mapping[str, Engine] = {}
        self._chosen = ""

    def attach(self, engines: Mapping[str, Engine], chosen: str) -> None:
        """Says who carries runs out. Each engine looks after the runs it got; `chosen` gets the new ones."""
        self._engines = dict(engines)
        self.choose(chosen)

    def choose(self, engine: str) -> None:
        """Says who gets new runs from now on. Raises ValueError when there is no such engine."""
        if engine not in self._engines:
            raise ValueError(f"there is no engine {engine!r}; there are {', '.join(sorted(self._engines))}")
        self._chosen = engine

    @property
    def chosen(self) -> str:
        """The engine that gets new runs."""
        return self._chosen

    @property
    def use_images(self) -> bool:
        """Whether new runs run inside the images that they name."""
        return self._engines[self._chosen].uses_images

    @property
    def engines(self) -> tuple[str, ...]:
        """Every engine there is."""
        return tuple(sorted(self._engines))

    def engine(self, name: str) -> Engine:
        """The engine of that name. Raises KeyError."""
        return self._engines[name]

    def open(self, run: str, platform: str, kind: str) -> None:
        """Remembers that a run exists. Nothing starts yet."""
        now = self._clock.now()
        self.history.open(RunRow(run, platform, kind, self._chosen, Status.PENDING, created=now))

    def start(self, work: Run) -> None:
        """Hands an opened run to its engine. Raises InvalidRun."""
        row = self._row(work.id)
        self._engine_of(row).submit(work)
        self._catch_up(row)

    def hear(self, news: tuple[Event, ...]) -> None:
        """Takes in what happened; this is the engines' listener."""
        ended = self.history.take(news)
        for run in sorted({event.run_id for event in news}):
            row = self.history.get(run)
            if row is not None and row.sequence < max(event.sequence for event in news if event.run_id == run):
                self._catch_up(row)
            elif row is not None and run in ended:
                self._keep(row)

    def look(self, run: str) -> RunSnapshot:
        """A run as it is now, from the engine or, when that has forgotten it, as it was last known.

        Asks the engine exactly once: simulated work may go a step further each time somebody looks.
        """
        row = self._row(run)
        engine = self._engines.get(row.engine)
        if engine is not None:
            try:
                snapshot = engine.observe(run)
            except UnknownRun:
                pass
            else:
                self._catch_up(row)
                return snapshot
        if row.snapshot:
            return snapshot_from_text(row.snapshot)
        return RunSnapshot(
            run, row.state, (), row.sequence, row.created, row.cause, row.started, row.finished, row.message
        )

    def state(self, run: str) -> Status:
        """Where a run is, without that being a look: simulated work goes no step further for it."""
        row = self._row(run)
        self._catch_up(row)
        return (self.history.get(run) or row).state

    def look_at_active(self, platform: str) -> None:
        """Looks at each run of a platform that has not ended, before a list is made."""
        for row in self.history.active():
            if row.platform == platform:
                self.look(row.id)

    def events(self, run: str, *, task: str | None = None, number: int | None = None) -> tuple[EventRow, ...]:
        """What happened so far, oldest first."""
        self._catch_up(self._row(run))
        return self.history.events(run, task=task, number=number)

    def logs(self, run: str, task: str, number: int, *, limit: int) -> LogChunk:
        """The last `limit` bytes of the output of one instance; empty when the engine has none."""
        try:
            return self._engine_of(self._row(run)).logs(run, task, number, offset=-limit, limit=limit)
        except UnknownRun:
            return LogChunk(b"", 0, ended=True)

    def cancel(self, run: str, *, force: bool = False) -> None:
        """Stops a run. One that has ended is left as it is; one that no engine knows is written off."""
        row = self._row(run)
        try:
            self._engine_of(row).cancel(run, force=force)
        except UnknownRun:
            self._lose(row)
        self._catch_up(row)

    def retry(self, work: Run) -> tuple[str, ...]:
        """Runs again what has not succeeded, as `work` now says. The tasks put back. Raises RunActive, InvalidRun."""
        row = self._row(work.id)
        try:
            again = self._engine_of(row).retry(work.id, amended=work)
        except UnknownRun:
            # The engine lost it, so there is nothing to keep: the whole run is handed in anew.
            self.history.forget(row.id)
            self.history.open(replace(row, engine=self._chosen, state=Status.PENDING, started=None, finished=None))
            self.start(work)
            return tuple(task.name for task in work.tasks)
        self._catch_up(row)
        return again

    def drop(self, run: str) -> None:
        """Forgets a run that has ended, output included. Raises RunActive."""
        row = self._row(run)
        if engine := self._engines.get(row.engine):
            engine.forget(run)
        self.history.forget(run)

    def recover(self, translate: Translate) -> None:
        """Picks up what an earlier server left. `translate` gives the work of an opened run, None when its object is
        gone. No run stays open that nobody carries out.
        """
        known = self.history.identifiers()
        for engine in self._engines.values():
            for run in engine.recover():
                if run not in known:
                    _LOG.warning("cancelling run %s, which belongs to no object", run)
                    engine.cancel(run, force=True)
        for row in self.history.active():
            self._pick_up(row, translate)

    def stop_all(self, *, patience: float) -> bool:
        """Cancels everything and waits, at most `patience` seconds, before it kills. Whether all has ended."""
        for row in self.history.active():
            self.cancel(row.id)
        if self._wait(self._active, patience):
            return True
        for row in self.history.active():
            self.cancel(row.id, force=True)
        return self._wait(self._active, patience)

    def close(self) -> None:
        """Lets go of the engines."""
        for engine in self._engines.values():
            engine.close()

    def _pick_up(self, row: RunRow, translate: Translate) -> None:
        try:
            self.hear(self._engine_of(row).events(row.id, after=row.sequence))
        except UnknownRun:
            # Opened, and the server died before the engine got it; or it had it, and lost it.
            if row.sequence or row.engine not in self._engines or not self._start_again(row, translate):
                self._lose(row)

    def _start_again(self, row: RunRow, translate: Translate) -> bool:
        """Starts an opened run from its object. False when that is gone, or makes no work any more."""
        try:
            work = translate(row)
            if work is not None:
                self.start(work)
        except (OutsideData, InvalidRun) as error:
            _LOG.warning("run %s cannot be started: %s", row.id, error)
            return False
        return work is not None

    def _catch_up(self, row: RunRow) -> None:
        """Takes in whatever the engine knows and the history does not."""
        engine, now = self._engines.get(row.engine), self.history.get(row.id)
        if engine is None or now is None:
            return
        try:
            ended = self.history.take(engine.events(row.id, after=now.sequence))
        except UnknownRun:
            return
        if ended:
            self._keep(now)

    def _keep(self, row: RunRow) -> None:
        """Writes down the last word of an engine on a run that has ended: looking moves it no more."""
        try:
            self.history.keep(row.id, snapshot_to_text(self._engine_of(row).observe(row.id)))
        except UnknownRun:
            _LOG.warning("engine %s has forgotten run %s, which it had just ended", row.engine, row.id)

    def wait(self, run: str, *, patience: float) -> bool:
        """Waits, at most `patience` seconds, until a run has ended. Whether it has."""
        return self._wait(lambda: [] if self.look(run).status.ended else [run], patience)

    def _wait(self, active: Callable[[], list[str]], patience: float) -> bool:
        deadline = time.monotonic() + patience
        while runs := active():
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL)
            for run in runs:
                self.look(run)
        return True

    def _active(self) -> list[str]:
        return [row.id for row in self.history.active()]

    def _lose(self, row: RunRow) -> None:
        """The end of a run nobody can account for: said, never silently dropped."""
        _LOG.warning("run %s is lost: engine %s does not know it", row.id, row.engine)
        message = "the local platform was restarted, and how this run ended cannot be known any more"
        self.history.lose(row.id, message, self._clock.now())

    def _row(self, run: str) -> RunRow:
        row = self.history.get(run)
        if row is None:
            raise UnknownRun(f"there is no run {run}")
        return row

    def _engine_of(self, row: RunRow) -> Engine:
        engine = self._engines.get(row.engine)
        if engine is None:
            raise UnknownRun(f"there is no engine {row.engine}")
        return engine
