"""`reconciler backup`."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import Data
from reconciler.cli.streams import streams_of


@single((("reconciler backup --data DIR /backup/monday.sqlite3", "also while it is served"),))
def app(
    context: typer.Context,
    *,
    target: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")],
    data: Data,
) -> int:
    """Copy the database of a local platform, as it is at one instant.

    Files of spaces and output of jobs are not in it, nor is `server.key`, without which no access key works.
    """
    from reconciler.operations import service

    size = service.back_up(data, target)
    streams_of(context).say(f"wrote {target} ({size} bytes)")
    return ExitCode.FINE
