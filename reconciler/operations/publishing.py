"""Saying it where the pull request lives: one comment a project and environment, kept up to date; a commit status.

Only comments that we wrote ourselves are looked at, and only those whose first line is our mark. Another push rewrites
the comment; what it said before stays as a line of its history. Should there be several, from two runs at once, the
last one is kept and the others are folded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.errors import PlanStale
from reconciler.rendering.comment import Posted, Record, compose, marker, succeeded_by, take_apart

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.forges.protocol import Comment, Forge, PullRequest, Verdict
    from reconciler.model.secret import Redactor
    from reconciler.operations.hosting import Host
    from reconciler.planning.review import Seal


_RUNS = "<!-- reconciler:runs -->"


@dataclass(frozen=True, slots=True)
class Board:
    """Where one project and environment has its comment. What is posted goes through `redactor` first."""

    host: Host
    forge: Forge
    project: str
    environment: str
    redactor: Redactor

    @property
    def mark(self) -> str:
        """The first line of its comment."""
        return marker(self.project, self.environment)

    @property
    def context(self) -> str:
        """The name of its commit status."""
        return f"reconciler/{self.project}/{self.environment}"


def board(host: Host, project: str, environment: str, redactor: Redactor) -> Board:
    """The board of an environment. Raises UsageError when there is no host or no token."""
    token = host.access.token if host.access else ""
    return Board(host, host.forge(), project, environment, redactor.with_values(token))


def post_review(board: Board, number: int, commit: str, seal: Seal | None, body: str) -> bool:
    """Posts the review of a push, or rewrites the comment with it. False when a newer push is there: then nothing is
    said, since its own review will.
    """
    if board.forge.pull_request(number).head != commit:
        return False

    def make(former: Posted | None) -> Posted:
        record = succeeded_by(former.record, commit, seal) if former else Record(commit, seal)
        return Posted(record, "", body)

    _keep_one(board, number, make)
    return True


def post_status(board: Board, number: int, text: str, *, applied: str = "") -> None:
    """Replaces the status on top of the comment, and leaves the review as it is. `applied` is the commit of the merge
    that was applied.
    """

    def make(former: Posted | None) -> Posted:
        if former is None:
            return Posted(Record("", None, applied), text, "")
        record = replace(former.record, applied=applied or former.record.applied)
        return replace(former, record=record, status=text)

    _keep_one(board, number, make)


def post_runs(board: Board, number: int, text: str) -> bool:
    """Replaces what the status says of the runs, and nothing else of it. False when it says so already."""
    changed: list[bool] = []

    def make(former: Posted | None) -> Posted:
        known = former or Posted(Record("", None), "", "")
        applied = known.status.split(_RUNS)[0].rstrip("\n")
        status = f"{applied}\n{_RUNS}\n{text}".strip("\n")
        changed.append(status != known.status)
        return replace(known, status=status)

    _keep_one(board, number, make)
    return any(changed)


def mark_commit(board: Board, commit: str, verdict: Verdict, text: str) -> None:
    """Sets the commit's status."""
    board.forge.set_status(
        commit, verdict, board.redactor.redact(text), context=board.context, url=board.host.run_url
    )  # fmt: skip


def _keep_one(board: Board, number: int, make: Callable[[Posted | None], Posted]) -> None:
    ours = _ours(board, number)
    text = board.redactor.redact(compose(board.mark, make(ours[-1][1] if ours else None)))
    if not ours:
        board.forge.comment(number, text)
        return
    if ours[-1][0].body.splitlines() != text.splitlines():
        board.forge.edit(number, ours[-1][0], text)
    for comment, _ in ours[:-1]:
        board.forge.fold(number, comment)


def _ours(board: Board, number: int) -> list[tuple[Comment, Posted]]:
    found = [(comment, take_apart(comment.body, board.mark)) for comment in board.forge.comments(number)]
    return [(comment, posted) for comment, posted in found if posted is not None]


@dataclass(frozen=True, slots=True)
class Approved:
    """The pull request that was merged, and what its reviewers saw."""

    pull_request: PullRequest
    seal: Seal


def reviewed_record(board: Board, number: int) -> Record | None:
    """What our comment on a pull request stands for; None when there is none."""
    ours = _ours(board, number)
    return ours[-1][1].record if ours else None


def approved(board: Board, merge: str, *, approvals: bool) -> Approved:
    """What was reviewed of the pull request that `merge` merged.

    With `approvals`, somebody other than its author must have approved its very last commit. Raises PlanStale when
    there is no pull request, no review of its last commit, or no such approval: nothing may be applied then.
    """
    pull = board.forge.merged_as(merge)
    if pull is None:
        raise _unreviewed(f"{merge[:12]} is not the merge of a pull request")
    record = reviewed_record(board, pull.number)
    if record is None or record.seal is None:
        raise _unreviewed(f"pull request {pull.number} has no review that could be applied")
    if record.commit != pull.head:
        raise _unreviewed(f"what was reviewed is {record.commit[:12]}, what was merged is {pull.head[:12]}")
    if approvals and not any(
        each.who != pull.author and each.commit in {"", pull.head} for each in board.forge.approvals(pull.number)
    ):
        raise _unreviewed(f"nobody but its author approved commit {pull.head[:12]} of pull request {pull.number}")
    return Approved(pull, record.seal)


def _unreviewed(reason: str) -> PlanStale:
    hint = "Nothing was written. Open a pull request that is reviewed, or apply by hand what `reconciler plan` shows."
    return PlanStale(f"not what was reviewed: {reason}", hint=hint)
