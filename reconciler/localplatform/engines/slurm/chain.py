"""A run as a chain of batch jobs. Pure: values in, values out.

Run ── Task ── BatchJob(s)
 │      └ one for a gang; one array for the instances of a fan-out that ask for the same, in pieces no longer than
 │        the cluster takes; none for a task without instances
 └ a job waits (`afterok`) for all jobs of the tasks its task needs; needs that have no job lead to what they need
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.localplatform.work import Together, topological_order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.localplatform.work import Limits, Run, Size, Task

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_WORD = 40
_MARK_DIGITS = 12


@dataclass(frozen=True, slots=True)
class BatchJob:
    """One call of sbatch. `key` is its identity, ours and unique on the cluster; `needs` are keys of jobs of the same
    chain; `indexes` are instances of `task`, and an element of an array is known by its position among them.
    """

    key: str
    task: str
    indexes: tuple[int, ...]
    needs: tuple[str, ...] = ()
    gang: bool = False


def mark(engine: str, run_id: str) -> str:
    """What the keys of a run begin with. `engine` tells engines on one cluster apart."""
    return hashlib.sha256(f"{engine}\0{run_id}".encode()).hexdigest()[:_MARK_DIGITS]


def job_name(run: Run, job: BatchJob) -> str:
    """For people first, and with the key at its end, since the name is all that some records of Slurm keep."""
    words = (_UNSAFE.sub("-", word).strip("-")[:_LONGEST_WORD] for word in (run.name or run.id, job.task))
    return f"{'.'.join(word for word in words if word)}~{job.key}"


def key_of_name(name: str) -> str:
    """The key at the end of a job's name, "" when there is none."""
    return name.rpartition("~")[2] if "~" in name else ""


def comment(engine: str, run: Run, job: BatchJob) -> str:
    """The submission key, for everybody who looks at the queue."""
    return f"reconciler:{engine}:{run.id}:{job.key}"


def key_of_comment(text: str, engine: str) -> str:
    """The key in a comment of this engine's, "" in any other."""
    parts = text.split(":")
    ours = len(parts) == 4 and parts[:2] == ["reconciler", engine]  # noqa: PLR2004 - the four parts of `comment`
    return parts[3] if ours else ""


def chain(run: Run, waiting: Mapping[str, Sequence[int]], prefix: str, *, array_limit: int) -> tuple[BatchJob, ...]:
    """The jobs that run the `waiting` instances of each task, every job after those it needs. Tasks which are not in
    `waiting` have succeeded. `prefix` begins every key; no array has more than `array_limit` elements.
    """
    needs = {task.name: task.needs for task in run.tasks}
    jobs: dict[str, list[BatchJob]] = {}
    count = 0
    for name in topological_order(needs):
        task = run.task(name)
        wanted = _keys_needed(name, needs, jobs, waiting)
        jobs[name] = []
        for indexes in _pieces(task, waiting.get(name, ()), array_limit):
            key = f"{prefix}-{count}"
            jobs[name].append(BatchJob(key, name, indexes, wanted, gang=task.together is Together.GANG))
            count += 1
    return tuple(job for each in jobs.values() for job in each)


def _keys_needed(
    name: str, needs: Mapping[str, Sequence[str]], jobs: Mapping[str, list[BatchJob]], waiting: Mapping[str, object]
) -> tuple[str, ...]:
    found: dict[str, None] = {}
    asked, seen = list(needs[name]), set(needs[name])
    for need in asked:  # grows while walked
        if own := jobs.get(need):
            found.update(dict.fromkeys(job.key for job in own))
        elif need in waiting:  # it has no instances: whoever needs it needs what it needs
            asked += [further for further in needs[need] if further not in seen]
            seen.update(needs[need])
    return tuple(found)


def _pieces(task: Task, indexes: Sequence[int], array_limit: int) -> list[tuple[int, ...]]:
    if not indexes:
        return []
    if task.together is Together.GANG:
        return [tuple(range(len(task.instances)))]
    alike: dict[tuple[Limits, Size | None, str], list[int]] = {}
    for index in indexes:
        one = task.instances[index]
        alike.setdefault((one.requested or one.limits, one.size, one.image), []).append(index)
    return [
        tuple(group[start : start + array_limit])
        for group in alike.values()
        for start in range(0, len(group), array_limit)
    ]
