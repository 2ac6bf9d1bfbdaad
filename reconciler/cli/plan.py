"""`reconciler plan`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exit_codes import exit_code
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Except, Only, Paths, ProjectFile, Variables, workspace
from reconciler.cli.readers import ForReaders, Readers, for_readers, profile_of
from reconciler.cli.streams import Streams, streams_of

if TYPE_CHECKING:
    from reconciler.model.plan import Plan
    from reconciler.operations.workspace import Workspace
    from reconciler.rendering.sides import Profile


class PlanFormat(StrEnum):
    """How a plan is printed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"
    GITHUB = "github"


@single(
    (
        ("reconciler plan", "what would change"),
        ("reconciler plan -e prod -o prod.plan", "save it, then: reconciler apply prod.plan"),
        ("reconciler plan --only 'Job/*/qc-*'", "some runs and what they need"),
        ("reconciler plan --format html > plan.html", "a page to open or to print"),
        ("reconciler plan --detailed-exitcode", "exit 2 when there are changes"),
    )
)
def app(
    context: typer.Context,
    *,
    paths: Paths = None,
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    var: Variables = None,
    only: Only = None,
    without: Except = None,
    destroy: Annotated[bool, typer.Option("--destroy", help="Plan the removal of everything owned.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Save the plan for `reconciler apply FILE`.")
    ] = None,
    valid: Annotated[
        float, typer.Option("--valid", min=0.1, metavar="HOURS", help="How long the saved plan may be applied.")
    ] = 24.0,
    form: Annotated[PlanFormat, typer.Option("--format", help="How to print the plan.")] = PlanFormat.TEXT,
    readers: ForReaders = Readers.AUTO,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 instead of 0 when there are changes.")
    ] = False,
) -> int:
    """Show what would change on the live platforms. Writes nothing, anywhere.

    Reads the manifests, the memory and the platforms, and decides address by address. What blocks comes first, then
    what cannot be taken back, then the rest. Exit code 3 when the plan is blocked.
    """
    from reconciler.operations.plan import Wish, look
    from reconciler.operations.saved import save
    from reconciler.operations.selection import Selection

    streams = streams_of(context)
    opened = workspace(streams, project, environment, var)
    selection = Selection(tuple(only or ()), tuple(without or ()), tuple(paths or ()))
    made = look(opened, Wish(selection, destroy), streams.say).plan
    show_plan(streams, opened, made, form, profile_of(streams, readers))
    if out is not None:
        save(made, out, hours=valid)
        streams.say(f"saved to {out}: `reconciler apply {out}` does exactly this, or refuses")
    return exit_code(made, detailed=detailed_exitcode)


def show_plan(streams: Streams, opened: "Workspace", made: "Plan", form: PlanFormat, profile: "Profile") -> None:
    """Prints a plan as asked."""
    from reconciler.operations.wiring import redactor

    text = _rendered(streams, opened, for_readers(made, profile), form, profile)
    streams.show(redactor(opened).redact(text))


def _rendered(streams: Streams, opened: "Workspace", made: "Plan", form: PlanFormat, profile: "Profile") -> str:
    match form:
        case PlanFormat.JSON:
            from reconciler.rendering.json import plan_to_json

            return plan_to_json(made)
        case PlanFormat.MARKDOWN:
            from reconciler.rendering.markdown import render_plan as render_markdown

            return render_markdown(made, profile=profile)
        case PlanFormat.HTML:
            from reconciler.operations.pictures import pictures
            from reconciler.operations.validate import declare
            from reconciler.rendering.html import render_plan_page

            return render_plan_page(made, profile=profile, graphs=pictures(opened, declare(opened), made.changes))
        case PlanFormat.GITHUB:
            from reconciler.rendering.annotations import render_change_annotations
            from reconciler.rendering.github import render_annotations

            return render_annotations(made.diagnostics) + render_change_annotations(made, made.changes)
        case PlanFormat.TEXT:
            from reconciler.rendering.text import render_plan

            return render_plan(made, width=streams.width, colour=streams.colour)
