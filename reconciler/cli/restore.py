"""`reconciler restore`."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import Data, Yes
from reconciler.cli.streams import streams_of
from reconciler.errors import UsageError


@single((("reconciler restore --data DIR /backup/monday.sqlite3", "asks first"),))
def app(
    context: typer.Context,
    *,
    source: Annotated[Path, typer.Argument(metavar="FILE", help="What `reconciler backup` wrote.")],
    data: Data,
    yes: Yes = False,
) -> int:
    """Put a copy in the place of the database of a local platform that is not running.

    The one before stays beside it. Runs submitted since the copy was made are cancelled at the next start.
    """
    from reconciler.operations import service

    streams = streams_of(context)
    if not source.is_file():
        msg = f"there is no backup {source}"
        raise UsageError(msg, hint="`reconciler backup --data DIR FILE` makes one.")
    if not yes and not streams.confirm(f"Replace the database in {data}?", instead="Say --yes."):
        streams.say("nothing was changed")
        return ExitCode.ERROR
    service.restore(data, source)
    streams.say(f"put {source} in place; the database before is platform.sqlite3.before")
    return ExitCode.FINE
