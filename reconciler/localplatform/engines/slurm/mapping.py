"""What a word of Slurm's means for an instance. Pure; the one place that knows.

| Slurm says | the instance |
|---|---|
| COMPLETED | succeeded: our step ends with 0 only when the command did |
| FAILED | failed with the exit code; 70: how it ended could not be written down |
| TIMEOUT, DEADLINE | failed, timeout |
| OUT_OF_MEMORY | failed, out of memory |
| NODE_FAIL, BOOT_FAIL, LAUNCH_FAILED | failed, lost with its node |
| PREEMPTED, REVOKED | failed, lost to another job |
| CANCELLED | cancelled, by somebody on the cluster unless we asked for it |
| anything else that is over | failed, lost, with Slurm's word in the message |

One that Slurm begins again by itself (requeue after a node failure or preemption, or an operator's) waits anew and has
ended in none of these ways.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.localplatform.engines.lifecycle import Ending
from reconciler.localplatform.engines.supervise import UNRECORDED
from reconciler.localplatform.work import Cause

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.localplatform.engines.slurm.reading import Row

CANCELLED = "cancelled on the cluster"


def ending_of(row: Row | None) -> Ending:
    """How an instance ended that left no record of its own; None: Slurm knows nothing of it any more."""
    if row is None:
        return Ending(Cause.LOST, message="Slurm has forgotten the job, and it left no record of how it ended")
    told = f"Slurm says {row.state}" + (f" ({row.reason})" if row.reason else "")
    if row.state == "FAILED" and row.exit_code is not None:
        return _failed(row.exit_code, told)
    return _ENDINGS.get(row.state, _unknown)(told)


def _failed(code: int, told: str) -> Ending:
    if code == UNRECORDED:
        return Ending(Cause.DISK, message="it ended, and how could not be written down")
    return Ending(Cause.LAUNCH, code, message=f"its command was not started: {told}")


def _unknown(told: str) -> Ending:
    return Ending(Cause.LOST, message=f"how it ended is not known: {told}")


def _because(cause: Cause, sentence: str) -> Callable[[str], Ending]:
    return lambda told: Ending(cause, message=f"{sentence}: {told}")


_NODE = _because(Cause.LOST, "its node failed")
_TIME = _because(Cause.TIMEOUT, "its time on the cluster was over")
_YIELDED = _because(Cause.LOST, "its node was taken for another job")
_ENDINGS: Mapping[str, Callable[[str], Ending]] = {
    "COMPLETED": lambda _told: Ending(exit_code=0),
    "CANCELLED": lambda _told: Ending(Cause.CANCELLED, message=CANCELLED, stopped=True),
    "TIMEOUT": _TIME,
    "DEADLINE": _TIME,
    "OUT_OF_MEMORY": _because(Cause.OUT_OF_MEMORY, "it held more memory than it was given"),
    "NODE_FAIL": _NODE,
    "BOOT_FAIL": _NODE,
    "LAUNCH_FAILED": _NODE,
    "RECONFIG_FAIL": _NODE,
    "PREEMPTED": _YIELDED,
    "REVOKED": _YIELDED,
}


def stopped_by(row: Row) -> Ending:
    """How an instance ended that was told to stop, and not by us: it recorded that it was stopped, Slurm knows why."""
    ending = ending_of(row)
    return ending if ending.cause is not Cause.NONE else Ending(Cause.LOST, message="it was stopped by a signal")


def requeued(row: Row | None) -> str:
    """What is said of an instance that Slurm begins again. That it waits a while before it may is not why."""
    why = f": {row.reason}" if row is not None and row.reason not in {"", "BeginTime"} else ""
    return f"its node was taken from it, and Slurm begins it again{why}"


def taken(row: Row) -> str:
    """Why a run of a job was not its last, "" when that run is no such."""
    why = _TAKEN.get(row.state)
    return f"begun again, because {why}: Slurm says {row.state}" if why else ""


_TAKEN: Mapping[str, str] = {
    "NODE_FAIL": "its node failed",
    "BOOT_FAIL": "its node failed",
    "PREEMPTED": "its node was taken for another job",
    "REQUEUED": "somebody requeued it",
}
