"""Everything that can go wrong between us and the world, at any boundary, as data.

A boundary is crossed before and after every request, and before and after every durable write. `Faults` holds what
happens at which crossing; a killed process stays dead: every later crossing of the same life raises too.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler.errors import Throttled, Unanswered, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reconciler.state.journal import Record
    from reconciler.state.protocol import Holder, Lease, State, StateStore


class Killed(BaseException):
    """The process is gone. Not an Exception: nothing in the program may catch it and go on."""


class Fault(StrEnum):
    """What happens at a crossing. `LOST` on the way out means that the request never arrived; on the way back, that
    its answer did not. `DEFECT`: the answer came, and the handler stumbled over it.
    """

    KILL = "kill"
    LOST = "lost"
    THROTTLED = "throttled"
    UNREACHABLE = "unreachable"
    DEFECT = "defect"


_RAISES: Mapping[Fault, Callable[[], BaseException]] = {
    Fault.KILL: Killed,
    Fault.LOST: lambda: Unanswered("no answer came"),
    Fault.THROTTLED: lambda: Throttled("slow down", retry_after=1.0),
    Fault.UNREACHABLE: lambda: Unreachable("connection refused"),
    Fault.DEFECT: lambda: KeyError("id"),
}


@dataclass
class Faults:
    """Which fault at which crossing, counted from 0 over all lives. `seen` names every crossing, for messages."""

    planned: Mapping[int, Fault] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    dead: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def cross(self, boundary: str) -> None:
        """Raises what is planned for this crossing, if it makes sense there."""
        with self.lock:
            if self.dead:
                raise Killed
            fault = self.planned.get(len(self.seen))
            self.seen.append(boundary)
            if fault is None or not fits(fault, boundary):
                return
            self.dead = fault is Fault.KILL
        error = _RAISES[fault]()
        raise error

    def revive(self) -> None:
        """A new process."""
        self.dead = False


def fits(fault: Fault, boundary: str) -> bool:
    """Writes can only be cut short by death; an answer that is there cannot have been throttled."""
    if fault is Fault.KILL:
        return True
    if boundary.endswith((":append", ":commit")):
        return False
    if fault is Fault.DEFECT:
        return boundary.startswith("after:") and not boundary.endswith((":read", ":list", ":find"))
    return fault is Fault.LOST or boundary.startswith("before:")


@dataclass
class KillableStore:
    """A store that lets the process die on either side of every durable write."""

    store: StateStore
    faults: Faults

    def read(self, environment: str) -> State:
        """See StateReader."""
        return self.store.read(environment)

    def records(self, environment: str) -> Sequence[Record]:
        """See StateStore."""
        return self.store.records(environment)

    def lock(self, environment: str, holder: str) -> Lease:
        """See StateStore."""
        return self.store.lock(environment, holder)

    def holder(self, environment: str) -> Holder | None:
        """See StateStore."""
        return self.store.holder(environment)

    def unlock(self, environment: str) -> Holder | None:
        """See StateStore."""
        return self.store.unlock(environment)

    def append(self, environment: str, record: Record, lease: Lease) -> None:
        """See StateStore."""
        self.faults.cross("before:append")
        self.store.append(environment, record, lease)
        self.faults.cross("after:append")

    def append_all(self, environment: str, records: Sequence[Record], lease: Lease) -> None:
        """See StateStore."""
        if records:
            self.faults.cross("before:append")
            self.store.append_all(environment, records, lease)
            self.faults.cross("after:append")

    def commit(self, environment: str, state: State, *, expected_serial: int, lease: Lease) -> State:
        """See StateStore."""
        self.faults.cross("before:commit")
        committed = self.store.commit(environment, state, expected_serial=expected_serial, lease=lease)
        self.faults.cross("after:commit")
        return committed
