"""Every status of both APIs and what it means for us (contract, sections 4.7 and 7.3).

A number or word that is not here, as a later release may bring, counts as unknown: nothing is concluded from it, and
people see it as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from reconciler.model.resource import Phase
from reconciler.providers.modelarts.place import whole

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Status:
    """One status of the legacy API."""

    name: str
    phase: Phase


V1: Final[Mapping[int, Status]] = {
    0: Status("JOBSTAT_UNKNOWN", Phase.UNKNOWN),
    1: Status("JOBSTAT_INIT", Phase.PENDING),
    2: Status("JOBSTAT_IMAGE_CREATING", Phase.PENDING),
    3: Status("JOBSTAT_IMAGE_FAILED", Phase.FAILED),
    4: Status("JOBSTAT_SUBMIT_TRYING", Phase.PENDING),
    5: Status("JOBSTAT_SUBMIT_FAILED", Phase.FAILED),
    # It has ended and is still there: deleting it again is all that is left to do.
    6: Status("JOBSTAT_DELETE_FAILED", Phase.FAILED),
    7: Status("JOBSTAT_WAITING", Phase.PENDING),
    8: Status("JOBSTAT_RUNNING", Phase.RUNNING),
    9: Status("JOBSTAT_KILLING", Phase.STOPPING),
    10: Status("JOBSTAT_COMPLETED", Phase.SUCCEEDED),
    11: Status("JOBSTAT_FAILED", Phase.FAILED),
    12: Status("JOBSTAT_KILLED", Phase.CANCELLED),
    13: Status("JOBSTAT_CANCELED", Phase.CANCELLED),
    14: Status("JOBSTAT_LOST", Phase.FAILED),
    15: Status("JOBSTAT_SCALING", Phase.RUNNING),
    16: Status("JOBSTAT_SUBMIT_MODEL_FAILED", Phase.FAILED),
    17: Status("JOBSTAT_DEPLOY_SERVICE_FAILED", Phase.FAILED),
    18: Status("JOBSTAT_CHECK_INIT", Phase.PENDING),
    19: Status("JOBSTAT_CHECK_RUNNING", Phase.RUNNING),
    # Whether anything follows a finished review is not documented: nothing is concluded from it.
    20: Status("JOBSTAT_CHECK_RUNNING_COMPLETED", Phase.UNKNOWN),
    21: Status("JOBSTAT_CHECK_FAILED", Phase.FAILED),
    22: Status("MOUNT_FAILED", Phase.FAILED),
}

V2: Final[Mapping[str, Phase]] = {
    "Creating": Phase.PENDING,
    "Pending": Phase.PENDING,
    "Running": Phase.RUNNING,
    "Terminating": Phase.STOPPING,
    "Completed": Phase.SUCCEEDED,
    "Failed": Phase.FAILED,
    "Abnormal": Phase.FAILED,
    "Terminated": Phase.CANCELLED,
}


def of_v1(value: Any) -> tuple[Phase, str]:  # noqa: ANN401 - any JSON value
    """The phase of a status number, which may come as a text, and its name; the value itself where it has none."""
    known = V1.get(found) if (found := whole(value)) is not None else None
    return (known.phase, known.name) if known else (Phase.UNKNOWN, "" if value is None else str(value))


def of_v2(value: Any) -> tuple[Phase, str]:  # noqa: ANN401 - any JSON value
    """The phase of a word, and the word."""
    word = "" if value is None else str(value)
    return V2.get(word, Phase.UNKNOWN), word
