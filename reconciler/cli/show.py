"""`reconciler show`."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Format, ProjectFile, Shape, workspace
from reconciler.cli.readers import Readers, for_readers, profile_of
from reconciler.cli.streams import streams_of

if TYPE_CHECKING:
    from reconciler.cli.streams import Streams
    from reconciler.operations.show import Known


@single(
    (
        ("reconciler show prod.plan", "a saved plan, as it was reviewed"),
        ("reconciler show Job/nightly", "what is known of an address, and why nothing or something would happen"),
        ("reconciler show prod.plan --format json", "for scripts"),
    )
)
def app(
    context: typer.Context,
    *,
    what: Annotated[str, typer.Argument(metavar="FILE|ADDRESS", help="A saved plan, or an address.")],
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    form: Format = Shape.TEXT,
) -> int:
    """Explain a saved plan, or what is known of one address: desired, recorded, live, and what would happen and why."""
    streams = streams_of(context)
    if Path(what).is_file():
        _show_plan(streams, Path(what), form)
        return ExitCode.FINE
    from reconciler.operations.show import show

    known = show(workspace(streams, project, environment), what, streams.say)
    if form is Shape.JSON:
        from reconciler.rendering.tables import rows_to_json

        streams.show(rows_to_json("known", [known.document()]))
    else:
        streams.show(_known(known, streams))
    return ExitCode.FINE


def _show_plan(streams: "Streams", file: Path, form: Shape) -> None:
    from reconciler.operations.saved import load

    plan = for_readers(load(file), profile_of(streams, Readers.AUTO))
    if form is Shape.JSON:
        from reconciler.rendering.json import plan_to_json

        streams.show(plan_to_json(plan))
        return
    from reconciler.rendering.text import render_plan

    streams.show(render_plan(plan, width=streams.width, colour=streams.colour, now=time.time()))


def _known(known: "Known", streams: "Streams") -> str:
    from reconciler.rendering.tables import render_facts
    from reconciler.rendering.text import render_change

    recorded, manifest = known.recorded, known.manifest
    done = "nothing was applied here"
    if recorded:
        done = f"id {recorded.remote_id}, attempt {recorded.attempt}, {recorded.phase}, {recorded.digest}"
    facts = [
        ("desired", str(manifest.source) if manifest else "not declared"),
        ("recorded", done),
        *(("needs", str(address)) for address in known.needs),
        *(("earlier", f"id {remote_id}") for remote_id in (recorded.history if recorded else ())),
    ]
    head = render_change(known.change, width=streams.width, colour=streams.colour) + "\n\n" if known.change else ""
    return head + render_facts(facts)
