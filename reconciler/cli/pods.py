"""`reconciler pods`."""

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Format, ProjectFile, RemoteId, Run, ScopeName, Shape, workspace
from reconciler.cli.rows import show_rows
from reconciler.cli.streams import streams_of

_HEADERS = ["pod", "status", "node", "ip", "ssh", "started", "finished"]


@single((("reconciler pods Training/faces", "where it runs, and the way in"),))
def app(
    context: typer.Context,
    *,
    run: Run,
    remote_id: RemoteId = "",
    scope: ScopeName = "",
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    form: Format = Shape.TEXT,
) -> int:
    """List the containers of a run: the machine each is on, and how to get in where SSH is open."""
    from reconciler.operations.results import pods
    from reconciler.operations.runs import one_run

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    found = pods(opened, one_run(opened, run, remote_id, scope=scope), streams.say)
    rows = [[pod.name, pod.status, pod.node, pod.ip, pod.ssh, pod.started, pod.finished] for pod in found]
    show_rows(streams, "pods", _HEADERS, rows, form)
    if not rows:
        streams.say("no pods: it has not started, or its pods are gone")
    return ExitCode.FINE
