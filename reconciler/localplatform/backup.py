"""A copy of the database of a local platform, taken while it runs, and put back while it does not.

Only the database: files of spaces and output of jobs are on a disk that has a backup of its own, and `server.key` stays
out on purpose, so that a copy tells no secret.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from reconciler.errors import LocalPlatformError
from reconciler.localplatform.database import SCHEMA_VERSION
from reconciler.localplatform.folder import Folder, Lock
from reconciler.localplatform.team import DATABASE

if TYPE_CHECKING:
    from pathlib import Path


def back_up(root: Path, target: Path) -> int:
    """Copies the database of a folder, as it is at one instant, into a new file for this user alone. Its size.

    Raises LocalPlatformError when there is nothing to copy, the file exists, or it cannot be written.
    """
    source = _folder(root).root / DATABASE
    if not source.is_file():
        raise LocalPlatformError(f"there is no database in {root}")
    fresh = target.with_name(f"{target.name}.part")
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        fresh.unlink(missing_ok=True)
        os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(source, timeout=10.0)) as live, closing(sqlite3.connect(fresh)) as copy:
            live.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
        fresh.replace(target)
        return target.stat().st_size
    except FileExistsError as error:
        raise LocalPlatformError(f"{error.filename} exists already", hint="choose another name") from error
    except (OSError, sqlite3.Error) as error:
        for file in (fresh, target):
            with suppress(OSError):
                file.unlink()
        raise LocalPlatformError(f"cannot write {target}: {error}") from error


def restore(root: Path, source: Path) -> None:
    """Puts a copy in the place of the database of a folder, whose server does not run. The one before is kept beside it
    as `platform.sqlite3.before`. Raises LocalPlatformError, with nothing changed, when the copy is none or a server
    runs.
    """
    folder = Folder.claim(root)
    _check(source)
    lock = Lock(folder.root / "server.lock")
    if not lock.take(patience=2.0):
        hint = "stop it first"
        raise LocalPlatformError(f"a server uses {root} (process {lock.holder()})", hint=hint)
    database = folder.root / DATABASE
    fresh = folder.root / f"{DATABASE}.part"
    try:
        fresh.unlink(missing_ok=True)
        os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as copy,
            closing(sqlite3.connect(fresh)) as new,
        ):
            copy.backup(new)
        if database.exists():
            with closing(sqlite3.connect(database, timeout=10.0)) as old:  # what is in its journal belongs to it
                old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            database.replace(database.with_name(f"{DATABASE}.before"))
        for suffix in ("-wal", "-shm"):
            database.with_name(f"{DATABASE}{suffix}").unlink(missing_ok=True)
        fresh.replace(database)
    except (OSError, sqlite3.Error) as error:
        raise LocalPlatformError(f"cannot put {source} in place: {error}") from error
    finally:
        lock.release()


def _folder(root: Path) -> Folder:
    folder = Folder.find(root)
    if folder is None:
        raise LocalPlatformError(f"{root} is not a folder of a local platform")
    return folder


def _check(source: Path) -> None:
    """Raises LocalPlatformError unless `source` is a whole copy that this release can use."""
    try:
        with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as copy:
            version = int(copy.execute("PRAGMA user_version").fetchone()[0])
            whole = copy.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            known = copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'runs'").fetchone() is not None
    except sqlite3.Error as error:
        raise LocalPlatformError(f"{source} is no backup: {error}") from error
    if not whole or not known:
        raise LocalPlatformError(f"{source} is no backup, or is damaged")
    if version > SCHEMA_VERSION:
        raise LocalPlatformError(f"{source} was written by a newer release", hint="upgrade first")
