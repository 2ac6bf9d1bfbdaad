"""What happened when a plan was walked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.model.plan import Step


class Result(StrEnum):
    """How a step ended. `UNKNOWN`: the call may have had its effect and must be settled before anything else."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """How one step ended. `error` is a redacted sentence for people, `code` the stable code behind it; `seconds` is
    wall time; `blocked_by` is the id of the step that made this one impossible, 0 when none did;
    `stale`: skipped because the object moved after it was planned (exit 5).
    """

    step: Step
    result: Result
    error: str = ""
    code: str = ""
    seconds: float = 0.0
    blocked_by: int = 0
    remote_id: str = ""
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """The end of an apply, in step order. `halted` says why nothing more was begun although nobody asked to stop (the
    lease was lost, the memory cannot be written), `halted_code` is the stable code of it; "" when that did not happen.
    `unsettled` says what an earlier apply began and nobody knows the end of: nothing was begun there.
    """

    outcomes: tuple[StepOutcome, ...]
    interrupted: bool = False
    halted: str = ""
    halted_code: str = ""
    unsettled: str = ""

    def having(self, result: Result) -> tuple[StepOutcome, ...]:
        """The outcomes with that result."""
        return tuple(o for o in self.outcomes if o.result is result)

    @property
    def complete(self) -> bool:
        """Everything done."""
        return not self.halted and not self.unsettled and all(o.result is Result.DONE for o in self.outcomes)
