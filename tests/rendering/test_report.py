"""What an apply did, for people."""

from __future__ import annotations

from hypothesis import given

from reconciler.model.outcome import Report, Result, StepOutcome
from reconciler.model.plan import Step, Verb
from reconciler.rendering.report import render_report
from tests.rendering.plans import address
from tests.rendering.strategies import reports


def _step(number: int, verb: Verb, name: str) -> Step:
    return Step(number, address("App", name), "p", verb)


def test_the_table() -> None:
    """One line a step, the reason below what did not end well, then the counts."""
    report = Report(
        (
            StepOutcome(_step(1, Verb.CREATE, "a"), Result.DONE, seconds=0.42, remote_id="id-1"),
            StepOutcome(_step(2, Verb.UPDATE, "longer"), Result.FAILED, "quota exceeded", "platform.refused", 75.0),
            StepOutcome(_step(3, Verb.CREATE, "c"), Result.SKIPPED, blocked_by=2),
            StepOutcome(_step(4, Verb.CREATE, "d"), Result.UNKNOWN, "no answer", "platform.unanswered", 7300.0),
        )
    )
    assert render_report(report, width=100) == (
        "done     create  local/App/demo/a          0.4s\n"
        "failed   update  local/App/demo/longer   1m 15s\n"
        "         quota exceeded [platform.refused]\n"
        "skipped  create  local/App/demo/c\n"
        "         needs local/App/demo/longer, which failed\n"
        "unknown  create  local/App/demo/d        2h 01m\n"
        "         no answer [platform.unanswered]\n"
        "\n"
        "Applied: 1 done, 1 failed, 1 skipped, 1 unknown.\n"
        "1 call got no answer and may have had an effect: apply again to settle, or see `state settle`.\n"
    )


def test_many_skipped_for_one_reason() -> None:
    """The first ten and how many more; another reason, and what failed, is told in full all the same."""
    skipped = [
        StepOutcome(_step(n, Verb.CREATE, f"s{n:03}"), Result.SKIPPED, "asked to stop", "interrupted")
        for n in range(1, 41)
    ]
    other = StepOutcome(_step(41, Verb.CREATE, "z"), Result.SKIPPED, "something else", "x")
    lines = render_report(Report((*skipped, other), interrupted=True)).splitlines()
    assert lines[18:] == [
        "skipped  create  local/App/demo/s010",
        "         asked to stop [interrupted]",
        "skipped  create  local/App/demo/z",
        "         something else [x]",
        "skipped  30 more",
        "         asked to stop [interrupted]",
        "",
        "Applied: 41 skipped.",
        "Interrupted: what has ended is recorded; apply again to go on.",
    ]
    assert "more" not in render_report(Report(tuple(skipped[:10])))


def test_interrupted_and_empty() -> None:
    """An interrupted apply says how to go on, an empty one that there was nothing to do."""
    assert render_report(Report((), interrupted=True)) == (
        "Applied: nothing to do.\nInterrupted: what has ended is recorded; apply again to go on.\n"
    )


@given(reports())
def test_no_report_drives_the_terminal(report: Report) -> None:
    """Errors of platforms are text."""
    assert all(c.isprintable() or c.isspace() for c in render_report(report, width=60))
