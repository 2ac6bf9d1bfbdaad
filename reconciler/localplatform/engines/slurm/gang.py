"""The leader of a gang: the batch script of a job whose members are started by `srun`, one guardian each.

A round starts every member; the first failure, or the success of those who decide, ends it for the others; when it has
ended by failures that may be restarted, another round begins. It is what lifecycle.py decides too, done here so that a
gang whose leader failed does not hold its nodes until a server looks.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time

from reconciler.localplatform.engines.slurm.step import may_restart

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType
    from typing import Any

    from reconciler.localplatform.engines.slurm.step import Step

_FIRST_LOOK = 0.05
_SLOWEST_LOOK = 1.0
_PATIENCE = 30.0
"""Seconds beyond the grace after which members that do not end are killed."""


def lead(step: Step) -> int:
    """Leads the gang of a job. Returns the exit status of the batch job."""
    leader = _Leader(step)
    for number in (signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, leader.note_stop)
    return leader.run()


class _Leader:
    def __init__(self, step: Step) -> None:
        self._step = step
        self._count = len(step.job["indexes"])
        self._stopped = False
        self._job = step.variables["SLURM_JOB_ID"]

    def note_stop(self, _number: int, _frame: FrameType | None) -> None:
        """Slurm stops the members itself; there is no other round."""
        self._stopped = True

    def run(self) -> int:
        """Rounds, until one is the last."""
        deadlines, restarts = self._step.deadlines(time.time()), 0
        while True:
            attempts = [
                self._step.next_attempt(position, self._step.template(position)["attempt"])
                for position in range(self._count)
            ]
            endings = self._round(attempts, deadlines)
            if self._is_done(endings):
                return 0
            found = [ending for ending in endings if ending is not None]
            whole = len(found) == self._count and not self._stopped
            if not whole or not may_restart(found, self._step.job["restart"], restarts):
                return 1
            restarts += 1

    def _round(self, attempts: list[int], deadlines: list[list[Any]]) -> list[dict[str, Any] | None]:
        """Starts every member and waits until all have ended. What each recorded."""
        name = f"{self._step.key}.round-{max(attempts)}"
        told = {
            "attempts": attempts,
            "deadlines": deadlines,
            "ports": free_ports(self._step.job["ports"]),
            "hosts": self._hosts(),
        }
        path = os.path.join(self._step.folder, name)  # noqa: PTH118
        with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123
            json.dump(told, file)
            file.flush()
            os.fsync(file.fileno())
        child, end = self._start(name), time.time() + _PATIENCE
        kill_at, pause = float("inf"), _FIRST_LOOK
        while not _has_ended(child):
            endings = self._endings(attempts)
            if (
                kill_at == float("inf")
                and (self._stopped or self._is_settled(endings))
                and self._can_stop(attempts, end)
            ):
                self._signal_members("TERM")
                kill_at = time.time() + self._step.template(0)["grace"] + _PATIENCE
            elif time.time() > kill_at:
                self._signal_members("KILL")
                kill_at = time.time() + _PATIENCE
            time.sleep(pause)
            pause = min(pause * 1.2, _SLOWEST_LOOK)
        return self._endings(attempts)

    def _start(self, name: str) -> int:
        nodes = self._step.variables.get("SLURM_JOB_NUM_NODES", "1")
        # Devices by number alone: of which type they are the job has said, and said again it leaves members without.
        each = {"cpus-per-task": self._step.job["processors"], "gpus-per-task": self._step.job["devices"]}
        shape = [f"--nodes={nodes}", f"--ntasks={self._count}", *(f"--{name}={n}" for name, n in each.items() if n)]
        if is_short(self._step.variables, each["cpus-per-task"]):
            sys.stderr.write("Slurm gave too few processors on one of the nodes: its members share them\n")
            shape.append("--overcommit")
        if kind := self._step.job["all_of"]:  # the job has them all, and its steps those they ask for
            count = fewest_devices(self._told("node", self._step.variables["SLURM_JOB_NODELIST"]), kind)
            shape += [f"--gres={kind}:{count}"] if count else []
        manner = ["--distribution=block", "--kill-on-bad-exit=0", "--wait=0", "--input=none", "--export=ALL"]
        member = [*self._step.job["command"], "member", self._step.folder, self._step.key, name]
        command = ["srun", *shape, *manner, "--unbuffered", *member]
        return os.posix_spawnp(command[0], command, dict(self._step.variables))

    def _signal_members(self, name: str) -> None:
        """Signals every member; the batch script itself gets nothing."""
        command = ["scancel", f"--signal={name}", self._job]
        os.waitpid(os.posix_spawnp(command[0], command, dict(self._step.variables)), 0)

    def _endings(self, attempts: list[int]) -> list[dict[str, Any] | None]:
        return [_record(self._step.place(position), attempt) for position, attempt in enumerate(attempts)]

    def _can_stop(self, attempts: list[int], end: float) -> bool:
        """Whether every member can take a signal: before it has claimed its attempt, one would end without a record."""
        claims = (os.path.join(self._step.place(n), f"{attempt}-0", "claim") for n, attempt in enumerate(attempts))  # noqa: PTH118
        return time.time() > end or all(os.path.exists(claim) for claim in claims)  # noqa: PTH110

    def _is_settled(self, endings: list[dict[str, Any] | None]) -> bool:
        """Whether the others need not go on."""
        return self._decided(endings) or any(ending is not None and ending["cause"] for ending in endings)

    def _is_done(self, endings: list[dict[str, Any] | None]) -> bool:
        return self._decided(endings) or all(ending is not None and not ending["cause"] for ending in endings)

    def _decided(self, endings: list[dict[str, Any] | None]) -> bool:
        deciders = [endings[index] for index in self._step.job["decided_by"]]
        return bool(deciders) and all(ending is not None and not ending["cause"] for ending in deciders)

    def _hosts(self) -> list[str]:
        """The address of each member, when there are several nodes; else none."""
        variables = self._step.variables
        if variables.get("SLURM_JOB_NUM_NODES", "1") == "1":
            return []
        names = self._told("hostnames", variables["SLURM_JOB_NODELIST"]).split()
        known = addresses(self._told("node", variables["SLURM_JOB_NODELIST"]))
        return members_by_node([known.get(name, name) for name in names], variables["SLURM_TASKS_PER_NODE"])

    def _told(self, *what: str) -> str:
        """What Slurm says about nodes."""
        output, output_write = os.pipe()
        child = os.posix_spawnp(
            "scontrol",
            ["scontrol", "--oneliner", "show", *what],
            dict(self._step.variables),
            file_actions=[(os.POSIX_SPAWN_DUP2, output_write, 1)],
        )
        os.close(output_write)
        with os.fdopen(output, encoding="utf-8") as file:
            text = file.read()
        os.waitpid(child, 0)
        return text


def addresses(text: str) -> dict[str, str]:
    """Under what Slurm itself reaches each node: its name, wherever nothing else is configured."""
    return {row["NodeName"]: row["NodeAddr"] for row in _rows(text) if "NodeAddr" in row}


def fewest_devices(text: str, kind: str) -> int:
    """How many devices of a kind there are on the node that has fewest. Slurm writes `gpu:a100:4(S:0-1),gpu:2`."""
    counts = []
    for row in _rows(text):
        parts = (part.partition("(")[0].split(":") for part in row.get("Gres", "").split(","))
        counts.append(sum(int(part[-1]) for part in parts if part[0] == kind and part[-1].isdigit()))
    return min(counts, default=0)


def _rows(text: str) -> list[dict[str, str]]:
    rows = (dict(word.partition("=")[::2] for word in line.split() if "=" in word) for line in text.splitlines())
    return [row for row in rows if "NodeName" in row]


def members_by_node(nodes: list[str], counts: str) -> list[str]:
    """The node of each member, in order, from Slurm's `2(x3),1`: two on each of three nodes, one on the next."""
    return [node for node, number in zip(nodes, _numbers(counts), strict=True) for _ in range(number)]


def is_short(variables: Mapping[str, str], processors: int) -> bool:
    """Whether a node has fewer processors than its members ask for. A select plugin of Slurm's (22.05) gives out such
    nodes where several jobs share them, and then starts no step there that asks for what the job asked for.
    """
    given = _numbers(variables.get("SLURM_JOB_CPUS_PER_NODE") or "0")
    members = _numbers(variables.get("SLURM_TASKS_PER_NODE") or "0")
    return len(given) == len(members) and any(
        have < count * processors for have, count in zip(given, members, strict=True)
    )


def _numbers(counts: str) -> list[int]:
    """One number for each node."""
    numbers: list[int] = []
    for part in counts.split(","):
        number, _, times = part.partition("(x")
        numbers += [int(number)] * int(times.rstrip(")") or 1)
    return numbers


def free_ports(names: list[str]) -> dict[str, str]:
    """A port of this node for each name, free a moment ago; all different."""
    held = {name: socket.create_server(("", 0)) for name in names}
    try:
        return {name: str(one.getsockname()[1]) for name, one in held.items()}
    finally:
        for one in held.values():
            one.close()


def _has_ended(child: int) -> bool:
    return os.waitpid(child, os.WNOHANG)[0] != 0


def _record(folder: str, attempt: int) -> dict[str, Any] | None:
    try:
        with open(os.path.join(folder, f"{attempt}-0", "exit.json"), encoding="utf-8") as file:  # noqa: PTH118, PTH123
            told: dict[str, Any] = json.load(file)
    except (OSError, ValueError):
        return None
    return told
