"""What Slurm's commands answer, read into values. Pure.

One question tells about all jobs: `squeue` shows every job of a user that is waiting, running, or has ended a few
minutes ago; slurmrestd tells the same (rest.py). Of those they have forgotten, `sacct` tells where there is accounting,
else the job-completion file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

QUEUE_FIELDS = ("ArrayJobID", "ArrayTaskID", "JobID", "State", "RestartCnt", "exit_code", "Reason", "Comment")
QUEUE = ("--noheader", "--array", "--states=all", "--Format", ",".join(f"{name}:|" for name in QUEUE_FIELDS))
"""Arguments of squeue, to which the user comes."""
HISTORY = ("--noheader", "--parsable2", "--allocations", "--duplicates", "--format=JobID,State,ExitCode,JobName")
"""Arguments of sacct, to which `--jobs` or `RECENT` comes: every run of a job. Why a job waited once is told, too, but
not why it ended.
"""
RECENT = ("--starttime=now-7days", "--endtime=now", "--state=BF,CA,CD,DL,F,NF,OOM,PD,PR,R,RQ,S,TO")
"""Of jobs whose ids are not known. Without states, those that were cancelled before they could begin are left out."""

_WAITING = frozenset({"PENDING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "SPECIAL_EXIT", "RESV_DEL_HOLD"})
_RUNNING = frozenset({"RUNNING", "CONFIGURING", "COMPLETING", "STAGE_OUT", "SIGNALING", "RESIZING", "STOPPED"})
_ELEMENTS = re.compile(r"(\d+)(?:-(\d+)(?::(\d+))?)?")
_PAIR = re.compile(r"(\S+?)=(.*?)(?= \S+?=|$)")


@dataclass(frozen=True, slots=True)
class Row:
    """One job, or one element of an array, as Slurm sees it. `id` is what sbatch answered; `element` the position in
    the array, 0 for a job that is none. `state` is Slurm's own word, in full; `restarts` counts how often Slurm began
    it again; `exit_code` is None where it is not told; `reason` says why it waits or ended.
    """

    id: str
    element: int
    state: str
    restarts: int = 0
    exit_code: int | None = None
    reason: str = ""
    key: str = ""

    @property
    def waiting(self) -> bool:
        """In the queue, for the first time or again."""
        return self.state in _WAITING

    @property
    def suspended(self) -> bool:
        """Stopped where it stands by an operator, or to let another one go first."""
        return self.state == "SUSPENDED"

    @property
    def over(self) -> bool:
        """Nothing more will happen to it."""
        return not self.waiting and not self.suspended and self.state not in _RUNNING


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a cluster says about itself. `array_limit` is the most elements an array may have; `completions` the
    job-completion file, "" where there is none.
    """

    version: str
    array_limit: int
    accounting: bool
    completions: str


def read_queue(text: str) -> tuple[Row, ...]:
    """The answer of `squeue` with `QUEUE`. Lines that are none of ours, or cut off, are left out."""
    rows = []
    for line in text.splitlines():
        fields = line.split("|", len(QUEUE_FIELDS) - 1)
        if len(fields) == len(QUEUE_FIELDS):
            array, element, job, state, restarts, code, reason, rest = (field.strip() for field in fields)
            rows.append(
                Row(
                    id=array if element.isdigit() else job,
                    element=int(element) if element.isdigit() else 0,
                    state=_word(state),
                    restarts=int(restarts) if restarts.isdigit() else 0,
                    exit_code=wait_status(int(code)) if code.isdigit() else None,
                    reason="" if reason == "None" else reason,
                    key=rest.removesuffix("|"),
                )
            )
    return tuple(rows)


def read_history(text: str) -> tuple[Row, ...]:
    """The answer of `sacct` with `HISTORY`; `key` is the job's name. Several runs of a job come one after another, and
    of elements that never began there is one line for all.
    """
    rows = []
    for line in text.splitlines():
        job, state, code, name = (*line.split("|", 3), "", "", "")[:4]
        identity, _, which = job.partition("_")
        if identity.isdigit():
            rows += [
                Row(identity, element, _word(state), exit_code=_exit_code(code), key=name)
                for element in (elements(which.strip("[]")) if which else (0,))
            ]
    return tuple(rows)


def read_completions(text: str) -> tuple[Row, ...]:
    """The lines of a job-completion file; `key` is the job's name. Several runs of a job come one after another; one
    that has ended and waits was requeued.
    """
    rows = []
    for line in text.splitlines():
        told: dict[str, str] = dict(_PAIR.findall(line))
        if not told.get("JobId", "").isdigit():
            continue
        element = told.get("ArrayTaskId", "")
        state = _word(told.get("JobState", ""))
        rows.append(
            Row(
                id=told["ArrayJobId"] if element.isdigit() else told["JobId"],
                element=int(element) if element.isdigit() else 0,
                state="REQUEUED" if state == "PENDING" else state,
                exit_code=_exit_code(told.get("ExitCode", "")),
                key=told.get("Name", ""),
            )
        )
    return tuple(rows)


def read_cluster(text: str) -> Cluster:
    """The answer of `scontrol show config`; what is not told gets Slurm's own default."""
    told: Mapping[str, str] = {
        name.strip(): value.strip() for name, _, value in (line.partition("=") for line in text.splitlines())
    }
    size = told.get("MaxArraySize", "")
    with_file = told.get("JobCompType", "") == "jobcomp/filetxt"
    return Cluster(
        version=told.get("SLURM_VERSION", ""),
        array_limit=max(int(size) - 1, 1) if size.isdigit() else 1000,
        accounting=told.get("AccountingStorageType", "").endswith("slurmdbd"),
        completions=told.get("JobCompLoc", "") if with_file else "",
    )


def read_submitted(text: str) -> str:
    """The job id in the answer of `sbatch --parsable`, "" when there is none."""
    first = text.strip().splitlines()[-1] if text.strip() else ""
    number = first.partition(";")[0].strip()
    return number if number.isdigit() else ""


def elements(text: str) -> tuple[int, ...]:
    """The elements in `0,3-5,10-20:5%2`; what stands behind `%` is how many may run at once."""
    found: list[int] = []
    for part in text.partition("%")[0].split(","):
        if matched := _ELEMENTS.fullmatch(part):
            first, last, step = matched.groups()
            found += range(int(first), int(last or first) + 1, int(step or 1))
    return tuple(found)


def wait_status(number: int) -> int:
    """The exit code in what `wait` gives, and squeue and slurmrestd tell; a signal N is 128 + N."""
    return 128 + (number & 0x7F) if number & 0x7F else number >> 8 & 0xFF


def by_element(rows: Iterable[Row]) -> dict[tuple[str, int], Row]:
    """Rows by job id and element; of several runs the last."""
    return {(row.id, row.element): row for row in rows}


def _word(state: str) -> str:
    """`CANCELLED by 1000` and `CANCELLED+` are CANCELLED."""
    return state.partition(" ")[0].rstrip("+").upper()


def _exit_code(text: str) -> int | None:
    """`3:0` and `3` are 3; a signal N is 128 + N."""
    code, _, number = text.strip().partition(":")
    if not code.isdigit():
        return None
    return 128 + int(number) if number.isdigit() and int(number) else int(code)
