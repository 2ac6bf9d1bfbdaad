"""How an apply and its runs go, as the status on top of a comment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconciler.model.outcome import Result
from reconciler.model.resource import Phase
from reconciler.rendering.markdown_text import code, fenced, folded, prose
from reconciler.rendering.report import outcome_reason
from reconciler.rendering.sides import Line, Profile
from reconciler.rendering.words import counted, duration, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.address import Address
    from reconciler.model.outcome import Report

STATUS_LIMIT: Final = 4_000
"""Characters that a status may take."""
_ROWS: Final = 25
_LOG_COLUMNS: Final = 160
_WORDS: Final = {
    Phase.PENDING: "queued", Phase.RUNNING: "running", Phase.SUSPENDED: "suspended", Phase.STOPPING: "stopping",
    Phase.SUCCEEDED: "succeeded", Phase.FAILED: "failed", Phase.CANCELLED: "cancelled",
}  # fmt: skip
_ORDER: Final = (Phase.FAILED, Phase.CANCELLED, Phase.RUNNING)


@dataclass(frozen=True, slots=True)
class RunProgress:
    """A run as far as the platform tells. `phase` None: it does not know it any more. `seconds` 0: not known.
    `reason` and `log` are the platform's and the run's own words.
    """

    address: Address
    phase: Phase | None
    seconds: float = 0.0
    reason: str = ""
    log: tuple[str, ...] = ()


def render_runs_status(runs: Sequence[RunProgress], profile: Profile) -> str:
    """One line a run, failures first, with their last lines; "" for no runs. At most `STATUS_LIMIT` characters."""
    if not runs:
        return ""
    ordered = sorted(runs, key=lambda run: (_rank(run.phase), run.address))
    tally = {word: sum(_word(run.phase) == word for run in runs) for word in dict.fromkeys(map(_name, ordered))}
    head = f"**Runs: {', '.join(f'{number} {word}' for word, number in tally.items())}.**\n\n"
    return _within(head, [_run(run, profile) for run in ordered], "run")


def _within(head: str, blocks: Sequence[str], noun: str) -> str:
    text, left = head, len(blocks)
    for block in blocks[:_ROWS]:
        if len(text) + len(block) > STATUS_LIMIT - _TAIL:
            break
        text, left = text + block, left - 1
    return text + (f"\n**And {counted(left, f'more {noun}')}.**\n" if left else "")


_TAIL: Final = 60


def _rank(phase: Phase | None) -> int:
    return _ORDER.index(phase) if phase in _ORDER else len(_ORDER)


def _name(run: RunProgress) -> str:
    return _word(run.phase)


def _word(phase: Phase | None) -> str:
    return "forgotten" if phase is None else _WORDS.get(phase, "unknown")


def _run(run: RunProgress, profile: Profile) -> str:
    spent = f", {duration(run.seconds)}" if run.seconds else ""
    failed = run.phase in {Phase.FAILED, Phase.CANCELLED}
    reason = f" \u2013 {prose(run.reason[:300])}" if run.reason and failed and profile is Profile.FULL else ""
    line = f"- **{_word(run.phase)}** {code(str(run.address)[:300])}{spent}{reason}\n"
    if not run.log or run.phase is not Phase.FAILED or profile is not Profile.FULL:
        return line
    shown = [Line(" ", printable(text.replace("\t", "    "))[:_LOG_COLUMNS]) for text in run.log]
    block = folded("Last lines", fenced(shown, "text"))
    return line + "\n" + "".join(f"  {each}\n" for each in block.splitlines())


def render_report_status(report: Report, merge: str, profile: Profile) -> str:
    """What an apply did, before its runs tell more."""
    tally = {result: len(report.having(result)) for result in Result}
    words = ", ".join(f"{number} {result}" for result, number in tally.items() if number) or "nothing to do"
    head = f"**Applied at {code(merge[:12])}: {words}.**\n\n" if merge else f"**Applied: {words}.**\n\n"
    by_id = {outcome.step.id: outcome for outcome in report.outcomes}
    rows = []
    for outcome in (o for o in report.outcomes if o.result is not Result.DONE):
        reason = outcome_reason(outcome, by_id) if profile is Profile.FULL else outcome.code
        why = f" \u2013 {prose(reason[:300])}" if reason else ""
        rows.append(f"- **{outcome.result}** {outcome.step.verb} {code(str(outcome.step.address)[:300])}{why}\n")
    return _within(head, rows, "step")


def render_refusal(reasons: Sequence[str], hint: str) -> str:
    """That nothing was applied, and why."""
    rows = [f"- {prose(reason[:300])}\n" for reason in reasons]
    return _within("> [!CAUTION]\n> **Not applied: nothing was written.**\n\n", rows, "reason") + f"\n{prose(hint)}\n"
