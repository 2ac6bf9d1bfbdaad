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
        ("reconciler import --as v2 TrainingJob/nightly", "written for another version of its platform's API"),
        ("reconciler import --as v2 old/jobs.yaml --into new", "the same from manifests"),
    )
)
def app(
    context: typer.Context,
    *,
    addresses: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ADDRESS]...", help="Addresses or globs; with --as files and folders too. Default: all."
        ),
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
    version: Annotated[
        str, typer.Option("--as", metavar="VERSION", help="Write it for this version of its platform's API instead.")
    ] = "",
) -> int:
    """Write manifests for what exists, one file each, and take it over: the next plan is empty.

    The platform is only read. What is declared or recorded already, and what carries the mark of another owner, is left
    out. Nothing that exists is overwritten.

    With --as, what is declared or live is written anew and nothing is taken over: the next plan creates it. What could
    not be carried over is listed, here and at the top of each file.
    """
    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    if version:
        return _rewrite(streams, opened, version, tuple(addresses or ()), kind=kind, into=into)
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
    for of_kind, fields in sorted(done.hidden.items()):
        streams.say(f"{of_kind}: not shown by the platform, so add what was set of {', '.join(sorted(fields))}")
        if of_kind in done.fixed:
            streams.say(
                f"{of_kind}: to have that added without being made anew, `reconciler forget` and `adopt` it then"
            )
    for secret in done.secrets:
        streams.say(f"secret {secret}: not shown by the platform; give its value in the environment")
    if not done.files:
        streams.say("nothing new to import")
        return ExitCode.ERROR if done.left_out else ExitCode.FINE
    return _take_over(streams, opened, done)


def _take_over(streams: "Streams", opened: "Workspace", done: "Imported") -> int:
    from reconciler.cli.applying import Manner, carry_out
    from reconciler.cli.options import Shape
    from reconciler.model.plan import Verb
    from reconciler.operations.memory import only_of
    from reconciler.operations.plan import Wish, look

    seen = look(opened, Wish(adopt=done.ids), streams.say)
    plan = only_of(seen.plan, set(done.files))
    manner = Manner(yes=True, wait=False, form=Shape.TEXT, question="", command="")
    code = carry_out(streams, opened, plan, manner, seen=seen)
    lost = sorted(done.files.keys() - {step.address for step in plan.steps if step.verb is Verb.ADOPT})
    for address in lost:
        streams.say(
            printable(f"not taken over {address}: look at {done.files[address]}, or the next plan makes another")
        )
    streams.say(
        f"imported {counted(len(done.files) - len(lost), 'resource')}; look at the files, commit them, and plan"
    )
    return code or (ExitCode.ERROR if done.left_out or lost else ExitCode.FINE)


def _rewrite(
    streams: "Streams", opened: "Workspace", version: str, meant: tuple[str, ...], *, kind: str, into: Path | None
) -> int:
    """Writes for another version, and lists what a person has to settle."""
    from reconciler.manifests.schemas import Form
    from reconciler.operations.importing import Request
    from reconciler.operations.rewriting import write_rewritten

    start = opened.call.start
    files = {word: start / word for word in meant if word.endswith((".yaml", ".yml")) or (start / word).exists()}
    globs = tuple(word for word in meant if word not in files)
    request = Request(globs, Form.ENVELOPE, kind, into, tuple(files.values()))
    done = write_rewritten(opened, request, version, streams.say)
    for address, file in done.files.items():
        streams.say(printable(f"wrote {file}, from {address}"))
        for line in done.lost[address]:
            streams.say(printable(f"  {line}"))
    for address, reason in sorted(done.left_out.items()):
        streams.say(printable(f"left out {address}: {reason}"))
    if done.files:
        streams.say("nothing was submitted: settle what is listed, validate, and plan")
    return ExitCode.ERROR if done.left_out or not done.files else ExitCode.FINE
