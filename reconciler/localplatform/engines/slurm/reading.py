"""What Slurm's commands answer, read into values. Pure.

One question tells about all jobs: `squeue` shows every job of a user that is waiting, running, or has ended a few
minutes ago. Of those it has forgotten, `sacct` tells where there is accounting, else the job-completion file.
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
HISTORY = ("--noheader", "--parsable2", "--allocations", "--array", "--format=JobID,State,ExitCode,JobName,Reason")
"""Arguments of sacct, to which `--jobs` or `--starttime` comes."""

_WAITING = frozenset({"PENDING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "SPECIAL_EXIT", "RESV_DEL_HOLD"})
_RUNNING = frozenset({"RUNNING", "CONFIGURING", "COMPLETING", "STAGE_OUT", "SIGNALING", "RESIZING", "STOPPED"})
_PAIR = re.compile(r"(\S+?)=(.*?)(?= \S+?=|$)")
_SINGLE = -1
"""The position of a job that is no element of an array."""


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
                    exit_code=_exit_code(code),
                    reason="" if reason == "None" else reason,
                    key=rest.removesuffix("|"),
                )
            )
    return tuple(rows)


def read_history(text: str) -> tuple[Row, ...]:
    """The answer of `sacct` with `HISTORY`; `key` is the job's name. Of several runs of a job the last stands."""
    rows: dict[tuple[str, int], Row] = {}
    for line in text.splitlines():
        job, state, code, name, reason = (*line.split("|"), "", "", "", "", "")[:5]
        identity, _, element = job.partition("_")
        if identity.isdigit() and (not element or element.isdigit()):
            row = Row(identity, int(element or 0), _word(state), exit_code=_exit_code(code), key=name, reason=reason)
            rows[row.id, row.element] = row
    return tuple(rows.values())


def read_completions(text: str) -> tuple[Row, ...]:
    """The lines of a job-completion file; `key` is the job's name. Of a job that ran several times the last stands."""
    rows: dict[tuple[str, int], Row] = {}
    for line in text.splitlines():
        told: dict[str, str] = dict(_PAIR.findall(line))
        if not told.get("JobId", "").isdigit():
            continue
        element = told.get("ArrayTaskId", "")
        row = Row(
            id=told["ArrayJobId"] if element.isdigit() else told["JobId"],
            element=int(element) if element.isdigit() else 0,
            state=_word(told.get("JobState", "")),
            exit_code=_exit_code(told.get("ExitCode", "")),
            key=told.get("Name", ""),
        )
        rows[row.id, row.element] = row
    return tuple(rows.values())


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


def by_element(rows: Iterable[Row]) -> dict[tuple[str, int], Row]:
    """Rows by job id and element."""
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
