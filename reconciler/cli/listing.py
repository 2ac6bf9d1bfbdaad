"""The commands that list what the targets of an environment offer: they differ in what they ask and what they show."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Format, ProjectFile, Shape, TargetName, workspace
from reconciler.cli.rows import show_rows
from reconciler.cli.streams import streams_of

if TYPE_CHECKING:
    from reconciler.operations.workspace import Say, Workspace

Rows: TypeAlias = "Callable[[Workspace, str, Say], Iterable[Sequence[str]]]"
"""The rows of a target, or of every one that tells when its name is "". Raises UsageError when none does."""


def listing(name: str, summary: str, headers: Sequence[str], rows: Rows) -> typer.Typer:
    """The command `name`, whose help is `summary`: a table with `headers`, or JSON with these as members."""

    def app(
        context: typer.Context,
        *,
        target: TargetName = "",
        project: ProjectFile = None,
        environment: EnvironmentName = "",
        form: Format = Shape.TEXT,
    ) -> int:
        streams = streams_of(context)
        found = list(rows(workspace(streams, project, environment), target, streams.say))
        show_rows(streams, name, headers, found, form)
        if not found and form is Shape.TEXT:
            streams.say(f"there are no {name}")
        return ExitCode.FINE

    app.__doc__ = summary
    call = f"reconciler {name}"
    return single(((call, "on every target that tells"), (f"{call} --format json", "for scripts")))(app)
