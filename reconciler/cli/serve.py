"""`reconciler serve`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import Data
from reconciler.cli.streams import streams_of


class Engine(StrEnum):
    """What runs the tasks."""

    PROCESS = "process"
    SLURM = "slurm"


@single(
    (
        ("reconciler serve --data /var/lib/reconciler", "on this machine, behind a proxy"),
        (
            "reconciler serve --engine slurm --listen 0.0.0.0:8443 --data DIR --tls-cert C --tls-key K",
            "on a login node",
        ),
    )
)
def app(
    context: typer.Context,
    *,
    data: Data,
    engine: Annotated[Engine, typer.Option("--engine", help="Run tasks here, or on a cluster.")] = Engine.PROCESS,
    listen: Annotated[str, typer.Option("--listen", metavar="HOST:PORT", help="Where to answer.")] = "127.0.0.1:8181",
    tls_cert: Annotated[Path | None, typer.Option("--tls-cert", metavar="FILE", help="Certificate chain, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", metavar="FILE", help="Its key, PEM.")] = None,
    without_tls: Annotated[
        int,
        typer.Option("--without-tls", count=True, help="Said twice: serve other machines without TLS all the same."),
    ] = 0,
) -> int:
    """Serve the local platform to a team, until stopped. Work that is under way goes on when it stops.

    Whoever calls needs an access key: see `reconciler accounts`. GET /healthz and /metrics need none.
    """
    from reconciler.operations import service

    service.serve(data, listen, engine.value, (tls_cert, tls_key), without_tls, streams_of(context).say)
    return ExitCode.FINE
