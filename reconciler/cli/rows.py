"""Rows for people or for scripts, the same for every command that lists something."""

from typing import TYPE_CHECKING

from reconciler.cli.options import Shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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


def show_facts(streams: "Streams", name: str, row: "Mapping[str, object]", form: Shape) -> None:
    """A fact a line, or the JSON document `name` with that one object."""
    from reconciler.rendering.tables import render_facts, rows_to_json

    if form is Shape.JSON:
        streams.show(rows_to_json(name, [row]))
        return
    streams.show(render_facts([(key.replace("_", " "), str(value)) for key, value in row.items()]))
