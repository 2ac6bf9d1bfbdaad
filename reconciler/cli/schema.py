"""`reconciler schema`."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.streams import streams_of
from reconciler.errors import UsageError


@single(
    (
        ("reconciler schema App", "the schema of a kind, to read or to pipe"),
        ("reconciler schema Project", "that of reconciler.yaml"),
        ("reconciler schema App --sample > app.yaml", "a manifest to fill in, every field with what it means"),
        ("reconciler schema --export .reconciler/schemas", "one file a kind, for editors"),
    )
)
def app(
    context: typer.Context,
    *,
    kind: Annotated[str, typer.Argument(metavar="[KIND]", help="A kind, `PLATFORM/KIND` or `Project`.")] = "",
    sample: Annotated[bool, typer.Option("--sample", help="A manifest to fill in instead of the schema.")] = False,
    export: Annotated[
        Path | None, typer.Option("--export", metavar="FOLDER", help="Write every schema into this folder.")
    ] = None,
) -> int:
    """Print the JSON Schema of a kind, or a manifest of it to fill in, or export all of them for editors.

    A manifest that begins with `# yaml-language-server: $schema=PATH` is checked and completed while it is written.
    """
    from reconciler.operations.schema_export import export_schemas, sample_text, schema_text

    streams = streams_of(context)
    if bool(kind) == (export is not None):
        msg = "name a kind, or a folder with --export"
        raise UsageError(msg, hint="`reconciler kinds` lists the kinds.")
    if export is None:
        streams.show(sample_text(kind) if sample else schema_text(kind))
        return ExitCode.FINE
    written = export_schemas(export)
    streams.say(f"wrote {len(written)} schemas to {export}")
    return ExitCode.FINE
