"""`reconciler clusters`."""

from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Format, ProjectFile, Shape, TargetName, workspace
from reconciler.cli.rows import show_rows
from reconciler.cli.streams import streams_of

if TYPE_CHECKING:
    from reconciler.cli.streams import Streams
    from reconciler.operations.workspace import Workspace

_HEADERS = ["target", "name", "id", "use", "unit", "gpu", "gpu memory", "network"]
_LOAD = ["cluster", "node", "ip", "task", "units", "user", "for", "seconds"]


@single(
    (
        ("reconciler clusters", "on every target that tells"),
        ("reconciler clusters --load QuotaTask/faces", "who works on the cluster of that task"),
    )
)
def app(
    context: typer.Context,
    *,
    target: TargetName = "",
    load: Annotated[
        str, typer.Option("--load", metavar="ADDRESS", help="Who works on the cluster that this run is sent to.")
    ] = "",
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    form: Format = Shape.TEXT,
) -> int:
    """List the clusters one can send runs to, or who works on one now, as a run on it tells."""
    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    if load:
        return _load(streams, opened, load, form)
    from reconciler.operations.cluster import clusters

    rows = [
        [place, each.name, each.id, each.use, each.sku, each.gpu_type, each.gpu_memory, each.network]
        for place, told in clusters(opened, target, streams.say).items()
        for each in told
    ]
    show_rows(streams, "clusters", _HEADERS, rows, form)
    return ExitCode.FINE


def _load(streams: "Streams", opened: "Workspace", run: str, form: Shape) -> int:
    from reconciler.operations.results import load
    from reconciler.operations.runs import one_run

    found = load(opened, one_run(opened, run), streams.say)
    rows = [[t.cluster, t.node, t.ip, t.task, str(t.units), t.user, t.note, str(t.seconds)] for t in found]
    show_rows(streams, "load", _LOAD, rows, form)
    if not rows:
        streams.say("nobody works there")
    return ExitCode.FINE
