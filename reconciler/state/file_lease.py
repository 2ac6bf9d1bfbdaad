"""The right to write one folder: a lease file with a fencing counter, and a lock the kernel frees on death.

    lease.json        fencing, holder, expiry; replaced atomically, only inside `exclusive(lock)`
    lock              guards the few milliseconds in which anything of the folder is checked and changed
    alive-<fencing>   locked by the holder for as long as it lives

A lease is free when it was given back, when it has expired, or when its holder is seen to be dead (same machine,
and nobody has its `alive` file locked). A holder that was suspended past its expiry finds, at its next write or
check, a higher fencing number, and may do nothing more.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.errors import StateLocked, StateUnreadable, StateUnwritable
from reconciler.state.durable import make_folder, sync_folder, write_file
from reconciler.state.exclusive import exclusive, try_lock
from reconciler.state.grant import FREE, Grant, grant_from_bytes, grant_to_bytes, refusal, superseded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.state.protocol import Holder

_PATIENCE = 10.0
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
ALIVE_FILE: Final = re.compile(r"alive-([0-9]+)")
"""What signs of life are called. Files of a target that is called `alive-7` have a digest in their name."""


class FileLease:
    """A granted lease. Renewed by a thread of its own until it is released."""

    def __init__(self, folder: LeaseFolder, grant: Grant, alive: int) -> None:
        self._folder = folder
        self._grant = grant
        self._alive = alive
        self._over = threading.Event()
        self.fencing = grant.fencing
        self.holder = grant.holder
        self._heart = threading.Thread(target=self._beat, name="lease-heartbeat", daemon=True)
        self._heart.start()

    def check(self) -> None:
        """Raises StateLocked when the lease is no longer ours. Renews it when it has run out unnoticed."""
        if self._over.is_set():
            msg = f"the lease of {self._folder.environment} was given back"
            raise StateLocked(msg)
        found = self._folder.read()
        if not self._is_ours(found):
            raise superseded(self._folder.environment, found)
        if found.expires <= self._folder.clock():
            with self.writing():
                self._folder.renew(self._grant)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """A critical section in which the lease is certainly ours."""
        with self._folder.section():
            found = self._folder.read()
            if self._over.is_set() or not self._is_ours(found):
                raise superseded(self._folder.environment, found)
            yield

    def release(self) -> None:
        """Gives it back. Safe to call twice, and when it was lost."""
        if self._over.is_set():
            return
        with contextlib.suppress(StateLocked, StateUnwritable, StateUnreadable), self.writing():
            self._folder.write(replace(self._grant, holder="", expires=0.0))
        self._over.set()
        os.close(self._alive)
        self._heart.join()

    def _is_ours(self, found: Grant) -> bool:
        """All of it but the expiry: where a folder was moved away and made anew, numbers begin again."""
        return replace(found, expires=0.0) == replace(self._grant, expires=0.0)

    def _beat(self) -> None:
        while not self._over.wait(self._folder.seconds / 3):
            try:
                with self.writing():
                    self._folder.renew(self._grant)
            except StateLocked:
                return
            except (StateUnwritable, StateUnreadable):
                continue  # the next write or check of the holder says so; a full disk may empty again


class LeaseFolder:
    """The lease of one environment's folder. `seconds` is how long a grant lasts without a heartbeat."""

    def __init__(self, folder: Path, environment: str, clock: Callable[[], float], seconds: float) -> None:
        self.environment = environment
        self.clock = clock
        self.seconds = seconds
        self._folder = folder

    def acquire(self, holder: str, floor: int) -> FileLease:
        """A new grant, its number above `floor` and every earlier one. Raises StateLocked, StateUnwritable."""
        make_folder(self._folder)
        with self.section():
            found = self.read()
            if found.holder and not self._is_over(found):
                raise refusal(self.environment, found)
            now = self.clock()
            grant = Grant(max(found.fencing, floor) + 1, holder, _machine(), now, now + self.seconds)
            alive = self._enliven(grant)
            try:
                self.write(grant)
                sync_folder(self._folder)
            except StateUnwritable:
                os.close(alive)
                raise
            self._sweep(grant)
        return FileLease(self, grant, alive)

    def holder(self) -> Holder | None:
        """Who holds it now; an expired or dead holder counts until somebody takes over."""
        return self.read().as_holder()

    def take_away(self, floor: int) -> Holder | None:
        """Frees it whoever holds it, a damaged lease file included. `floor` as in `acquire`."""
        if not self._folder.is_dir():
            return None
        with self.section():
            try:
                found = self.read()
            except StateUnreadable:
                numbers = [int(sign[1]) for file in self._folder.iterdir() if (sign := ALIVE_FILE.fullmatch(file.name))]
                found = replace(FREE, fencing=max(floor, *numbers, 0), holder="somebody (the lease file is damaged)")
            if found.holder:
                self.write(replace(found, fencing=found.fencing + 1, holder="", expires=0.0))
                sync_folder(self._folder)
        return found.as_holder()

    def section(self) -> contextlib.AbstractContextManager[None]:
        """See `exclusive`."""
        return exclusive(self._folder / "lock", patience=_PATIENCE)

    def read(self) -> Grant:
        """The last grant. Raises StateUnreadable."""
        file = self._folder / "lease.json"
        try:
            return grant_from_bytes(file.read_bytes(), str(file))
        except FileNotFoundError:
            return FREE
        except OSError as error:
            msg = f"cannot read {file}: {error.strerror}"
            raise StateUnreadable(msg, hint="Check that you may read it.") from error

    def renew(self, grant: Grant) -> None:
        """Puts the expiry off. Only inside a section, by the holder."""
        self.write(replace(grant, expires=self.clock() + self.seconds))

    def write(self, grant: Grant) -> None:
        """Only inside a section."""
        write_file(self._folder / "lease.json", grant_to_bytes(grant))

    def _is_over(self, grant: Grant) -> bool:
        return grant.expires <= self.clock() or (grant.machine == _machine() and self._is_dead(grant))

    def _is_dead(self, grant: Grant) -> bool:
        """Whether the kernel has freed what the holder had locked for life. A missing file proves nothing."""
        try:
            handle = os.open(self._alive_file(grant), os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            return try_lock(handle)
        finally:
            os.close(handle)

    def _enliven(self, grant: Grant) -> int:
        file = self._alive_file(grant)
        try:
            handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            msg = f"cannot write {file}: {error.strerror}"
            raise StateUnwritable(msg) from error
        try_lock(handle)
        return handle

    def _sweep(self, grant: Grant) -> None:
        for file in self._folder.iterdir():
            if ALIVE_FILE.fullmatch(file.name) and file != self._alive_file(grant):
                with contextlib.suppress(OSError):
                    file.unlink()

    def _alive_file(self, grant: Grant) -> Path:
        return self._folder / f"alive-{grant.fencing}"


def _machine() -> str:
    """The machine, since it was last started: only there can a holder's death be seen."""
    try:
        return f"{platform.node()}/{_BOOT_ID.read_text().strip()}"
    except OSError:
        return platform.node()
