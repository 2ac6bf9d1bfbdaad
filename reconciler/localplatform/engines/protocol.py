"""What an engine is: it takes runs (localplatform/work.py), carries them out, and tells what happens.

Identity. A run is known by `Run.id`, chosen by the caller. Submitting an id that is known already does nothing, so a
caller that does not know whether its submit arrived just submits again.

Durability. An engine that outlives its process (`process`, later a batch system) has written a run down before
`submit` returns. After a restart `recover` finds what is still going on, what ended meanwhile and what never started;
no instance is ever started twice for that reason.

News. Every change is an `Event`, numbered per run from 1 without gaps. The listener gets them in batches of one or more
(one transaction each), in order per run, from one thread at a time, never while the engine holds a lock: it may call
the engine. It should be quick and must not raise; what a failed call had in hand is delivered again with the next news.
So delivery is at least once; after a restart, or where a caller lost some, `events(run_id, after=...)` gives the rest.
A snapshot is the fold of the events and nothing else.

Environment. A command gets, and gets only: PATH (the folder of the interpreter that runs the engine first, so that
`python` and `python3` are it), HOME and TMPDIR (its own), LANG, SHELL, USER, LOGNAME, `RECONCILER_RUN_ID`,
`RECONCILER_TASK`, `RECONCILER_INDEX`, `RECONCILER_COUNT`, `RECONCILER_ATTEMPT`, `RECONCILER_TOKEN` (by which its
processes are found), the ports of its task, OMP_NUM_THREADS that follows its cpu limit, and on top
`Instance.environment`. Nothing of the server's.

Stopping. Asynchronous: SIGTERM to the whole process tree, SIGKILL after a grace. The run is `stopping` at once and
`cancelled` when the last process is gone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

from reconciler.errors import LocalPlatformError
from reconciler.localplatform.work import Cause, Status

if TYPE_CHECKING:
    from reconciler.localplatform.work import Run


class UnknownRun(LocalPlatformError):
    """The engine has no run of that id, or the run no task or instance of that name."""

    code = "local.unknown-run"


class InvalidRun(LocalPlatformError):
    """The run makes no sense (work.problems). Nothing was started."""

    code = "local.invalid-run"


class RunActive(LocalPlatformError):
    """Only for runs that have ended: cancel it first."""

    code = "local.run-active"


class EventType(StrEnum):
    """What happened. Those of the first group move a status, those of the second only tell.

    An event that ends or skips a task speaks for those of its instances that never started, too.
    """

    SUBMITTED = "submitted"
    SCHEDULED = "scheduled"
    """Room was found for an instance; it is about to be started."""
    STARTED = "started"
    ENDED = "ended"
    """`status`, `cause`, `exit_code` and `signal` say how."""
    RESTARTED = "restarted"
    """A failed instance waits again, `attempt` one higher."""
    REQUEUED = "requeued"
    """Its machine was taken from it by whoever owns the machines: it waits anew, and no restart is used up. About a
    task or the run when nothing of it runs any more for that reason.
    """
    SKIPPED = "skipped"
    STOPPING = "stopping"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    RETRIED = "retried"
    """A person asked for it again; each instance that runs again gets one, the run gets the last one."""

    CLAMPED = "clamped"
    """More was asked for than the machine has; it got all there is."""
    NOMINAL = "nominal"
    """Granted on paper only: devices this machine does not have, an image that is not pulled."""
    QUEUED = "queued"
    """It waits in a queue, again or in vain: the message says why."""
    LOG_CUT = "log-cut"
    OVER_MEMORY = "over-memory"
    """It went over its memory limit too shortly to be stopped for it."""
    ADOPTED = "adopted"
    """Found still running after the engine was restarted."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `at` is UNIX time in seconds.

    About an instance: `task` and `index` are set; about a task: `index` is None; about the run: `task` is "" too.
    `status` is the new status of what it is about, None when the event moves nothing. `attempt` counts the starts of an
    instance from 1 and never goes back. `process` is the process id of what was started, where there is one.
    `message` is a sentence for people. `warning`: a person should look at it.
    """

    run_id: str
    sequence: int
    at: float
    type: EventType
    message: str = ""
    task: str = ""
    index: int | None = None
    attempt: int = 0
    status: Status | None = None
    cause: Cause = Cause.NONE
    exit_code: int | None = None
    signal: int | None = None
    process: int | None = None
    warning: bool = False


Listener: TypeAlias = Callable[[tuple[Event, ...]], None]


@dataclass(frozen=True, slots=True)
class InstanceSnapshot:
    """One instance now. Times are UNIX seconds or None. `attempt` is 0 before the first start; `restarts` counts what
    the engine did by itself since the last submit or retry. `process` is its process id while it runs, where it has
    one.
    """

    index: int
    status: Status
    cause: Cause = Cause.NONE
    exit_code: int | None = None
    signal: int | None = None
    attempt: int = 0
    restarts: int = 0
    started: float | None = None
    finished: float | None = None
    message: str = ""
    process: int | None = None


@dataclass(frozen=True, slots=True)
class TaskSnapshot:
    """One task now; `instances` by index."""

    name: str
    status: Status
    instances: tuple[InstanceSnapshot, ...]
    cause: Cause = Cause.NONE
    started: float | None = None
    finished: float | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class RunSnapshot:
    """One run now; `tasks` in the run's order. `sequence` is that of the last event folded in."""

    run_id: str
    status: Status
    tasks: tuple[TaskSnapshot, ...]
    sequence: int
    submitted: float
    cause: Cause = Cause.NONE
    started: float | None = None
    finished: float | None = None
    message: str = ""

    def task(self, name: str) -> TaskSnapshot:
        """The task of that name. Raises UnknownRun."""
        for task in self.tasks:
            if task.name == name:
                return task
        message = f"run {self.run_id} has no task {name!r}"
        raise UnknownRun(message)


@dataclass(frozen=True, slots=True)
class LogMark:
    """The output from byte `offset` on was written at `at` (UNIX seconds) or later."""

    offset: int
    at: float


@dataclass(frozen=True, slots=True)
class LogChunk:
    """Part of an instance's output, stdout and stderr as they came, all attempts in one.

    `content` starts at the offset asked for and may end inside a character or line; ask again from `next`.
    `ended`: the instance has ended and this reaches the end. `marks` tell when parts of `content` were written.
    """

    content: bytes
    next: int
    ended: bool
    marks: tuple[LogMark, ...] = ()

    @property
    def text(self) -> str:
        """The content as text; what is not UTF-8 shows as U+FFFD."""
        return self.content.decode("utf-8", "replace")


LOG_LIMIT = 1024 * 1024
"""Most bytes one `logs` call gives unless asked for another amount."""


class Engine(Protocol):
    """Carries runs out. Every method may be called from any thread and returns without waiting for work to end."""

    @property
    def uses_images(self) -> bool:
        """Whether commands run inside the images that their tasks name. False: they run directly."""

    def submit(self, run: Run) -> None:
        """Takes a run. An id known already: nothing happens, whatever the rest of it says. Raises InvalidRun.

        A disk that cannot be written makes the run fail with cause DISK instead of raising.
        """

    def cancel(self, run_id: str, *, force: bool = False) -> None:
        """Stops a run: nothing more of it starts, what runs is stopped; `force` kills without grace. A run that has
        ended already is left as it is; `force` after a plain cancel hurries it. Raises UnknownRun.
        """

    def retry(self, run_id: str, *, amended: Run | None = None) -> tuple[str, ...]:
        """Runs what has not succeeded again under the same id; what has succeeded is kept, in a fan-out down to the
        instance, in a gang the whole task. Returns the names of the tasks put back, () when all had succeeded.

        `amended` takes the place of the run from then on; its id and its task names must be those of the run, else
        InvalidRun. Tasks that have succeeded are kept as they ran. Raises UnknownRun, RunActive.
        """

    def observe(self, run_id: str) -> RunSnapshot:
        """The run now. Raises UnknownRun."""

    def events(self, run_id: str, *, after: int = 0) -> tuple[Event, ...]:
        """Every event with a sequence above `after`, in order. Raises UnknownRun."""

    def logs(self, run_id: str, task: str, index: int = 0, *, offset: int = 0, limit: int = LOG_LIMIT) -> LogChunk:
        """The instance's output from byte `offset`; a negative offset counts from the end. Empty before it has
        started and past the end. Raises UnknownRun.
        """

    def forget(self, run_id: str) -> None:
        """Drops a run that has ended, output included. Unknown ids are fine. Raises RunActive."""

    def recover(self) -> tuple[str, ...]:
        """Picks up what an earlier process of this engine left; call it before anything else. Returns the ids of the
        runs that had not ended when it died. News of what happened meanwhile goes to the listener. Raises
        LocalPlatformError when another process has the same folder in use.
        """

    def close(self) -> None:
        """Lets go. What runs goes on running and is found again by `recover`. Safe to call twice."""


@runtime_checkable
class Suspends(Protocol):
    """The ability to freeze a run where it stands. To yield instead (free the machine, begin again later), cancel it,
    wait until it has ended, and retry it.
    """

    def suspend(self, run_id: str) -> None:
        """Stops the clock of its processes and starts no more of it; time limits go on. Ended, stopping or suspended
        already: nothing happens. Raises UnknownRun.
        """

    def resume(self, run_id: str) -> None:
        """Lets it go on. Not suspended: nothing happens. Raises UnknownRun."""
