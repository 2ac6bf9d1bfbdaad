"""`reconciler quota`."""

from typing import Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Format, ProjectFile, Shape, TargetName, Yes, pairs, workspace
from reconciler.cli.streams import streams_of
from reconciler.errors import UsageError


@single(
    (
        ("reconciler quota", "what may be used at once, and what is"),
        ("reconciler quota --set training/HIGH=3 --yes", "where the platform lets one"),
    )
)
def app(
    context: typer.Context,
    *,
    target: TargetName = "",
    change: Annotated[str, typer.Option("--set", metavar="NAME=AMOUNT", help="Set the limit NAME.")] = "",
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    form: Format = Shape.TEXT,
    yes: Yes = False,
) -> int:
    """Show, or set, how much may be used at once."""
    from reconciler.operations.cluster import quota, set_quota
    from reconciler.rendering.tables import render_table, rows_to_json

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    if change:
        name, amount = _wish(change)
        if not yes and not streams.confirm(f"Set the limit {name} to {amount}?", instead="Say --yes."):
            streams.say("nothing was changed")
            return ExitCode.ERROR
        chosen = set_quota(opened, target, name, amount, streams.say)
        streams.say(f"set {name} of {chosen} to {amount}")
        return ExitCode.FINE
    rows = [
        {"target": place, "name": each.name, "limit": each.limit, "used": each.used}
        for place, told in quota(opened, target, streams.say).items()
        for each in told
    ]
    if form is Shape.JSON:
        streams.show(rows_to_json("quota", rows))
        return ExitCode.FINE
    cells = [["" if value is None else str(value) for value in row.values()] for row in rows]
    headers = ["target", "name", "limit", "used"]
    streams.show(render_table(headers, cells, width=streams.table_width, colour=streams.colour))
    return ExitCode.FINE


def _wish(change: str) -> tuple[str, int]:
    ((name, amount),) = pairs([change], "--set NAME=AMOUNT").items()
    if not (amount.isascii() and amount.isdigit()):
        msg = f"not an amount: {amount!r}"
        raise UsageError(msg, hint="Write --set NAME=AMOUNT, the amount a whole number.")
    return name, int(amount)
