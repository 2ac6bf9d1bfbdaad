"""Memory in a folder: `<folder>/<environment>/`.

    head.json                the committed state in one glance; replacing it IS the commit
    <target>.<digest>.jsonl  one target's resources, named by content, never changed
    journal-<serial>.jsonl   what happened since the commit of that serial
    lease.json lock alive-*  who may write (file_lease.py)

Order of a commit, each step durable before the next: new shards, the next journal with what is unsettled, the head;
then what nothing names any more is swept away. Killed anywhere, a reader finds the former state with its journal or
the next one with its own.
"""

from __future__ import annotations

import contextlib
from functools import partial
from secrets import token_hex
from typing import TYPE_CHECKING, Final, TypeVar
from uuid import uuid4

from reconciler.errors import PlanStale, StateLocked, StateUnreadable, StateUnwritable
from reconciler.state.document import (
    NOTHING,
    Head,
    decode_state,
    encode_state,
    head_from_bytes,
    head_to_bytes,
    safe_name,
    successor,
    with_key,
)
from reconciler.state.durable import AppendFile, sync_folder, write_file
from reconciler.state.file_lease import ALIVE_FILE, FileLease, LeaseFolder
from reconciler.state.group import GroupCommit
from reconciler.state.journal import Header, Reader, encode, whole_length
from reconciler.state.recovery import carried, fold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from reconciler.state.document import Shard
    from reconciler.state.journal import Record
    from reconciler.state.protocol import Holder, Lease, State

_T = TypeVar("_T")

LEASE_SECONDS: Final = 60.0
_READS = 20


class FileStore:
    """The file backend. `clock` gives UNIX time; `lineage` names a new memory, `key` is its key (see State)."""

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], float],
        *,
        lease_seconds: float = LEASE_SECONDS,
        lineage: Callable[[], str] = lambda: uuid4().hex,
        key: Callable[[], str] = lambda: token_hex(32),
    ) -> None:
        self._root = folder
        self._clock = clock
        self._seconds = lease_seconds
        self._lineage = lineage
        self._key = key
        self._readers: dict[str, Reader] = {}

    def read(self, environment: str) -> State:
        """See StateReader. Writes nothing, not even a folder."""

        def whole(folder: Path, head: Head) -> tuple[State, tuple[Record, ...]]:
            return decode_state(head, partial(_read_shard, folder)), self._journal(environment, folder, head)

        return fold(*self._steadily(environment, whole))

    def records(self, environment: str) -> Sequence[Record]:
        """See StateStore."""
        return self._steadily(environment, partial(self._journal, environment))

    def lock(self, environment: str, holder: str) -> Lease:
        """See StateStore."""
        folder = self._folder(environment)
        floor = _read_head(folder).fencing
        leases = LeaseFolder(folder, environment, self._clock, self._seconds)
        lease = leases.acquire(holder, floor)
        writer = _Writer(folder, environment, self._clock, lease, self._reader(environment))
        writer.begin(self._key)
        return writer

    def holder(self, environment: str) -> Holder | None:
        """See StateStore."""
        return LeaseFolder(self._folder(environment), environment, self._clock, self._seconds).holder()

    def unlock(self, environment: str) -> Holder | None:
        """See StateStore."""
        folder = self._folder(environment)
        leases = LeaseFolder(folder, environment, self._clock, self._seconds)
        return leases.take_away(_read_head(folder).fencing)

    def append(self, environment: str, record: Record, lease: Lease) -> None:
        """See StateStore. Records of several threads share one fsync."""
        self.append_all(environment, [record], lease)

    def append_all(self, environment: str, records: Sequence[Record], lease: Lease) -> None:
        """See StateStore."""
        self._writer(environment, lease).append(records)

    def commit(self, environment: str, state: State, *, expected_serial: int, lease: Lease) -> State:
        """See StateStore."""
        return self._writer(environment, lease).commit(state, expected_serial, self._lineage)

    def _reader(self, environment: str) -> Reader:
        return self._readers.setdefault(environment, Reader())

    def _folder(self, environment: str) -> Path:
        return self._root / safe_name(environment)

    def _writer(self, environment: str, lease: Lease) -> _Writer:
        if not isinstance(lease, _Writer) or lease.folder != self._folder(environment):
            msg = f"this is no lease of {environment}"
            raise StateLocked(msg)
        return lease

    def _journal(self, environment: str, folder: Path, head: Head) -> tuple[Record, ...]:
        return _read_journal(folder, head.serial, self._reader(environment))

    def _steadily(self, environment: str, read: Callable[[Path, Head], _T]) -> _T:
        """What `read` makes of one head, without a lock: when a commit swept a file away, there is a newer head."""
        folder = self._folder(environment)
        for _ in range(_READS):
            head = _read_head(folder)
            try:
                found = read(folder, head)
            except FileNotFoundError as error:
                if _read_head(folder) == head:
                    msg = f"{error.filename} is missing, though its head names it"
                    raise StateUnreadable(msg) from error
                continue
            if _read_head(folder) == head:
                return found
        msg = f"{folder} is being committed to all the time"
        raise StateUnreadable(msg, hint="Try again.")


class _Writer:
    """A lease together with the journal it lets write. One per grant."""

    def __init__(
        self, folder: Path, environment: str, clock: Callable[[], float], lease: FileLease, reader: Reader
    ) -> None:
        self.folder = folder
        self.fencing = lease.fencing
        self._environment = environment
        self._clock = clock
        self._lease = lease
        self._reader = reader
        self._journal: AppendFile | None = None
        self._group: GroupCommit[bytes] = GroupCommit(self._flush)

    def begin(self, key: Callable[[], str]) -> None:
        """Makes the head of a new environment, so that from then on a missing one is known to be damage; a head
        without a key gets one.
        """
        try:
            if _read_head(self.folder).key:
                return
            with self._lease.writing():
                write_file(self.folder / "head.json", head_to_bytes(with_key(_read_head(self.folder), key)))
                sync_folder(self.folder)
        except (StateUnreadable, StateUnwritable):
            self.release()
            raise

    def check(self) -> None:
        """See Lease."""
        self._lease.check()

    def release(self) -> None:
        """See Lease."""
        self._lease.release()
        self._close_journal()

    def append(self, records: Sequence[Record]) -> None:
        """Durable before it returns."""
        if records:
            self._group.add(b"".join(encode(record, self.fencing) for record in records))

    def commit(self, state: State, expected_serial: int, lineage: Callable[[], str]) -> State:
        """One compare-and-swap."""
        with self._lease.writing():
            head = _read_head(self.folder)
            if head.serial != expected_serial or head.lineage != state.lineage:
                msg = f"the state of {self._environment} moved: serial {head.serial}, not {expected_serial}"
                raise PlanStale(msg, hint="Plan again.")
            committed = successor(state, head, lineage, self._clock())
            kept = carried(_read_journal(self.folder, head.serial, self._reader))
            following, shards = encode_state(committed, self.fencing)
            self._put(following, shards, kept)
            self._close_journal()
            self._sweep(following)
        return committed

    def _put(self, head: Head, shards: dict[str, bytes], kept: Sequence[Record]) -> None:
        for name, data in shards.items():
            if not (self.folder / name).exists():
                write_file(self.folder / name, data)
        lines = [encode(record, self.fencing) for record in (self._header(head), *kept)] if kept else []
        write_file(_journal_file(self.folder, head.serial), b"".join(lines))
        sync_folder(self.folder)
        write_file(self.folder / "head.json", head_to_bytes(head))
        sync_folder(self.folder)

    def _flush(self, lines: Sequence[bytes]) -> None:
        with self._lease.writing():
            if self._journal is None:
                self._journal = self._open_journal()
            self._journal.append(lines)

    def _open_journal(self) -> AppendFile:
        head = _read_head(self.folder)
        file = _journal_file(self.folder, head.serial)
        found = _read_bytes(file)
        journal = AppendFile(file, whole_length(found))
        journal.append([encode(self._header(head), self.fencing)])
        sync_folder(self.folder)
        return journal

    def _header(self, head: Head) -> Header:
        return Header(self._environment, head.lineage, head.serial, self.fencing, self._lease.holder, self._clock())

    def _close_journal(self) -> None:
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def _sweep(self, head: Head) -> None:
        """What no head names any more. A reader of the former head that loses a file under itself reads again."""
        named = {shard.file for shard in head.files}
        named |= {"head.json", "lease.json", "lock", _journal_file(self.folder, head.serial).name}
        for file in self.folder.iterdir():
            if file.name not in named and not ALIVE_FILE.fullmatch(file.name):
                with contextlib.suppress(OSError):
                    file.unlink()


def _journal_file(folder: Path, serial: int) -> Path:
    return folder / f"journal-{serial}.jsonl"


def _read_head(folder: Path) -> Head:
    file = folder / "head.json"
    data = _read_bytes(file)
    if data:
        return head_from_bytes(data, str(file))
    if file.exists():
        msg = f"{file} is damaged: it is empty"
        raise StateUnreadable(msg)
    if any(folder.glob("*.jsonl")):
        msg = f"{file} is missing, though the folder holds a state"
        raise StateUnreadable(msg)
    return NOTHING


def _read_shard(folder: Path, shard: Shard) -> tuple[bytes, str]:
    """Raises FileNotFoundError, which a reader without a lock has to expect, and StateUnreadable."""
    file = folder / shard.file
    try:
        return file.read_bytes(), str(file)
    except FileNotFoundError:
        raise
    except OSError as error:
        msg = f"cannot read {file}: {error.strerror}"
        raise StateUnreadable(msg, hint="Check that you may read it.") from error


def _read_journal(folder: Path, serial: int, reader: Reader) -> tuple[Record, ...]:
    file = _journal_file(folder, serial)
    return reader.read(_read_bytes(file), str(file))


def _read_bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        msg = f"cannot read {file}: {error.strerror}"
        raise StateUnreadable(msg, hint="Check that you may read it.") from error
