"""`reconciler retry`."""

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, ProjectFile, RemoteId, Run, ScopeName, workspace
from reconciler.cli.streams import streams_of


@single((("reconciler retry Job/nightly", "then: reconciler wait Job/nightly"),))
def app(
    context: typer.Context,
    *,
    run: Run,
    remote_id: RemoteId = "",
    scope: ScopeName = "",
    project: ProjectFile = None,
    environment: EnvironmentName = "",
) -> int:
    """Ask the platform to run a failed run again, under the id it has.

    This is the platform's own retry: finished tasks are not run again where it can tell. To submit a fresh run, raise
    `attempt` in the manifest and apply.
    """
    from reconciler.operations.runs import one_run
    from reconciler.operations.steering import retry

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    recorded = one_run(opened, run, remote_id, scope=scope)
    retry(opened, recorded, streams.say)
    streams.say(f"asked the platform to run {recorded.address} again")
    return ExitCode.FINE
