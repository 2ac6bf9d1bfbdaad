"""How the runs of a merged pull request go, and what moved on the platforms, said where people look."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from reconciler.errors import ReconcilerError
from reconciler.forges.protocol import Verdict
from reconciler.model.resource import Phase
from reconciler.operations.publishing import mark_commit, post_runs, reviewed_record
from reconciler.operations.runs import Run, is_run, logs, ours, parts, read
from reconciler.rendering.comment import marker
from reconciler.rendering.markdown import render_plan
from reconciler.rendering.progress import RunProgress, render_runs_status
from reconciler.rendering.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.model.address import Address
    from reconciler.model.plan import Plan
    from reconciler.operations.publishing import Board
    from reconciler.operations.workspace import Say, Workspace
    from reconciler.providers.protocol import Part

_LAST_LINES: Final = 12
_BAD: Final = frozenset({Phase.FAILED, Phase.CANCELLED})


def report_runs(workspace: Workspace, board: Board, number: int, say: Say) -> tuple[RunProgress, ...] | None:
    """Looks at the runs that the pull request's review was about, and rewrites the status in its comment.

    None when there is no comment of ours, or nothing of it was applied: then nothing is said.
    """
    record = reviewed_record(board, number)
    if record is None or not record.applied or record.seal is None:
        return None
    runs = progress_of(workspace, {entry.address for entry in record.seal.entries}, say)
    text = render_runs_status(runs, board.host.profile)
    if text and post_runs(board, number, text):
        mark_commit(board, record.applied, *_verdict(runs))
    return runs


def progress_of(workspace: Workspace, addresses: Iterable[Address], say: Say) -> tuple[RunProgress, ...]:
    """How the recorded runs at `addresses` go, by address."""
    wanted = set(addresses)
    runs = [
        Run(each.address, each.platform, each.remote_id, each.mark)
        for each in ours(workspace)
        if each.address in wanted and is_run(workspace, each)
    ]
    if not runs:
        return ()
    reading = read(workspace, runs, say)
    found = []
    for run in runs:
        live = reading.live.get(run.address)
        if live is None:
            unread = reading.unreadable.get(run.address, "")
            found.append(RunProgress(run.address, Phase.UNKNOWN if unread else None, reason=unread))
            continue
        last = _last_lines(workspace, run, say) if live.phase is Phase.FAILED else ()
        found.append(RunProgress(run.address, live.phase, _spent(workspace, run, say), live.detail, last))
    return tuple(found)


def _spent(workspace: Workspace, run: Run, say: Say) -> float:
    """Seconds from the first part's start to the last one's end, or until now; 0 where the platform does not tell."""
    found: Sequence[Part] = ()
    with suppress(ReconcilerError):
        found = parts(workspace, run, say)
    begun = [at for part in found if (at := _time(part.started))]
    if not begun:
        return 0.0
    ended = [_time(part.finished) for part in found if part.started]
    end = max(at for at in ended if at) if all(ended) else datetime.now(UTC)
    return max((end - min(begun)).total_seconds(), 0.0)


def _time(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _last_lines(workspace: Workspace, run: Run, say: Say) -> tuple[str, ...]:
    last: deque[str] = deque(maxlen=_LAST_LINES)
    with suppress(ReconcilerError), logs(workspace, run, "", None, say) as lines:
        last.extend(f"{line.task}: {line.text}" if line.task else line.text for line in lines)
    return tuple(last)


def _verdict(runs: Sequence[RunProgress]) -> tuple[Verdict, str]:
    bad = sum(run.phase in _BAD for run in runs)
    active = sum(run.phase is not None and run.phase.active for run in runs)
    if bad:
        return Verdict.FAILURE, f"{counted(bad, 'run')} did not succeed"
    if active:
        return Verdict.PENDING, f"{counted(active, 'run')} under way"
    return Verdict.SUCCESS, f"{counted(len(runs), 'run')} succeeded"


def report_drift(board: Board, plan: Plan) -> str:
    """Keeps one issue about what differs: opens, rewrites, or closes it. Returns what was done, in words."""
    mark = marker(board.project, board.environment, what="drift")
    known = [issue for issue in board.forge.issues() if issue.body.split("\n", 1)[0].strip() == mark]
    differs = not plan.is_empty or bool(plan.unread)
    body = board.redactor.redact(f"{mark}\n{render_plan(plan, profile=board.host.profile)}")
    if not known:
        if not differs:
            return "nothing differs"
        board.forge.open_issue(f"{board.project} differs from {board.environment}"[:200], body)
        return "opened an issue"
    issue = known[0]
    if issue.open == differs and issue.body.splitlines() == body.splitlines():
        return "nothing is new"
    if not differs and not issue.open:
        return "nothing differs"
    board.forge.edit_issue(issue, body, open_=differs)
    return "rewrote the issue" if differs else "closed the issue"
