"""`reconciler get`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Format, ProjectFile, ScopeName, Shape, pairs, workspace
from reconciler.cli.streams import streams_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.operations.runs import Found

_COLUMNS = ("target", "kind", "name", "status", "created", "finished", "user", "id", "address")
_ALWAYS = frozenset({"target", "kind", "name", "id"})


@single(
    (
        ("reconciler get", "the latest runs on every platform of the environment"),
        ("reconciler get Job --filter status=Failed --limit 100", "filters are the platform's; a wrong one lists them"),
        ("reconciler get Job --limit 10 --offset 10", "the next page"),
        ("reconciler get App --filter 'name=fastqc*'", "standing things, by a glob"),
        ("reconciler get --mine", "only what this project submitted"),
        ("reconciler get --format json", "for scripts"),
    )
)
def app(
    context: typer.Context,
    *,
    kind: Annotated[str, typer.Argument(metavar="[KIND]", help="A kind. Default: every kind of run.")] = "",
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    where: Annotated[
        list[str] | None,
        typer.Option("--filter", metavar="KEY=VALUE", help="A filter of the platform's own. May be repeated."),
    ] = None,
    mine: Annotated[bool, typer.Option("--mine", help="Only runs that are recorded as ours.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, metavar="N", help="At most so many.")] = 20,
    offset: Annotated[int, typer.Option("--offset", min=0, metavar="N", help="Leave out the first so many.")] = 0,
    scope: ScopeName = "",
    form: Format = Shape.TEXT,
) -> int:
    """List what is on the platforms, ours or not: runs newest first, or anything else of one kind."""
    from reconciler.operations.runs import Wish, browse
    from reconciler.rendering.tables import render_table, rows_to_json

    streams = streams_of(context)
    wish = Wish(pairs(where, "--filter KEY=VALUE"), limit, offset, scope)
    found = browse(workspace(streams, project, environment), kind, wish, streams.say)
    rows = [_row(each) for each in found if each.address is not None or not mine]
    if form is Shape.JSON:
        streams.show(rows_to_json("runs", rows))
        return ExitCode.FINE
    headers, cells = _table(rows)
    streams.show(render_table(headers, cells, width=streams.table_width, colour=streams.colour))
    if not rows:
        streams.say("nothing found")
    return ExitCode.FINE


def _table(rows: "Sequence[dict[str, Any]]") -> tuple[list[str], list[list[str]]]:
    """Headers and cells. Columns in which nothing stands are left out; those of one kind alone stand before its id."""
    facts = list(rows[0]["facts"]) if len({(row["target"], row["kind"]) for row in rows}) == 1 else []
    wide = [{**row, **{f"fact {name}": text for name, text in row["facts"].items()}} for row in rows]
    names = [*_COLUMNS[:7], *(f"fact {name}" for name in facts), *_COLUMNS[7:]]
    shown = [name for name in names if name in _ALWAYS or any(row.get(name) for row in wide)]
    return [name.removeprefix("fact ") for name in shown], [[row.get(name, "") for name in shown] for row in wide]


def _row(found: "Found") -> dict[str, Any]:
    run = found.summary
    return {
        "target": found.target,
        "kind": found.kind,
        "scope": found.scope,
        "name": run.name,
        "status": run.status,
        "created": run.created,
        "started": run.started,
        "finished": run.finished,
        "user": run.user,
        "detail": run.detail,
        "facts": dict(run.facts),
        "id": run.remote_id,
        "address": str(found.address) if found.address else "",
    }
