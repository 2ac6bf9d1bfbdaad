"""`reconciler local`: the embedded local platform."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import command_app, epilog
from reconciler.cli.options import Format, ProjectFile, Shape, Yes
from reconciler.cli.streams import streams_of

if TYPE_CHECKING:
    from reconciler.localplatform.control import Instance

app = command_app()


@app.callback(
    epilog=epilog((("reconciler local status", "is it running, and where"), ("reconciler local reset", "start over")))
)
def _local() -> int:
    """Start and stop the local platform.

    It speaks the platforms' own APIs, keeps everything below .reconciler/local and really runs what is submitted.
    Targets that say `endpoint: local` start it by themselves.
    """
    return ExitCode.FINE


@app.command(
    epilog=epilog((("reconciler local start", ""), ("reconciler local start --engine simulated", "run nothing")))
)
def start(
    context: typer.Context,
    *,
    project: ProjectFile = None,
    engine: Annotated[
        str, typer.Option("--engine", metavar="NAME", help="`process` runs tasks as processes, `simulated` pretends.")
    ] = "process",
    form: Format = Shape.TEXT,
) -> int:
    """Start the local platform, or say where it runs already."""
    from reconciler.operations import local

    instance = local.start(_folder(project), engine)
    _show(context, instance, form)
    return ExitCode.FINE


@app.command(epilog=epilog((("reconciler local stop", ""),)))
def stop(context: typer.Context, project: ProjectFile = None) -> int:
    """Stop the local platform. Its data stays; runs that are under way are interrupted."""
    from reconciler.operations import local

    stopped = local.stop(_folder(project))
    streams_of(context).say("stopped the local platform" if stopped else "the local platform is not running")
    return ExitCode.FINE


@app.command(epilog=epilog((("reconciler local status", ""), ("reconciler local status --format json", "for scripts"))))
def status(context: typer.Context, project: ProjectFile = None, form: Format = Shape.TEXT) -> int:
    """Say whether the local platform runs, and where. Exit code 1 when it does not."""
    from reconciler.operations import local

    instance = local.status(_folder(project))
    if instance is None:
        streams_of(context).say("the local platform is not running")
        return ExitCode.ERROR
    _show(context, instance, form)
    return ExitCode.FINE


@app.command(epilog=epilog((("reconciler local reset", "asks first"), ("reconciler local reset --yes", ""))))
def reset(context: typer.Context, project: ProjectFile = None, yes: Yes = False) -> int:
    """Stop the local platform and delete everything on it. What reconciler remembers of it stays."""
    from reconciler.operations import local

    streams, folder = streams_of(context), _folder(project)
    if not yes and not streams.confirm(f"Delete everything in {folder}?", instead="Say --yes."):
        streams.say("nothing was deleted")
        return ExitCode.ERROR
    local.reset(folder)
    streams.say(f"deleted {folder}")
    return ExitCode.FINE


def _folder(project: Path | None) -> Path:
    from reconciler.operations import local

    return local.folder_of(Path.cwd(), project)


def _show(context: typer.Context, instance: "Instance", form: Shape) -> None:
    """Where it runs; the secret key is not printed."""
    from reconciler.rendering.tables import render_table, rows_to_json

    streams = streams_of(context)
    row = {
        "url": instance.url,
        "pid": instance.pid,
        "version": instance.version,
        "access_key": instance.access_key,
        "project_id": instance.project_id,
    }
    if form is Shape.JSON:
        streams.show(rows_to_json("local", [row]))
        return
    streams.show(render_table(list(row), [[str(cell) for cell in row.values()]], width=streams.table_width))
