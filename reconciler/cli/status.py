"""`reconciler status`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import (
    EnvironmentName,
    Format,
    InstanceIndex,
    ProjectFile,
    RemoteId,
    ScopeName,
    Shape,
    TaskName,
    workspace,
)
from reconciler.cli.streams import streams_of
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.streams import Streams
    from reconciler.operations.runs import Row, Run
    from reconciler.operations.workspace import Workspace
    from reconciler.providers.protocol import Part


@single(
    (
        ("reconciler status", "everything that was applied in this environment"),
        ("reconciler status Job/nightly", "one run, with its task instances"),
        ("reconciler status Job/nightly --task align", "the instances of a task: where they run, what they ask for"),
        ("reconciler status Job --id 1f0c-42", "a run that is not ours"),
        ("reconciler status 'Job/*' --format json", "for scripts"),
    )
)
def app(
    context: typer.Context,
    *,
    globs: Annotated[list[str] | None, typer.Argument(metavar="[ADDRESS]...", help="Addresses or globs.")] = None,
    remote_id: RemoteId = "",
    scope: ScopeName = "",
    task: TaskName = "",
    index: InstanceIndex = None,
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    form: Format = Shape.TEXT,
) -> int:
    """Show what is recorded and what is live: address, phase, the platform's own word, and its reason."""
    from reconciler.operations.runs import Run, is_run, outputs, parts, status

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    if index is not None and not task and not remote_id:
        msg = "which task? Instances are counted within a task"
        raise UsageError(msg, hint="Say --task NAME as well.")
    if remote_id or task:
        return _one(streams, opened, _meant(opened, globs or [], remote_id, scope), (task, index), form)
    rows = status(opened, globs or (), streams.say)
    one = rows[0].recorded if len(rows) == 1 else None
    instances = (
        parts(opened, Run(one.address, one.platform, one.remote_id), streams.say)
        if one is not None and is_run(opened, one) and rows[0].live is not None
        else ()
    )
    if form is Shape.JSON:
        from reconciler.rendering.tables import rows_to_json

        streams.show(rows_to_json("status", [_document(row, instances) for row in rows]))
        return ExitCode.FINE
    _show(streams, rows, instances)
    for name, text in sorted(outputs(opened, rows[0]).items()) if len(rows) == 1 else ():
        streams.show(f"{name}: {text}\n")
    return ExitCode.FINE


def _show(streams: "Streams", rows: "Sequence[Row]", instances: "Sequence[Part]") -> None:
    from reconciler.rendering.tables import render_table

    cells = [
        [
            str(row.recorded.address),
            _phase(row),
            row.live.status if row.live else "",
            row.recorded.remote_id,
            _detail(row),
        ]
        for row in rows
    ]
    headers = ["address", "phase", "status", "id", "detail"]
    streams.show(render_table(headers, cells, width=streams.table_width, colour=streams.colour))
    if not rows:
        streams.say("nothing was applied in this environment yet")
    if instances:
        streams.show("\n")
        _show_parts(streams, instances)


def _show_parts(streams: "Streams", instances: "Sequence[Part]") -> None:
    from reconciler.rendering.tables import render_table

    table = [[p.name, str(p.index), p.status, p.started, p.finished, p.detail] for p in instances]
    names = ["task", "index", "status", "started", "finished", "detail"]
    streams.show(render_table(names, table, width=streams.table_width, colour=streams.colour))


def _meant(opened: "Workspace", names: "Sequence[str]", remote_id: str, scope: str) -> "Run":
    from reconciler.operations.runs import one_run

    if len(names) != 1:
        msg = "which run? --id and --task are about one"
        raise UsageError(msg, hint="Write ADDRESS --task NAME, or KIND --id ID.")
    return one_run(opened, names[0], remote_id, standing=bool(remote_id), scope=scope)


def _one(streams: "Streams", opened: "Workspace", run: "Run", part: tuple[str, int | None], form: Shape) -> int:
    """The instances of a task of one run; or a run that need not be ours."""
    task, index = part
    if task:
        return _instances(streams, opened, run, part, form)
    from reconciler.operations.runs import parts, read
    from reconciler.rendering.tables import render_facts, rows_to_json

    live = read(opened, [run], streams.say).live.get(run.address)
    if live is None:
        msg = f"the platform does not know {run.address}"
        raise UsageError(msg, hint="It may have forgotten it: runs are kept for a limited time.")
    shown = [part for part in parts(opened, run, streams.say) if index is None or part.index == index]
    facts = [
        ("address", str(run.address)),
        ("phase", live.phase.value),
        ("status", live.status),
        ("id", live.remote_id),
        ("detail", live.detail),
        ("started", live.started),
        *sorted(live.outputs.items()),
    ]
    if form is Shape.JSON:
        document = {**dict(facts), "outputs": dict(live.outputs), "parts": [_part(each) for each in shown]}
        streams.show(rows_to_json("status", [document]))
        return ExitCode.FINE
    streams.show(render_facts([fact for fact in facts if fact[1]]))
    if shown:
        streams.show("\n")
        _show_parts(streams, shown)
    return ExitCode.FINE


def _instances(streams: "Streams", opened: "Workspace", run: "Run", part: tuple[str, int | None], form: Shape) -> int:
    from reconciler.cli.rows import show_rows
    from reconciler.operations.instances import instances

    found = instances(opened, run, *part, streams.say)
    headers = ["instance", "index", "status", "node", "ip", "restarts", "cpu", "memory", "started"]
    rows = [
        [
            each.name,
            str(each.index),
            each.status,
            each.node,
            each.ip,
            "" if each.restarts is None else str(each.restarts),
            each.cpu,
            each.memory,
            each.started,
        ]
        for each in found
    ]
    show_rows(streams, "instances", headers, rows, form)
    if not found:
        streams.say("no instance has started yet")
    return ExitCode.FINE


def _phase(row: "Row") -> str:
    """The live phase; in brackets the recorded one when the platform could not tell or has forgotten."""
    if row.live is not None:
        return row.live.phase.value
    return f"({row.recorded.phase.value})"


def _detail(row: "Row") -> str:
    if row.live is not None:
        return row.live.detail
    return row.unreadable or "the platform does not know it any more"


def _document(row: "Row", instances: "Sequence[Part]") -> dict[str, Any]:
    return {
        "address": str(row.recorded.address),
        "platform": row.recorded.platform,
        "remote_id": row.recorded.remote_id,
        "recorded_phase": row.recorded.phase.value,
        "phase": row.live.phase.value if row.live else None,
        "status": row.live.status if row.live else "",
        "detail": _detail(row),
        "attempt": row.recorded.attempt,
        "outputs": dict(row.live.outputs if row.live else row.recorded.outputs),
        "history": list(row.recorded.history),
        "parts": [_part(part) for part in instances],
    }


def _part(part: "Part") -> dict[str, Any]:
    return {
        "name": part.name,
        "index": part.index,
        "status": part.status,
        "started": part.started,
        "finished": part.finished,
        "detail": part.detail,
    }
