"""`apply --reviewed`: what was reviewed, or nothing; and how it went, said in the pull request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.errors import PlanStale, ReconcilerError
from reconciler.forges.protocol import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.cli.applying import Manner
    from reconciler.cli.streams import Streams
    from reconciler.model.outcome import Report
    from reconciler.model.plan import Plan
    from reconciler.operations.apply import Doing
    from reconciler.operations.hosting import Host
    from reconciler.operations.plan import Look, Wish
    from reconciler.operations.publishing import Board
    from reconciler.operations.workspace import Workspace
    from reconciler.planning.review import Seal


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What was reviewed, and where to say how it went: nowhere when there is no pull request."""

    seal: Seal
    host: Host
    board: Board | None = None
    number: int = 0

    @property
    def merge(self) -> str:
        """The commit that CI checked out."""
        return self.host.commit


def reviewed_of(streams: Streams, opened: Workspace, text: str, *, approvals: bool) -> Reviewed:
    """What `--reviewed TEXT` means: an id, or the review of the pull request that was merged.

    Raises UsageError, and PlanStale when nothing that was merged was reviewed.
    """
    from reconciler.operations.hosting import host_of
    from reconciler.operations.publishing import approved, board
    from reconciler.operations.reviewed import MERGED, named
    from reconciler.operations.wiring import redactor
    from reconciler.repository.snapshot import commit_id

    host = host_of(streams.settings)
    if text != MERGED:
        return Reviewed(named(text), host)
    ours = board(host, opened.project.name, opened.environment.name, redactor(opened))
    merge = commit_id(opened.call.start, "HEAD")
    try:
        found = approved(ours, merge, approvals=approvals)
    except PlanStale:
        _quietly(streams, lambda: _mark(ours, merge, Verdict.FAILURE, "not applied: not what was reviewed"))
        raise
    streams.say(f"pull request {found.pull_request.number} was reviewed as {found.seal.id}")
    return Reviewed(found.seal, host, ours, found.pull_request.number)


def carry_out_reviewed(streams: Streams, opened: Workspace, wish: Wish, manner: Manner, reviewed: Reviewed) -> int:
    """Plans, compares with the review, and does it. Raises PlanStale, and writes nothing, when they differ."""
    from reconciler.cli.applying import carry_out
    from reconciler.cli.options import Shape
    from reconciler.cli.readers import plan_text
    from reconciler.cli.signals import graceful
    from reconciler.execution.context import Silence
    from reconciler.operations.apply import Doing, apply, refuse_blocked, settle_first
    from reconciler.operations.plan import look
    from reconciler.operations.reviewed import require_reviewed

    with graceful(streams.say) as stop:
        left = settle_first(opened, Doing(Silence(), stop, streams.say))
    seen = look(opened, wish, streams.say)
    try:
        require_reviewed(opened, seen.plan, reviewed.seal)
        refuse_blocked(seen.plan)
    except ReconcilerError as error:
        _refused(streams, opened, seen, reviewed, error)
        raise
    if not seen.plan.steps and manner.form is Shape.TEXT:
        streams.show(plan_text(streams, opened, seen.plan, now=seen.read_at))
    done: list[Report] = []

    def carry(workspace: Workspace, plan: Plan, doing: Doing) -> Report:
        done.append(apply(workspace, plan, doing))
        return done[-1]

    code = carry_out(streams, opened, seen.plan, manner, seen=seen, left=left, carry=carry)
    if done:
        _quietly(streams, lambda: _done(reviewed, done[-1], code))
    return code


def _refused(streams: Streams, opened: Workspace, seen: Look, reviewed: Reviewed, error: ReconcilerError) -> None:
    """Shows what would happen now, and says in the pull request that nothing did, and why."""
    from reconciler.operations.wiring import redactor
    from reconciler.rendering.progress import render_refusal
    from reconciler.rendering.sides import Profile
    from reconciler.rendering.text import render_plan

    if reviewed.host.profile is Profile.FULL:
        streams.say("this is what would happen now:")
        text = render_plan(seen.plan, width=streams.width, colour=streams.error_colour, now=seen.read_at)
        streams.say(redactor(opened).redact(text))
    ours = reviewed.board
    if ours is None:
        return
    reasons = error.message.split("\n") if isinstance(error, PlanStale) else [error.message]
    text = render_refusal(reasons, error.hint)
    _quietly(streams, lambda: _post(ours, reviewed.number, text, applied=""))
    _quietly(streams, lambda: _mark(ours, reviewed.merge, Verdict.FAILURE, "not applied: not what was reviewed"))


def _done(reviewed: Reviewed, report: Report, code: int) -> None:
    from reconciler.rendering.progress import render_report_status

    if reviewed.board is None:
        return
    text = render_report_status(report, reviewed.merge, reviewed.host.profile)
    _post(reviewed.board, reviewed.number, text, applied=reviewed.merge)
    verdict = Verdict.SUCCESS if code == 0 else Verdict.FAILURE
    _mark(reviewed.board, reviewed.merge, verdict, "applied" if code == 0 else "not all of it was applied")


def _post(ours: Board, number: int, text: str, *, applied: str) -> None:
    from reconciler.operations.publishing import post_status

    post_status(ours, number, text, applied=applied)


def _mark(ours: Board, commit: str, verdict: Verdict, text: str) -> None:
    from reconciler.operations.publishing import mark_commit

    if commit:
        mark_commit(ours, commit, verdict, text)


def _quietly(streams: Streams, act: Callable[[], None]) -> None:
    """What is said in the pull request never changes how the apply ended."""
    try:
        act()
    except ReconcilerError as error:
        streams.complain(f"could not be said in the pull request: {error.message}", hint=error.hint)
