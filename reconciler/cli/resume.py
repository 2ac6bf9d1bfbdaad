"""`reconciler resume`."""

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, ProjectFile, RemoteId, Run, ScopeName, workspace
from reconciler.cli.streams import streams_of


@single((("reconciler resume Task/train", "then: reconciler wait Task/train"),))
def app(
    context: typer.Context,
    *,
    run: Run,
    remote_id: RemoteId = "",
    scope: ScopeName = "",
    project: ProjectFile = None,
    environment: EnvironmentName = "",
) -> int:
    """Let a run, or a standing thing that was stopped, go on, under the id it has.

    Where the platform resumes suspended runs by itself there is nothing to send. One that has ended is started again
    where the platform can do that without a new submission.
    """
    from reconciler.operations.runs import one_run
    from reconciler.operations.steering import declared, resume

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    recorded = one_run(opened, run, remote_id, standing=True, scope=scope)
    resume(opened, recorded, streams.say)
    streams.say(f"{recorded.address} goes on as soon as there is room")
    if declared(opened, recorded):
        streams.say("its manifest is not changed by that: where it says otherwise, the next apply undoes it")
    return ExitCode.FINE
