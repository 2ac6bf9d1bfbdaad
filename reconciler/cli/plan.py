"""`reconciler plan`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exit_codes import exit_code
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Except, Only, Paths, ProjectFile, Variables, workspace
from reconciler.cli.streams import Streams, streams_of

if TYPE_CHECKING:
    from reconciler.model.plan import Plan


class PlanFormat(StrEnum):
    """How a plan is printed."""

    TEXT = "text"
    JSON = "json"


@single(
    (
        ("reconciler plan", "what would change"),
        ("reconciler plan -e prod -o prod.plan", "save it, then: reconciler apply prod.plan"),
        ("reconciler plan --only 'Job/*/qc-*'", "some runs and what they need"),
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
    show_plan(streams, made, form)
    if out is not None:
        save(made, out, hours=valid)
        streams.say(f"saved to {out}: `reconciler apply {out}` does exactly this, or refuses")
    return exit_code(made, detailed=detailed_exitcode)


def show_plan(streams: Streams, made: "Plan", form: PlanFormat) -> None:
    """Prints a plan as asked."""
    if form is PlanFormat.JSON:
        from reconciler.rendering.json import plan_to_json

        streams.show(plan_to_json(made))
        return
    from reconciler.rendering.text import render_plan

    streams.show(render_plan(made, width=streams.width, colour=streams.colour))
