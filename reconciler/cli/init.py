"""`reconciler init`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, pairs
from reconciler.cli.streams import Streams, streams_of
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable


class CiHost(StrEnum):
    """Where CI files can be written for."""

    GITHUB = "github"
    GITLAB = "gitlab"
    GITEA = "gitea"


@single(
    (
        ("reconciler init", "in this folder"),
        ("reconciler init genomics", "in a new one"),
        ("reconciler init --name genomics", "with a name of its own"),
        ("reconciler init --from-live --set region=cn-north-4 --set space=lab", "manifests for what exists"),
        ("reconciler init --ci github", "CI files, for a project that is there or a new one"),
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
    ci: Annotated[
        CiHost | None, typer.Option("--ci", help="Write CI files: review, apply on merge, a look on a schedule.")
    ] = None,
    from_live: Annotated[
        bool,
        typer.Option("--from-live", help="Write manifests for what exists on the target of --set, and take it over."),
    ] = False,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting of the target, with --from-live. May be repeated."),
    ] = None,
    environment: EnvironmentName = "",
) -> int:
    """Start a project: project file, first manifests, schemas for the editor.

    What it writes runs at once on the embedded local platform. With --from-live it writes down what exists instead: the
    platform is only read, and the next plan is empty. Nothing that exists is overwritten.
    """
    from reconciler.manifests.files import PROJECT_FILES
    from reconciler.operations.initialise import initialise

    streams = streams_of(context)
    if from_live or setting:
        if not from_live or ci is not None:
            msg = "--set goes with --from-live, and --ci with neither: write CI files afterwards"
            raise UsageError(msg)
        return _from_live(streams, folder, name, platform, pairs(setting, "--set KEY=VALUE"))
    if ci is None or not any((folder / file).exists() for file in PROJECT_FILES):
        _told(streams, initialise(folder, name=name, platform=platform).files)
    if ci is not None:
        return _ci(streams, folder, ci, environment)
    streams.say("next: reconciler plan, then reconciler apply --wait")
    return ExitCode.FINE


def _from_live(streams: Streams, folder: Path, name: str, platform: str, settings: dict[str, str]) -> int:
    """A project for what exists, and the import of it."""
    from reconciler.cli.import_ import import_into
    from reconciler.operations.initialise import initialise
    from reconciler.operations.wiring import open_workspace
    from reconciler.operations.workspace import Call

    _told(streams, initialise(folder, name=name, platform=platform, live=settings).files)
    return import_into(streams, open_workspace(Call(folder.resolve(), streams.settings)), ())


def _told(streams: Streams, files: "Iterable[Path]") -> None:
    here = Path.cwd()
    for file in files:
        streams.say(f"wrote {file.relative_to(here) if file.is_relative_to(here) else file}")


def _ci(streams: Streams, folder: Path, host: CiHost, environment: str) -> int:
    """The CI files, at the root of the repository that holds the project."""
    from reconciler.operations.pipelines import advice, write_pipelines
    from reconciler.operations.wiring import open_workspace
    from reconciler.operations.workspace import Call
    from reconciler.repository.checkout import find_checkout

    opened = open_workspace(Call(folder.resolve(), streams.settings, environment=environment))
    checkout = find_checkout(opened.root)
    _told(streams, write_pipelines(opened, checkout.root if checkout else opened.root, host.value))
    for line in advice(opened, host.value):
        streams.say(f"next: {line}")
    return ExitCode.FINE
