"""`reconciler graph`."""

from enum import StrEnum
from typing import Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Only, ProjectFile, Variables, workspace
from reconciler.cli.streams import streams_of


class GraphFormat(StrEnum):
    """How a graph is drawn."""

    MERMAID = "mermaid"
    DOT = "dot"
    SVG = "svg"


@single(
    (
        ("reconciler graph", "Mermaid, which Markdown shows"),
        ("reconciler graph --format svg > graph.svg", "a picture"),
        ("reconciler graph --tasks Workflow/qc@1.0.0", "the tasks inside a workflow"),
        ("reconciler graph --format dot | dot -Tpdf -o graph.pdf", "with Graphviz"),
    )
)
def app(
    context: typer.Context,
    *,
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    var: Variables = None,
    only: Only = None,
    tasks: Annotated[
        str, typer.Option("--tasks", metavar="ADDRESS", help="Draw the tasks inside this workflow instead.")
    ] = "",
    form: Annotated[GraphFormat, typer.Option("--format", help="How to draw.")] = GraphFormat.MERMAID,
) -> int:
    """Draw what needs what, or the tasks of a workflow. Reads only files."""
    from reconciler.operations import graph as drawing
    from reconciler.operations.selection import Selection
    from reconciler.rendering.graph import dot, mermaid
    from reconciler.rendering.svg import svg

    streams = streams_of(context)
    opened = workspace(streams, project, environment, var)
    graph = drawing.tasks(opened, tasks) if tasks else drawing.dependencies(opened, Selection(tuple(only or ())))
    render = {GraphFormat.MERMAID: mermaid, GraphFormat.DOT: dot, GraphFormat.SVG: svg}[form]
    streams.show(render(graph))
    return ExitCode.FINE
