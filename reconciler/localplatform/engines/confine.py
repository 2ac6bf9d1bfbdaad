"""The surroundings of a job: its folders, its process attributes, its start. Used by the supervisor only.

What it can do to keep a job in its place, it does without privileges and with what every Linux has: a session of its
own, no input, no new privileges (set-user-id programs gain nothing), lower priority, first to go when the system is
out of memory, no core dumps, private files, a home and a temporary folder of its own. It is no container: the job
sees the machine's file system with the rights of the user who runs the engine.
"""

from __future__ import annotations

import base64
import os
import resource
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_HEADROOM = 4 * 1024**3
"""RLIMIT_DATA lies this much above the memory limit.

The limit itself is enforced by looking at what the processes really hold. RLIMIT_AS would break every program that
reserves address space it never uses (Go, Java, CUDA); RLIMIT_DATA at the limit breaks numerical libraries, whose thread
stacks and buffers are counted though untouched. With headroom it only stops a sudden burst.
"""


def adopt_orphans() -> None:
    """Makes this process the parent of whatever its descendants leave behind (Linux; elsewhere nothing)."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def prepare(order: dict[str, Any]) -> None:
    """Makes folders and files. Raises FileNotFoundError with one sentence for a missing input, else OSError."""
    os.umask(0o077)
    directory = order["directory"]
    for folder in (directory, order["home"], order["temporary"]):
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103 - pathlib is slow to load
    missing = [path for path in order["inputs"] if not os.path.exists(os.path.join(directory, path))]  # noqa: PTH110, PTH118
    if missing:
        raise FileNotFoundError("input does not exist: " + ", ".join(missing))
    for path in order["outputs"]:
        os.makedirs(os.path.join(directory, path), exist_ok=True)  # noqa: PTH103, PTH118
    for file in order["files"]:
        path = os.path.join(directory, file["path"])  # noqa: PTH118
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
        _write(path, base64.b64decode(file["content"]), 0o700 if file["executable"] else 0o600)
    if order["script"] is not None:
        _write(order["script_path"], order["script"].encode("utf-8", "surrogateescape"), 0o600)


def spawn(order: dict[str, Any]) -> tuple[int, int]:
    """Starts the command. Returns its process id and the descriptor its output comes from. Raises OSError."""
    output, output_write = os.pipe()
    failure, failure_write = os.pipe()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _become_job(order, output_write, failure_write)
    os.close(output_write)
    os.close(failure_write)
    with os.fdopen(failure, "rb") as told:
        problem = told.read().decode("utf-8", "replace")
    if problem:
        os.waitpid(pid, 0)
        os.close(output)
        number, _, name = problem.partition(":")
        raise OSError(int(number), os.strerror(int(number)), name)
    return pid, output


def clean(order: dict[str, Any]) -> None:
    """Removes the temporary folder. What cannot be removed stays."""
    import shutil  # only at the end: slow to load

    shutil.rmtree(order["temporary"], ignore_errors=True)


def largest_child() -> int:
    """Bytes the largest process of the job held at its peak."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit


def _become_job(order: dict[str, Any], output: int, failure: int) -> NoReturn:
    """The rest of the forked child's life as Python. Never returns."""
    at = order["argv"][0]
    try:
        os.setsid()
        _leave_marks(order)
        at = order["directory"]
        os.chdir(at)
        at = order["argv"][0]
        empty = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((empty, 0), (output, 1), (output, 2)):
            os.dup2(source, target)
        for number in range(1, signal.NSIG):
            if number not in {signal.SIGKILL, signal.SIGSTOP}:
                _default(number)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.execvpe(order["argv"][0], order["argv"], order["environment"])  # noqa: S606 - that is the purpose
    except OSError as error:
        os.write(failure, f"{error.errno}:{at}".encode("utf-8", "replace"))
    finally:
        os._exit(127)


def _leave_marks(order: dict[str, Any]) -> None:
    """Limits and attributes of the job's process, inherited by all it starts."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # without its supervisor nobody would know how it ends
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if order["memory"] and sys.platform == "linux":
        most = order["memory"] + _HEADROOM
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    os.nice(order["niceness"])
    try:
        with open("/proc/self/oom_score_adj", "wb") as file:  # noqa: PTH123
            file.write(b"500")
    except OSError:
        return


def _default(number: int) -> None:
    try:
        signal.signal(number, signal.SIG_DFL)
    except (OSError, ValueError):  # numbers between the standard and the real-time signals belong to the C library
        return


def _prctl(option: int, value: int) -> None:
    if sys.platform != "linux":
        return
    import ctypes  # slow to load, and only Linux has use for it

    ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _write(path: str, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    os.chmod(path, mode)  # noqa: PTH101 - the file may have been there
