"""Who may use a team's local platform: accounts with access keys, and their roles in spaces.

Of a key the database holds its id, whose it is, and a hash of its secret. The platforms' wires sign requests with the
secret itself, which no hash can check, so the secret of a key is made from its id and the server's own key
(`server.key`, a file beside the database that no backup contains) whenever it is needed, and is stored nowhere. Whoever
has the database or a backup of it can sign nothing; whoever has the server's key as well has every secret.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
import time
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler.errors import LocalPlatformError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from werkzeug.wrappers import Request

    from reconciler.localplatform.database import Database
    from reconciler.localplatform.face import Account

SERVER_KEY = "server.key"
EVERYWHERE = "*"
"""Stands for every space in a grant."""
_KEY_BYTES = 32
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
_SIGNED = re.compile(r"\b(?:Access|Credential)=([A-Za-z0-9._-]+)")
_TOKEN_IN_BODY = re.compile(rb'"token"\s*:\s*"([^"\\]{1,4096})"')
_USER_IN_BODY = re.compile(rb'"(?:name|username)"\s*:\s*"([^"\\]{1,64})"')
_SMALL_BODY = 64 * 1024
_NAMES_MOST = 8


class Role(StrEnum):
    """What an account may do in a space. Each may do what those before it may."""

    VIEWER = "Viewer"
    UPLOADER = "Uploader"
    DEVELOPER = "Developer"
    ADMINISTRATOR = "Administrator"


class Manner(StrEnum):
    """How a call says who makes it, when it brings no token: it is signed, it may not be, it asks for a token."""

    SIGNATURE = "signature"
    TOKEN = "token"  # noqa: S105 - a manner, not a secret
    PASSWORD = "password"  # noqa: S105 - the same


@dataclass(frozen=True, slots=True)
class Key:
    """One access key. `revoked` is None while it may be used; times are UNIX seconds."""

    access_key: str
    name: str
    admin: bool
    created: float
    revoked: float | None


@dataclass(frozen=True, slots=True)
class Shared:
    """What all accounts have in common: project, domain, and who the server is. Nobody can sign for it."""

    account: Account


class ServerKey:
    """The server's own key. Invented once; only its owner can read the file."""

    def __init__(self, folder: Path) -> None:
        """Raises LocalPlatformError when the file cannot be read or written."""
        file = folder / SERVER_KEY
        try:
            if not file.exists():
                _write_once(file, secrets.token_bytes(_KEY_BYTES))
            self._key = file.read_bytes()
        except OSError as error:
            raise LocalPlatformError(f"cannot use {file}: {error.strerror}") from error
        if len(self._key) != _KEY_BYTES:
            raise LocalPlatformError(
                f"{file} is damaged", hint="put the right one back; without it every access key has to be made anew"
            )

    def secret(self, access_key: str) -> str:
        """The secret of an access key."""
        return self._derived("secret", access_key)

    def password(self, name: str) -> str:
        """The password of an account, for platforms that hand out tokens for one."""
        return self._derived("password", name)

    def _derived(self, purpose: str, text: str) -> str:
        digest = hmac.new(self._key, f"{purpose}:{text}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


class Accounts:
    """The accounts of a database. Each call looks there, so what a command changes holds at once."""

    def __init__(self, database: Database, server_key: ServerKey, shared: Shared) -> None:
        self._database = database
        self._server_key = server_key
        self._shared = shared.account

    def create(self, name: str, *, admin: bool = False) -> Account:
        """A new access key for the account of that name, which is made when there is none. Its secret is told here and
        never again. Raises LocalPlatformError for a name that cannot be.
        """
        if not _NAME.fullmatch(name):
            hint = "1 to 32 of a-z, 0-9 and ._-, beginning with a letter or digit"
            raise LocalPlatformError(f"{name!r} is no name for an account", hint=hint)
        access_key = f"RC{secrets.token_hex(9).upper()}"
        self._database.execute(
            "INSERT INTO accounts VALUES (?, ?, ?, ?, ?, NULL)",
            (access_key, name, admin, _hash(self._server_key.secret(access_key)), time.time()),
        )
        return self._account(access_key, name)

    def every_key(self) -> tuple[Key, ...]:
        """Every access key there ever was, by account and age."""
        rows = self._database.rows("SELECT * FROM accounts ORDER BY name, created")
        return tuple(
            Key(row["access_key"], row["name"], bool(row["admin"]), row["created"], row["revoked"]) for row in rows
        )

    def revoke(self, which: str) -> int:
        """Ends an access key, or all those of an account. How many it ended."""
        return self._database.execute(
            "UPDATE accounts SET revoked = ? WHERE (access_key = ? OR name = ?) AND revoked IS NULL",
            (time.time(), which, which),
        )

    def grant(self, name: str, space: str, role: Role | None) -> None:
        """Gives an account a role in a space, or takes it away. Raises LocalPlatformError when there is no account."""
        if not self._database.row("SELECT 1 FROM accounts WHERE name = ? AND revoked IS NULL", (name,)):
            raise LocalPlatformError(
                f"there is no account {name!r}", hint=f"make it: `reconciler accounts create {name}`"
            )
        self._database.execute("DELETE FROM grants WHERE name = ? AND space = ?", (name, space))
        if role is not None:
            self._database.execute("INSERT INTO grants VALUES (?, ?, ?)", (name, space, role))

    def roles(self, name: str) -> dict[str, Role]:
        """The roles of an account, by space."""
        rows = self._database.rows("SELECT space, role FROM grants WHERE name = ? ORDER BY space", (name,))
        return {row["space"]: Role(row["role"]) for row in rows}

    def granted(self, space: str) -> dict[str, Role]:
        """The roles of accounts in a space, by account; one for this very space comes before one for every space."""
        asked = "SELECT name, role FROM grants WHERE space IN (?, ?) ORDER BY space = ?, name"
        rows = self._database.rows(asked, (space, EVERYWHERE, space))
        return {row["name"]: Role(row["role"]) for row in rows}

    def may(self, name: str, space: str, *, write: bool) -> bool:
        """Whether an account may read, or write, in a space. Administrators of the service may everywhere."""
        if self._database.row("SELECT 1 FROM accounts WHERE name = ? AND admin AND revoked IS NULL", (name,)):
            return True
        roles = self.roles(name)
        role = roles.get(space, roles.get(EVERYWHERE))
        order = list(Role)
        return role is not None and (not write or order.index(role) >= order.index(Role.DEVELOPER))

    def caller(self, request: Request, account_of_token: Callable[[str], str], manner: Manner) -> Account:
        """Whom a request claims to come from; whether it does, the platform's own sign-in finds out. Somebody unknown
        gets an account that nobody can sign for, so that the refusal is in the platform's own words.

        A token comes first, as it does for the platforms: else whoever holds one could name another's key beside it and
        pass for them. `account_of_token` tells whom a token was given out to, "" when it was to nobody.
        """
        for token in _tokens(request):
            if name := account_of_token(token):
                return self._by_name(name) or self._nobody()
            row = self._database.row(
                "SELECT access_key, name FROM accounts WHERE hash = ? AND revoked IS NULL", (_hash(token),)
            )
            if row is not None:
                return self._account(row["access_key"], row["name"])
        named = _SIGNED.search(request.headers.get("Authorization", ""))
        found = None
        if manner is Manner.SIGNATURE and named and not request.headers.get("X-Auth-Token"):
            found = self._by_key(named[1])
        elif manner is Manner.PASSWORD:
            known = (self._by_name(user) or self._by_key(user) for user in _users_in_body(request))
            found = next(filter(None, known), None)
        return found or self._nobody()

    def password(self, name: str) -> str:
        """The password of an account."""
        return self._server_key.password(name)

    def _by_key(self, access_key: str) -> Account | None:
        row = self._database.row(
            "SELECT name, hash FROM accounts WHERE access_key = ? AND revoked IS NULL", (access_key,)
        )
        if row is None or not hmac.compare_digest(row["hash"], _hash(self._server_key.secret(access_key))):
            return None
        return self._account(access_key, row["name"])

    def _by_name(self, name: str) -> Account | None:
        row = self._database.row(
            "SELECT access_key FROM accounts WHERE name = ? AND revoked IS NULL ORDER BY created LIMIT 1", (name,)
        )
        return None if row is None else self._account(row["access_key"], name)

    def _account(self, access_key: str, name: str) -> Account:
        return replace(
            self._shared,
            access_key=access_key,
            secret_key=self._server_key.secret(access_key),
            user=name,
            user_id=f"user-{name}",
            password=self._server_key.password(name),
        )

    def _nobody(self) -> Account:
        """Has no name either: a token that outlived its account stands for none that there is."""
        return replace(
            self._shared,
            access_key=secrets.token_hex(),
            secret_key=secrets.token_hex(),
            password=secrets.token_hex(),
            user="",
            user_id="",
        )


def _tokens(request: Request) -> list[str]:
    """What may be a token in a request: in the headers and places where the platforms' clients put one."""
    word, _, bearer = request.headers.get("Authorization", "").partition(" ")
    found = [
        request.headers.get("X-Auth-Token", ""),
        bearer if word == "Bearer" else "",
        request.headers.get("token", ""),
    ]
    found += [
        value
        for name, _, value in (part.partition("=") for part in request.query_string.decode("latin-1").split("&"))
        if name == "token"
    ]
    if match := _TOKEN_IN_BODY.search(_body(request)):
        found.append(match[1].decode("utf-8", "replace"))
    return [token for token in found if token]


def _users_in_body(request: Request) -> list[str]:
    """Every name in it: a request for a token also names a domain and a project, in any order."""
    return [name.decode("utf-8", "replace") for name in _USER_IN_BODY.findall(_body(request))[:_NAMES_MOST]]


def _body(request: Request) -> bytes:
    raw = request.get_data(cache=True)
    return raw if len(raw) <= _SMALL_BODY else b""


def _hash(secret: str) -> str:
    """Secrets are 256 random bits, so a plain hash is as good as a slow one."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _write_once(file: Path, content: bytes) -> None:
    descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
