"""`reconciler results`."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Format, ProjectFile, RemoteId, Run, ScopeName, Shape, workspace
from reconciler.cli.rows import show_rows
from reconciler.cli.streams import streams_of


@single(
    (
        ("reconciler results Search/wide", "the first rows"),
        ("reconciler results Search/wide -o wide.csv", "the whole file"),
        ("reconciler results Search/wide --format json --rows 1000", "for scripts"),
    )
)
def app(
    context: typer.Context,
    *,
    run: Run,
    remote_id: RemoteId = "",
    scope: ScopeName = "",
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write the whole file.")] = None,
    rows: Annotated[int, typer.Option("--rows", metavar="N", min=0, help="How many rows to show.")] = 20,
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    form: Format = Shape.TEXT,
) -> int:
    """Show what a run has found, or keep the file of it."""
    from reconciler.operations.outfile import write_file
    from reconciler.operations.results import results
    from reconciler.operations.runs import one_run
    from reconciler.rendering.csv_tables import read_csv

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    found = results(opened, one_run(opened, run, remote_id, scope=scope), streams.say)
    if output is not None:
        write_file(output, found.content)
        streams.say(f"wrote {len(found.content)} bytes to {output}")
        return ExitCode.FINE
    table = read_csv(found.content.decode("utf-8", "replace"))
    show_rows(streams, "results", table.headers, table.rows[:rows], form)
    if len(table.rows) > rows:
        streams.say(f"{len(table.rows) - rows} more rows; -o FILE keeps all of them")
    return ExitCode.FINE
