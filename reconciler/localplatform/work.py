"""Work, free of any platform: a run is a graph of tasks, a task is one or more instances of a command.

Every platform's run is translated into these values (design.md section 8) and an engine carries them out. Everything
is rendered before it gets here: no parameter, reference or template is left in a command. Paths are those of the
machine that runs it.

    Run ── Task ── Instance          succeeds when
     │      │       └ one command    it exits with 0
     │      └ fan-out or gang        every instance has succeeded (or those that decide, see `Task.decided_by`)
     └ graph                         every task has succeeded
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import product
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LOOPBACK = "127.0.0.1"
"""The machine an instance runs on, as translated runs spell it. An engine that runs a gang on several machines writes
their addresses instead into environment variables that hold nothing else: the first member's, or all in order."""
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
HIGHEST_PRIORITY = 9


class Status(StrEnum):
    """Where a run, a task or an instance is. The same words for all three.

    | status | run | task | instance |
    |---|---|---|---|
    | pending | submitted, nothing has started | waits for tasks it needs, or for room | the same |
    | running | something has started, not all has ended | the same | its process exists |
    | suspended | frozen by a person | - | - |
    | stopping | asked to stop, not all has ended | the same | asked to stop, its process exists |
    | succeeded, failed, cancelled | ended | ended | ended |
    | skipped | - | never started: a task it needs did not succeed | the same |
    """

    PENDING = "pending"
    RUNNING = "running"
    SUSPENDED = "suspended"
    STOPPING = "stopping"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"

    @property
    def ended(self) -> bool:
        """Nothing more will happen unless somebody retries it."""
        return self in {Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.SKIPPED}


class Cause(StrEnum):
    """Why something ended in another way than by success. Code may branch on it; messages are for people."""

    NONE = ""
    EXIT_CODE = "exit-code"
    SIGNAL = "signal"
    TIMEOUT = "timeout"
    RUN_TIMEOUT = "run-timeout"
    OUT_OF_MEMORY = "out-of-memory"
    CANCELLED = "cancelled"
    PEER = "peer"
    """Stopped because another instance of its gang ended the gang."""
    DEPENDENCY = "dependency"
    """Never started: a task it needs did not succeed."""
    INPUT_MISSING = "input-missing"
    LAUNCH = "launch"
    """The command could not be started: no such program, no permission, bad working folder."""
    DISK = "disk"
    """The engine could not write what it must: full, read-only, no permission."""
    LOST = "lost"
    """It ran, and how it ended cannot be known any more (machine restarted, its supervisor was killed)."""


class Together(StrEnum):
    """How the instances of one task relate.

    `FAN_OUT`: independent elements. Each starts when there is room for it; one failing leaves the others alone.
    `GANG`: co-started workers that talk to each other. All start at once, when there is room for all; one failing
    stops the others, and a restart restarts all.
    """

    FAN_OUT = "fan-out"
    GANG = "gang"


@dataclass(frozen=True, slots=True)
class Script:
    """Shell text: `lines` joined by newlines and run in order by the system's shell (bash where present, else sh).

    A block may span lines. `stop_at_failure`: the first failing line ends it with that line's exit code (`set -e`);
    otherwise the exit code is that of the last line.
    """

    lines: tuple[str, ...]
    stop_at_failure: bool = True


@dataclass(frozen=True, slots=True)
class Program:
    """A program and its arguments, run without a shell. A bare name is looked up in the instance's PATH."""

    argv: tuple[str, ...]


Command: TypeAlias = Script | Program


@dataclass(frozen=True, slots=True)
class Limits:
    """What one instance asks for. `cpu` in cores, `memory` in bytes (0: not stated), `gpu` in devices. `whole`: a
    machine of its own with all that is in it, for engines that have a choice of machines.
    """

    cpu: float = 1.0
    memory: int = 0
    gpu: int = 0
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Size:
    """What an author chose from a platform's offer: a machine by its name, or `count` times the unit of that name. Who
    runs a cluster may say what it is there.
    """

    name: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class File:
    """A file to write into the working folder before the start. `path` is relative to it and stays inside it."""

    path: str
    content: bytes
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Instance:
    """One command, ready to run. Its index is its position in `Task.instances`.

    `environment` is all the command gets besides what the engine itself sets (engines/protocol.py: "Environment").
    `directory` is the working folder, absolute, made when missing; "" means a fresh one for each attempt. `inputs` are
    paths that must exist at the start, else the instance fails with `INPUT_MISSING` (leave out what need not be
    checked). `outputs` are folders made before the start. Relative paths are relative to the working folder.
    `name` is for people; `image` is reported and otherwise ignored by engines that run commands directly.
    `requested` is what the author asked for, where `limits` say less so that one machine has room for it: what a
    cluster is asked for; None besides a `size`: how large that is, is not known here.
    """

    command: Command
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: str = ""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    limits: Limits = Limits()
    name: str = ""
    image: str = ""
    requested: Limits | None = None
    size: Size | None = None


@dataclass(frozen=True, slots=True)
class Restart:
    """How often a failed instance is started again by the engine, before it counts as failed.

    `exit_codes` empty: any failure of the command; else only these, a signal N counting as 128 + N. Timeouts,
    cancellation and what the engine itself could not do are never restarted.
    """

    limit: int = 0
    exit_codes: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Task:
    """Instances of one step. It starts when every task in `needs` has succeeded. No instances: it succeeds at once.

    `timeout` in seconds holds for each instance, from its first start on, restarts included; None: no limit. A fan-out
    that waits for room loses nothing by waiting.
    `ports` names environment variables which get a free loopback port, the same one in every instance, chosen anew at
    each start of the gang: a place to meet. `decided_by` (gangs only): when all these indexes have succeeded the others
    are stopped and count as succeeded, however they end; empty: all must succeed by themselves.
    `nodes` are labels which the machines must carry, for engines that have a choice of machines.
    """

    name: str
    instances: tuple[Instance, ...]
    needs: tuple[str, ...] = ()
    together: Together = Together.FAN_OUT
    restart: Restart = Restart()
    timeout: float | None = None
    ports: tuple[str, ...] = ()
    decided_by: tuple[int, ...] = ()
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A graph of tasks, submitted once.

    `id` is chosen by the caller and is the identity: 1..128 of `[A-Za-z0-9._-]`, starting with a letter or digit.
    `timeout` in seconds counts from the first start (again from the first start after a retry); None: no limit.
    `priority` 0..9, 9 first. A failed task lets tasks that do not need it go on. `labels` are carried, never read.
    """

    id: str
    tasks: tuple[Task, ...]
    name: str = ""
    priority: int = 0
    timeout: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    def task(self, name: str) -> Task:
        """The task of that name. Raises KeyError."""
        for task in self.tasks:
            if task.name == name:
                return task
        raise KeyError(name)


def fan_out(values: Mapping[str, Sequence[str]]) -> tuple[dict[str, str], ...]:
    """One mapping per combination of `values`: the cartesian product. Position = instance index.

    Names vary in the mapping's own order, the last one fastest: `{"a": "12", "b": "xy"}` gives 1x, 1y, 2x, 2y.
    No names: one empty combination. A name without values: none at all.
    """
    return tuple(dict(zip(values, combination, strict=True)) for combination in product(*values.values()))


def ready(needs: Mapping[str, Sequence[str]], statuses: Mapping[str, Status]) -> tuple[str, ...]:
    """The pending tasks all of whose `needs` have succeeded, in the mapping's order."""
    return tuple(
        name
        for name, wanted in needs.items()
        if statuses[name] is Status.PENDING and all(statuses[need] is Status.SUCCEEDED for need in wanted)
    )


def unreachable(needs: Mapping[str, Sequence[str]], statuses: Mapping[str, Status]) -> tuple[str, ...]:
    """The pending tasks which can never start, since something they need, however far up, has ended without success.
    In topological order.
    """
    dead = {name for name, status in statuses.items() if status.ended and status is not Status.SUCCEEDED}
    found = []
    for name in topological_order(needs):
        if statuses[name] is Status.PENDING and not dead.isdisjoint(needs[name]):
            dead.add(name)
            found.append(name)
    return tuple(found)


def topological_order(needs: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Every name after all that it needs; names that are free come in the mapping's order. Names that are needed but
    are no key are ignored. Raises ValueError, naming the members, when there is a cycle.
    """
    missing = {name: len({need for need in wanted if need in needs}) for name, wanted in needs.items()}
    dependants: dict[str, list[str]] = {name: [] for name in needs}
    for name, wanted in needs.items():
        for need in dict.fromkeys(wanted):
            if need in needs:
                dependants[need].append(name)
    order = [name for name, count in missing.items() if count == 0]
    for name in order:  # grows while walked: Kahn's algorithm
        for dependant in dependants[name]:
            missing[dependant] -= 1
            if missing[dependant] == 0:
                order.append(dependant)
    if len(order) < len(needs):
        msg = "tasks need each other in a circle: " + ", ".join(sorted(set(needs) - set(order)))
        raise ValueError(msg)
    return tuple(order)


def problems(run: Run) -> tuple[str, ...]:
    """What is wrong with a run, a sentence each; empty when an engine will take it. Every finding at once."""
    found = [] if _ID.fullmatch(run.id) else [f"run id {run.id!r} is not 1..128 of letters, digits and ._-"]
    if not 0 <= run.priority <= HIGHEST_PRIORITY:
        found.append(f"priority {run.priority} is not within 0..{HIGHEST_PRIORITY}")
    names = Counter(task.name for task in run.tasks)
    found += [f"task {name!r} stands {count} times" for name, count in names.items() if count > 1]
    for task in run.tasks:
        found += [f"task {task.name!r} needs {need!r}, which is none" for need in task.needs if need not in names]
        found += [f"task {task.name!r}: {problem}" for problem in _task_problems(task)]
    if not found:
        try:
            topological_order({task.name: task.needs for task in run.tasks})
        except ValueError as error:
            found.append(str(error))
    return tuple(found)


def _task_problems(task: Task) -> list[str]:
    found = [] if task.name else ["has no name"]
    found += [f"{index} decides, but is no instance" for index in task.decided_by if index >= len(task.instances)]
    found += [f"{name!r} is no name for a variable" for name in task.ports if not _VARIABLE.fullmatch(name)]
    for index, instance in enumerate(task.instances):
        found += [f"instance {index}: {problem}" for problem in _instance_problems(instance)]
    return found


def _instance_problems(instance: Instance) -> list[str]:
    found = []
    if isinstance(instance.command, Program) and not instance.command.argv:
        found.append("a program needs at least its own name")
    found += [
        f"environment variable {name!r} cannot be set"
        for name, value in instance.environment.items()
        if not name or "=" in name or "\0" in name or "\0" in value
    ]
    for file in instance.files:
        path = PurePosixPath(file.path)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            found.append(f"file {file.path!r} lies outside the working folder")
    if instance.directory and not PurePosixPath(instance.directory).is_absolute():
        found.append(f"working folder {instance.directory!r} is not an absolute path")
    for limits in (instance.limits, instance.requested or instance.limits):
        if limits.cpu < 0 or limits.memory < 0 or limits.gpu < 0:
            found.append("a limit is below zero")
            break
    return found
