"""The folder of one local platform: what lies where, whose it is, and who uses it."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from reconciler.errors import LocalPlatformError
from reconciler.localplatform.face import Account

if TYPE_CHECKING:
    from pathlib import Path

MARKER = "local-platform.json"
FORMAT = 1
_POLL = 0.02
_CONTENT = (
    "platform.sqlite3",
    "platform.sqlite3-wal",
    "platform.sqlite3-shm",
    "data",
    "uploads",
    "engine",
    "server.log",
)
"""What a reset removes: names this program made, and nothing else."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What a running server says about itself. `instance` is chosen anew for each start, so that a port somebody
    else has taken meanwhile is not mistaken for it.
    """

    instance: str
    pid: int
    port: int
    version: str
    engine: str
    started: float

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that is ours: it was empty or missing when we came, or carries our marker."""

    root: Path

    @classmethod
    def claim(cls, root: Path) -> Folder:
        """Makes the folder ours. Raises LocalPlatformError when it holds somebody else's files or cannot be written."""
        root = root.absolute()
        try:
            root.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not (root / MARKER).exists():
                if any(root.iterdir()):
                    raise LocalPlatformError(
                        f"{root} is not a folder of a local platform, and not empty",
                        hint="choose another folder, or empty this one",
                    )
                (root / ".gitignore").write_text("*\n", encoding="utf-8")
                _write(root / MARKER, {"format": FORMAT})
        except OSError as error:
            raise LocalPlatformError(
                f"cannot use {root}: {error.strerror}", hint="the local platform needs a folder it can write to"
            ) from error
        folder = cls(root)
        folder.check()
        return folder

    @classmethod
    def find(cls, root: Path) -> Folder | None:
        """The folder when it is ours already, else None. Changes nothing."""
        folder = cls(root.absolute())
        if not (folder.root / MARKER).is_file():
            return None
        folder.check()
        return folder

    def check(self) -> None:
        """Raises LocalPlatformError when the folder was laid out by a release that lays it out differently."""
        found = _read(self.root / MARKER).get("format")
        if found != FORMAT:
            raise LocalPlatformError(
                f"{self.root} was laid out by another release (format {found}, this one knows {FORMAT})",
                hint="use that release, or choose another folder",
            )

    @property
    def log(self) -> Path:
        """What the server writes about itself."""
        return self.root / "server.log"

    @property
    def engine(self) -> Path:
        """The folder of the engine that runs processes."""
        return self.root / "engine"

    def account(self) -> Account:
        """The account, invented when there is none. Only its owner can read the file."""
        file = self.root / "account.json"
        known = _read(file)
        names = [field.name for field in fields(Account)]
        if all(isinstance(known.get(name), str) for name in names):
            return Account(**{name: known[name] for name in names})
        account = Account(
            access_key=f"LOCAL{secrets.token_hex(8).upper()}",
            secret_key=secrets.token_urlsafe(30),
            project_id=secrets.token_hex(16),
            admin_token=secrets.token_urlsafe(30),
            password=secrets.token_urlsafe(18),
        )
        _write(file, asdict(account))
        return account

    def ready(self) -> Ready | None:
        """What the running, or the last, server says about itself; None when there is nothing to read."""
        known = _read(self.root / "ready.json")
        try:
            return Ready(**known)
        except TypeError:
            return None

    def say_ready(self, ready: Ready) -> None:
        """Tells that the server answers."""
        _write(self.root / "ready.json", asdict(ready))

    def unsay_ready(self) -> None:
        """The server answers no more."""
        with suppress(OSError):
            (self.root / "ready.json").unlink()

    def wipe(self) -> None:
        """Removes everything a platform has made here, but not the account. Other files are left alone."""
        self.unsay_ready()
        for name in _CONTENT:
            place = self.root / name
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)


class Lock:
    """An exclusive lock on a file that the system takes back when its holder dies. Holds its holder's process id."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._descriptor = -1

    def take(self, *, patience: float = 0.0) -> bool:
        """Takes it if it is free, or gets free within `patience` seconds. Whether it is ours now."""
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + patience
        while not _flock(descriptor):
            if time.monotonic() >= deadline:
                os.close(descriptor)
                return False
            time.sleep(_POLL)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Gives it back."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def holder(self) -> int | None:
        """The process id of whoever holds it, None when it is free. 0: held, and not known by whom."""
        if self.take():
            self.release()
            return None
        text = self._file.read_text(encoding="ascii", errors="replace").strip()
        return int(text) if text.isdigit() else 0


def _flock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(file: Path) -> dict[str, Any]:
    """A JSON object from a file, `{}` when there is none that can be read."""
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _write(file: Path, value: dict[str, Any]) -> None:
    """Writes a JSON object for the owner's eyes only; a reader sees all of it or the one before."""
    fresh = file.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(value, stream)
    fresh.replace(file)
