"""`reconciler kinds`."""

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import Format, Shape
from reconciler.cli.streams import streams_of


@single((("reconciler kinds", ""), ("reconciler kinds --format json", "for scripts")))
def app(context: typer.Context, form: Format = Shape.TEXT) -> int:
    """List what can be declared: every kind of every platform, and what can be done with it."""
    from reconciler.operations.schema_export import kind_rows
    from reconciler.rendering.tables import render_words, rows_to_json

    streams, rows = streams_of(context), kind_rows()
    if form is Shape.JSON:
        streams.show(rows_to_json("kinds", rows))
        return ExitCode.FINE
    cells = [
        [row["api_version"], row["kind"], row["life"], row["native_key"], " ".join(row["abilities"])] for row in rows
    ]
    headers = ["api version", "kind", "life", "native key", "abilities"]
    streams.show(render_words(headers, cells, width=streams.table_width, colour=streams.colour))
    return ExitCode.FINE
