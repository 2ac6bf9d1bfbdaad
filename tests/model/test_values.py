"""Small promises of the vocabulary."""

from __future__ import annotations

import pytest

from reconciler.model.address import Address
from reconciler.model.change import ABSENT, Action, Change
from reconciler.model.diagnostic import Diagnostic, Severity, Source, errors
from reconciler.model.kind import Life, OnFieldChange
from reconciler.model.outcome import Report, Result, StepOutcome
from reconciler.model.plan import Base, Plan, Step, Verb
from reconciler.model.resource import Phase

ADDRESS = Address("prod", "Tool", "lab", "qc@1")
BASE = Base("genomics", "prod", "0.0.0")


def _change(action: Action) -> Change:
    return Change(ADDRESS, "acme", Life.STANDING, action, "because")


def _finding(severity: Severity, line: int = 0) -> Diagnostic:
    return Diagnostic(severity, "x.y", "message", Source("a.yaml", line))


def test_actions_rise() -> None:
    """Where several would do, the highest wins."""
    order = ["no-op", "hold", "adopt", "create", "update", "forget", "replace", "delete", "refuse"]
    assert [action.value for action in sorted(Action, key=lambda action: action.severity)] == order
    assert {action for action in Action if not action.writes} == {Action.NO_OP, Action.HOLD, Action.REFUSE}


def test_what_a_field_forces_rises() -> None:
    """From nothing to another run."""
    assert [forced.severity for forced in OnFieldChange] == [0, 1, 2, 3]
    assert OnFieldChange.NEW_RUN.severity > OnFieldChange.REPLACE.severity


def test_phases_are_active_ended_or_neither() -> None:
    """Never both; what is not known may be active."""
    assert not [phase for phase in Phase if phase.active and phase.ended]
    assert {phase for phase in Phase if not phase.active and not phase.ended} == {Phase.READY, Phase.DELETING}
    assert Phase.UNKNOWN.active


def test_memory_steps_call_nobody() -> None:
    """Adopting, moving and forgetting change our memory alone."""
    assert {verb for verb in Verb if not verb.calls_platform} == {Verb.ADOPT, Verb.MOVE, Verb.FORGET}


def test_absence_is_not_null() -> None:
    """A side without a field holds a value of its own kind."""
    assert ABSENT is not None
    assert str(ABSENT) == "(absent)"


def test_a_plan_is_empty_without_steps() -> None:
    """Whatever its changes say."""
    assert Plan(BASE, (_change(Action.HOLD),), ()).is_empty
    assert not Plan(BASE, (), (Step(1, ADDRESS, "acme", Verb.FORGET),)).is_empty


@pytest.mark.parametrize(
    ("changes", "findings", "blocked"),
    [
        ([Action.DELETE], [Severity.WARNING, Severity.NOTE], False),
        ([Action.REFUSE], [], True),
        ([], [Severity.ERROR], True),
    ],
)
def test_what_blocks_a_plan(changes: list[Action], findings: list[Severity], blocked: bool) -> None:
    """A refusal, or an error; nothing else."""
    plan = Plan(BASE, tuple(map(_change, changes)), (), tuple(map(_finding, findings)))
    assert plan.is_blocked is blocked


def test_counts_name_every_action() -> None:
    """Those that do not occur too."""
    counts = Plan(BASE, (_change(Action.CREATE), _change(Action.CREATE)), ()).counts()
    assert counts[Action.CREATE] == 2
    assert set(counts) == set(Action)


def test_findings_are_ordered_by_place() -> None:
    """And only errors stop."""
    findings = [_finding(Severity.NOTE, 9), _finding(Severity.ERROR, 2)]
    assert [f.source.line for f in sorted(findings, key=lambda f: f.sort_key) if f.source] == [2, 9]
    assert errors(findings) == (findings[1],)
    assert findings[0].at(Source("b.yaml", 1, 2)).source == Source("b.yaml", 1, 2)


def test_places_read_as_editors_print_them() -> None:
    """File, line and column, as far as they are known."""
    assert [str(Source(*parts)) for parts in (("a.yaml",), ("a.yaml", 3), ("a.yaml", 3, 7))] == [
        "a.yaml",
        "a.yaml:3",
        "a.yaml:3:7",
    ]


def test_reports_tell_how_steps_ended() -> None:
    """Complete when everything was done."""
    step = Step(1, ADDRESS, "acme", Verb.CREATE)
    done, failed = StepOutcome(step, Result.DONE), StepOutcome(step, Result.FAILED)
    assert Report((done,)).complete
    assert not Report((done, failed)).complete
    assert Report((done, failed)).having(Result.FAILED) == (failed,)
