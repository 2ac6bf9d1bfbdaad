"""`reconciler login`."""

from dataclasses import asdict
from typing import Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Format, ProjectFile, Shape, TargetName, workspace
from reconciler.cli.streams import streams_of


@single(
    (
        ("reconciler login", "sign in at every target of the environment"),
        ("reconciler login --check", "and look at everything that may be wrong"),
        ("reconciler login --forget", "drop the sign-ins that are kept on this machine"),
    )
)
def app(
    context: typer.Context,
    *,
    target: TargetName = "",
    check: Annotated[bool, typer.Option("--check", help="Tell also what is fine, and where it comes from.")] = False,
    forget: Annotated[bool, typer.Option("--forget", help="Drop the tokens that are kept; sign in nowhere.")] = False,
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    form: Format = Shape.TEXT,
) -> int:
    """Sign in, and say what is wrong where that fails: key, clock, network, region, permission, scope.

    Nothing is asked for and nothing is stored but tokens got with a password: keys and passwords come from the
    environment, or from the file of the vendor's own tool. Exit code 1 when a target cannot be used.
    """
    from reconciler.operations.access import Verdict, examine
    from reconciler.operations.wiring import token_cache
    from reconciler.rendering.tables import render_table, rows_to_json
    from reconciler.rendering.words import printable

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    if forget:
        cache = token_cache(streams.settings, opened.root)
        streams.say(f"dropped {cache.clear() if cache else 0} sign-ins of this machine")
        return ExitCode.FINE
    found = examine(opened, target, streams.say)
    bad = any(each.verdict is Verdict.WRONG for each in found)
    if form is Shape.JSON:
        streams.show(rows_to_json("login", [asdict(each) for each in found]))
        return ExitCode.ERROR if bad else ExitCode.FINE
    shown = [each for each in found if check or each.verdict is not Verdict.FINE or each.subject == "sign-in"]
    cells = [[each.target, each.subject, each.verdict.value, each.said] for each in shown]
    streams.show(render_table(["target", "check", "verdict", "what was found"], cells, width=0, colour=streams.colour))
    for each in shown:
        if each.remedy:
            streams.say(printable(f"{each.target}: {each.subject}: {each.remedy}"))
    return ExitCode.ERROR if bad else ExitCode.FINE
