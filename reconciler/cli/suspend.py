"""`reconciler suspend`."""

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, ProjectFile, RemoteId, Run, ScopeName, workspace
from reconciler.cli.streams import streams_of


@single((("reconciler suspend Task/train", "then: reconciler status Task/train"),))
def app(
    context: typer.Context,
    *,
    run: Run,
    remote_id: RemoteId = "",
    scope: ScopeName = "",
    project: ProjectFile = None,
    environment: EnvironmentName = "",
) -> int:
    """Let an active run give way to others, or a standing thing (a notebook) stop, under the id it has.

    What it keeps of its work is its own business. Where the platform starts it again by itself this is no pause: it
    goes on as soon as there is room. A suspended run is healthy, and the next plan leaves it alone.
    """
    from reconciler.operations.runs import one_run
    from reconciler.operations.steering import declared, suspend

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    recorded = one_run(opened, run, remote_id, standing=True, scope=scope)
    suspend(opened, recorded, streams.say)
    streams.say(f"asked the platform to suspend {recorded.address}")
    if declared(opened, recorded):
        streams.say("its manifest is not changed by that: where it says otherwise, the next apply undoes it")
    return ExitCode.FINE
