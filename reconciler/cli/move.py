"""`reconciler move`."""

from typing import Annotated

import typer

from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, Format, ProjectFile, Shape, Yes, workspace
from reconciler.cli.streams import streams_of


@single(
    (
        ("reconciler move App/fastqc@1.0.0 read-qc@1.0.0", "then rename it in its manifest"),
        ("reconciler move Job/nightly lab/weekly --yes", "in a script"),
    )
)
def app(
    context: typer.Context,
    *,
    former: Annotated[str, typer.Argument(metavar="FROM", help="A recorded address, or what is clear of it.")],
    address: Annotated[str, typer.Argument(metavar="TO", help="The new address, or its last part or two.")],
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    yes: Yes = False,
    form: Format = Shape.TEXT,
) -> int:
    """Give what is recorded at one address to another one: a rename, in the memory of one environment.

    Only the memory changes. To have a rename reviewed, and made in every environment, write it under `moved` in the
    project file instead.
    """
    from reconciler.cli.remembering import remember
    from reconciler.operations.memory import moving

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    return remember(streams, opened, moving(opened, former, address), "Move this?", yes=yes, form=form)
