"""What the process says to the shell. One function decides, so that no two commands can disagree.

0  fine, or no changes              5   partly applied
1  error                            6   a submission is ambiguous and needs settling
2  changes (only when asked for)    7   locked by another
3  blocked by policy or a guard     8   a run failed (with --wait)
4  plan stale or not as reviewed    64  usage     65  manifests invalid     130  interrupted, journal written
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from reconciler import errors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.outcome import Report
    from reconciler.model.plan import Plan
    from reconciler.model.resource import Phase


class ExitCode(IntEnum):
    """The whole contract with scripts and CI."""

    FINE = 0
    ERROR = 1
    CHANGES = 2
    BLOCKED = 3
    STALE = 4
    PARTLY_APPLIED = 5
    AMBIGUOUS = 6
    LOCKED = 7
    RUN_FAILED = 8
    USAGE = 64
    INVALID = 65
    INTERRUPTED = 130


_BY_ERROR: tuple[tuple[type[errors.ReconcilerError], ExitCode], ...] = (
    (errors.UsageError, ExitCode.USAGE),
    (errors.ManifestsInvalid, ExitCode.INVALID),
    (errors.PlanBlocked, ExitCode.BLOCKED),
    (errors.PlanStale, ExitCode.STALE),
    (errors.PlanUnreadable, ExitCode.STALE),
    (errors.SubmissionAmbiguous, ExitCode.AMBIGUOUS),
    (errors.StateLocked, ExitCode.LOCKED),
    (errors.Interrupted, ExitCode.INTERRUPTED),
)


def exit_code(
    ended: errors.ReconcilerError | Plan | Report | None, *, phases: Iterable[Phase] = (), detailed: bool = False
) -> ExitCode:
    """The code of how a command ended: with an error, a plan to show, the report of an apply, or nothing to say.

    `phases` are those of the runs waited for; `detailed` asks for `CHANGES` when a shown plan has some.
    """
    if isinstance(ended, errors.ReconcilerError):
        return next((code for kind, code in _BY_ERROR if isinstance(ended, kind)), ExitCode.ERROR)
    if ended is None:
        return _of_runs(phases)
    return _of_value(ended, phases, detailed=detailed)


def _of_value(ended: Plan | Report, phases: Iterable[Phase], *, detailed: bool) -> ExitCode:
    """Plans and reports; their modules are imported here so that commands without either start sooner."""
    from reconciler.model.plan import Plan

    if isinstance(ended, Plan):
        if ended.is_blocked:
            return ExitCode.BLOCKED
        if ended.unread:
            return ExitCode.ERROR
        return ExitCode.CHANGES if detailed and not ended.is_empty else ExitCode.FINE
    return _of_report(ended) or _of_runs(phases)


def _of_runs(phases: Iterable[Phase]) -> ExitCode:
    from reconciler.model.resource import Phase

    badly = any(phase in {Phase.FAILED, Phase.CANCELLED} for phase in phases)
    return ExitCode.RUN_FAILED if badly else ExitCode.FINE


def _of_report(report: Report) -> ExitCode:
    """Interrupted first, then unsettled, then how much of it was done."""
    from reconciler.model.outcome import Result

    if report.interrupted:
        return ExitCode.INTERRUPTED
    if report.having(Result.UNKNOWN) or report.unsettled:
        return ExitCode.AMBIGUOUS
    if report.halted_code == errors.StateLocked.code:
        return ExitCode.LOCKED
    if report.complete:
        return ExitCode.FINE
    moved = any(outcome.stale for outcome in report.outcomes)
    return ExitCode.PARTLY_APPLIED if moved or report.having(Result.DONE) else ExitCode.ERROR
