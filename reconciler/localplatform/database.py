"""The one SQLite file of the local platform: its tables, its version, and how to use it from several threads."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reconciler.errors import LocalPlatformError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SCHEMA_VERSION = 2
"""Raised with every change of the tables. An older file is brought up by `_MIGRATIONS`; a newer one is refused."""

_TABLES = """
CREATE TABLE objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    platform TEXT NOT NULL, kind TEXT NOT NULL, scope TEXT NOT NULL, id TEXT NOT NULL,
    name TEXT NOT NULL, version TEXT NOT NULL, owner TEXT NOT NULL, body TEXT NOT NULL,
    created REAL NOT NULL, updated REAL NOT NULL, deleted REAL
);
CREATE UNIQUE INDEX objects_by_id ON objects (platform, kind, id) WHERE deleted IS NULL;
CREATE INDEX objects_by_name ON objects (platform, kind, scope, name, version);
CREATE INDEX objects_by_age ON objects (platform, kind, scope, created);
CREATE INDEX objects_deleted ON objects (deleted) WHERE deleted IS NOT NULL;
CREATE TABLE links (
    platform TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, to_kind TEXT NOT NULL, to_id TEXT NOT NULL,
    PRIMARY KEY (platform, kind, id, to_kind, to_id)
) WITHOUT ROWID;
CREATE INDEX links_by_target ON links (platform, to_kind, to_id);
CREATE TABLE runs (
    id TEXT PRIMARY KEY, platform TEXT NOT NULL, kind TEXT NOT NULL, engine TEXT NOT NULL,
    state TEXT NOT NULL, cause TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT '',
    sequence INTEGER NOT NULL DEFAULT 0, snapshot TEXT NOT NULL DEFAULT '',
    created REAL NOT NULL, started REAL, finished REAL
) WITHOUT ROWID;
CREATE INDEX runs_by_state ON runs (state);
CREATE TABLE events (
    run TEXT NOT NULL, sequence INTEGER NOT NULL, task TEXT NOT NULL, number INTEGER, type TEXT NOT NULL,
    message TEXT NOT NULL, warning INTEGER NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (run, sequence)
) WITHOUT ROWID;
CREATE TABLE samples (
    run TEXT NOT NULL, task TEXT NOT NULL, number INTEGER NOT NULL, metric TEXT NOT NULL, at REAL NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (run, task, number, metric, at)
) WITHOUT ROWID;
CREATE TABLE tokens (
    token TEXT PRIMARY KEY, account TEXT NOT NULL, expires REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

_ACCOUNTS = """
CREATE TABLE accounts (
    access_key TEXT PRIMARY KEY, name TEXT NOT NULL, admin INTEGER NOT NULL, hash TEXT NOT NULL,
    created REAL NOT NULL, revoked REAL
) WITHOUT ROWID;
CREATE INDEX accounts_by_name ON accounts (name);
CREATE INDEX accounts_by_hash ON accounts (hash);
CREATE TABLE grants (
    name TEXT NOT NULL, space TEXT NOT NULL, role TEXT NOT NULL, PRIMARY KEY (name, space)
) WITHOUT ROWID;
"""

_MIGRATIONS: dict[int, str] = {0: _TABLES, 1: _ACCOUNTS}
"""What brings a file from the version that is the key to the next one."""


class Database:
    """One connection, used by one thread at a time. Transactions are short, and nest by joining the outer one.

    Journal in write-ahead mode: what is committed survives the death of the process. Raises LocalPlatformError when
    the file cannot be opened, is damaged, or was written by a newer release.
    """

    def __init__(self, file: Path) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        try:
            self._connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None, timeout=10.0)
        except sqlite3.Error as error:
            raise LocalPlatformError(f"cannot open {file}: {error}") from error
        self._connection.row_factory = sqlite3.Row
        try:
            self._prepare(file)
        except sqlite3.Error as error:
            self._connection.close()
            hint = "`reconciler local reset` starts with an empty platform"
            raise LocalPlatformError(f"cannot use {file}: {error}", hint=hint) from error
        except LocalPlatformError:
            self._connection.close()
            raise

    def _prepare(self, file: Path) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        version = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
        if version > SCHEMA_VERSION:
            raise LocalPlatformError(
                f"{file} was written by a newer release (tables version {version}, this one knows {SCHEMA_VERSION})",
                hint="upgrade, or start with an empty platform: `reconciler local reset`",
            )
        while version < SCHEMA_VERSION:
            script = f"BEGIN IMMEDIATE;{_MIGRATIONS[version]};PRAGMA user_version = {version + 1};COMMIT;"
            self._connection.executescript(script)
            version += 1

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside happens, or nothing. Other threads wait."""
        with self._lock:
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._connection.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._connection.execute("COMMIT")

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """All rows of a query."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        with self._lock:
            found: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
            return found

    def execute(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Runs one statement, in a transaction of its own unless inside one. The number of rows it touched."""
        with self.transaction():
            return self._connection.execute(sql, values).rowcount

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Runs one statement for each of `rows`, in one transaction."""
        with self.transaction():
            self._connection.executemany(sql, rows)

    def close(self) -> None:
        """Ends the connection. Safe to call twice."""
        with self._lock:
            self._connection.close()
