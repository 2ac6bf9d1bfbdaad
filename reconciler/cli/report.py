"""`reconciler report`."""

from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, ProjectFile, workspace
from reconciler.cli.streams import Streams, streams_of

if TYPE_CHECKING:
    from reconciler.operations.publishing import Board
    from reconciler.operations.workspace import Workspace


@single(
    (
        ("reconciler report", "how the runs of merged pull requests go"),
        ("reconciler report --pr 12", "those of one"),
        ("reconciler report --drift", "what moved on the platforms, in one issue"),
    )
)
def app(
    context: typer.Context,
    *,
    number: Annotated[
        int, typer.Option("--pr", min=0, metavar="N", help="Only this pull request. Default: those merged lately.")
    ] = 0,
    drift: Annotated[
        bool, typer.Option("--drift", help="Keep one issue about what differs; it is closed when nothing does.")
    ] = False,
    project: ProjectFile = None,
    environment: EnvironmentName = "",
) -> int:
    """Say in the pull request how its runs go: queued, running, succeeded, failed, with the reason and the last lines.

    Looks once and ends, so that a schedule costs seconds and not the hours that a run takes. The comment is the one
    of the review.
    """
    from reconciler.operations.hosting import host_of
    from reconciler.operations.publishing import board
    from reconciler.operations.wiring import redactor

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    ours = board(host_of(streams.settings), opened.project.name, opened.environment.name, redactor(opened))
    if drift:
        return _drift(streams, opened, ours)
    for each in (number,) if number else [pull.number for pull in ours.forge.recently_merged()]:
        _runs(streams, opened, ours, each)
    return ExitCode.FINE


def _runs(streams: Streams, opened: "Workspace", ours: "Board", number: int) -> None:
    from reconciler.operations.reporting import report_runs
    from reconciler.rendering.words import counted

    runs = report_runs(opened, ours, number, streams.say)
    if runs is not None:
        streams.say(f"pull request {number}: {counted(len(runs), 'run')}")


def _drift(streams: Streams, opened: "Workspace", ours: "Board") -> int:
    from reconciler.operations.plan import Wish, look
    from reconciler.operations.reporting import report_drift

    streams.say(report_drift(ours, look(opened, Wish(), streams.say).plan))
    return ExitCode.FINE
