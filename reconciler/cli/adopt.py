"""`reconciler adopt`."""

from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Format, ProjectFile, Shape, Variables, Yes, workspace
from reconciler.cli.streams import streams_of
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.cli.streams import Streams
    from reconciler.operations.workspace import Workspace


@single(
    (
        ("reconciler adopt App/fastqc@1.0.0", "take over what is declared and exists"),
        ("reconciler adopt Job/nightly --id 4f0c", "a run, of which there may be several of one name"),
        ("reconciler adopt --write", "take what moved on the platforms into the manifests"),
        ("reconciler adopt --write 'App/*'", "some of it"),
    )
)
def app(
    context: typer.Context,
    *,
    addresses: Annotated[list[str] | None, typer.Argument(metavar="[ADDRESS]...", help="Addresses or globs.")] = None,
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    var: Variables = None,
    write: Annotated[
        bool, typer.Option("--write", help="Edit the manifests so that they declare what moved on the platforms.")
    ] = False,
    remote_id: Annotated[
        str, typer.Option("--id", metavar="ID", help="Which live object: the platform's id, as `get` shows it.")
    ] = "",
    yes: Yes = False,
    form: Format = Shape.TEXT,
) -> int:
    """Take over live objects, or accept what moved.

    With ADDRESS, what is declared, exists, carries no mark and is not recorded yet becomes ours: only the memory
    changes. What differs is shown by the next plan. To have a take-over reviewed, list it under `adopt` in the project
    file instead.

    With --write, each field that moved on the platforms is written into the manifest that declares it: the smallest
    edit, comments and layout stay. The memory follows with the next apply, which sends nothing. A default that the
    platform changed is noted as it is now.
    """
    from reconciler.cli.remembering import remember
    from reconciler.operations.memory import adopting

    streams = streams_of(context)
    opened = workspace(streams, project, environment, var)
    if write:
        return _write(streams, opened, tuple(addresses or ()))
    if not addresses:
        msg = "say what to adopt, or --write"
        raise UsageError(msg, hint="`reconciler import` adopts everything that exists.")
    seen = adopting(opened, addresses, streams.say, remote_id=remote_id)
    return remember(streams, opened, seen.plan, "Take this over?", yes=yes, form=form, seen=seen)


def _write(streams: "Streams", opened: "Workspace", globs: tuple[str, ...]) -> int:
    from reconciler.operations.accepting import accept
    from reconciler.operations.selection import Selection
    from reconciler.rendering.words import printable

    done = accept(opened, Selection(only=globs), streams.say)
    for file, fields in done.written.items():
        for address, path in fields:
            streams.show(printable(f"{file}: {address} {path}") + "\n")
    for address, path in done.noted:
        streams.say(printable(f"noted: {address} {path}: the platform's default counts as it is now"))
    for address, path, why in done.refused:
        streams.say(printable(f"not written: {address} {path}: {why}"))
    if done.written:
        streams.say("look at the edits, commit them, and apply: only the memory will change")
    elif not done.refused and not done.noted:
        streams.say("nothing moved")
    return ExitCode.ERROR if done.refused else ExitCode.FINE
