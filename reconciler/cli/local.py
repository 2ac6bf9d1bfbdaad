"""`reconciler local`: the embedded local platform."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.faults import app as faults
from reconciler.cli.group import command_app, epilog
from reconciler.cli.options import Format, ProjectFile, Shape, Yes, working_folder
from reconciler.cli.rows import show_facts
from reconciler.cli.streams import streams_of

app = command_app()
app.add_typer(faults, name="faults")


class Engine(StrEnum):
    """What runs the tasks."""

    PROCESS = "process"
    SLURM = "slurm"
    SIMULATED = "simulated"


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
        Engine, typer.Option("--engine", help="Run tasks as processes, on a cluster, or pretend to.")
    ] = Engine.PROCESS,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, metavar="N", help="0: any that is free.")] = 0,
    form: Format = Shape.TEXT,
) -> int:
    """Start the local platform, or say where it runs already."""
    from reconciler.operations import local

    instance = local.start(_folder(project), engine.value, port)
    row = {"url": instance.url, "pid": instance.pid, "version": instance.version, "engine": instance.engine}
    show_facts(streams_of(context), "local", row, form)
    return ExitCode.FINE


@app.command(epilog=epilog((("reconciler local stop", ""),)))
def stop(context: typer.Context, *, project: ProjectFile = None) -> int:
    """Stop the local platform. Its data stays; runs that are under way are interrupted."""
    from reconciler.operations import local
    from reconciler.rendering.words import counted

    folder = _folder(project)
    ended = local.would_end(folder)
    if not local.stop(folder):
        streams_of(context).say("the local platform is not running")
        return ExitCode.FINE
    with_it = f", and with it {counted(ended, 'run')} that had not ended" if ended else ""
    streams_of(context).say(f"stopped the local platform{with_it}")
    return ExitCode.FINE


@app.command(epilog=epilog((("reconciler local status", ""), ("reconciler local status --format json", "for scripts"))))
def status(context: typer.Context, *, project: ProjectFile = None, form: Format = Shape.TEXT) -> int:
    """Say whether the local platform runs, and where. Exit code 1 when it does not."""
    from reconciler.operations import local

    found = local.status(_folder(project))
    if found is None:
        streams_of(context).say("the local platform is not running")
        return ExitCode.ERROR
    objects = found.objects if form is Shape.JSON else ", ".join(f"{n} {kind}" for kind, n in found.objects.items())
    row = {
        "url": found.url,
        "pid": found.pid,
        "version": found.version,
        "engine": found.engine,
        "uptime_seconds": round(found.uptime),
        "active_runs": found.active_runs,
        "objects": objects,
    }
    show_facts(streams_of(context), "local", row, form)
    return ExitCode.FINE


@app.command(
    epilog=epilog(
        (
            ("reconciler local upload data demo:/", "what is in a folder"),
            ("reconciler local upload a.fastq demo:/reads", "one file"),
        )
    )
)
def upload(
    context: typer.Context,
    *,
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A file or a folder.")],
    place: Annotated[str, typer.Argument(metavar="SPACE:/PATH", help="Where to, on the local platform.")],
    project: ProjectFile = None,
) -> int:
    """Copy files to where jobs on the local platform read them."""
    from reconciler.operations import local
    from reconciler.rendering.words import counted

    number = local.upload(_folder(project), source, place)
    streams_of(context).say(f"copied {counted(number, 'file')} to {place}")
    return ExitCode.FINE


@app.command(epilog=epilog((("reconciler local reset", "asks first"), ("reconciler local reset --yes", "in a script"))))
def reset(context: typer.Context, *, project: ProjectFile = None, yes: Yes = False) -> int:
    """Stop the local platform and delete everything on it. What reconciler remembers of it stays."""
    from reconciler.operations import local

    streams, folder = streams_of(context), _folder(project)
    if not yes and not streams.confirm(f"Delete everything in {folder}?", instead="Say --yes."):
        streams.say("nothing was deleted")
        return ExitCode.ERROR
    local.reset(folder)
    streams.say(f"deleted everything in {folder}")
    return ExitCode.FINE


def _folder(project: Path | None) -> Path:
    from reconciler.operations import local

    return local.folder_of(working_folder(), project)
