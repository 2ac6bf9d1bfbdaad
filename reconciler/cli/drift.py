"""`reconciler drift`."""

from typing import TYPE_CHECKING

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import (
    EnvironmentName,
    Except,
    Format,
    Labelled,
    OfKind,
    Only,
    Paths,
    ProjectFile,
    Shape,
    Since,
    Variables,
    selection,
    workspace,
)
from reconciler.cli.streams import streams_of

if TYPE_CHECKING:
    from reconciler.planning.drift import Drift


@single(
    (
        ("reconciler drift", "exit 2 when something moved"),
        ("reconciler drift -e prod --format json", "for a schedule"),
        ("reconciler adopt --write", "then: take what moved into the manifests"),
        ("reconciler apply", "or: bring the platform back in line"),
    )
)
def app(
    context: typer.Context,
    *,
    paths: Paths = None,
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    var: Variables = None,
    only: Only = None,
    without: Except = None,
    kind: OfKind = None,
    label: Labelled = None,
    since: Since = "",
    form: Format = Shape.TEXT,
) -> int:
    """Show what moved on the platforms since the last apply. Writes nothing.

    Compares what is live with what was recorded; what is declared and not applied yet is no drift. Exit code 2 when
    something moved, 1 when something could not be read.
    """
    from reconciler.operations.drift import drift
    from reconciler.operations.wiring import redactor
    from reconciler.rendering.drift import drift_to_json, render_drift

    streams = streams_of(context)
    opened = workspace(streams, project, environment, var)
    meant = selection(only, without, paths=paths, kind=kind, label=label, since=since)
    found = drift(opened, meant, streams.say)
    text = drift_to_json(found) if form is Shape.JSON else render_drift(found, colour=streams.colour)
    streams.show(redactor(opened).redact(text))
    return drift_code(found)


def drift_code(found: "Drift") -> ExitCode:
    """The exit code of a drift: what moved counts more than what could not be read."""
    if not found.is_empty:
        return ExitCode.CHANGES
    return ExitCode.ERROR if found.unread else ExitCode.FINE
