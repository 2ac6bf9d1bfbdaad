"""`reconciler state`."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import command_app, epilog
from reconciler.cli.options import EnvironmentName, Format, ProjectFile, Shape, Yes, workspace
from reconciler.cli.streams import streams_of
from reconciler.errors import UsageError
from reconciler.rendering.words import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.streams import Streams
    from reconciler.operations.recalling import Unfound
    from reconciler.state.protocol import Holder

app = command_app()
_LIST = (("reconciler state list", "everything"), ("reconciler state list 'Job/*'", "some of it"))
_SETTLE = (
    ("reconciler state settle Job/nightly --submitted 1f0c-42", "it is there, under this id"),
    ("reconciler state settle Job/nightly --not-submitted", "it is not there"),
)


@app.callback(
    epilog=epilog((("reconciler state list", "what is remembered"), ("reconciler state unlock", "after a crash")))
)
def _state() -> int:
    """Look into the memory and repair it.

    The memory is what was last done in an environment: ids, digests, dependencies. It holds no secret value.
    """
    return ExitCode.FINE


@app.command("list", epilog=epilog(_LIST))
def list_(
    context: typer.Context,
    *,
    globs: Annotated[list[str] | None, typer.Argument(metavar="[ADDRESS]...", help="Addresses or globs.")] = None,
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    form: Format = Shape.TEXT,
) -> int:
    """List what is recorded, what is not settled, and who holds the lock."""
    from reconciler.operations import state
    from reconciler.rendering.tables import render_table, rows_to_json

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    rows = [
        {
            "address": str(each.address),
            "phase": each.phase.value,
            "attempt": each.attempt,
            "id": each.remote_id,
            "mark": str(each.mark),
        }
        for each in state.recorded(opened, globs or ())
    ]
    if form is Shape.JSON:
        streams.show(rows_to_json("state", rows))
        return ExitCode.FINE
    headers = ["address", "phase", "attempt", "id", "mark"]
    cells = [[str(row[header]) for header in headers] for row in rows]
    streams.show(render_table(headers, cells, width=streams.table_width, colour=streams.colour))
    if not rows:
        streams.say("nothing is recorded in this environment")
    for left in state.pending(opened):
        streams.say(f"not settled: {left.intent.verb} {left.intent.address}")
    if held := state.lock_holder(opened):
        streams.say(f"locked by {_who(held)}")
    return ExitCode.FINE


@app.command(epilog=epilog((("reconciler state show App/fastqc@1.0.0", ""),)))
def show(
    context: typer.Context,
    *,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="An address, or what is clear of it.")],
    project: ProjectFile = None,
    environment: EnvironmentName = "",
) -> int:
    """Print everything recorded at an address, as JSON."""
    from reconciler.operations import state
    from reconciler.rendering.tables import rows_to_json

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    streams.show(rows_to_json("recorded", state.documents(opened, address)))
    return ExitCode.FINE


@app.command(epilog=epilog((("reconciler state unlock", "asks first"), ("reconciler state unlock --yes", ""))))
def unlock(
    context: typer.Context,
    *,
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    yes: Yes = False,
) -> int:
    """Take the lock away from an apply that is gone. One that is still there can write nothing any more."""
    from reconciler.operations import state

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    held = state.lock_holder(opened)
    if held is None:
        streams.say("nobody holds the lock")
        return ExitCode.FINE
    if not yes and not streams.confirm(f"Take the lock from {_who(held)}?", instead="Say --yes."):
        return ExitCode.ERROR
    state.unlock(opened)
    streams.say(f"took the lock from {_who(held)}")
    return ExitCode.FINE


@app.command(
    epilog=epilog(
        (("reconciler state rebuild", "asks first"), ("reconciler state rebuild -e prod --yes", "in a script"))
    )
)
def rebuild(
    context: typer.Context,
    *,
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    yes: Yes = False,
) -> int:
    """Make a new memory from the marks on the platforms, when the old one is lost or damaged.

    The old one is moved aside, not deleted. What is declared and carries our mark is adopted; nothing is created,
    changed or removed. What carries our mark and is not declared is named, and left alone.
    """
    from reconciler.cli.applying import Manner, carry_out
    from reconciler.cli.readers import plan_text
    from reconciler.operations.plan import Wish, look
    from reconciler.operations.rebuild import only_adoptions, set_aside
    from reconciler.operations.recalling import unfound

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    question = f"Make a new memory of {opened.environment.name}?"
    if not yes and not streams.confirm(question, instead="Say --yes."):
        return ExitCode.ERROR
    aside = set_aside(opened)
    if aside is not None:
        streams.say(f"the old memory is in {aside}")
    seen = look(opened, Wish(), streams.say)
    found = only_adoptions(seen.plan)
    streams.show(plan_text(streams, opened, found, now=seen.read_at))
    _name(streams, unfound(opened, seen.plan, aside))
    return carry_out(streams, opened, found, Manner(yes=True, wait=False, form=Shape.TEXT, question="", command=""))


@app.command(epilog=epilog(_SETTLE))
def settle(
    context: typer.Context,
    *,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="An address, or what is clear of it.")],
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    submitted: Annotated[str, typer.Option("--submitted", metavar="ID", help="It is there, under this id.")] = "",
    not_submitted: Annotated[bool, typer.Option("--not-submitted", help="It is not there.")] = False,
) -> int:
    """Say what became of a submission that nobody can tell about (exit code 6). Look on the platform first."""
    from reconciler.operations import state

    streams = streams_of(context)
    if bool(submitted) == not_submitted:
        msg = "say what is true: --submitted ID or --not-submitted"
        raise UsageError(msg)
    settled = state.settle(workspace(streams, project, environment), address, submitted)
    streams.say(f"settled {settled}: {'it is ' + submitted if submitted else 'it was not submitted'}")
    return ExitCode.FINE


def _name(streams: "Streams", lost: "Sequence[Unfound]") -> None:
    """Says what may be there and cannot be looked for: by the id that an old memory has of it, or not at all."""
    for each in lost:
        take = f"reconciler adopt {printable(str(each.address))} --id"
        if each.remote_id:
            streams.say(printable(f"{each.address}: the old memory says {each.remote_id}: {take} {each.remote_id}"))
        else:
            sign = f" that carries {each.mark}" if each.mark else ""
            streams.say(
                printable(f"{each.address}: unknowable: look on the platform for one{sign}; if it is there: {take} ID")
            )


def _who(held: "Holder") -> str:
    since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(held.since))
    return printable(f"{held.name} since {since}")
