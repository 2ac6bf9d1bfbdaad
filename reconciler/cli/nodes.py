"""`reconciler nodes`."""

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Format, ProjectFile, Shape, TargetName, workspace
from reconciler.cli.streams import streams_of

_STATES = {True: "free", False: "busy", None: ""}


@single((("reconciler nodes", "on every target that tells"), ("reconciler nodes --format json", "for scripts")))
def app(
    context: typer.Context,
    *,
    target: TargetName = "",
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    form: Format = Shape.TEXT,
) -> int:
    """List the machines of a cluster: group, whether they are ready, and who works on them."""
    from reconciler.operations.cluster import nodes
    from reconciler.rendering.tables import render_table, rows_to_json

    streams = streams_of(context)
    found = nodes(workspace(streams, project, environment), target, streams.say)
    rows = [
        {
            "target": name,
            "group": node.group,
            "name": node.name,
            "status": node.status,
            "use": _STATES[node.free],
            "user": node.user,
            "cpu": str(node.cpu),
            "gpu": str(node.gpu),
            "memory": node.memory,
        }
        for name, listed in found.items()
        for node in listed
    ]
    if form is Shape.JSON:
        streams.show(rows_to_json("nodes", rows))
        return ExitCode.FINE
    headers = list(rows[0]) if rows else []
    cells = [list(row.values()) for row in rows]
    streams.show(render_table(headers, cells, width=streams.table_width, colour=streams.colour))
    return ExitCode.FINE
