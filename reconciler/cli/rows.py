"""Rows for people or for scripts, the same for every command that lists something."""

from typing import TYPE_CHECKING

from reconciler.cli.options import Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.streams import Streams


def show_rows(
    streams: "Streams", name: str, headers: "Sequence[str]", rows: "Sequence[Sequence[str]]", form: Shape
) -> None:
    """A table, or the JSON document `name` with one object a row."""
    from reconciler.rendering.tables import render_table, rows_to_json

    if form is Shape.JSON:
        streams.show(rows_to_json(name, [dict(zip(headers, row, strict=True)) for row in rows]))
        return
    cells = [list(row) for row in rows]
    streams.show(render_table(list(headers), cells, width=streams.table_width, colour=streams.colour))
