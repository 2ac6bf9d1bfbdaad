"""`reconciler cancel`."""

from typing import Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, ProjectFile, RemoteId, Run, ScopeName, Yes, workspace
from reconciler.cli.streams import streams_of


@single((("reconciler cancel Job/nightly", "asks first"), ("reconciler cancel Job/nightly --yes", "in a script")))
def app(
    context: typer.Context,
    *,
    run: Run,
    remote_id: RemoteId = "",
    scope: ScopeName = "",
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    force: Annotated[bool, typer.Option("--force", help="Do not let it clean up, where the platform can.")] = False,
    yes: Yes = False,
) -> int:
    """Stop an active run.

    A cancelled run is held: the next plan shows it and does not submit it again, until its `attempt` is raised.
    """
    from reconciler.operations.runs import one_run
    from reconciler.operations.steering import cancel, nothing_to_stop
    from reconciler.rendering.words import printable

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    recorded = one_run(opened, run, remote_id, scope=scope)
    if why := nothing_to_stop(opened, recorded, streams.say):
        streams.say(printable(f"there is nothing to stop: {why}"))
        return ExitCode.FINE
    if not yes and not streams.confirm(f"Stop {recorded.address}?", instead="Say --yes."):
        streams.say("nothing was stopped")
        return ExitCode.ERROR
    cancel(opened, recorded, streams.say, force=force)
    streams.say(f"asked the platform to stop {recorded.address}")
    return ExitCode.FINE
