"""`reconciler engines`."""

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Format, ProjectFile, Shape, TargetName, workspace
from reconciler.cli.streams import streams_of


@single((("reconciler engines", "on every target that tells"), ("reconciler engines --format json", "for scripts")))
def app(
    context: typer.Context,
    *,
    target: TargetName = "",
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    form: Format = Shape.TEXT,
) -> int:
    """List the frameworks that a platform brings along to run code with."""
    from reconciler.operations.cluster import engines
    from reconciler.rendering.tables import render_table, rows_to_json

    streams = streams_of(context)
    rows = [
        {
            "target": place,
            "name": each.name,
            "version": each.version,
            "id": each.id,
            "note": each.note,
        }
        for place, told in engines(workspace(streams, project, environment), target, streams.say).items()
        for each in told
    ]
    if form is Shape.JSON:
        streams.show(rows_to_json("engines", rows))
        return ExitCode.FINE
    cells = [list(row.values()) for row in rows]
    streams.show(
        render_table(
            ["target", "name", "version", "id", "note"], cells, width=streams.table_width, colour=streams.colour
        )
    )
    return ExitCode.FINE
