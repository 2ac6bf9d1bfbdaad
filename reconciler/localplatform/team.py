"""The local platform as a service for a team: where it listens, under what conditions, and what its accounts share."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.errors import LocalPlatformError
from reconciler.localplatform.accounts import Accounts, ServerKey, Shared
from reconciler.localplatform.database import Database
from reconciler.localplatform.face import Account
from reconciler.localplatform.store import Store
from reconciler.localplatform.tls import TlsFront, inner_listener, tls_context

if TYPE_CHECKING:
    import socket
    import ssl
    from pathlib import Path

DATABASE = "platform.sqlite3"
_PROJECT = "team project"
_TWICE = 2


@dataclass(frozen=True, slots=True)
class Team:
    """How a team's server listens. `context` None: without TLS."""

    host: str
    context: ssl.SSLContext | None = None

    def stand_before(self, listener: socket.socket, root: Path) -> socket.socket:
        """Puts TLS, if any, on `listener`; what the HTTP server is to listen on instead."""
        if self.context is None:
            return listener
        inner = inner_listener(root / "inner.sock")
        TlsFront(listener, self.context, root / "inner.sock").start()
        return inner


def team_listening(listen: str, certificate: Path | None, key: Path | None, *, without_tls: int) -> tuple[Team, int]:
    """How to listen at `HOST:PORT`, and the port. `without_tls` counts how often somebody said that they want none.

    Raises LocalPlatformError when that cannot be, and when others than this machine would be served without TLS and
    nobody said twice that they shall.
    """
    host, separator, port = listen.rpartition(":")
    host = host.strip("[]")
    if not separator or not host or not port.isdigit() or int(port) > 65535:  # noqa: PLR2004 - the last port
        raise LocalPlatformError(f"{listen!r} is no place to listen", hint="such as 127.0.0.1:8080 or 0.0.0.0:8443")
    if (certificate is None) != (key is None):
        raise LocalPlatformError("a certificate and its key belong together", hint="give --tls-cert and --tls-key")
    context = tls_context(certificate, key) if certificate is not None and key is not None else None
    if context is None and not _is_loopback(host) and without_tls < _TWICE:
        raise LocalPlatformError(
            f"{host} is reached from other machines, and without TLS what they send can be read and changed on the way",
            hint="give --tls-cert and --tls-key, or listen on 127.0.0.1 behind a proxy that has them; "
            "whoever wants it all the same says --without-tls twice",
        )
    return Team(host, context), int(port)


def shared_account(root: Path) -> Shared:
    """What all accounts have in common; its keys are new each time and told to nobody."""
    store = Store(Database(root / DATABASE))
    try:
        project = store.setting(_PROJECT)
        if project is None:
            project = secrets.token_hex(16)
            store.save_setting(_PROJECT, project)
    finally:
        store.database.close()
    service = Account(
        access_key=secrets.token_hex(),
        secret_key=secrets.token_hex(),
        project_id=str(project),
        admin_token=secrets.token_hex(),
        user="service",
        user_id="user-service",
        password=secrets.token_hex(),
    )
    return Shared(service)


def open_accounts(root: Path) -> tuple[Accounts, Store]:
    """The accounts of a data folder, and the store, to be closed by the caller. A server may be running beside it."""
    shared, store = shared_account(root), Store(Database(root / DATABASE))
    return Accounts(store.database, ServerKey(root), shared), store


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
