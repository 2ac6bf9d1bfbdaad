"""The one function that decides what the shell sees."""

from __future__ import annotations

import pytest

from reconciler import errors
from reconciler.cli.exit_codes import ExitCode, exit_code
from reconciler.model.address import Address
from reconciler.model.change import Action, Change
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.kind import Life
from reconciler.model.outcome import Report, Result, StepOutcome
from reconciler.model.plan import UNREADABLE, Base, Plan, Step, Verb
from reconciler.model.resource import Phase

ADDRESS = Address("t", "Job", "s", "n")
STEP = Step(1, ADDRESS, "p", Verb.CREATE)
BASE = Base("p", "e", "1")


def _report(*results: Result, interrupted: bool = False, stale: bool = False, halted: str = "") -> Report:
    outcomes = tuple(StepOutcome(STEP, result, stale=stale and result is Result.SKIPPED) for result in results)
    return Report(outcomes, interrupted, "halted" if halted else "", halted)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.UsageError("x"), 64),
        (errors.ManifestsInvalid(()), 65),
        (errors.PlanBlocked(()), 3),
        (errors.PlanStale("x"), 4),
        (errors.PlanUnreadable("x"), 4),
        (errors.StateLocked("x"), 7),
        (errors.StateUnreadable("x"), 1),
        (errors.SubmissionAmbiguous("x"), 6),
        (errors.Interrupted("x"), 130),
        (errors.LocalPlatformError("x"), 1),
        (errors.Unauthenticated("x"), 1),
        (errors.Unanswered("x"), 1),
    ],
)
def test_errors(error: errors.ReconcilerError, code: int) -> None:
    """Each error has one code; those without one of their own are 1."""
    assert exit_code(error) == code


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (_report(), 0),
        (_report(Result.DONE), 0),
        (_report(Result.DONE, Result.FAILED), 5),
        (_report(Result.DONE, Result.SKIPPED), 5),
        (_report(Result.FAILED, Result.SKIPPED), 1),
        (_report(Result.SKIPPED, stale=True), 5),
        (_report(Result.DONE, Result.UNKNOWN), 6),
        (_report(Result.FAILED, Result.UNKNOWN), 6),
        (_report(Result.DONE, interrupted=True), 130),
        (_report(Result.UNKNOWN, interrupted=True), 130),
        (_report(Result.DONE, Result.SKIPPED, halted="state.locked"), 7),
        (_report(Result.DONE, Result.SKIPPED, halted="state.unwritable"), 5),
        (_report(Result.DONE, halted="state.unwritable"), 5),
    ],
)
def test_reports(report: Report, code: int) -> None:
    """Interrupted before unsettled before partly; a report without a done step is an error."""
    assert exit_code(report) == code


def _plan(action: Action, *, steps: tuple[Step, ...] = (), diagnostics: tuple[Diagnostic, ...] = ()) -> Plan:
    return Plan(BASE, (Change(ADDRESS, "p", Life.RUN, action, ""),), steps, diagnostics)


UNREAD = Diagnostic(Severity.WARNING, UNREADABLE, "x", address=ADDRESS)
GUARD = Diagnostic(Severity.ERROR, "policy.x", "x")


@pytest.mark.parametrize(
    ("plan", "plain", "detailed"),
    [
        (_plan(Action.NO_OP), 0, 0),
        (_plan(Action.HOLD), 0, 0),
        (_plan(Action.CREATE, steps=(STEP,)), 0, 2),
        (_plan(Action.REFUSE), 3, 3),
        (_plan(Action.CREATE, steps=(STEP,), diagnostics=(GUARD,)), 3, 3),
        (_plan(Action.HOLD, diagnostics=(UNREAD,)), 1, 1),
        (_plan(Action.CREATE, steps=(STEP,), diagnostics=(UNREAD,)), 1, 1),
    ],
)
def test_plans(plan: Plan, plain: int, detailed: int) -> None:
    """Blocked before unread before changes; changes only when asked for."""
    assert exit_code(plan) == plain
    assert exit_code(plan, detailed=True) == detailed


@pytest.mark.parametrize(
    ("phases", "code"),
    [
        ([], 0),
        ([Phase.SUCCEEDED, Phase.RUNNING], 0),
        ([Phase.SUCCEEDED, Phase.FAILED], 8),
        ([Phase.CANCELLED], 8),
    ],
)
def test_runs(phases: list[Phase], code: int) -> None:
    """A run that did not succeed is 8, unless something worse happened."""
    assert exit_code(None, phases=phases) == code
    assert exit_code(_report(Result.DONE), phases=phases) == code
    assert exit_code(_report(Result.DONE, Result.FAILED), phases=phases) == 5


def test_the_codes_are_the_contract() -> None:
    """These numbers never change."""
    assert [int(code) for code in ExitCode] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 64, 65, 130]
