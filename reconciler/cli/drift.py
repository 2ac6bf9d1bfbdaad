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
from reconciler.cli.readers import ForReaders, Readers, profile_of
from reconciler.cli.streams import streams_of

if TYPE_CHECKING:
    from reconciler.cli.streams import Streams
    from reconciler.operations.selection import Selection
    from reconciler.operations.workspace import Workspace
    from reconciler.rendering.sides import Profile


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
    readers: ForReaders = Readers.AUTO,
) -> int:
    """Show what moved on the platforms since the last apply. Writes nothing.

    Compares what is live with what was recorded; what is declared and not applied yet is no drift. Exit code 2 when
    something moved, 1 when something could not be read.
    """
    streams = streams_of(context)
    opened = workspace(streams, project, environment, var)
    meant = selection(only, without, paths=paths, kind=kind, label=label, since=since)
    return show_drift(streams, opened, meant, profile_of(streams, readers), as_json=form is Shape.JSON)


def show_drift(
    streams: "Streams", opened: "Workspace", meant: "Selection", profile: "Profile", *, as_json: bool
) -> ExitCode:
    """Prints what moved. What did counts more for the exit code than what could not be read."""
    from reconciler.operations.drift import drift
    from reconciler.operations.wiring import redactor
    from reconciler.rendering.drift import drift_to_json, redacted_drift, render_drift
    from reconciler.rendering.sides import Profile

    found = drift(opened, meant, streams.say)
    told = redacted_drift(found) if profile is Profile.REDACTED else found
    text = drift_to_json(told) if as_json else render_drift(told, colour=streams.colour)
    streams.show(redactor(opened).redact(text))
    if not found.is_empty:
        return ExitCode.CHANGES
    return ExitCode.ERROR if found.unread else ExitCode.FINE
