"""`reconciler export`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, ProjectFile, RemoteIds, ScopeName, ids_in, workspace
from reconciler.cli.streams import streams_of
from reconciler.errors import UsageError
from reconciler.operations.outfile import write_file

if TYPE_CHECKING:
    from reconciler.operations.runs import Run
    from reconciler.operations.workspace import Workspace


@single(
    (
        ("reconciler export", "every run of this environment"),
        ("reconciler export 'Job/qc-*' -o qc.zip", ""),
        ("reconciler export Job --id 1f0c-42 --id 1f0c-43", "any run, by its id"),
        ("reconciler export Job --ids-file ids.txt", "ids one a line, or as JSON"),
    )
)
def app(
    context: typer.Context,
    *,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[ADDRESS]...", help="Addresses or globs of runs; a kind with ids.")
    ] = None,
    remote_ids: RemoteIds = None,
    ids_file: Annotated[
        Path | None, typer.Option("--ids-file", metavar="FILE", help='Ids: one a line, or {"ids": "id1;id2"}.')
    ] = None,
    scope: ScopeName = "",
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    file: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The archive.")] = Path("runs.zip"),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the archive when it is there.")] = False,
) -> int:
    """Write runs into a zip archive: each as YAML that can be submitted again, and all of them as a CSV table."""
    from reconciler.operations.archiving import archive, ids_of

    streams = streams_of(context)
    if file.exists() and not overwrite:
        msg = f"{file} is there already"
        raise UsageError(msg, hint="Say --overwrite, or name another file with -o.")
    opened = workspace(streams, project, environment)
    ids = [*ids_in(remote_ids), *(ids_of(ids_file) if ids_file else ())]
    runs = _runs(opened, names or [], ids, scope)
    if not runs:
        streams.say("no run was applied in this environment: nothing was written")
        return ExitCode.ERROR
    made = archive(opened, runs, streams.say)
    for run, why in made.left_out:
        streams.complain(f"{run.address}: {why}")
    if made.runs:
        write_file(file, made.content)
    streams.say(f"wrote {made.runs} of {len(runs)} runs{f' into {file}' if made.runs else ''}")
    return ExitCode.ERROR if made.left_out or not made.runs else ExitCode.FINE


def _runs(opened: "Workspace", names: list[str], ids: list[str], scope: str) -> "list[Run]":
    from reconciler.operations.runs import Run, one_run, our_runs

    if ids:
        if len(names) != 1:
            msg = "with ids, name the kind they are of, and nothing else"
            raise UsageError(msg, hint="Write `reconciler export KIND --id ID`.")
        return [one_run(opened, names[0], each, scope=scope) for each in dict.fromkeys(ids)]
    return [Run(each.address, each.platform, each.remote_id, each.mark) for each in our_runs(opened, names)]
