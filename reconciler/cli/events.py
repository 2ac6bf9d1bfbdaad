"""`reconciler events`."""

from dataclasses import asdict

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import (
    EnvironmentName,
    Format,
    InstanceIndex,
    InstanceName,
    ProjectFile,
    RemoteId,
    Run,
    ScopeName,
    Shape,
    TaskName,
    workspace,
)
from reconciler.cli.streams import streams_of


@single(
    (
        ("reconciler events Job/nightly", ""),
        ("reconciler events Job/nightly --task align", "one task"),
        ("reconciler events Job/nightly --task align --index 1", "one of its instances"),
    )
)
def app(
    context: typer.Context,
    *,
    run: Run,
    remote_id: RemoteId = "",
    scope: ScopeName = "",
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    task: TaskName = "",
    index: InstanceIndex = None,
    instance: InstanceName = "",
    form: Format = Shape.TEXT,
) -> int:
    """Print what happened to a run, oldest first: scheduling, pulls, restarts, and why it waits."""
    from reconciler.operations.instances import instance_events
    from reconciler.operations.runs import events, one_run
    from reconciler.rendering.tables import render_table, rows_to_json

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    recorded = one_run(opened, run, remote_id, standing=True, scope=scope)
    if index is None and not instance:
        asked = events(opened, recorded, task, streams.say)
    else:
        asked = instance_events(opened, recorded, (task, index, instance), streams.say)
    with asked as found:
        rows = list(found)
    if form is Shape.JSON:
        streams.show(rows_to_json("events", [asdict(row) for row in rows]))
        return ExitCode.FINE
    cells = [[row.last or row.first, row.task, row.type, row.reason, str(row.count), row.message] for row in rows]
    headers = ["last", "task", "type", "reason", "count", "message"]
    streams.show(render_table(headers, cells, width=streams.table_width, colour=streams.colour))
    if not rows:
        streams.say("no events")
    return ExitCode.FINE
