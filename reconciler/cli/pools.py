"""`reconciler pools`."""

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Format, ProjectFile, Shape, TargetName, workspace
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
    from reconciler.rendering.tables import render_table, rows_to_json

    streams = streams_of(context)
    rows = [
        {
            "target": place,
            "name": each.name,
            "status": each.status,
            "scope": ", ".join(each.scope),
            "machines": ", ".join(f"{count} x {flavor}" for flavor, count in each.machines),
        }
        for place, told in pools(workspace(streams, project, environment), target, streams.say).items()
        for each in told
    ]
    if form is Shape.JSON:
        streams.show(rows_to_json("pools", rows))
        return ExitCode.FINE
    cells = [list(row.values()) for row in rows]
    streams.show(
        render_table(
            ["target", "name", "status", "scope", "machines"], cells, width=streams.table_width, colour=streams.colour
        )
    )
    return ExitCode.FINE
