"""`reconciler review`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.exit_codes import exit_code
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, ProjectFile, Variables, call
from reconciler.cli.readers import ForReaders, Readers, profile_of
from reconciler.cli.streams import streams_of


class ReviewFormat(StrEnum):
    """How a review is printed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"
    GITHUB = "github"


PullRequestNumber = Annotated[
    int, typer.Option("--pr", min=0, metavar="N", help="Number of the pull request. Default: that of the CI job.")
]


@single(
    (
        ("reconciler review --base origin/main", "what this branch does"),
        ("reconciler review --base origin/main --post", "in CI: in one comment on the pull request"),
        ("reconciler review --base origin/main --offline", "files against files, no credentials"),
        ("reconciler review --base origin/main --html review.html", "a page to open or to keep"),
    )
)
def app(
    context: typer.Context,
    *,
    base: Annotated[str, typer.Option("--base", metavar="REF", help="What it is to be merged into.")],
    head: Annotated[str, typer.Option("--head", metavar="REF", help="What is to be merged.")] = "HEAD",
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    var: Variables = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Read neither memory nor platforms. Forks are always reviewed so.")
    ] = False,
    readers: ForReaders = Readers.AUTO,
    post: Annotated[bool, typer.Option("--post", help="Post it: comment and commit status.")] = False,
    number: PullRequestNumber = 0,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the page there too.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write the plan there; not when redacted.")
    ] = None,
    form: Annotated[ReviewFormat, typer.Option("--format", help="How to print it.")] = ReviewFormat.TEXT,
) -> int:
    """Show what a change of the files does, apart from what would happen without it.

    Reads both revisions from git, and leaves the work tree alone; plans both on one look at the platforms. Targets,
    state and limits are those of the base. The review has an id: `apply --reviewed ID` does exactly this, or nothing.
    Exit code 3 when an apply would be blocked.
    """
    from reconciler.cli.reviewing import Manner, deliver, refuse_invalid
    from reconciler.errors import ManifestsInvalid
    from reconciler.operations.hosting import host_of
    from reconciler.operations.review import review

    streams = streams_of(context)
    asked = call(streams, project, environment, var)
    host = host_of(streams.settings)
    profile = profile_of(streams, readers)
    manner = Manner(host, number or host.number, profile, form.value, post=post, html=html, out=out)
    try:
        reviewed = review(asked, base=base, head=head, offline=offline or host.from_fork, say=streams.say)
    except ManifestsInvalid as error:
        refuse_invalid(streams, asked, manner, error)
        raise
    deliver(streams, reviewed, manner)
    return exit_code(reviewed.review.plan)
