"""What an apply did, as a table of done, failed, skipped and unknown."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from reconciler.model.outcome import Result
from reconciler.rendering.paint import RESULT_TONES, Paint, Tone
from reconciler.rendering.words import columns, counted, duration, fit, pad, printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.address import Address
    from reconciler.model.outcome import Report, StepOutcome
    from reconciler.model.resource import Phase

REPORT_FORMAT = "reconciler.report/v1"
VERB_WIDTH = 6
RESULT_WIDTH = 7
_TIME_WIDTH = 9
_NARROWEST_ADDRESS = 20
_ASIDE = " " * (RESULT_WIDTH + 2)
_MOST_ALIKE = 10


def render_report(report: Report, *, width: int = 100, colour: bool = False) -> str:
    """One line a step in step order, reasons below what did not end well, then the counts.

    Where many were skipped for one reason, the first of them and how many more there are.
    """
    paint = Paint(colour)
    lines = _steps(report, width, paint)
    return "\n".join([*lines, *([""] if lines else []), _verdict(report, paint)]) + "\n"


def _steps(report: Report, width: int, paint: Paint) -> list[str]:
    by_id = {outcome.step.id: outcome for outcome in report.outcomes}
    longest = max((columns(printable(str(o.step.address))) for o in report.outcomes), default=0)
    lines: list[str] = []
    skipped: Counter[str] = Counter()
    for outcome in report.outcomes:
        reason = outcome_reason(outcome, by_id)
        if outcome.result is Result.SKIPPED:
            skipped[reason] += 1
            if skipped[reason] > _MOST_ALIKE:
                continue
        lines.append(outcome_line(outcome, min(longest, address_room(width)), paint))
        lines += [_ASIDE + reason] if reason else []
    for reason, number in skipped.items():
        if number > _MOST_ALIKE:
            result = paint(pad(Result.SKIPPED.value, RESULT_WIDTH), RESULT_TONES[Result.SKIPPED])
            lines += [f"{result}  {number - _MOST_ALIKE} more", _ASIDE + reason]
    return lines


def address_room(width: int) -> int:
    """How many columns of `width` are left for the address in a line of `outcome_line`."""
    return max(width - RESULT_WIDTH - VERB_WIDTH - _TIME_WIDTH - 6, _NARROWEST_ADDRESS)


def outcome_line(outcome: StepOutcome, address_width: int, paint: Paint) -> str:
    """`done     create  local/App/demo/fastqc@1.0.0   0.4s`. The address is cut only if it is wider than its column."""
    result = paint(pad(outcome.result.value, RESULT_WIDTH), RESULT_TONES[outcome.result])
    address = pad(fit(printable(str(outcome.step.address)), address_width), address_width)
    verb = pad(outcome.step.verb.value, VERB_WIDTH)
    spent = f"{duration(outcome.seconds):>{_TIME_WIDTH}}" if outcome.result is not Result.SKIPPED else ""
    return f"{result}  {verb}  {address}{spent}".rstrip()


def outcome_reason(outcome: StepOutcome, by_id: dict[int, StepOutcome]) -> str:
    """Why a step did not end well, in one printable line; "" for a done one."""
    if outcome.result is Result.DONE:
        return ""
    blocker = by_id.get(outcome.blocked_by)
    blocked = f"needs {blocker.step.address}, which {_ended(blocker)}" if blocker else ""
    code = f" [{outcome.code}]" if outcome.code else ""
    return printable((outcome.error or blocked or "no reason was given") + code)


def _ended(outcome: StepOutcome) -> str:
    return {
        Result.DONE: "is done",
        Result.FAILED: "failed",
        Result.SKIPPED: "was skipped",
        Result.UNKNOWN: "has an unknown outcome",
    }[outcome.result]


def _verdict(report: Report, paint: Paint) -> str:
    tally = {result: len(report.having(result)) for result in Result}
    words = ", ".join(f"{number} {result}" for result, number in tally.items() if number) or "nothing to do"
    lines = [paint(f"Applied: {words}.", Tone.STRONG)]
    if report.halted:
        lines.append(f"Stopped: {printable(report.halted)}")
    if report.interrupted:
        lines.append("Interrupted: what has ended is recorded; apply again to go on.")
    if report.unsettled:
        lines += [printable(line) for line in report.unsettled.split("\n")]
    if unknown := tally[Result.UNKNOWN]:
        what = counted(unknown, "call")
        lines.append(f"{what} got no answer and may have had an effect: apply again to settle, or see `state settle`.")
    return "\n".join(lines)


def report_to_json(report: Report, runs: Iterable[tuple[Address, Phase | None, str]] = ()) -> str:
    """The report as JSON of format `reconciler.report/v1` (schemas/report.schema.json), ending in a line break.

    `runs` are those waited for: address, phase (None: forgotten by the platform) and the platform's reason.
    """
    document = {
        "format": REPORT_FORMAT,
        "interrupted": report.interrupted,
        "complete": report.complete,
        "counts": {result.value: len(report.having(result)) for result in Result},
        "outcomes": [_outcome(outcome) for outcome in report.outcomes],
        "halted": report.halted,
        "halted_code": report.halted_code,
        "unsettled": report.unsettled,
        "runs": [
            {"address": str(address), "phase": phase.value if phase else None, "detail": detail}
            for address, phase, detail in runs
        ],
    }
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def _outcome(outcome: StepOutcome) -> dict[str, Any]:
    return {
        "step": outcome.step.id,
        "address": str(outcome.step.address),
        "verb": outcome.step.verb.value,
        "result": outcome.result.value,
        "error": outcome.error,
        "code": outcome.code,
        "seconds": round(outcome.seconds, 3),
        "blocked_by": outcome.blocked_by,
        "remote_id": outcome.remote_id,
        "stale": outcome.stale,
    }
