"""Limits on what one plan may do."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from reconciler.model.change import Action, Change
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.kind import Life
from reconciler.model.project import Allowance, Allowed, Policy
from reconciler.planning.guard import Allowances, expired, guard
from tests.planning.samples import PLATFORM, at, flow, live, plan, reading, recorded, tool


def _changes(action: Action, count: int, life: Life = Life.STANDING) -> list[Change]:
    return [Change(at("Thing", f"t{n}"), PLATFORM, life, action, "") for n in range(count)]


def _guard(changes: list[Change], recorded_count: int = 10, *, destroy: bool = False, **more: Any) -> list[Diagnostic]:
    hours = more.pop("gpu_hours", None)
    return list(guard(changes, Policy(**more), recorded=recorded_count, destroy=destroy, gpu_hours=hours))


def _told(found: list[Diagnostic]) -> list[tuple[str, str]]:
    return [(finding.code, finding.severity.value) for finding in found]


def test_no_limits_and_nothing_to_limit() -> None:
    """Nothing is said without limits; with limits the room under each is told in every plan."""
    assert _guard(_changes(Action.DELETE, 5)) == []
    assert _guard(_changes(Action.UPDATE, 9)) == []
    (note,) = _guard(_changes(Action.UPDATE, 9), max_deletes=5, max_delete_percent=30, max_gpu_hours=7)
    room = "0 of 5 (max_deletes), 0% of 30% (max_delete_percent), 0 of 7 GPU-hours (max_gpu_hours)"
    assert (note.code, note.message) == ("guard.headroom", f"limits: {room}")


def test_most_of_everything_never_goes_unasked() -> None:
    """Without a limit, more than five and more than half of what is recorded is blocked; a destroy means it."""
    assert _told(_guard(_changes(Action.DELETE, 6), 11)) == [("guard.mass-removal", "error")]
    assert _guard(_changes(Action.DELETE, 6), 12) == []
    assert _guard(_changes(Action.DELETE, 6), 6, destroy=True) == []
    assert _told(_guard(_changes(Action.DELETE, 6), 6, max_deletes=6)) == [("guard.headroom", "note")]


def test_what_is_allowed_by_name_does_not_count() -> None:
    """An allowance lets through what it names, for what it says, until the end of its day."""
    gone = _changes(Action.DELETE, 3)
    named = Allowance(Allowed.DELETE, frozenset({gone[0].address, gone[1].address}), "2026-07-31", "retired")
    for today, codes in [("2026-07-31", ["guard.headroom"]), ("2026-08-01", ["guard.max-deletes"])]:
        allowed = Allowances.of([named], today)
        found = guard(gone, Policy(max_deletes=1), recorded=9, destroy=False, allowed=allowed)
        assert [d.code for d in found] == codes
    runs = _changes(Action.CREATE, 2, Life.RUN)
    hours = {run.address: 10.0 for run in runs}
    one = Allowances.of([replace(named, what=Allowed.GPU_HOURS, addresses=frozenset({runs[0].address}))], "")
    found = guard(runs, Policy(max_gpu_hours=15), recorded=9, destroy=False, gpu_hours=hours, allowed=one)
    assert [(d.code, d.message) for d in found] == [("guard.headroom", "limits: 10 of 15 GPU-hours (max_gpu_hours)")]
    assert [d.code for d in expired([named], "2026-08-01")] == ["guard.allowance-expired"]
    assert not list(expired([named], "2026-07-31"))


def test_what_nothing_bounds_is_over_every_limit() -> None:
    """A run without a time limit is unbounded, and said so."""
    (run,) = _changes(Action.CREATE, 1, Life.RUN)
    (error,) = _guard([run], gpu_hours={run.address: math.inf}, max_gpu_hours=1e9)
    assert "without bound" in error.message


@pytest.mark.parametrize("action", [Action.DELETE, Action.REPLACE])
def test_removals_are_counted(action: Action) -> None:
    """At the limit there is a note with the room that is left, beyond it an error with the way to allow it."""
    (note,) = _guard(_changes(action, 3), max_deletes=3)
    assert (note.code, note.severity) == ("guard.headroom", Severity.NOTE)
    assert "3 of 3 (max_deletes)" in note.message
    (error,) = _guard(_changes(action, 4), max_deletes=3)
    assert (error.code, error.severity) == ("guard.max-deletes", Severity.ERROR)
    assert "4 of 10 recorded, and max_deletes allows 3" in error.message
    assert "policy.max_deletes" in error.hint


def test_forgetting_removes_nothing() -> None:
    """The object stays."""
    assert _told(_guard(_changes(Action.FORGET, 5), max_deletes=0)) == [("guard.headroom", "note")]


def test_the_share_is_of_what_is_recorded() -> None:
    """Beyond it, an error; both limits may be broken at once; names end somewhere."""
    (note,) = _guard(_changes(Action.DELETE, 3), max_delete_percent=30)
    assert "30% of 30%" in note.message
    found = _guard(_changes(Action.DELETE, 7), 20, max_deletes=3, max_delete_percent=30)
    assert _told(found) == [("guard.max-deletes", "error"), ("guard.max-delete-percent", "error")]
    assert "35% of 20 recorded" in found[1].message
    assert "and 2 more" in found[0].message
    mixed = _guard(_changes(Action.DELETE, 2), 4, max_deletes=3, max_delete_percent=30)
    assert _told(mixed) == [("guard.max-delete-percent", "error"), ("guard.headroom", "note")]


def test_adopted_and_replaced_at_once() -> None:
    """More may go than is recorded, and the share is never beyond all."""
    (found,) = _guard(_changes(Action.REPLACE, 2), 0, max_delete_percent=99)
    assert "100%" in found.message


def test_destroying_is_bound_by_count_and_not_by_share() -> None:
    """It is meant to take everything, but not more than a person said."""
    assert _told(_guard(_changes(Action.DELETE, 5), 5, destroy=True, max_delete_percent=30)) == []
    assert _told(_guard(_changes(Action.DELETE, 5), 5, destroy=True, max_deletes=4)) == [("guard.max-deletes", "error")]


def test_gpu_hours_are_added_up() -> None:
    """Of runs that are submitted; within the limit with a note, beyond it with an error."""
    runs = _changes(Action.CREATE, 2, Life.RUN)
    hours = {run.address: 10.0 for run in runs}
    assert _told(_guard(runs, gpu_hours=hours, max_gpu_hours=20)) == [("guard.headroom", "note")]
    (error,) = _guard(runs, gpu_hours=hours, max_gpu_hours=19.5)
    assert (error.code, error.severity) == ("guard.max-gpu-hours", Severity.ERROR)
    assert "20 GPU-hours" in error.message
    assert _guard(runs, gpu_hours=hours) == []
    assert _told(_guard(_changes(Action.CREATE, 2), gpu_hours={}, max_gpu_hours=1)) == [("guard.headroom", "note")]


def test_what_is_not_known_is_not_zero() -> None:
    """A run without an estimate blocks where others have one, and is told where nobody estimates."""
    runs = _changes(Action.REPLACE, 2, Life.RUN)
    assert _told(_guard(runs, max_gpu_hours=5)) == [("guard.gpu-hours-unknown", "warning")]
    assert _told(_guard(runs, max_gpu_hours=5, gpu_hours={runs[0].address: 1.0})) == [
        ("guard.gpu-hours-unknown", "error"),
        ("guard.headroom", "note"),
    ]


def test_a_plan_over_a_limit_is_blocked() -> None:
    """And still shows what it would do."""
    memory = [recorded(tool(f"t{n}@1")) for n in range(3)]
    made = plan([flow("wf@1")], memory, reading(*map(live, memory)), Policy(max_deletes=2, max_delete_percent=50))
    assert made.is_blocked
    assert len(made.steps) == 4
    assert [d.code for d in made.diagnostics] == ["guard.max-delete-percent", "guard.max-deletes"]
