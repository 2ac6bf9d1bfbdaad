"""What a job of ours does on its node. The batch script becomes this process, which becomes the guardian of one
instance (supervise.py), or the leader of a gang whose members are guardians too, started by `srun`.

Nothing is ever begun twice. A Slurm job must own its place in the chain: the first to link `owner.<key>` does, also
when it is begun again after a requeue; any other ends at once and has done nothing. An attempt must be claimed. A chain
that is being stopped lets nothing begin.

Restarts happen here, inside the allocation, by the rule that lifecycle.py has too; so a chain goes on while no server
runs. Loaded on every start of every instance, so only modules that load in a blink are imported.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import time

from reconciler.localplatform.engines.supervise import UNRECORDED, close_inherited, oversee

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_OFFSET = struct.Struct("<QQ")
_LOOPBACK = "127.0.0.1"
_RESTARTABLE = frozenset({"exit-code", "signal", "out-of-memory"})
_GRANTED = ("SLURM_", "SLURMD_", "PMI_", "PMIX_", "CUDA_VISIBLE", "NVIDIA_VISIBLE", "ROCR_VISIBLE", "HIP_VISIBLE")
"""Variables of Slurm's that a command gets: who it is on the cluster, how it meets its peers, and its devices."""
_BY_SIGNAL = 128
_WORST = 255


def main(arguments: list[str]) -> int:
    """`batch FOLDER KEY` is the batch script, `member FOLDER KEY ROUND` a member of a gang. Returns the exit status."""
    close_inherited()
    variables = dict(os.environ)  # set by Slurm for this very job: there is no other place to read them
    folder, key = arguments[1], arguments[2]
    with open(_at(folder, f"{key}.json"), encoding="utf-8") as file:  # noqa: PTH123 - pathlib is slow to load
        job = json.load(file)
    step = Step(folder, key, job, variables)
    if arguments[0] == "member":
        return step.member(arguments[3])
    if not own(folder, key, variables.get("SLURM_ARRAY_JOB_ID") or variables["SLURM_JOB_ID"]):
        sys.stderr.write("this place in the chain belongs to another job: nothing was done\n")
        return 0
    if job["gang"]:
        from reconciler.localplatform.engines.slurm.gang import lead

        return lead(step)
    return step.single()


class Step:
    """One job on its node. `job` is what `orders.job_order` said about it."""

    def __init__(self, folder: str, key: str, job: dict[str, Any], variables: Mapping[str, str]) -> None:
        self.folder = folder
        self.key = key
        self.job = job
        self.variables = variables
        self.flags: set[int] = set()

    def single(self) -> int:
        """Runs one instance, as often as its task allows. Returns the exit status of the batch job."""
        position = int(self.variables.get("SLURM_ARRAY_TASK_ID") or 0)
        template = self.template(position)
        deadlines = self.deadlines(time.time())
        restarts = 0
        while True:
            attempt = self.next_attempt(position, template["attempt"])
            ending = self._attempt(position, template, attempt, deadlines=deadlines, ports={}, hosts=())
            if ending is None or not may_restart([ending], self.job["restart"], restarts):
                return status_of(ending)
            restarts += 1

    def member(self, name: str) -> int:
        """Runs one member of a gang once, as the round of that name says. Always 0: the leader reads the records."""
        with open(_at(self.folder, name), encoding="utf-8") as file:  # noqa: PTH123
            told = json.load(file)
        position = int(self.variables["SLURM_PROCID"])
        self._attempt(
            position,
            self.template(position),
            told["attempts"][position],
            deadlines=told["deadlines"],
            ports=told["ports"],
            hosts=told["hosts"],
        )
        return 0

    def template(self, position: int) -> dict[str, Any]:
        """What was said about the instance at a position among those of this job."""
        with open(_at(self.folder, f"{self.key}.at"), "rb") as file:  # noqa: PTH123
            file.seek(position * _OFFSET.size)
            offset, length = _OFFSET.unpack(file.read(_OFFSET.size))
        with open(_at(self.folder, f"{self.key}.orders"), "rb") as file:  # noqa: PTH123
            file.seek(offset)
            told: dict[str, Any] = json.loads(file.read(length))
        return told

    def deadlines(self, now: float) -> list[list[Any]]:
        """When the task's time is over, which begins now, and the run's, which began with the chain's first job."""
        found: list[list[Any]] = []
        if self.job["timeout"] is not None:
            found.append(["timeout", now + self.job["timeout"]])
        if self.job["run_timeout"] is not None:
            found.append(["run-timeout", float(once(self.folder, "began", repr(now))) + self.job["run_timeout"]])
        return found

    def next_attempt(self, position: int, first: int) -> int:
        """The number of the next attempt of an instance: one above all that were ever claimed, at least `first`."""
        folder = self.place(position)
        numbers = [int(name.partition("-")[0]) for name in _names(folder) if name.partition("-")[0].isdigit()]
        claimed = [number for number in numbers if os.path.exists(_at(folder, f"{number}-0", "claim"))]  # noqa: PTH110
        return max([first, *(number + 1 for number in claimed)])

    def place(self, position: int) -> str:
        """The folder of the instance at a position."""
        return _at(self.job["folder"], str(self.job["indexes"][position]))

    def _attempt(
        self,
        position: int,
        template: dict[str, Any],
        attempt: int,
        *,
        deadlines: list[list[Any]],
        ports: Mapping[str, str],
        hosts: tuple[str, ...],
    ) -> dict[str, Any] | None:
        folder = _at(self.place(position), f"{attempt}-0")
        os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103
        with open(_at(folder, "restart"), "w", encoding="ascii") as file:  # noqa: PTH123
            file.write(self.variables.get("SLURM_RESTART_COUNT") or "0")
        about = {
            "attempt": attempt,
            "news": f"{self.job['news']}\t{self.job['indexes'][position]}\n",
            "stop": _at(self.folder, "stop"),
            "deadlines": deadlines,
            "ports": dict(ports),
        }
        order = complete({**template, **about}, folder, self.variables, hosts)
        return oversee(folder, order, self.flags)


def own(folder: str, key: str, identifier: str) -> bool:
    """Whether this Slurm job may run the job of that key: it was the first to ask, or is the same one again."""
    return once(folder, f"owner.{key}", identifier) == identifier


def once(folder: str, name: str, text: str) -> str:
    """The content of a file that is written once, by whoever comes first. All others, such as the elements of an array,
    only read it.
    """
    if os.path.exists(_at(folder, name)):  # noqa: PTH110
        return _read(folder, name)
    mine = _at(folder, f".{name}.{os.uname().nodename}.{os.getpid()}")
    with open(mine, "w", encoding="ascii") as file:  # noqa: PTH123
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(mine, _at(folder, name))
    except FileExistsError:
        return _read(folder, name)
    finally:
        os.unlink(mine)  # noqa: PTH108
    return text


def complete(
    template: dict[str, Any], folder: str, variables: Mapping[str, str], hosts: tuple[str, ...]
) -> dict[str, Any]:
    """An order a supervisor can carry out (supervise.py), for an attempt in `folder`. `hosts` are the addresses of a
    gang on several nodes, empty on one.
    """
    token = os.urandom(16).hex()
    home, script = _at(folder, "home"), _at(folder, "script")
    # Short: sockets are made below it, and their paths may not be long.
    temporary = _at(variables.get("SLURM_TMPDIR") or "/tmp", f"rc-{token[:12]}")  # noqa: S108 - private, and unguessable
    directory = template["directory"] or _at(folder, "work")
    node = variables.get("SLURMD_NODENAME", "")
    known = {"@directory@": directory, "@temporary@": temporary, "@node@": node}
    words = [_filled(word, known) for word in template["wrapper"]]
    return {
        **template,
        "argv": [*words, *template["argv"], *([] if template["script"] is None else [script])],
        "script_path": script,
        "environment": {
            **template["around"],
            "HOME": home,
            "TMPDIR": temporary,
            "RECONCILER_ATTEMPT": str(template["attempt"]),
            "RECONCILER_TOKEN": token,
            **{name: value for name, value in variables.items() if name.startswith(_GRANTED)},
            **template["ports"],
            **addressed(template["environment"], hosts),
        },
        "directory": directory,
        "home": home,
        "temporary": temporary,
    }


def _filled(word: str, known: Mapping[str, str]) -> str:
    for name, value in known.items():
        word = word.replace(name, value)
    return word


def addressed(environment: Mapping[str, str], hosts: tuple[str, ...]) -> dict[str, str]:
    """An environment in which the loopback, where it stands for peers, is where they really are."""
    if not hosts:
        return dict(environment)
    known = {_LOOPBACK: hosts[0], ",".join([_LOOPBACK] * len(hosts)): ",".join(hosts)}
    return {name: known.get(value, value) for name, value in environment.items()}


def may_restart(endings: list[dict[str, Any]], restart: dict[str, Any], restarts: int) -> bool:
    """Whether instances that ended like this begin again, all together."""
    failed = [ending for ending in endings if ending["cause"] not in {"", "stopped"}]
    return bool(failed) and restarts < restart["limit"] and all(_restartable(ending, restart) for ending in failed)


def status_of(ending: dict[str, Any] | None) -> int:
    """With what a batch job ends: 0 only when its work is done, so that what needs it may begin."""
    if ending is None:
        return _WORST
    if not ending["cause"]:
        return 0
    if not ending["recorded"]:
        return UNRECORDED
    return ending.get("exit_code") or 1


def _restartable(ending: dict[str, Any], restart: dict[str, Any]) -> bool:
    number = ending.get("signal")
    code = ending.get("exit_code") if number is None else _BY_SIGNAL + number
    return ending["cause"] in _RESTARTABLE and (not restart["exit_codes"] or code in restart["exit_codes"])


def _read(folder: str, name: str) -> str:
    with open(_at(folder, name), encoding="ascii") as file:  # noqa: PTH123
        return file.read()


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208
    except OSError:
        return []


def _at(*parts: str) -> str:
    return os.path.join(*parts)  # noqa: PTH118 - pathlib is slow to load
