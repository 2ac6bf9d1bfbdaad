"""`reconciler accounts`: who may use a team's local platform."""

from typing import Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import command_app, epilog
from reconciler.cli.options import Data, Format, Shape
from reconciler.cli.rows import show_facts
from reconciler.cli.streams import streams_of

app = command_app()
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the account.")]


@app.callback(
    epilog=epilog((("reconciler accounts create ana --data DIR", ""), ("reconciler accounts list --data DIR", "")))
)
def _accounts() -> int:
    """Say who may use the local platform that `reconciler serve` serves. Holds at once, also while it runs."""
    return ExitCode.FINE


@app.command(
    epilog=epilog(
        (
            ("reconciler accounts create ana --data DIR", "a key; again: one more for the same account"),
            ("reconciler accounts create ops --admin --data DIR", "may do everything in every space"),
        )
    )
)
def create(
    context: typer.Context,
    *,
    name: Name,
    data: Data,
    admin: Annotated[bool, typer.Option("--admin", help="May do everything in every space.")] = False,
    form: Format = Shape.TEXT,
) -> int:
    """Make an access key for an account. Its secret is printed now and never again: nobody stores it."""
    from reconciler.operations import service

    account = service.create_account(data, name, admin=admin)
    row = {
        "account": name,
        "access_key": account.access_key,
        "secret_key": account.secret_key,
        "project_id": account.project_id,
        "domain": account.domain,
        "password": account.password,
    }
    show_facts(streams_of(context), "account", row, form)
    return ExitCode.FINE


@app.command("list", epilog=epilog((("reconciler accounts list --data DIR", ""),)))
def list_(context: typer.Context, *, data: Data, form: Format = Shape.TEXT) -> int:
    """List access keys, whose they are, and the roles of their accounts."""
    from reconciler.operations import service
    from reconciler.rendering.tables import render_table, rows_to_json

    streams = streams_of(context)
    rows = [
        {
            "account": key.name,
            "access_key": key.access_key,
            "state": "in use" if key.revoked is None else "revoked",
            "admin": "yes" if key.admin else "no",
            "roles": ", ".join(f"{space}: {role}" for space, role in roles.items()),
        }
        for key, roles in service.keys(data)
    ]
    if form is Shape.JSON:
        streams.show(rows_to_json("accounts", rows))
        return ExitCode.FINE
    names = ["account", "access_key", "state", "admin", "roles"]
    texts = [[row[name] for name in names] for row in rows]
    streams.show(render_table(names, texts, width=streams.table_width, colour=streams.colour))
    return ExitCode.FINE


@app.command(
    epilog=epilog(
        (
            ("reconciler accounts revoke ana --data DIR", "all keys of an account"),
            ("reconciler accounts revoke RC0123 --data DIR", "one key"),
        )
    )
)
def revoke(
    context: typer.Context,
    *,
    which: Annotated[str, typer.Argument(metavar="KEY|NAME", help="An access key, or an account for all of its keys.")],
    data: Data,
) -> int:
    """End access keys. Runs that were submitted with them go on."""
    from reconciler.operations import service
    from reconciler.rendering.words import counted

    ended = service.revoke(data, which)
    streams_of(context).say(f"revoked {counted(ended, 'access key')}")
    return ExitCode.FINE


@app.command(
    epilog=epilog(
        (
            ("reconciler accounts grant ana genomics Developer --data DIR", "may submit there"),
            ("reconciler accounts grant ana genomics none --data DIR", "no more"),
        )
    )
)
def grant(
    context: typer.Context,
    *,
    name: Name,
    space: Annotated[str, typer.Argument(metavar="SPACE", help="A space or workspace; `*` for every one.")],
    role: Annotated[str, typer.Argument(metavar="ROLE", help="Viewer, Uploader, Developer, Administrator, or none.")],
    data: Data,
) -> int:
    """Give an account a role in a space, or take it away."""
    from reconciler.operations import service

    service.grant(data, name, space, role)
    streams_of(context).say(f"{name} is {role} in {space}")
    return ExitCode.FINE
