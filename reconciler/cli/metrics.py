"""`reconciler metrics`."""

from dataclasses import asdict
from statistics import fmean
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Format, ProjectFile, RemoteId, Run, ScopeName, Shape, workspace
from reconciler.cli.streams import streams_of

if TYPE_CHECKING:
    from reconciler.providers.facilities import Series


@single(
    (
        ("reconciler metrics Job/nightly", "what it used in the last hour"),
        ("reconciler metrics Job/nightly --name GpuCoreUsage --plot", "one measurement, drawn"),
    )
)
def app(
    context: typer.Context,
    *,
    run: Run,
    remote_id: RemoteId = "",
    scope: ScopeName = "",
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="One measurement, by the platform's name.")] = "",
    minutes: Annotated[int, typer.Option("--minutes", min=1, metavar="N", help="How far back.")] = 60,
    plot: Annotated[bool, typer.Option("--plot", help="Draw each series too.")] = False,
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    form: Format = Shape.TEXT,
) -> int:
    """Show what a run uses, for each of its instances: the last value, the mean and the highest."""
    from reconciler.operations.runs import metrics, one_run
    from reconciler.rendering.plots import render_plot
    from reconciler.rendering.tables import render_table, rows_to_json

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    found = metrics(opened, one_run(opened, run, remote_id, scope=scope), name, minutes, streams.say)
    if form is Shape.JSON:
        streams.show(rows_to_json("metrics", [asdict(series) for series in found]))
        return ExitCode.FINE
    headers = ["task", "index", "metric", "last", "mean", "max", "unit", "points"]
    streams.show(render_table(headers, [_row(s) for s in found], width=streams.table_width, colour=streams.colour))
    for series in found if plot else ():
        drawn = render_plot(series.points, width=streams.table_width, unit=series.unit)
        streams.show(f"\n{series.task}[{series.index}] {series.metric}\n{drawn}")
    if not found:
        streams.say("nothing was measured")
    return ExitCode.FINE


def _row(series: "Series") -> list[str]:
    values = [value for _, value in series.points]
    figures = [f"{figure:.4g}" for figure in (values[-1], fmean(values), max(values))]
    return [series.task, str(series.index), series.metric, *figures, series.unit, str(len(values))]
