"""`reconciler forget`."""

from typing import Annotated

import typer

from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Format, ProjectFile, Shape, Yes, workspace
from reconciler.cli.streams import streams_of


@single(
    (
        ("reconciler forget App/fastqc@1.0.0", "asks first"),
        ("reconciler forget 'Job/old-*' --yes", "in a script"),
    )
)
def app(
    context: typer.Context,
    *,
    addresses: Annotated[list[str], typer.Argument(metavar="ADDRESS...", help="Addresses or globs.")],
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    yes: Yes = False,
    form: Format = Shape.TEXT,
) -> int:
    """Let go of what is recorded: only the memory changes, everything stays on the platform as it is.

    What is still declared is a conflict at the next plan, until it is adopted again or its manifest goes away too.
    """
    from reconciler.cli.remembering import remember
    from reconciler.operations.memory import forgetting

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    return remember(streams, opened, forgetting(opened, addresses), "Forget this?", yes=yes, form=form)
