"""`reconciler status`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Format, ProjectFile, Shape, workspace
from reconciler.cli.streams import streams_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.streams import Streams
    from reconciler.operations.runs import Row
    from reconciler.providers.protocol import Part


@single(
    (
        ("reconciler status", "everything that was applied in this environment"),
        ("reconciler status Job/nightly", "one run, with its task instances"),
        ("reconciler status 'Job/*' --format json", "for scripts"),
    )
)
def app(
    context: typer.Context,
    *,
    globs: Annotated[list[str] | None, typer.Argument(metavar="[ADDRESS]...", help="Addresses or globs.")] = None,
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    form: Format = Shape.TEXT,
) -> int:
    """Show what is recorded and what is live: address, phase, the platform's own word, and its reason."""
    from reconciler.model.kind import Life
    from reconciler.operations.runs import Run, outputs, parts, status

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    rows = status(opened, globs or (), streams.say)
    one = rows[0].recorded if len(rows) == 1 else None
    is_run = one is not None and opened.kinds[one.platform, one.address.kind].life is Life.RUN
    instances = (
        parts(opened, Run(one.address, one.platform, one.remote_id), streams.say)
        if one is not None and is_run and rows[0].live is not None
        else ()
    )
    if form is Shape.JSON:
        from reconciler.rendering.tables import rows_to_json

        streams.show(rows_to_json("status", [_document(row, instances) for row in rows]))
        return ExitCode.FINE
    _show(streams, rows, instances)
    for name, text in sorted(outputs(opened, rows[0]).items()) if len(rows) == 1 else ():
        streams.show(f"{name}: {text}")
    return ExitCode.FINE


def _show(streams: "Streams", rows: "Sequence[Row]", instances: "Sequence[Part]") -> None:
    from reconciler.rendering.tables import render_table

    cells = [
        [
            str(row.recorded.address),
            _phase(row),
            row.live.status if row.live else "",
            row.recorded.remote_id,
            _detail(row),
        ]
        for row in rows
    ]
    headers = ["address", "phase", "status", "id", "detail"]
    streams.show(render_table(headers, cells, width=streams.table_width, colour=streams.colour))
    if not rows:
        streams.say("nothing was applied in this environment yet")
    if instances:
        table = [[p.name, str(p.index), p.status, p.started, p.finished, p.detail] for p in instances]
        names = ["task", "index", "status", "started", "finished", "detail"]
        streams.show("\n" + render_table(names, table, width=streams.table_width, colour=streams.colour))


def _phase(row: "Row") -> str:
    """The live phase; in brackets the recorded one when the platform could not tell or has forgotten."""
    if row.live is not None:
        return row.live.phase.value
    return f"({row.recorded.phase.value})"


def _detail(row: "Row") -> str:
    if row.live is not None:
        return row.live.detail
    return row.unreadable or "the platform does not know it any more"


def _document(row: "Row", instances: "Sequence[Part]") -> dict[str, Any]:
    return {
        "address": str(row.recorded.address),
        "platform": row.recorded.platform,
        "remote_id": row.recorded.remote_id,
        "recorded_phase": row.recorded.phase.value,
        "phase": row.live.phase.value if row.live else None,
        "status": row.live.status if row.live else "",
        "detail": _detail(row),
        "attempt": row.recorded.attempt,
        "outputs": dict(row.live.outputs if row.live else row.recorded.outputs),
        "history": list(row.recorded.history),
        "parts": [
            {
                "name": part.name,
                "index": part.index,
                "status": part.status,
                "started": part.started,
                "finished": part.finished,
                "detail": part.detail,
            }
            for part in instances
        ],
    }
