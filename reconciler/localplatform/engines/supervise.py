"""The guardian of one instance: a small process between the engine and the job, which outlives the engine.

It claims its attempt, prepares the folders, starts the command in a session of its own, keeps what it writes, enforces
time and memory limits, stops the whole process tree when told, and records how it ended. What it records is
all an engine needs after a restart:

    claim         exists from before the command starts; locked for as long as this process lives. Two processes can
                  never both hold it, so no attempt runs twice
    started.json  {"process": pid, "at": time}
    exit.json     {"cause", "exit_code", "signal", "message", "at", ...}: written last, whole or not at all

Signals: TERM stops gently, USR1 kills, TSTP freezes, CONT thaws. Run as `python -c BOOT FOLDER` with `order.json` in
FOLDER (launching.py writes it). Started for every instance, so only modules that load in a blink are imported.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import sys
import time

from reconciler.localplatform.engines import confine, tree
from reconciler.localplatform.engines.capture import Capture

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

_CHUNK = 65536
_FIRST_SAMPLE = 0.02
_SLOWEST_SAMPLE = 0.5
_LEFTOVER_ROUNDS = 400
_LEFTOVER_PAUSE = 0.005
_LONGEST_DRAIN = 5.0
_RESERVE = 4096
_TOGETHER = 0.5
_TERMINATED = {signal.SIGTERM.value, (128 + signal.SIGTERM) << 8}
"""Wait statuses of what ended by SIGTERM: killed by it, or as shells tell of it."""
UNRECORDED = 70
"""Exit status of a supervisor which could not write down how the job ended."""


class PreparationFailed(Exception):
    """The command was not started. Carries the cause (a word of work.Cause) and a sentence."""

    def __init__(self, cause: str, message: str) -> None:
        super().__init__(message)
        self.cause = cause
        self.message = message


class Supervisor:
    """One attempt of one instance."""

    def __init__(self, folder: str, order: dict[str, Any], wake: int, flags: set[int]) -> None:
        """`flags` are the signals that have come and have not been dealt with."""
        self._folder = folder
        self._order = order
        self._wake = wake
        self._flags = flags
        self._job = 0
        self._status: int | None = None
        self._reason = ""
        self._kill_at = float("inf")
        self._sample_every = _FIRST_SAMPLE
        self._sample_at = 0.0
        self._peak = 0
        self._output = -1
        self._capture = Capture(order["log"], order["marks"], limit=order["log_limit"], tail=order["log_tail"])

    def run(self) -> dict[str, Any]:
        """Runs the attempt to its end. Returns what goes into exit.json."""
        kills = _kernel_kills()
        if self._order["attempt"] > 1:
            self._capture.header(f"=== attempt {self._order['attempt']} ===\n")
        for note in self._order.get("notes", ()):
            self._capture.header(f"[{note}]\n")
        try:
            self._start()
        except PreparationFailed as failure:
            self._capture.header(f"[{failure.message}]\n")
            self._capture.finish()
            return {"cause": failure.cause, "message": failure.message}
        while self._status is None:
            self._turn()
        if self._order.get("signalled_together"):
            self._settle_stop()
        self._clear_leftovers()
        self._drain()
        self._capture.finish()
        return self._ending(oom=_kernel_kills() > kills)

    def note_signal(self, number: int, _frame: FrameType | None) -> None:
        """The handler of every signal: only remembers it."""
        self._flags.add(number)

    def _start(self) -> None:
        forbidden = "stop" in self._order and os.path.exists(self._order["stop"])  # noqa: PTH110 - pathlib is slow to load
        if forbidden or self._flags & {signal.SIGTERM, signal.SIGUSR1}:
            raise PreparationFailed("stopped", "stopped before it started")
        try:
            confine.prepare(self._order)
        except FileNotFoundError as error:
            raise PreparationFailed("input-missing", str(error.args[0])) from None
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            raise PreparationFailed("disk", f"cannot prepare the working folder: {error.strerror}{where}") from None
        try:
            self._job, self._output = confine.spawn(self._order)
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            raise PreparationFailed("launch", f"cannot start the command: {error.strerror}{where}") from None
        _record(self._folder, "started.json", {"process": self._job, "at": time.time()})
        _tell(self._order)

    def _turn(self) -> None:
        """Waits for something to happen and deals with it."""
        self._wait()
        flags = set(self._flags)
        self._flags -= flags
        self._reap()
        if signal.SIGUSR1 in flags:
            self._stop("stopped", grace=0.0)
        elif signal.SIGTERM in flags:
            self._stop("stopped", grace=self._order["grace"])
        if signal.SIGTSTP in flags:
            self._signal_all(signal.SIGSTOP)
            self._signal_all(signal.SIGSTOP)  # again for what was started while the first ones were being stopped
        if signal.SIGCONT in flags:
            self._signal_all(signal.SIGCONT)
        self._check_limits(time.time())

    def _wait(self) -> None:
        moments = [at for _, at in self._order["deadlines"]] if not self._reason else []
        moments.append(self._kill_at)
        if self._order["memory"]:
            moments.append(self._sample_at)
        timeout = max(min(moments) - time.time(), 0.0)
        sources = [self._wake] if self._output < 0 else [self._wake, self._output]
        ready, _, _ = select.select(sources, [], [], None if timeout == float("inf") else timeout)
        if self._wake in ready:
            os.read(self._wake, _CHUNK)
        if self._output in ready:
            self._read()

    def _read(self) -> None:
        data = os.read(self._output, _CHUNK)
        if data:
            self._capture.write(data)
        else:
            os.close(self._output)
            self._output = -1

    def _reap(self) -> None:
        """Collects every child that has ended; orphans of the job are our children too."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self._job:
                self._status = status

    def _check_limits(self, now: float) -> None:
        if not self._reason:
            for cause, at in self._order["deadlines"]:
                if now >= at:
                    self._stop(cause, grace=self._order["grace"])
                    break
        if now >= self._kill_at:
            self._kill_at = now + 1.0
            self._signal_all(signal.SIGKILL)
        if self._order["memory"] and now >= self._sample_at:
            self._sample_memory(now)

    def _sample_memory(self, now: float) -> None:
        held = tree.resident(self._tree())
        self._peak = max(self._peak, held)
        # Often at first, where programs load; less often later, so that long jobs cost nothing.
        self._sample_every = min(self._sample_every * 1.2, _SLOWEST_SAMPLE)
        self._sample_at = now + self._sample_every
        if held > self._order["memory"]:
            self._stop("out-of-memory", grace=0.0)

    def _stop(self, reason: str, *, grace: float) -> None:
        """Ends the tree; the first reason given is the one recorded. Called again, it can only become faster."""
        self._reason = self._reason or reason
        if grace:
            self._signal_all(signal.SIGTERM)
            self._signal_all(signal.SIGCONT)
        self._kill_at = min(self._kill_at, time.time() + grace)

    def _settle_stop(self) -> None:
        """A batch system sends a stop to us and to the job at once; the job may have ended of it before we heard."""
        status, end = self._status or 0, time.time() + _TOGETHER
        while status in _TERMINATED and signal.SIGTERM not in self._flags and not self._reason and time.time() < end:
            time.sleep(_LEFTOVER_PAUSE)
        if status and signal.SIGTERM in self._flags:
            self._stop("stopped", grace=0.0)

    def _tree(self) -> list[int]:
        return tree.descendants(os.getpid()) if tree.has_proc() else []

    def _signal_all(self, number: int) -> None:
        pids = self._tree()
        tree.send(pids, number)
        if not pids:
            tree.send_to_group(self._job, number)

    def _clear_leftovers(self) -> None:
        """The command has ended: what it left behind ends too, as in a container."""
        if not tree.has_proc():
            tree.send_to_group(self._job, signal.SIGKILL)
        for _ in range(_LEFTOVER_ROUNDS):
            self._reap()
            pids = self._tree()
            if not pids:
                return
            tree.send(pids, signal.SIGKILL)
            time.sleep(_LEFTOVER_PAUSE)

    def _drain(self) -> None:
        """Reads what is still in the pipe. Whoever might still write has escaped us and is not waited for."""
        until = time.time() + _LONGEST_DRAIN
        while self._output >= 0 and time.time() < until and select.select([self._output], [], [], 0)[0]:
            self._read()

    def _ending(self, *, oom: bool) -> dict[str, Any]:
        status = self._status or 0
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
        code = os.WEXITSTATUS(status) if number is None else None
        cause, message = "", ""
        if self._reason:
            cause, message = self._reason, _REASONS[self._reason]
        elif number == signal.SIGKILL and oom:
            cause, message = "out-of-memory", "killed by the system, which was out of memory"
        elif number is not None:
            cause, message = "signal", f"ended by signal {number}{_name(number)}"
        elif code:
            cause, message = "exit-code", f"exit code {code}"
        return {
            "cause": cause,
            "message": message,
            "exit_code": code,
            "signal": number,
            "peak": max(self._peak, confine.largest_child()),
            "dropped": self._capture.dropped,
            "log_error": self._capture.error,
        }


_REASONS = {
    "stopped": "stopped",
    "timeout": "the task's time was over",
    "run-timeout": "the run's time was over",
    "out-of-memory": "it held more memory than its limit",
}


def _name(number: int) -> str:
    try:
        return f" ({signal.Signals(number).name})"
    except ValueError:  # the real-time signals have no names
        return ""


def _tell(order: dict[str, Any]) -> None:
    poke(order["wake"], order.get("news", ".").encode())


def poke(path: str, news: bytes = b".") -> None:
    """Tells whichever engine listens that there is something new to read. Nobody listening is fine."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return
    try:
        os.write(descriptor, news)
    except OSError:
        pass
    finally:
        os.close(descriptor)


def claim(folder: str, text: str) -> int:
    """Takes the attempt, locked. Returns the descriptor that holds the lock, or -1 when it was taken before.

    The file is locked before it appears, so whoever sees it and finds it unlocked knows that its owner is dead.
    """
    name = os.path.join(folder, f"claim.{os.getpid()}")  # noqa: PTH118 - pathlib is slow to load
    descriptor = os.open(name, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.write(descriptor, text.encode())
        os.link(name, os.path.join(folder, "claim"))  # noqa: PTH118
    except FileExistsError:
        os.close(descriptor)
        return -1
    finally:
        os.unlink(name)  # noqa: PTH108
    return descriptor


def main(folder: str) -> int:
    """Runs the attempt described in `folder`/order.json. Returns the exit status."""
    close_inherited()
    with open(os.path.join(folder, "order.json"), encoding="utf-8") as file:  # noqa: PTH118, PTH123
        order = json.load(file)
    ending = oversee(folder, order, set())
    return 0 if ending is None or ending["recorded"] else UNRECORDED


def oversee(folder: str, order: dict[str, Any], flags: set[int]) -> dict[str, Any] | None:
    """Runs one attempt to its end and records it. Returns the record, and whether it could be written as `recorded`;
    None when somebody else had claimed the attempt. Signals that come are put into `flags`.
    """
    wake, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    supervisor = Supervisor(folder, order, wake, flags)
    watched = (signal.SIGTERM, signal.SIGUSR1, signal.SIGTSTP, signal.SIGCONT, signal.SIGCHLD)
    for number in watched:
        signal.signal(number, supervisor.note_signal)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if claim(folder, str(os.getpid())) < 0:
        return None
    reserve = _reserve(folder)
    confine.adopt_orphans()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, watched)  # blocked by the engine until we can handle them
    ending = supervisor.run()
    confine.clean(order)
    recorded = _record(folder, "exit.json", {**ending, "at": time.time()}, reserve=reserve)
    _tell(order)
    return {**ending, "recorded": recorded}


def close_inherited() -> None:
    """Closes what the engine's process had open and did not mean for us: a job must not reach it."""
    for name in os.listdir("/dev/fd"):  # noqa: PTH208
        if int(name) > sys.stderr.fileno():
            try:
                os.close(int(name))
            except OSError:  # the one that listed the folder
                continue


def _reserve(folder: str) -> str:
    """Takes the room for the last record now, so that a full disk cannot keep it from being written."""
    name = os.path.join(folder, "exit.reserved")  # noqa: PTH118
    try:
        with open(name, "wb") as file:  # noqa: PTH123
            file.write(b" " * _RESERVE)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        return ""
    return name


def _record(folder: str, name: str, content: dict[str, Any], *, reserve: str = "") -> bool:
    """Writes a record, whole or not at all. Trailing blanks in it mean nothing."""
    target = os.path.join(folder, name)  # noqa: PTH118
    temporary = reserve or f"{target}.new"
    data = json.dumps(content).encode()
    try:
        with open(temporary, "r+b" if reserve else "wb") as file:  # noqa: PTH123
            file.write(data.ljust(_RESERVE) if reserve else data)
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, target)  # noqa: PTH104
    except OSError as error:
        sys.stderr.write(f"cannot write {name}: {error}\n")
        return False
    return True


def _kernel_kills() -> int:
    """How many processes the system has killed for lack of memory so far; 0 where it does not tell."""
    try:
        with open("/proc/vmstat", encoding="ascii") as file:  # noqa: PTH123
            for line in file:
                if line.startswith("oom_kill "):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0
