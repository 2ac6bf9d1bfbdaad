"""`reconciler validate`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Paths, ProjectFile, Variables, workspace
from reconciler.cli.streams import streams_of
from reconciler.errors import ManifestsInvalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.diagnostic import Diagnostic


class FindingFormat(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"


@single(
    (
        ("reconciler validate", "everything the project file names"),
        ("reconciler validate apps/fastqc.yaml", "one file"),
        ("reconciler validate --format github", "annotations in a pull request"),
        ("reconciler validate --format sarif > findings.sarif", "for a code scanner"),
    )
)
def app(
    context: typer.Context,
    *,
    paths: Paths = None,
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    var: Variables = None,
    form: Annotated[FindingFormat, typer.Option("--format", help="How to print the findings.")] = FindingFormat.TEXT,
) -> int:
    """Check the manifests without talking to anybody.

    YAML, schemas, references, cycles and what each platform says about its own kinds: every finding of every file in
    one pass, with its place. Exit code 65 when something is wrong.
    """
    from reconciler.model.diagnostic import errors
    from reconciler.operations.validate import declare, sources
    from reconciler.rendering.words import counted

    streams = streams_of(context)
    diagnostics: tuple[Diagnostic, ...] = ()
    summary = ""
    try:
        declared = declare(workspace(streams, project, environment, var), paths or ())
        diagnostics = declared.diagnostics
        summary = f"{counted(len(declared.manifests), 'manifest')} in {counted(declared.files, 'file')}: fine"
    except ManifestsInvalid as error:
        diagnostics = error.diagnostics
    texts = sources(diagnostics, Path.cwd()) if form is FindingFormat.TEXT else {}
    streams.show(_rendered(diagnostics, form, texts, colour=streams.colour))
    if errors(diagnostics):
        return ExitCode.INVALID
    streams.say(summary)
    return ExitCode.FINE


def _rendered(diagnostics: "Sequence[Diagnostic]", form: FindingFormat, texts: dict[str, str], *, colour: bool) -> str:
    match form:
        case FindingFormat.JSON:
            from reconciler.rendering.json import diagnostics_to_json

            return diagnostics_to_json(diagnostics)
        case FindingFormat.GITHUB:
            from reconciler.rendering.github import render_annotations

            return render_annotations(diagnostics)
        case FindingFormat.SARIF:
            from reconciler.rendering.sarif import render_sarif

            return render_sarif(diagnostics)
        case FindingFormat.TEXT:
            from reconciler.rendering.findings import render_diagnostics

            return render_diagnostics(diagnostics, texts, colour=colour)
