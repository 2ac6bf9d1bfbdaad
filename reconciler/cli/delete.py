"""`reconciler delete`."""

from typing import Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, ProjectFile, RemoteIds, Run, ScopeName, Yes, ids_in, workspace
from reconciler.cli.streams import streams_of


@single(
    (
        ("reconciler delete Job --id 1f0c-42", "the record of a run that has ended"),
        ("reconciler delete Label --id 1001 --id 1002 --yes", "several, in a script"),
        ("reconciler delete App --id fastqc@1.0.0", "what no manifest declares, by id or name"),
        ("reconciler delete Job/nightly", "one of our runs: the next plan does not submit it again"),
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
    force: Annotated[bool, typer.Option("--force", help="Even what carries the mark of another project.")] = False,
    yes: Yes = False,
) -> int:
    """Remove something from a platform by hand: the record of an ended run, or what no manifest declares.

    What a manifest declares is removed by removing the manifest, where it is reviewed; this command refuses it.
    """
    from reconciler.operations.deleting import delete, doomed
    from reconciler.operations.runs import one_run
    from reconciler.rendering.words import printable

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    runs = [one_run(opened, run, each, standing=True, scope=scope) for each in ids_in(remote_ids) or [""]]
    things = doomed(opened, runs, streams.say, force=force)
    for thing in things:
        told = f"{thing.run.address.kind} {thing.name} ({thing.run.remote_id})"
        streams.say(printable(f"{told}: {'gone already' if thing.gone else thing.status or 'to be removed'}"))
    if all(thing.gone for thing in things):
        return ExitCode.FINE
    if not yes and not streams.confirm("Remove this from the platform for good?", instead="Say --yes."):
        streams.say("nothing was removed")
        return ExitCode.ERROR
    delete(opened, things, streams.say)
    for thing in things:
        if not thing.gone:
            streams.say(printable(f"removed {thing.run.address.kind} {thing.name}"))
    return ExitCode.FINE
