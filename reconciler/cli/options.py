"""The options that several commands share, spelled once."""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.cli.streams import Streams
    from reconciler.operations.selection import Selection
    from reconciler.operations.workspace import Call, Workspace

ProjectFile = Annotated[
    Path | None,
    typer.Option("--project", metavar="FILE", help="Project file. Default: reconciler.yaml here or in a folder above."),
]
EnvironmentName = Annotated[
    str,
    typer.Option(
        "--environment", "-e", metavar="NAME", help="Environment. Default: RECONCILER_ENVIRONMENT, then the project's."
    ),
]
Variables = Annotated[
    list[str] | None,
    typer.Option("--var", metavar="NAME=VALUE", help="Value of `$[[ vars.NAME ]]`; wins over files. May be repeated."),
]
Paths = Annotated[list[Path] | None, typer.Argument(metavar="[PATH]...", help="Files or folders. Default: all.")]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only", metavar="GLOB", help="Only these addresses and what they need; never removes. May be repeated."
    ),
]
Except = Annotated[
    list[str] | None,
    typer.Option("--except", metavar="GLOB", help="All but these addresses; never removes. May be repeated."),
]
OfKind = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="KIND", help="Only this kind; never removes. May be repeated."),
]
Labelled = Annotated[
    list[str] | None,
    typer.Option("--label", metavar="NAME=VALUE", help="Only with this label; a value may be a glob. Never removes."),
]
Since = Annotated[
    str,
    typer.Option(
        "--since",
        metavar="REV",
        help="Only what changed after this git revision, and what depends on it. Never removes.",
    ),
]
Data = Annotated[
    Path, typer.Option("--data", metavar="DIR", help="Folder of the service: database, keys, log.", show_default=False)
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until the submitted runs have ended; exit 8 if one failed.")]
Parallelism = Annotated[
    int | None,
    typer.Option(
        "--parallelism", min=1, max=64, metavar="N", help="Calls at once. Default: RECONCILER_PARALLELISM or 8."
    ),
]
TargetName = Annotated[str, typer.Option("--target", metavar="NAME", help="Only this target. Default: all that can.")]
Run = Annotated[str, typer.Argument(metavar="ADDRESS", help="Address of a run, or enough of its end to be clear.")]

RemoteId = Annotated[
    str, typer.Option("--id", metavar="ID", help="Any run, by its id as `get` shows it; ADDRESS is then its kind.")
]
RemoteIds = Annotated[
    list[str] | None,
    typer.Option(
        "--id",
        metavar="ID",
        help="By its id as `get` shows it; ADDRESS is then its kind. Repeated, or several separated by semicolons.",
    ),
]
ScopeName = Annotated[
    str,
    typer.Option(
        "--scope", metavar="NAME", help="Where it is (a space, a workspace). Default: the scope of the target."
    ),
]
TaskName = Annotated[str, typer.Option("--task", metavar="NAME", help="Only this task.")]
InstanceIndex = Annotated[
    int | None, typer.Option("--index", min=0, metavar="N", help="Only this instance of the task, counted from 0.")
]
InstanceName = Annotated[
    str, typer.Option("--instance", metavar="NAME", help="Only this instance, by its own name as `status` shows it.")
]


class Shape(StrEnum):
    """How results are printed."""

    TEXT = "text"
    JSON = "json"


Format = Annotated[Shape, typer.Option("--format", help="How to print the result.")]


def selection(
    only: list[str] | None,
    without: list[str] | None,
    *,
    paths: list[Path] | None = None,
    kind: list[str] | None = None,
    label: list[str] | None = None,
    since: str = "",
) -> "Selection":
    """What the options of a command line select. Raises UsageError."""
    from reconciler.operations.selection import Selection

    labels = tuple(pairs(label, "--label NAME=VALUE").items())
    return Selection(tuple(only or ()), tuple(without or ()), tuple(paths or ()), tuple(kind or ()), labels, since)


def pairs(given: Iterable[str] | None, spelling: str) -> dict[str, str]:
    """`NAME=VALUE` texts as a mapping. Raises UsageError on anything else, naming the `spelling` that is wanted."""
    found = {}
    for text in given or ():
        name, separator, value = text.partition("=")
        if not separator or not name:
            msg = f"not a name and a value: {text!r}"
            raise UsageError(msg, hint=f"Write {spelling}.")
        found[name] = value
    return found


def ids_in(given: Iterable[str] | None) -> list[str]:
    """Each id once, of texts that may hold several separated by semicolons."""
    parts = (part.strip() for text in given or () for part in text.split(";"))
    return list(dict.fromkeys(part for part in parts if part))


def call(
    streams: "Streams",
    project: Path | None,
    environment: str,
    var: list[str] | None = None,
    parallelism: int | None = None,
) -> "Call":
    """What the command line says about where and which."""
    from reconciler.operations.workspace import Call

    if project is not None and not project.is_file():
        msg = f"there is no project file {project}"
        raise UsageError(msg)
    settings = streams.settings if parallelism is None else streams.settings.with_parallelism(parallelism)
    return Call(working_folder(), settings, project, environment, pairs(var, "--var NAME=VALUE"))


def working_folder() -> Path:
    """Where the command was started. Raises UsageError when that folder was removed meanwhile."""
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        msg = "the folder that this was started in is not there any more"
        raise UsageError(msg, hint="Change to a folder that is there.") from error


def workspace(streams: "Streams", project: Path | None, environment: str, var: list[str] | None = None) -> "Workspace":
    """The opened project of a command."""
    from reconciler.operations.wiring import open_workspace

    return open_workspace(call(streams, project, environment, var))
