"""Memory that ends with the process: for tests and rehearsals, by the same contract and in the same bytes."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from secrets import token_hex
from typing import TYPE_CHECKING
from uuid import uuid4

from reconciler.errors import PlanStale, StateLocked
from reconciler.state.document import NOTHING, Head, Shard, decode_state, encode_state, successor, with_key
from reconciler.state.grant import FREE, Grant, refusal, superseded
from reconciler.state.journal import Header, Reader, encode
from reconciler.state.recovery import carried, fold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.state.journal import Record
    from reconciler.state.protocol import Holder, Lease, State


@dataclass(slots=True)
class _Cell:
    """One environment. Shards by file name and journal are the bytes a file would hold; `writer` is the fencing
    number of the last header.
    """

    head: Head = NOTHING
    shards: dict[str, bytes] = field(default_factory=dict)
    journal: bytes = b""
    grant: Grant = FREE
    writer: int = 0
    reader: Reader = field(default_factory=Reader)

    @property
    def records(self) -> tuple[Record, ...]:
        """The journal, decoded."""
        return self.reader.read(self.journal, "journal")

    def file(self, shard: Shard) -> tuple[bytes, str]:
        """One file of the head, with its name."""
        return self.shards[shard.file], shard.file


class MemoryStore:
    """The in-memory backend. A lease lasts until it is released, taken away, or has expired and somebody wants it."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        lease_seconds: float = 60.0,
        lineage: Callable[[], str] = lambda: uuid4().hex,
        key: Callable[[], str] = lambda: token_hex(32),
    ) -> None:
        self._clock = clock
        self._seconds = lease_seconds
        self._lineage = lineage
        self._key = key
        self._cells: dict[str, _Cell] = {}
        self._lock = threading.RLock()

    def read(self, environment: str) -> State:
        """See StateReader."""
        with self._lock:
            cell = self._cells.get(environment, _Cell())
            return fold(decode_state(cell.head, cell.file), cell.records)

    def records(self, environment: str) -> Sequence[Record]:
        """See StateStore."""
        with self._lock:
            return self._cells.get(environment, _Cell()).records

    def lock(self, environment: str, holder: str) -> Lease:
        """See StateStore."""
        with self._lock:
            cell = self._cells.setdefault(environment, _Cell())
            now = self._clock()
            if cell.grant.holder and cell.grant.expires > now:
                raise refusal(environment, cell.grant)
            cell.grant = Grant(cell.grant.fencing + 1, holder, "", now, now + self._seconds)
            cell.head = with_key(cell.head, self._key)
            return _MemoryLease(self, environment, cell.grant.fencing)

    def holder(self, environment: str) -> Holder | None:
        """See StateStore."""
        with self._lock:
            return self._cells.get(environment, _Cell()).grant.as_holder()

    def unlock(self, environment: str) -> Holder | None:
        """See StateStore."""
        with self._lock:
            cell = self._cells.setdefault(environment, _Cell())
            found = cell.grant
            if found.holder:
                cell.grant = replace(found, fencing=found.fencing + 1, holder="")
            return found.as_holder()

    def append(self, environment: str, record: Record, lease: Lease) -> None:
        """See StateStore."""
        with self._lock:
            cell = self._held(environment, lease)
            if cell.writer != lease.fencing:
                cell.journal += encode(self._header(environment, cell), lease.fencing)
                cell.writer = lease.fencing
            cell.journal += encode(record, lease.fencing)

    def append_all(self, environment: str, records: Sequence[Record], lease: Lease) -> None:
        """See StateStore."""
        with self._lock:
            for record in records:
                self.append(environment, record, lease)

    def commit(self, environment: str, state: State, *, expected_serial: int, lease: Lease) -> State:
        """See StateStore."""
        with self._lock:
            cell = self._held(environment, lease)
            if cell.head.serial != expected_serial or cell.head.lineage != state.lineage:
                msg = f"the state of {environment} moved: serial {cell.head.serial}, not {expected_serial}"
                raise PlanStale(msg, hint="Plan again.")
            committed = successor(state, cell.head, self._lineage, self._clock())
            kept = carried(cell.records)
            cell.head, cell.shards = encode_state(committed, lease.fencing)
            cell.journal = b"".join(encode(record, lease.fencing) for record in kept)
            cell.writer = 0
            return committed

    def verify(self, environment: str, fencing: int) -> None:
        """Raises StateLocked unless the lease with that number is in force; renews it."""
        with self._lock:
            cell = self._cells[environment]
            if cell.grant.fencing != fencing or not cell.grant.holder:
                raise superseded(environment, cell.grant)
            cell.grant = replace(cell.grant, expires=self._clock() + self._seconds)

    def give_back(self, environment: str, fencing: int) -> None:
        """Frees the lease if it is still the one with that number."""
        with self._lock:
            cell = self._cells[environment]
            if cell.grant.fencing == fencing:
                cell.grant = replace(cell.grant, holder="")

    def _held(self, environment: str, lease: Lease) -> _Cell:
        if not isinstance(lease, _MemoryLease) or lease.environment != environment or lease.store is not self:
            msg = f"this is no lease of {environment}"
            raise StateLocked(msg)
        lease.check()
        return self._cells[environment]

    def _header(self, environment: str, cell: _Cell) -> Header:
        grant = cell.grant
        return Header(environment, cell.head.lineage, cell.head.serial, grant.fencing, grant.holder, self._clock())


@dataclass(slots=True)
class _MemoryLease:
    """See Lease."""

    store: MemoryStore
    environment: str
    fencing: int

    def check(self) -> None:
        """See Lease."""
        self.store.verify(self.environment, self.fencing)

    def release(self) -> None:
        """See Lease."""
        self.store.give_back(self.environment, self.fencing)
