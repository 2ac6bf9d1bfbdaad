"""`reconciler why`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Format, ProjectFile, Shape, Variables, workspace
from reconciler.cli.streams import streams_of

if TYPE_CHECKING:
    from reconciler.operations.why import Cause, Explained
    from reconciler.rendering.why import Because, Explanation


@single(
    (
        ("reconciler why App/fastqc@1.0.0", "why it would be changed, or not"),
        ("reconciler why Job/nightly --plan prod.plan", "offline, from a saved plan"),
        ("reconciler why Job/nightly --format json", "for scripts"),
    )
)
def app(
    context: typer.Context,
    *,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="An address, or enough of its end to be clear.")],
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    var: Variables = None,
    plan: Annotated[
        Path | None, typer.Option("--plan", metavar="FILE", help="A saved plan to explain, without asking a platform.")
    ] = None,
    form: Format = Shape.TEXT,
) -> int:
    """Explain one decision: changed, unchanged, held, refused, replaced or deleted, and why.

    Field by field with its three sides, the line that says so, and the commit and author of that line.
    """
    from reconciler.operations.saved import load
    from reconciler.operations.why import explain
    from reconciler.operations.wiring import redactor
    from reconciler.rendering.why import render_why, why_to_json

    streams = streams_of(context)
    saved = load(plan) if plan is not None else None
    opened = workspace(streams, project, environment or (saved.base.environment if saved else ""), var)
    told = _told(explain(opened, address, streams.say, saved))
    text = why_to_json(told) if form is Shape.JSON else render_why(told, colour=streams.colour)
    streams.show(redactor(opened).redact(text))
    return ExitCode.FINE


def _told(found: "Explained") -> "Explanation":
    from reconciler.rendering.why import Explanation

    return Explanation(
        change=found.change,
        cause=_because(found.cause),
        fields=[(field, _because(cause)) for field, cause in found.fields],
        steps=[step.verb.value for step in found.steps],
        waits_for=[str(address) for address in found.waits_for],
        needs=[str(address) for address in found.needs],
        findings=found.findings,
    )


def _because(cause: "Cause") -> "Because":
    from reconciler.rendering.why import Because

    author = cause.author
    words = f"{author.commit[:10]} by {author.author} on {author.at[:10]}: {author.summary}" if author else ""
    place = f"{cause.source.file}:{cause.source.line}" if cause.source else ""
    return Because(place, words)
