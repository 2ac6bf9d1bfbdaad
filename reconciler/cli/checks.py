"""`reconciler checks`."""

from dataclasses import asdict
from typing import Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Format, ProjectFile, RemoteId, Run, ScopeName, Shape, workspace
from reconciler.cli.streams import streams_of


@single(
    (
        ("reconciler checks Job/nightly", "every round, oldest first"),
        ("reconciler checks Job/nightly --round 2 --name DeviceCheck", "one check of one round"),
    )
)
def app(
    context: typer.Context,
    *,
    run: Run,
    remote_id: RemoteId = "",
    scope: ScopeName = "",
    number: Annotated[int, typer.Option("--round", min=0, metavar="N", help="Only this round. Default: all.")] = 0,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Only this check.")] = "",
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    form: Format = Shape.TEXT,
) -> int:
    """Show how the machines of a run were checked before and while it ran."""
    from reconciler.operations.runs import checks, one_run
    from reconciler.rendering.tables import render_table, rows_to_json

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    found = checks(opened, one_run(opened, run, remote_id, scope=scope), streams.say, number=number, name=name)
    if form is Shape.JSON:
        streams.show(rows_to_json("checks", [asdict(check) for check in found]))
        return ExitCode.FINE
    headers = ["round", "check", "status", "started", "finished", "message"]
    cells = [[str(c.number), c.name, c.status, c.started, c.finished, c.message] for c in found]
    streams.show(render_table(headers, cells, width=streams.table_width, colour=streams.colour))
    if not found:
        streams.say("no checks")
    return ExitCode.FINE
