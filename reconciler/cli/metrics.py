"""`reconciler metrics`."""

from dataclasses import asdict
from enum import StrEnum
from statistics import fmean
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.files import IntoFile
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, ProjectFile, RemoteId, Run, ScopeName, workspace
from reconciler.cli.streams import streams_of
from reconciler.operations.outfile import write_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.streams import Streams
    from reconciler.providers.facilities import Series


class MetricsFormat(StrEnum):
    """How measurements are shown."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"


@single(
    (
        ("reconciler metrics Job/nightly", "what it used in the last hour"),
        ("reconciler metrics Job/nightly --name GpuCoreUsage --plot", "one measurement, drawn"),
        ("reconciler metrics Job/nightly --format html -o use.html", "every measurement as a picture, in one file"),
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
    form: Annotated[MetricsFormat, typer.Option("--format", help="How to show them.")] = MetricsFormat.TEXT,
    file: IntoFile = None,
) -> int:
    """Show what a run uses, for each of its instances: the last value, the mean and the highest."""
    from reconciler.operations.runs import metrics, one_run

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    found = metrics(opened, one_run(opened, run, remote_id, scope=scope), name, minutes, streams.say)
    text = _shown(found, run, form, streams, plot=plot)
    if file is None:
        streams.show(text)
    else:
        write_file(file, text.encode())
    if not found:
        streams.say("nothing was measured")
    return ExitCode.FINE


def _shown(found: "Sequence[Series]", run: str, form: MetricsFormat, streams: "Streams", *, plot: bool) -> str:
    from reconciler.rendering.charts import Chart, render_charts
    from reconciler.rendering.plots import render_plot
    from reconciler.rendering.tables import render_table, rows_to_json

    if form is MetricsFormat.JSON:
        return rows_to_json("metrics", [asdict(series) for series in found])
    if form is MetricsFormat.HTML:
        return render_charts(run, [Chart(_title(series), series.unit, series.points) for series in found])
    headers = ["task", "index", "metric", "last", "mean", "max", "unit", "points"]
    table = render_table(headers, [_row(s) for s in found], width=streams.table_width, colour=streams.colour)
    drawn = [
        f"\n{_title(series)}\n{render_plot(series.points, width=streams.table_width, unit=series.unit)}"
        for series in (found if plot else ())
    ]
    return table + "".join(drawn)


def _title(series: "Series") -> str:
    return f"{series.task}[{series.index}] {series.metric}"


def _row(series: "Series") -> list[str]:
    values = [value for _, value in series.points]
    figures = [f"{figure:.4g}" for figure in (values[-1], fmean(values), max(values))]
    return [series.task, str(series.index), series.metric, *figures, series.unit, str(len(values))]
