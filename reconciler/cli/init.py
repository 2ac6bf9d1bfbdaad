"""`reconciler init`."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.streams import streams_of


@single(
    (
        ("reconciler init", "in this folder"),
        ("reconciler init genomics", "in a new one"),
        ("reconciler init --name genomics", "with a name of its own"),
    )
)
def app(
    context: typer.Context,
    *,
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Where. Default: here.")] = Path(),
    name: Annotated[
        str,
        typer.Option("--name", metavar="NAME", help="Name of the project, part of every mark. Default: the folder's."),
    ] = "",
    platform: Annotated[
        str, typer.Option("--platform", metavar="NAME", help="Whose first manifests to write. Default: the first one.")
    ] = "",
) -> int:
    """Start a project: project file, first manifests, schemas for the editor.

    What it writes runs at once on the embedded local platform. Nothing that exists is overwritten.
    """
    from reconciler.operations.initialise import initialise

    streams = streams_of(context)
    started = initialise(folder, name=name, platform=platform)
    for file in started.files:
        streams.say(f"wrote {file}")
    streams.say("next: reconciler plan, then reconciler apply --wait")
    return ExitCode.FINE
