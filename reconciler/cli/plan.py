"""`reconciler plan`."""

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exit_codes import ExitCode, exit_code
from reconciler.cli.group import single
from reconciler.cli.options import (
    EnvironmentName,
    Except,
    Labelled,
    OfKind,
    Only,
    Paths,
    ProjectFile,
    Since,
    Variables,
    selection,
    workspace,
)
from reconciler.cli.readers import ForReaders, Readers, for_readers, profile_of
from reconciler.cli.streams import Streams, streams_of
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.operations.plan import Look
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
        ("reconciler plan --since origin/main", "what this branch changed, and what depends on it"),
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
    kind: OfKind = None,
    label: Labelled = None,
    since: Since = "",
    refresh_only: Annotated[
        bool, typer.Option("--refresh-only", help="Only show what moved on the platforms, as `drift` does.")
    ] = False,
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
    from reconciler.cli.drift import show_drift
    from reconciler.operations.plan import Wish, look
    from reconciler.operations.saved import save

    streams = streams_of(context)
    opened = workspace(streams, project, environment, var)
    meant = selection(only, without, paths=paths, kind=kind, label=label, since=since)
    if refresh_only:
        if destroy or out is not None:
            msg = "--refresh-only only looks: it does not go with --destroy and -o"
            raise UsageError(msg, hint="To take what moved into the manifests: `reconciler adopt --write`.")
        as_json, profile = form is PlanFormat.JSON, profile_of(streams, readers)
        code = show_drift(streams, opened, meant, profile, as_json=as_json)
        return ExitCode.FINE if code is ExitCode.CHANGES and not detailed_exitcode else code
    seen = look(opened, Wish(meant, destroy), streams.say)
    made = seen.plan
    show_plan(streams, opened, seen, form, profile_of(streams, readers))
    if out is not None:
        save(made, out, hours=valid)
        streams.say(f"saved to {out}: `reconciler apply {out}` does exactly this, or refuses")
    return exit_code(made, detailed=detailed_exitcode)


def show_plan(streams: Streams, opened: "Workspace", seen: "Look", form: PlanFormat, profile: "Profile") -> None:
    """Prints a plan as asked."""
    from reconciler.operations.wiring import redactor

    text = _rendered(streams, opened, replace(seen, plan=for_readers(seen.plan, profile)), form, profile)
    streams.show(redactor(opened).redact(text))


def _rendered(streams: Streams, opened: "Workspace", seen: "Look", form: PlanFormat, profile: "Profile") -> str:
    made = seen.plan
    match form:
        case PlanFormat.JSON:
            from reconciler.rendering.json import plan_to_json

            return plan_to_json(made)
        case PlanFormat.MARKDOWN:
            from reconciler.rendering.markdown import render_plan as render_markdown

            return render_markdown(made, profile=profile, now=seen.read_at)
        case PlanFormat.HTML:
            from reconciler.operations.pictures import pictures
            from reconciler.rendering.html import render_plan_page

            graphs = pictures(opened, seen.declared, made.changes)
            return render_plan_page(made, profile=profile, graphs=graphs, now=seen.read_at)
        case PlanFormat.GITHUB:
            from reconciler.rendering.annotations import render_change_annotations, render_work_annotations
            from reconciler.rendering.github import render_annotations

            work = render_work_annotations(made, made.changes, seen.read_at)
            return work + render_annotations(made.diagnostics) + render_change_annotations(made, made.changes)
        case PlanFormat.TEXT:
            from reconciler.rendering.text import render_plan

            return render_plan(made, width=streams.width, colour=streams.colour, now=seen.read_at)
