"""What slurmrestd answers, read into values. Pure.

Proved on v0.0.38, the version of Slurm 22.05. Since v0.0.39 numbers are `{"set", "infinite", "number"}`, and since
v0.0.40 a state is a list, the base state first and flags behind it, and an exit code says apart what the code was and
what the signal. Elements of an array that wait are one job in all of them.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.engines.slurm.reading import Row, elements, wait_status

if TYPE_CHECKING:
    from collections.abc import Mapping

SPECIFICATION = "/openapi/v3"
_JOBS = re.compile(r"/slurm/v0\.0\.(\d+)/jobs/?")
_NEWEST = 44
"""The newest version whose shape we have read; a newer server has older ones, too."""
_CUT = "..."
_FIRST = frozenset(
    {
        "COMPLETING", "CONFIGURING", "LAUNCH_FAILED", "RECONFIG_FAIL", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD",
        "RESIZING", "RESV_DEL_HOLD", "REVOKED", "SIGNALING", "SPECIAL_EXIT", "STAGE_OUT", "STOPPED",
    }
)  # fmt: skip
"""Flags that squeue shows instead of the base state."""


@dataclass(frozen=True, slots=True)
class Jobs:
    """Every job of a user that slurmrestd tells. `cut`: the list of an array's elements was too long for it, and some
    are not among `rows`.
    """

    rows: tuple[Row, ...]
    cut: bool = False


def jobs_path(specification: Mapping[str, Any]) -> str:
    """Where a server that describes itself like this tells its jobs, in the newest version we know, else the oldest it
    has; "" when nowhere.
    """
    versions = {
        int(found[1]): path for path in specification.get("paths", {}) if (found := _JOBS.fullmatch(path)) is not None
    }
    known = [version for version in versions if version <= _NEWEST]
    return versions[max(known) if known else min(versions)] if versions else ""


def errors_of(answer: object) -> str:
    """What went wrong, in the server's words; "" when nothing did."""
    if not isinstance(answer, dict) or not isinstance(answer.get("errors"), list):
        return ""
    told = [each for each in answer["errors"] if isinstance(each, dict)]
    words = [[each.get(name) for name in ("source", "description", "error")] for each in told]
    return "; ".join(": ".join(str(word) for word in each if word) for each in words)


def has_ended(token: str, now: float) -> bool:
    """Whether a token says of itself that it is no longer good at that time (seconds since 1970)."""
    try:
        told = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        return float(told["exp"]) <= now
    except (ValueError, LookupError, TypeError):
        return False


def read_jobs(answer: object, user: int) -> Jobs | None:
    """The jobs of the user of that number; None when the answer is not one that tells jobs."""
    jobs = answer.get("jobs") if isinstance(answer, dict) else None
    if not isinstance(jobs, list) or not all(isinstance(job, dict) for job in jobs):
        return None
    ours = [job for job in jobs if job.get("user_id") in {user, None}]
    rows = tuple(row for job in ours for row in _rows(job))
    return Jobs(rows, cut=any(_CUT in (job.get("array_task_string") or "") for job in ours))


def _rows(job: Mapping[str, Any]) -> list[Row]:
    array, element = _number(job.get("array_job_id")), _number(job.get("array_task_id"))
    if array and element is not None:
        which: tuple[int, ...] = (element,)
    elif array and (text := job.get("array_task_string")):
        which = elements(text)
    else:
        array, which = _number(job.get("job_id")), (0,)
    reason = job.get("state_reason") or ""
    return [
        Row(
            id=str(array),
            element=one,
            state=_state(job.get("job_state")),
            restarts=_number(job.get("restart_cnt")) or 0,
            exit_code=_exit_code(job.get("exit_code")),
            reason="" if reason == "None" else reason,
            key=job.get("comment") or "",
        )
        for one in which
    ]


def _state(told: object) -> str:
    words = [told] if isinstance(told, str) else [str(word) for word in told] if isinstance(told, list) else []
    return next((word for word in words if word in _FIRST), words[0] if words else "")


def _exit_code(told: object) -> int | None:
    if isinstance(told, dict) and "return_code" in told:
        signal = told.get("signal")
        number = _number(signal.get("id", signal.get("signal_id"))) if isinstance(signal, dict) else None
        return 128 + number if number else _number(told["return_code"])
    status = _number(told)
    return None if status is None else wait_status(status)


def _number(told: object) -> int | None:
    """A number, also as newer versions write it; None when it is not set."""
    if isinstance(told, dict):
        told = told.get("number") if told.get("set") and not told.get("infinite") else None
    return int(told) if isinstance(told, int | float) else None
