"""The half of an engine that outlives its process: what every such engine does alike, wherever the work runs.

What is in memory is a fold of what is on disk (storage.py), so a restart loses nothing. One thread (the loop) lets a
`Dispatch` look after what runs, whenever something pokes the engine's named pipe or it is time to look again. How work
is started, watched and stopped is the dispatch's own affair: dispatch.py for processes of this machine,
slurm/dispatch.py for jobs of a cluster.
"""

from __future__ import annotations

import math
import os
import select
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from reconciler.errors import LocalPlatformError
from reconciler.localplatform.engines.dispatch import TrackedRun
from reconciler.localplatform.engines.lifecycle import Lifecycle
from reconciler.localplatform.engines.outbox import Outbox
from reconciler.localplatform.engines.protocol import LOG_LIMIT, InvalidRun, LogChunk, RunActive, UnknownRun
from reconciler.localplatform.engines.storage import FolderLock, RunFolder, folder_name, run_folders
from reconciler.localplatform.work import Cause, problems

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from reconciler.localplatform.engines.protocol import Event, Listener, RunSnapshot
    from reconciler.localplatform.work import Run

_DRAIN = 65536


class Dispatch(Protocol):
    """Starts, watches and stops work. Every method is called with the engine's lock held, so none may wait."""

    def pick_up(self, tracked: TrackedRun) -> None:
        """After a restart: finds what became of what was to run. Called once per run that had not ended."""

    def turn(self, runs: Collection[TrackedRun]) -> float:
        """Does what there is to do now. Returns after how many seconds at most to look again."""

    def heard(self, news: bytes) -> None:
        """Takes what somebody wrote into the engine's named pipe."""

    def before_stop(self, tracked: TrackedRun) -> None:
        """The run is about to be stopped: makes sure that the ledger knows of all that has begun, and that nothing
        begins any more that it does not know of.
        """

    def close(self) -> None:
        """Lets go. Work goes on."""


class DurableEngine:
    """The protocol (Engine and Suspends) on a folder, made when missing, and this engine's alone.

    `listener` is called from the engine's own thread. `clock` gives the UNIX seconds that events carry; it may be moved
    or stopped. Time limits are real: they follow the machine's clock. `make` gives the dispatch when the engine opens;
    it may raise OSError.
    """

    def __init__(
        self,
        folder: Path,
        listener: Listener | None,
        make: Callable[[Path, Outbox], Dispatch],
        *,
        clock: Callable[[], float] = time.time,
        images: bool = False,
    ) -> None:
        """`images`: see `Engine.uses_images`."""
        self._images = images
        self._folder = folder.absolute()
        self._make = make
        self._clock = clock
        self._outbox = Outbox(listener)
        self._lock = threading.RLock()
        self._folder_lock = FolderLock(self._folder)
        self._runs: dict[str, TrackedRun] = {}
        self._dispatcher: Dispatch | None = None
        self._thread: threading.Thread | None = None
        self._wake: tuple[int, ...] = ()
        self._closing = False

    @property
    def uses_images(self) -> bool:
        """See Engine."""
        return self._images

    def submit(self, run: Run) -> None:
        """See Engine."""
        if wrong := problems(run):
            raise InvalidRun("; ".join(wrong))
        with self._lock:
            self._open()
            if self._known(run.id) is not None:
                return
            tracked = TrackedRun(Lifecycle(run), RunFolder(self._run_folder(run.id)), len(self._runs))
            self._runs[run.id] = tracked
            tracked.life.submitted(self._clock())
            try:
                tracked.folder.create(run)
                tracked.save(self._outbox)
            except OSError as error:
                message = f"cannot write down the run: {error.strerror}"
                tracked.life.stop(self._clock(), Cause.DISK, message)
            tracked.publish(self._outbox)
        self._stir()

    def cancel(self, run_id: str, *, force: bool = False) -> None:
        """See Engine."""
        with self._lock:
            dispatcher, tracked = self._open(), self._find(run_id)
            dispatcher.before_stop(tracked)
            tracked.life.stop(self._clock(), Cause.CANCELLED, force=force)
            tracked.publish(self._outbox)
        self._stir()

    def retry(self, run_id: str, *, amended: Run | None = None) -> tuple[str, ...]:
        """See Engine."""
        with self._lock:
            self._open()
            tracked = self._find(run_id)
            again = tracked.life.retry(self._clock(), amended)
            if again:
                tracked.begin_anew()
            with suppress(OSError):  # then the next start cannot be written down either, and says so
                tracked.folder.mark_ended(ended=False)
                if amended is not None:
                    tracked.folder.create(tracked.life.ledger.run)
            tracked.publish(self._outbox)
        self._stir()
        return again

    def suspend(self, run_id: str) -> None:
        """See Suspends."""
        with self._lock:
            self._open()
            tracked = self._find(run_id)
            tracked.life.suspend(self._clock())
            tracked.publish(self._outbox)
        self._stir()

    def resume(self, run_id: str) -> None:
        """See Suspends."""
        with self._lock:
            self._open()
            tracked = self._find(run_id)
            tracked.life.resume(self._clock())
            tracked.publish(self._outbox)
        self._stir()

    def observe(self, run_id: str) -> RunSnapshot:
        """See Engine."""
        with self._lock:
            self._open()
            return self._find(run_id).life.ledger.snapshot()

    def events(self, run_id: str, *, after: int = 0) -> tuple[Event, ...]:
        """See Engine."""
        with self._lock:
            self._open()
            return tuple(self._find(run_id).events[max(after, 0) :])

    def logs(self, run_id: str, task: str, index: int = 0, *, offset: int = 0, limit: int = LOG_LIMIT) -> LogChunk:
        """See Engine."""
        with self._lock:
            self._open()
            tracked = self._find(run_id)
            ended = tracked.life.ledger.instance(task, index).shown.status.ended
            return tracked.folder.read_log(task, index, offset, limit, ended=ended)

    def forget(self, run_id: str) -> None:
        """See Engine. Raises LocalPlatformError when the disk refuses."""
        with self._lock:
            self._open()
            tracked = self._known(run_id)
            if tracked is None:
                return
            if not tracked.life.ledger.status.ended:
                message = f"run {run_id} has not ended: cancel it first"
                raise RunActive(message)
            del self._runs[run_id]
            try:
                tracked.folder.remove()
            except OSError as error:
                message = f"cannot remove the output of run {run_id}: {error.strerror}"
                raise LocalPlatformError(message) from error

    def recover(self) -> tuple[str, ...]:
        """See Engine. Happens by itself at the first call of anything else, too."""
        with self._lock:
            self._open()
            found = tuple(run_id for run_id, tracked in self._runs.items() if not tracked.life.ledger.status.ended)
        self._stir()
        return found

    def close(self) -> None:
        """See Engine."""
        with self._lock:
            thread, self._thread = self._thread, None
            self._closing = True
        if thread is not None and thread is not threading.current_thread():
            self._poke()
            thread.join()
        with self._lock:
            for descriptor in self._wake:
                os.close(descriptor)
            self._wake = ()
            if self._dispatcher is not None:
                self._dispatcher.close()
            self._dispatcher = None
            self._runs.clear()
            self._folder_lock.release()
            self._closing = False

    def _run_folder(self, run_id: str) -> Path:
        return self._folder / "runs" / folder_name(run_id)

    def _open(self) -> Dispatch:
        """Takes the folder and picks up what is in it, the first time."""
        if self._dispatcher is None:
            self._folder_lock.take()
            try:
                self._wake = _wake_pipe(self._folder)
                dispatcher = self._make(self._folder, self._outbox)
                for path in run_folders(self._folder):
                    if tracked := _load(path, len(self._runs)):
                        self._runs[tracked.life.ledger.run.id] = tracked
                for tracked in self._runs.values():
                    dispatcher.pick_up(tracked)
            except OSError as error:
                message = f"cannot use {self._folder}: {error.strerror}"
                raise LocalPlatformError(message, hint="free the disk or choose another folder") from error
            self._dispatcher = dispatcher
            self._start_loop()
        return self._dispatcher

    def _known(self, run_id: str) -> TrackedRun | None:
        """A run in memory or, ended long ago, on disk. Raises LocalPlatformError when it cannot be read."""
        if run_id in self._runs:
            return self._runs[run_id]
        path = self._run_folder(run_id)
        if not (path / "run.json").exists():
            return None
        tracked = _load(path, len(self._runs), ended_too=True)
        if tracked is None:
            message = f"what is on disk of run {run_id} cannot be read: {path}"
            raise LocalPlatformError(message)
        self._runs[run_id] = tracked
        return tracked

    def _find(self, run_id: str) -> TrackedRun:
        tracked = self._known(run_id)
        if tracked is None:
            message = f"no run {run_id!r}"
            raise UnknownRun(message)
        return tracked

    def _start_loop(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._loop, name="engine", daemon=True)
            self._thread.start()

    def _stir(self) -> None:
        """Makes the loop look, and makes sure there is one: a listener that raised has ended the last one."""
        with self._lock:
            if self._dispatcher is not None:
                self._start_loop()
        self._poke()

    def _poke(self) -> None:
        with self._lock, suppress(OSError, IndexError):  # a full pipe wakes just as well
            os.write(self._wake[-1], b".")

    def _loop(self) -> None:
        while True:
            with self._lock:
                if self._closing or self._dispatcher is None:
                    return
                wait = self._dispatcher.turn(self._runs.values())
                sources = [self._wake[0]]
            self._outbox.deliver()
            ready, _, _ = select.select(sources, [], [], None if wait == math.inf else wait)
            for source in ready:
                with suppress(BlockingIOError):
                    self._hear(os.read(source, _DRAIN))

    def _hear(self, news: bytes) -> None:
        with self._lock:
            if self._dispatcher is not None:
                self._dispatcher.heard(news)


def _wake_pipe(folder: Path) -> tuple[int, ...]:
    """The named pipe through which supervisors tell that there is news. Raises OSError."""
    path = folder / "wake"
    path.unlink(missing_ok=True)
    os.mkfifo(path, 0o600)
    # Held open for writing too, so that it never reads as ended.
    return (
        os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC),
        os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC),
    )


def _load(path: Path, order: int, *, ended_too: bool = False) -> TrackedRun | None:
    """A run from disk; None when it cannot be read, or has ended and is not wanted."""
    folder = RunFolder(path)
    if folder.is_marked_ended() and not ended_too:
        return None
    try:
        run, events = folder.load()
        return TrackedRun(Lifecycle(run, events), folder, order, list(events))
    except (OSError, ValueError, KeyError, UnknownRun):
        return None
