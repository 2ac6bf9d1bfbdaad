"""Where a review goes: to the terminal, into files, the step summary and the pull request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.errors import ManifestsInvalid, ReconcilerError, UsageError
from reconciler.rendering.sides import Profile

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.cli.streams import Streams
    from reconciler.model.secret import Redactor
    from reconciler.operations.hosting import Host
    from reconciler.operations.publishing import Board
    from reconciler.operations.review import Reviewed
    from reconciler.operations.workspace import Call
    from reconciler.planning.review import Review


@dataclass(frozen=True, slots=True)
class Manner:
    """Where it is shown, and to whom."""

    host: Host
    number: int
    profile: Profile
    form: str
    post: bool = False
    html: Path | None = None
    out: Path | None = None


def deliver(streams: Streams, reviewed: Reviewed, manner: Manner) -> None:
    """Prints, writes and posts a review, as asked."""
    from reconciler.operations.outfile import write_file
    from reconciler.operations.wiring import redactor
    from reconciler.rendering.markdown import SUMMARY_LIMIT, render_review

    review = _for_readers(reviewed.review, manner.profile)
    masking = redactor(reviewed.workspace)
    streams.show(masking.redact(_rendered(streams, reviewed, review, manner)))
    if manner.html is not None:
        write_file(manner.html, masking.redact(page(reviewed, review, manner)).encode())
        streams.say(f"wrote {manner.html}")
    if manner.out is not None:
        _save(streams, review, manner)
    if manner.host.summary_file:
        summary = render_review(review, limit=SUMMARY_LIMIT, profile=manner.profile, now=reviewed.read_at)
        append(manner.host.summary_file, masking.redact(summary))
    if manner.post and manner.host.from_fork:
        streams.say("this comes from a fork: nothing is posted")
    elif manner.post:
        _post(streams, reviewed, review, manner)


def _for_readers(review: Review, profile: Profile) -> Review:
    from reconciler.rendering.review import redacted_review

    return redacted_review(review) if profile is Profile.REDACTED else review


def _rendered(streams: Streams, reviewed: Reviewed, review: Review, manner: Manner) -> str:
    match manner.form:
        case "json":
            from reconciler.rendering.review import review_to_json

            return review_to_json(review, manner.profile)
        case "markdown":
            from reconciler.rendering.markdown import render_review

            return render_review(review, profile=manner.profile, now=reviewed.read_at)
        case "html":
            return page(reviewed, review, manner)
        case "github":
            from reconciler.rendering.annotations import render_change_annotations, render_work_annotations
            from reconciler.rendering.github import render_annotations

            work = render_work_annotations(review.plan, [*review.mine, *review.before], reviewed.read_at)
            return work + render_annotations(review.findings) + render_change_annotations(review.plan, review.mine)
        case _:
            from reconciler.rendering.review import render_review_text

            return render_review_text(review, width=streams.width, colour=streams.colour, now=reviewed.read_at)


def page(reviewed: Reviewed, review: Review, manner: Manner) -> str:
    """The review as a page, with what needs what drawn in it."""
    from reconciler.operations.pictures import pictures
    from reconciler.rendering.html import render_review_page

    drawn = pictures(reviewed.workspace, reviewed.declared, review.mine)
    return render_review_page(review, profile=manner.profile, graphs=drawn, now=reviewed.read_at)


def _save(streams: Streams, review: Review, manner: Manner) -> None:
    from reconciler.operations.saved import save

    if manner.out is None or manner.profile is Profile.REDACTED or review.offline:
        streams.say("the plan was not written: it holds values that are not for everybody, or was made offline")
        return
    save(review.plan, manner.out)
    streams.say(f"wrote {manner.out}")


def _post(streams: Streams, reviewed: Reviewed, review: Review, manner: Manner) -> None:
    from reconciler.forges.protocol import Verdict
    from reconciler.operations.publishing import mark_commit, post_review
    from reconciler.operations.wiring import redactor
    from reconciler.rendering.comment import render_for_comment

    project, environment = reviewed.workspace.project.name, reviewed.workspace.environment.name
    ours = _board(manner, project, environment, redactor(reviewed.workspace))
    commit = manner.host.head or review.head
    sealed = review.seal if not review.plan.is_blocked and not review.plan.unread else None
    text = render_for_comment(review, profile=manner.profile, now=reviewed.read_at)
    if not post_review(ours, manner.number, commit, sealed, text):
        streams.say("a newer push is there: nothing was posted")
        return
    verdict = Verdict.FAILURE if sealed is None and not review.offline else Verdict.SUCCESS
    mark_commit(ours, commit, verdict, _in_a_line(review))
    streams.say(f"posted to pull request {manner.number}")


def _board(manner: Manner, project: str, environment: str, masking: Redactor) -> Board:
    from reconciler.operations.publishing import board

    if not manner.number:
        msg = "there is no pull request to post to"
        raise UsageError(msg, hint="Say which one with --pr N.")
    return board(manner.host, project, environment, masking)


def _in_a_line(review: Review) -> str:
    from reconciler.rendering.words import INTENTIONS, listed

    if review.plan.is_blocked:
        return "blocked: an apply would be refused"
    if review.plan.unread:
        return "something could not be read"
    counts: dict[str, int] = {}
    for change in review.mine:
        counts[INTENTIONS[change.action]] = counts.get(INTENTIONS[change.action], 0) + 1
    return listed(f"{number} {word}" for word, number in counts.items()) or "no changes"


def refuse_invalid(streams: Streams, asked: Call, manner: Manner, error: ManifestsInvalid) -> None:
    """Says in the pull request that the files are wrong. The caller raises."""
    from reconciler.rendering.github import render_annotations
    from reconciler.rendering.markdown import SUMMARY_LIMIT, render_findings

    if manner.form == "github":
        streams.show(render_annotations(error.diagnostics))
    if manner.host.summary_file:
        text = render_findings(error.diagnostics, limit=SUMMARY_LIMIT, profile=manner.profile)
        append(manner.host.summary_file, text)
    if manner.post and manner.number:
        _post_invalid(asked, manner, error)


def _post_invalid(asked: Call, manner: Manner, error: ManifestsInvalid) -> None:
    """In the same comment that the review would be in, when the work tree tells whose that is."""
    from reconciler.forges.protocol import Verdict
    from reconciler.operations.publishing import mark_commit, post_review
    from reconciler.operations.wiring import open_workspace, redactor
    from reconciler.rendering.markdown import render_findings

    try:
        opened = open_workspace(asked)
    except ReconcilerError:
        return
    ours = _board(manner, opened.project.name, opened.environment.name, redactor(opened))
    if manner.host.head and post_review(
        ours, manner.number, manner.host.head, None, render_findings(error.diagnostics, profile=manner.profile)
    ):
        mark_commit(ours, manner.host.head, Verdict.FAILURE, "the manifests are not valid")


def append(file: str, text: str) -> None:
    """Adds to the step summary. Raises ReconcilerError."""
    try:
        with open(file, "a", encoding="utf-8") as summary:  # noqa: PTH123 - appending has no word of its own
            summary.write(text + "\n")
    except OSError as error:
        msg = f"cannot write the step summary: {error.strerror}"
        raise ReconcilerError(msg) from error
