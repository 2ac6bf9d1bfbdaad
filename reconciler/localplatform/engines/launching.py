"""Starting supervisors and finding out what became of them. It knows nothing that a restarted engine cannot know."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.engines import tree
from reconciler.localplatform.engines.lifecycle import Ending, Verb
from reconciler.localplatform.engines.sandbox import command_line, identity, script_text, surroundings
from reconciler.localplatform.engines.supervise import UNRECORDED, claim
from reconciler.localplatform.work import Cause

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.localplatform.work import Limits, Run, Task

_PACKAGES = Path(__file__).resolve().parents[3]
# Without the site module and the environment: fast to start, and nothing from outside can change what is run.
_BOOT = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from reconciler.localplatform.engines.supervise import main; sys.exit(main(sys.argv[2]))"
)
_SIGNALS = {
    Verb.STOP: signal.SIGTERM,
    Verb.KILL: signal.SIGUSR1,
    Verb.FREEZE: signal.SIGTSTP,
    Verb.THAW: signal.SIGCONT,
}
_HANDLED = (*_SIGNALS.values(), signal.SIGCHLD)
VOID = "void"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every start needs to know. Sizes in bytes, times in seconds. `grace`: between a gentle stop and a kill."""

    wake: Path
    search_path: str
    temporary: Path
    grace: float
    log_limit: int
    log_tail: int
    niceness: int


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt of one instance to start: `folder` is the instance's, `limits` what it is granted, `ports` the
    variables that hold ports; `deadlines` are causes and UNIX times.
    """

    run: Run
    task: Task
    index: int
    attempt: int
    folder: Path
    limits: Limits
    ports: Mapping[str, str] = field(default_factory=dict)
    deadlines: Sequence[tuple[Cause, float]] = ()


class Found(StrEnum):
    """What became of a launch. `UNCLAIMED`: the supervisor is not there yet, or died before it did anything; `DEAD`: it
    had begun, and will never record an end.
    """

    UNCLAIMED = "unclaimed"
    VOID = "void"
    ALIVE = "alive"
    FINISHED = "finished"
    DEAD = "dead"


@dataclass(slots=True)
class Launch:
    """A supervisor, ours or adopted. `child` is its process id when it is our child, else 0."""

    folder: Path
    child: int = 0
    status: int | None = None

    def look(self) -> Found:
        """What became of it."""
        if (self.folder / "exit.json").exists():
            return Found.FINISHED
        try:
            descriptor = os.open(self.folder / "claim", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return Found.UNCLAIMED
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return Found.ALIVE
        finally:
            owner = os.read(descriptor, 32).decode("ascii", "replace")
            os.close(descriptor)
        if owner == VOID:
            return Found.VOID
        # It may have ended between the two looks.
        return Found.FINISHED if (self.folder / "exit.json").exists() else Found.DEAD

    def gone(self) -> bool:
        """Whether its process is no more. Collects our child, once."""
        if self.child:
            with suppress(ChildProcessError):
                pid, status = os.waitpid(self.child, os.WNOHANG)
                if pid == 0:
                    return False
                self.status = os.waitstatus_to_exitcode(status)
            self.child = 0
        return self.look() is not Found.ALIVE

    def started(self) -> tuple[float, int] | None:
        """When the command was started and its process id, or None when it was not."""
        record = _read(self.folder / "started.json")
        return None if record is None else (record["at"], record["process"])

    def ending(self) -> tuple[float, Ending, dict[str, Any]]:
        """When and how it ended, and the whole record. Only when `FINISHED`."""
        record = _read(self.folder / "exit.json") or {"cause": Cause.LOST, "message": "its record cannot be read"}
        stopped = record["cause"] == "stopped"
        ending = Ending(
            cause=Cause.CANCELLED if stopped else Cause(record["cause"]),
            exit_code=record.get("exit_code"),
            signal=record.get("signal"),
            message=record["message"],
            stopped=stopped,
        )
        return record.get("at", 0.0), ending, record

    def silent_ending(self) -> Ending:
        """How it ended when it left no record; what it left behind is killed and removed."""
        order = _read(self.folder / "order.json")
        if order is not None:
            tree.kill_carrying(f"RECONCILER_TOKEN={order['environment']['RECONCILER_TOKEN']}")
            shutil.rmtree(order["temporary"], ignore_errors=True)
        if self.status == UNRECORDED:
            return Ending(Cause.DISK, message="it ended, and how could not be written down")
        if self.look() is Found.UNCLAIMED:
            return Ending(Cause.LAUNCH, message=f"its supervisor did not start: {self._complaint()}")
        return Ending(Cause.LOST, message=f"its supervisor died, so how it ended is not known: {self._complaint()}")

    def signal(self, verb: Verb) -> None:
        """Tells the supervisor. One that is gone already is no error."""
        pid = self.child
        if not pid and self.look() is Found.ALIVE:
            with suppress(OSError, ValueError):
                pid = int((self.folder / "claim").read_text(encoding="ascii"))
        if pid:
            tree.send([pid], _SIGNALS[verb])

    def _complaint(self) -> str:
        with suppress(OSError):
            lines = (self.folder / "supervisor.log").read_text(encoding="utf-8", errors="replace").splitlines()
            if lines:
                return lines[-1]
        return "no last words" if self.status is None else f"exit status {self.status}"


def launch(job: Job, surroundings: Surroundings, number: int) -> Launch:
    """Starts a supervisor for the job. `number` tells launches of one attempt apart. Raises OSError."""
    folder = job.folder / f"{job.attempt}-{number}"
    folder.mkdir(mode=0o700, parents=True)
    order = _order(job, surroundings, folder)
    descriptor = os.open(folder / "order.json", os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(order, file)
    log = str(folder / "supervisor.log")
    child = os.posix_spawn(
        sys.executable,
        [sys.executable, "-I", "-S", "-B", "-c", _BOOT, str(_PACKAGES), str(folder)],
        {"LC_ALL": "C.UTF-8"},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
        setsigmask=_HANDLED,
    )
    return Launch(folder, child)


def last_launch(folder: Path, attempt: int) -> tuple[Launch | None, int]:
    """The newest launch of an attempt below an instance's folder, if any, and the next free number."""
    number = 0
    while (folder / f"{attempt}-{number}").exists():
        number += 1
    return (Launch(folder / f"{attempt}-{number - 1}") if number else None), number


def void(found: Launch) -> bool:
    """Makes sure that a launch nobody has claimed will never begin. False: its supervisor was faster."""
    descriptor = claim(str(found.folder), VOID)
    if descriptor < 0:
        return False
    os.close(descriptor)
    return True


def deadlines_of(found: Launch) -> dict[Cause, float]:
    """The deadlines a launch was given."""
    order = _read(found.folder / "order.json") or {}
    return {Cause(cause): at for cause, at in order.get("deadlines", ())}


def ports_of(found: Launch) -> dict[str, str]:
    """The ports a launch was given."""
    order = _read(found.folder / "order.json") or {}
    ports: dict[str, str] = order.get("ports", {})
    return ports


def free_ports(names: Sequence[str]) -> dict[str, str]:
    """A loopback port for each name, free a moment ago; all different."""
    held: dict[str, socket.socket] = {}
    try:
        for name in names:
            held[name] = socket.socket()
            held[name].bind(("127.0.0.1", 0))
        return {name: str(one.getsockname()[1]) for name, one in held.items()}
    finally:
        for one in held.values():
            one.close()


def _order(job: Job, around: Surroundings, folder: Path) -> dict[str, Any]:
    instance = job.task.instances[job.index]
    token = secrets.token_hex(16)
    home = folder / "home"
    temporary = (
        around.temporary / f"rc-{token[:12]}"
    )  # short: sockets are made below it, and their paths may not be long
    directory = Path(instance.directory) if instance.directory else folder / "work"
    script = folder / "script"
    return {
        "attempt": job.attempt,
        "argv": command_line(instance.command, str(script)),
        "script": script_text(instance.command),
        "script_path": str(script),
        "environment": {
            **surroundings(
                search_path=around.search_path, home=str(home), temporary=str(temporary), cpu=job.limits.cpu
            ),
            **identity(job.run, job.task, job.index, job.attempt),
            "RECONCILER_TOKEN": token,
            **job.ports,
            **instance.environment,
        },
        "directory": str(directory),
        "home": str(home),
        "temporary": str(temporary),
        "inputs": list(instance.inputs),
        "outputs": list(instance.outputs),
        "files": [
            {"path": file.path, "content": base64.b64encode(file.content).decode(), "executable": file.executable}
            for file in instance.files
        ],
        "ports": dict(job.ports),
        "deadlines": [[cause.value, at] for cause, at in job.deadlines],
        "grace": around.grace,
        "memory": job.limits.memory,
        "niceness": around.niceness,
        "log": str(job.folder / "log"),
        "marks": str(job.folder / "marks"),
        "log_limit": around.log_limit,
        "log_tail": around.log_tail,
        "wake": str(around.wake),
    }


def _read(path: Path) -> dict[str, Any] | None:
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record
