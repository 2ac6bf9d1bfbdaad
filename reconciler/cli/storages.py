"""`reconciler storages`."""

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Format, ProjectFile, Shape, TargetName, workspace
from reconciler.cli.rows import show_rows
from reconciler.cli.streams import streams_of

_HEADERS = ["target", "name", "id", "path", "access", "server", "note"]


@single((("reconciler storages", "on every target that tells"), ("reconciler storages --format json", "for scripts")))
def app(
    context: typer.Context,
    *,
    target: TargetName = "",
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    form: Format = Shape.TEXT,
) -> int:
    """List what can be mounted into a run: its name, and the path it gets there."""
    from reconciler.operations.cluster import storages

    streams = streams_of(context)
    rows = [
        [place, each.name, each.id, each.path, each.access, each.server, each.note]
        for place, told in storages(workspace(streams, project, environment), target, streams.say).items()
        for each in told
    ]
    show_rows(streams, "storages", _HEADERS, rows, form)
    return ExitCode.FINE
