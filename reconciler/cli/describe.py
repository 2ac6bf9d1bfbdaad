"""`reconciler describe`."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.files import IntoFile
from reconciler.cli.group import single
from reconciler.cli.options import (
    EnvironmentName,
    InstanceIndex,
    InstanceName,
    ProjectFile,
    RemoteIds,
    Run,
    ScopeName,
    TaskName,
    ids_in,
    workspace,
)
from reconciler.cli.streams import streams_of
from reconciler.operations.outfile import write_file

if TYPE_CHECKING:
    from reconciler.cli.streams import Streams
    from reconciler.operations.runs import Run as Found
    from reconciler.operations.workspace import Say, Workspace


class Language(StrEnum):
    """How a document is written."""

    YAML = "yaml"
    JSON = "json"


@single(
    (
        ("reconciler describe Job/nightly > again.yaml", "can be submitted, or declared, as it is"),
        ("reconciler describe App --id fastqc@1.0.0", "anything on the platform, by id or name"),
        ("reconciler describe Job --id 1f0c-42 --detail --format json", "all that the platform tells"),
        ("reconciler describe Job --id 1f0c-42 --id 1f0c-43", "several: as documents of one file"),
        ("reconciler describe Job/nightly --task align --index 1", "one instance, in the cluster's own words"),
        ("reconciler describe VendorConfig --id default --files .", "the files that it holds"),
    )
)
def app(
    context: typer.Context,
    *,
    run: Run,
    remote_ids: RemoteIds = None,
    scope: ScopeName = "",
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    full: Annotated[
        bool, typer.Option("--detail", help="All that the platform tells of it: status, times, tasks, what it runs on.")
    ] = False,
    task: TaskName = "",
    index: InstanceIndex = None,
    instance: InstanceName = "",
    form: Annotated[Language, typer.Option("--format", help="How to write it.")] = Language.YAML,
    file: IntoFile = None,
    files: Annotated[
        Path | None, typer.Option("--files", metavar="FOLDER", help="Write the files that it holds there instead.")
    ] = None,
) -> int:
    """Print one thing as a document: a run, an app, anything that a kind is there for, ours or not.

    Without --detail that is a manifest in the platform's own file format, without our mark and without credentials.
    With --task it is one instance of a run, as the cluster has it.
    """
    from reconciler.operations.runs import one_run

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    found = [one_run(opened, run, each, standing=True, scope=scope) for each in ids_in(remote_ids) or [""]]
    if files is not None:
        for each in found:
            _keep_files(opened, each, files, streams)
        return ExitCode.FINE
    part = (task, index, instance) if task or index is not None or instance else None
    text = _joined([_document(opened, each, part, streams.say, full=full) for each in found], form)
    if file is None:
        streams.show(text)
        return ExitCode.FINE
    write_file(file, text.encode())
    streams.say(f"wrote {file}")
    return ExitCode.FINE


def _keep_files(opened: "Workspace", run: "Found", folder: Path, streams: "Streams") -> None:
    from reconciler.operations import describing

    found = describing.files(opened, run, streams.say)
    for name, content in sorted(found.items()):
        write_file(folder / Path(name).name, content)
        streams.say(f"wrote {folder / Path(name).name}")
    if not found:
        streams.say("it holds no file")


def _document(
    opened: "Workspace", run: "Found", part: tuple[str, int | None, str] | None, say: "Say", *, full: bool
) -> str:
    """As YAML."""
    from reconciler.operations import describing

    if part is None and not full:
        return describing.manifest(opened, run, say)
    document = describing.detail(opened, run, say) if part is None else describing.instance(opened, run, part, say)
    return describing.yaml_text(document)


def _joined(texts: list[str], form: Language) -> str:
    """Several YAML documents of one file; as JSON one value, or a list of them."""
    if form is Language.YAML:
        return "---\n".join(texts)
    from reconciler.operations.describing import parsed

    documents = [parsed(text) for text in texts]
    return json.dumps(documents[0] if len(documents) == 1 else documents, indent=2, ensure_ascii=False) + "\n"
