"""`reconciler import`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, ProjectFile, workspace
from reconciler.cli.streams import streams_of
from reconciler.rendering.words import counted, printable

if TYPE_CHECKING:
    from reconciler.cli.streams import Streams
    from reconciler.operations.importing import Imported
    from reconciler.operations.workspace import Workspace


class ManifestForm(StrEnum):
    """How imported manifests are written."""

    NATIVE = "native"
    ENVELOPE = "envelope"


@single(
    (
        ("reconciler import", "everything that stands in the project's spaces"),
        ("reconciler import 'App/fastqc@*'", "some of it"),
        ("reconciler import --kind Job 'nightly-*'", "runs, by name"),
        ("reconciler import --form envelope --into apps", "in the envelope, below another folder"),
    )
)
def app(
    context: typer.Context,
    *,
    addresses: Annotated[
        list[str] | None, typer.Argument(metavar="[ADDRESS]...", help="Addresses or globs. Default: all.")
    ] = None,
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    kind: Annotated[
        str, typer.Option("--kind", metavar="KIND", help="Only this kind. Default: every standing kind; never runs.")
    ] = "",
    form: Annotated[
        ManifestForm, typer.Option("--form", help="The platform's own format where there is one, or the envelope.")
    ] = ManifestForm.NATIVE,
    into: Annotated[
        Path | None, typer.Option("--into", metavar="FOLDER", help="Where. Default: where the manifests are.")
    ] = None,
) -> int:
    """Write manifests for what exists, one file each, and take it over: the next plan is empty.

    The platform is only read. What is declared or recorded already, and what carries the mark of another owner, is left
    out. Nothing that exists is overwritten.
    """
    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    return import_into(streams, opened, tuple(addresses or ()), kind=kind, form=form, into=into)


def import_into(
    streams: "Streams",
    opened: "Workspace",
    globs: tuple[str, ...],
    *,
    kind: str = "",
    form: ManifestForm = ManifestForm.NATIVE,
    into: Path | None = None,
) -> int:
    """Imports, says what came of it, and takes over what was written."""
    from reconciler.manifests.schemas import Form
    from reconciler.operations.importing import Request, write_manifests

    done = write_manifests(opened, Request(globs, Form(form.value), kind, into), streams.say)
    for file in done.files.values():
        streams.say(f"wrote {file}")
    for address, reason in sorted(done.left_out.items()):
        streams.say(printable(f"left out {address}: {reason}"))
    for secret in done.secrets:
        streams.say(f"secret {secret}: not shown by the platform; give its value in the environment")
    if not done.files:
        streams.say("nothing new to import")
        return ExitCode.ERROR if done.left_out else ExitCode.FINE
    return _take_over(streams, opened, done)


def _take_over(streams: "Streams", opened: "Workspace", done: "Imported") -> int:
    from reconciler.cli.applying import Manner, carry_out
    from reconciler.cli.options import Shape
    from reconciler.operations.memory import only_of
    from reconciler.operations.plan import Wish, look

    seen = look(opened, Wish(adopt=frozenset(done.files)), streams.say)
    plan = only_of(seen.plan, set(done.files))
    manner = Manner(yes=True, wait=False, form=Shape.TEXT, question="", command="")
    code = carry_out(streams, opened, plan, manner, seen=seen)
    streams.say(f"imported {counted(len(done.files), 'resource')}; look at the files, commit them, and plan")
    return code or (ExitCode.ERROR if done.left_out else ExitCode.FINE)
