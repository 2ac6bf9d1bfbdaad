"""`reconciler pools`."""

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Format, ProjectFile, Shape, TargetName, workspace
from reconciler.cli.rows import show_rows
from reconciler.cli.streams import streams_of


@single((("reconciler pools", "on every target that tells"), ("reconciler pools --format json", "for scripts")))
def app(
    context: typer.Context,
    *,
    target: TargetName = "",
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    form: Format = Shape.TEXT,
) -> int:
    """List the pools of machines of the account: what they are for, and what is in them."""
    from reconciler.operations.cluster import pools

    streams = streams_of(context)
    rows = [
        [
            place,
            each.name,
            each.status,
            ", ".join(each.scope),
            ", ".join(f"{count} x {flavor}" for flavor, count in each.machines),
        ]
        for place, told in pools(workspace(streams, project, environment), target, streams.say).items()
        for each in told
    ]
    show_rows(streams, "pools", ["target", "name", "status", "scope", "machines"], rows, form)
    return ExitCode.FINE
