"""`reconciler local faults`: bad weather on purpose."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import command_app, epilog
from reconciler.cli.options import Format, ProjectFile, Shape, working_folder
from reconciler.cli.streams import streams_of

if TYPE_CHECKING:
    from collections.abc import Sequence

app = command_app()
_SHOWN = ("fault", "when", "method", "path", "operation", "skip", "count", "matched", "struck")
_ADD = (
    ("reconciler local faults add lost method=POST path=/jobs", "the next job is made, and its answer gets lost"),
    ("reconciler local faults add throttle method=POST count=3 retry_after=2", "told to come back, three times"),
    ("reconciler local faults add stale seconds=10 count=null", "lists are ten seconds behind, for good"),
)


@app.callback(epilog=epilog((("reconciler local faults list", "what is in force, and how often it struck"),)))
def _faults() -> int:
    """Make the local platform fail as networks and busy platforms do, to see what an apply does about it.

    Rules hold until they have struck `count` times, or the local platform stops.
    """
    return ExitCode.FINE


@app.command(epilog=epilog(_ADD))
def add(
    context: typer.Context,
    *,
    rule: Annotated[
        list[str],
        typer.Argument(
            metavar="FAULT [NAME=VALUE]...",
            help="latency, throttle, error, lost, reset, truncate, stale or skew; or a whole rule as JSON.",
        ),
    ],
    project: ProjectFile = None,
) -> int:
    """Put one more rule in force. Names: when, method, path, operation, skip, count, probability, seed, seconds,
    status, retry_after.
    """
    from reconciler.operations import local

    rules = local.add_fault(_folder(project), rule)
    streams_of(context).say(f"in force: {rules[-1]['fault']}, as rule {len(rules)}")
    return ExitCode.FINE


@app.command("list", epilog=epilog((("reconciler local faults list", ""),)))
def list_(context: typer.Context, *, project: ProjectFile = None, form: Format = Shape.TEXT) -> int:
    """List the rules in force, in the order they are tried, and how often each has matched and struck."""
    from reconciler.operations import local
    from reconciler.rendering.tables import render_table, rows_to_json

    streams = streams_of(context)
    rules: Sequence[dict[str, Any]] = local.faults(_folder(project))
    if form is Shape.JSON:
        streams.show(rows_to_json("faults", rules))
        return ExitCode.FINE
    rows = [["" if rule[name] is None else str(rule[name]) for name in _SHOWN] for rule in rules]
    streams.show(render_table(list(_SHOWN), rows, width=streams.table_width, colour=streams.colour))
    if not rules:
        streams.say("no faults are in force")
    return ExitCode.FINE


@app.command(epilog=epilog((("reconciler local faults clear", ""),)))
def clear(context: typer.Context, *, project: ProjectFile = None) -> int:
    """Take every rule back."""
    from reconciler.operations import local

    local.clear_faults(_folder(project))
    streams_of(context).say("no faults are in force")
    return ExitCode.FINE


def _folder(project: Path | None) -> Path:
    from reconciler.operations import local

    return local.folder_of(working_folder(), project)
