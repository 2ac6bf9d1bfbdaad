"""`reconciler engines`."""

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Format, ProjectFile, Shape, TargetName, workspace
from reconciler.cli.rows import show_rows
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

    streams = streams_of(context)
    rows = [
        [place, each.name, each.version, each.id, each.note]
        for place, told in engines(workspace(streams, project, environment), target, streams.say).items()
        for each in told
    ]
    show_rows(streams, "engines", ["target", "name", "version", "id", "note"], rows, form)
    return ExitCode.FINE
