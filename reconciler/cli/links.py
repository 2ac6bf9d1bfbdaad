"""`reconciler links`."""

from dataclasses import asdict
from typing import Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Format, ProjectFile, RemoteId, Run, ScopeName, Shape, workspace
from reconciler.cli.streams import streams_of


@single(
    (
        ("reconciler links Job/nightly", "dashboards, and a terminal for each running instance"),
        ("reconciler links Job/nightly --shared", "links that need no login: whoever has one may use it"),
    )
)
def app(
    context: typer.Context,
    *,
    run: Run,
    remote_id: RemoteId = "",
    scope: ScopeName = "",
    shared: Annotated[bool, typer.Option("--shared", help="Links that need no login. Treat them as secrets.")] = False,
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    form: Format = Shape.TEXT,
) -> int:
    """Print ways into a run, or a standing thing, for a person. They expire, and are kept nowhere."""
    from reconciler.operations.runs import links, one_run
    from reconciler.rendering.tables import render_table, rows_to_json

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    found = links(opened, one_run(opened, run, remote_id, standing=True, scope=scope), streams.say, shared=shared)
    if form is Shape.JSON:
        streams.show(rows_to_json("links", [asdict(link) for link in found]))
        return ExitCode.FINE
    # Never cut: half a link is none.
    streams.show(render_table(["what", "note", "url"], [[link.name, link.note, link.url] for link in found], width=0))
    if not found:
        streams.say("there is no way in now")
    return ExitCode.FINE
