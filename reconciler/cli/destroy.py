"""`reconciler destroy`."""

import typer

from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Format, Parallelism, ProjectFile, Shape, Yes, call
from reconciler.cli.streams import streams_of

_QUESTION = "Remove all of this?"


@single(
    (
        ("reconciler destroy", "plan the removal, ask, do it"),
        ("reconciler plan --destroy", "only look"),
        ("reconciler destroy -e dev --yes", "in a script"),
    )
)
def app(
    context: typer.Context,
    *,
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    yes: Yes = False,
    parallelism: Parallelism = None,
    form: Format = Shape.TEXT,
) -> int:
    """Remove everything this project owns in an environment.

    Removes what is recorded or carries our mark, dependants first. Protected things stay, and say so; runs that are
    active are handled as their `onRemove` says. The manifests stay as they are.
    """
    from reconciler.cli.applying import Manner, plan_and_carry_out
    from reconciler.operations.plan import Wish
    from reconciler.operations.wiring import open_workspace

    streams = streams_of(context)
    opened = open_workspace(call(streams, project, environment, None, parallelism))
    return plan_and_carry_out(
        streams, opened, Wish(destroy=True), Manner(yes, False, form, _QUESTION, "reconciler destroy")
    )
