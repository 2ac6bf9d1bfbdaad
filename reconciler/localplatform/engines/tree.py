"""Finding every process an instance started, whatever it did to hide, and signalling all of them.

On Linux the supervisor is a subreaper, so each process of the job stays its descendant, double forks included. Without
/proc (macOS) only the job's process group is known. The supervisor imports this at each start of an instance, so
it imports nothing that is slow to load.
"""

from __future__ import annotations

import os
import signal
import time

_PROC = "/proc"
_PAGE = os.sysconf("SC_PAGE_SIZE")
_ROUNDS = 200
_PAUSE = 0.005


def has_proc() -> bool:
    """Whether the system tells about its processes."""
    return os.path.exists(f"{_PROC}/self/stat")  # noqa: PTH110 - pathlib costs as much as the rest of the supervisor


def descendants(root: int) -> list[int]:
    """The process ids below `root`, without it, zombies left out; empty without /proc."""
    children: dict[int, list[int]] = {}
    dead: set[int] = set()
    for pid in _pids():
        stat = _stat(pid)
        if stat is not None:
            state, parent = stat
            children.setdefault(parent, []).append(pid)
            if state in {"Z", "X"}:
                dead.add(pid)
    found = list(children.get(root, ()))
    for pid in found:  # grows while walked
        found += children.get(pid, ())
    return [pid for pid in found if pid not in dead]


def carrying(variable: str) -> list[int]:
    """The process ids of this user that were started with `variable` (`NAME=value`) in their environment."""
    wanted = variable.encode()
    found = []
    for pid in _pids():
        environment = _read(f"{_PROC}/{pid}/environ")
        if wanted in environment.split(b"\0") and pid != os.getpid():
            found.append(pid)
    return found


def resident(pids: list[int]) -> int:
    """Bytes of memory these processes hold for themselves: what is mapped from files does not count."""
    total = 0
    for pid in pids:
        fields = _read(f"{_PROC}/{pid}/statm").split()
        if len(fields) > 2:  # noqa: PLR2004 - size, resident, shared ...
            total += (int(fields[1]) - int(fields[2])) * _PAGE
    return total


def send(pids: list[int], number: int) -> None:
    """Sends a signal to each; one that is gone already, or is not ours, is no error."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            continue


def send_to_group(group: int, number: int) -> None:
    """Sends a signal to a process group; one that is gone already is no error."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return


def kill_carrying(variable: str) -> None:
    """Kills every process that was started with `variable`, for as long as new ones turn up (about a second)."""
    for _ in range(_ROUNDS):
        pids = carrying(variable)
        if not pids:
            return
        send(pids, signal.SIGKILL)
        time.sleep(_PAUSE)


def _pids() -> list[int]:
    try:
        return [int(name) for name in os.listdir(_PROC) if name.isdigit()]  # noqa: PTH208 - as above
    except OSError:
        return []


def _stat(pid: int) -> tuple[str, int] | None:
    """The state letter and the parent's id, or None when the process is gone."""
    text = _read(f"{_PROC}/{pid}/stat")
    fields = text[text.rfind(b")") + 2 :].split()
    return (fields[0].decode(), int(fields[1])) if len(fields) > 1 else None


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - as above
            return file.read()
    except OSError:
        return b""
