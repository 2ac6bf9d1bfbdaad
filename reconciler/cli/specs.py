"""`reconciler specs`."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Format, ProjectFile, Shape, TargetName, workspace
from reconciler.cli.streams import streams_of

if TYPE_CHECKING:
    from reconciler.providers.facilities import MachineType

_STOCK = {True: "yes", False: "no", None: ""}


@single(
    (
        ("reconciler specs", "everything on offer"),
        ("reconciler specs --accelerator GPU --available", "what has accelerators and is in stock"),
        ("reconciler specs --max-spot 0.3", "spot machines at less than a third of the price"),
    )
)
def app(
    context: typer.Context,
    *,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Only these. Default: all.")] = None,
    target: TargetName = "",
    accelerator: Annotated[str, typer.Option("--accelerator", metavar="KIND", help="CPU or GPU.")] = "",
    available: Annotated[bool, typer.Option("--available", help="Only what is in stock now.")] = False,
    spot: Annotated[
        float | None,
        typer.Option("--max-spot", metavar="SHARE", min=0, max=1, help="Only spot ones at most at this share."),
    ] = None,
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    form: Format = Shape.TEXT,
) -> int:
    """List the machines one can ask for: what they have, whether they are in stock, what a spot one costs now."""
    from reconciler.operations.cluster import specs
    from reconciler.rendering.tables import render_table, rows_to_json

    streams = streams_of(context)
    found = specs(workspace(streams, project, environment), target, accelerator, names or (), streams.say)
    chosen = [
        (place, machine)
        for place, machines in found.items()
        for machine in machines
        if _wanted(machine, spot, available=available)
    ]
    if form is Shape.JSON:
        streams.show(rows_to_json("specs", [{"target": place, **asdict(machine)} for place, machine in chosen]))
        return ExitCode.FINE
    rows = [_row(place, machine) for place, machine in chosen]
    cells = [list(row.values()) for row in rows]
    headers = list(rows[0]) if rows else []
    streams.show(render_table(headers, cells, width=streams.table_width, colour=streams.colour))
    if not rows:
        streams.say("nothing on offer is so")
    return ExitCode.FINE


def _wanted(machine: "MachineType", spot: float | None, *, available: bool) -> bool:
    cheap = spot is None or (machine.spot_discount is not None and machine.spot_discount <= spot)
    return cheap and (machine.available is True or not available)


def _row(place: str, machine: "MachineType") -> dict[str, Any]:
    return {
        "target": place,
        "name": machine.name,
        "cpu": str(machine.cpu),
        "memory": machine.memory,
        "gpu": f"{machine.gpu} x {machine.gpu_type}".rstrip(" x") if machine.gpu else "",
        "available": _STOCK[machine.available],
        "spot": "" if machine.spot_discount is None else f"{machine.spot_discount:g}",
    }
