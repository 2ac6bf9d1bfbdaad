"""`reconciler wait`."""

import time
from typing import Annotated

import typer

from reconciler.cli.exit_codes import ExitCode, exit_code
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, ProjectFile, workspace
from reconciler.cli.streams import streams_of


@single(
    (
        ("reconciler wait", "for every run of this environment"),
        ("reconciler wait 'Job/qc-*' --timeout 3600", "an hour at most"),
    )
)
def app(
    context: typer.Context,
    *,
    globs: Annotated[list[str] | None, typer.Argument(metavar="[ADDRESS]...", help="Addresses or globs.")] = None,
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    timeout: Annotated[
        float | None, typer.Option("--timeout", min=0, metavar="SECONDS", help="Give up after so long: exit code 1.")
    ] = None,
) -> int:
    """Wait until runs have ended. Exit code 8 when one did not succeed, 1 when time was up."""
    from reconciler.cli.progress import progress
    from reconciler.cli.signals import graceful
    from reconciler.cli.waiting import advise, render_ended
    from reconciler.operations.apply import Doing
    from reconciler.operations.runs import our_runs
    from reconciler.operations.watching import watch

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    runs = our_runs(opened, globs or ())
    if not runs:
        streams.say("no run was applied in this environment: there is nothing to wait for")
    deadline = None if timeout is None else time.time() + timeout
    with progress(streams, [run.address for run in runs]) as listening, graceful(listening.say) as stop:
        waited = watch(opened, runs, Doing(listening, stop, listening.say), deadline=deadline)
    streams.show(render_ended(waited, colour=streams.colour))
    advise(waited, streams, opened)
    if waited.interrupted:
        return ExitCode.INTERRUPTED
    if waited.pending:
        streams.say("time is up")
        return ExitCode.ERROR
    return exit_code(None, phases=[live.phase for live in waited.ended.values()])
