"""The local platform as a service for a team: run it, say who may use it, copy its database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import LocalPlatformError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.localplatform.accounts import Key, Role
    from reconciler.localplatform.face import Account
    from reconciler.operations.workspace import Say


def serve(
    data: Path, listen: str, engine: str, certificates: tuple[Path | None, Path | None], without_tls: int, say: Say
) -> None:
    """Serves in this process until it is told to stop; says where once it does. Raises LocalPlatformError when it
    cannot.
    """
    import secrets

    from reconciler.localplatform.daemon import Server
    from reconciler.localplatform.engines.slurm.site import FILE, read_site
    from reconciler.localplatform.folder import Folder
    from reconciler.localplatform.phases import SLURM
    from reconciler.localplatform.team import team_listening

    team, port = team_listening(listen, *certificates, without_tls=without_tls)
    folder = Folder.claim(data)
    if engine == SLURM:
        read_site(folder.root / FILE)

    def answering(at: int) -> None:
        place = f"{listen.rpartition(':')[0]}:{at}"
        say(f"serving {data} at {place} with engine {engine}; stop with Ctrl-C or SIGTERM")

    Server(folder.root, engine=engine, port=port, instance=secrets.token_hex(8), team=team, answering=answering).run()


def create_account(data: Path, name: str, *, admin: bool) -> Account:
    """A new access key; its secret is in what is returned, and nowhere else."""
    from reconciler.localplatform.folder import Folder
    from reconciler.localplatform.team import open_accounts

    accounts, store = open_accounts(Folder.claim(data).root)
    try:
        return accounts.create(name, admin=admin)
    finally:
        store.database.close()


def keys(data: Path) -> tuple[tuple[Key, dict[str, Role]], ...]:
    """Every access key, with the roles of its account by space."""
    from reconciler.localplatform.team import open_accounts

    accounts, store = open_accounts(_existing(data))
    try:
        return tuple((key, accounts.roles(key.name)) for key in accounts.every_key())
    finally:
        store.database.close()


def revoke(data: Path, which: str) -> int:
    """How many keys it ended. Raises UsageError when there is none of that id or account."""
    from reconciler.localplatform.team import open_accounts

    accounts, store = open_accounts(_existing(data))
    try:
        ended = accounts.revoke(which)
    finally:
        store.database.close()
    if not ended:
        msg = f"no access key in use is called {which!r} or belongs to an account of that name"
        raise UsageError(msg, hint="`reconciler accounts list` shows them.")
    return ended


def grant(data: Path, name: str, space: str, role: str) -> None:
    """Gives a role in a space; `none` takes it away. Raises UsageError for a role there is not."""
    from reconciler.localplatform.accounts import Role
    from reconciler.localplatform.membership import spread
    from reconciler.localplatform.team import open_accounts

    if role.capitalize() not in {*Role, "None"}:
        msg = f"there is no role {role!r}"
        raise UsageError(msg, hint=f"One of {', '.join(Role)}, or none.")
    chosen = None if role.lower() == "none" else Role(role.capitalize())
    accounts, store = open_accounts(_existing(data))
    try:
        accounts.grant(name, space, chosen)
        spread(store, accounts, name, space)
    finally:
        store.database.close()


def back_up(data: Path, target: Path) -> int:
    """Copies the database into a new file; its size."""
    from reconciler.localplatform.backup import back_up as copy

    return copy(data, target)


def restore(data: Path, source: Path) -> None:
    """Puts a copy in the place of the database."""
    from reconciler.localplatform.backup import restore as put_back

    put_back(data, source)


def _existing(data: Path) -> Path:
    from reconciler.localplatform.folder import Folder

    folder = Folder.find(data)
    if folder is None:
        hint = "`reconciler accounts create NAME --data DIR` begins one"
        raise LocalPlatformError(f"{data} is not a folder of a local platform", hint=hint)
    return folder.root
