"""Every place memory can live in, for one contract suite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.state.file import FileStore
from reconciler.state.memory import MemoryStore
from tests.support.time import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.state.protocol import StateStore

LEASE_SECONDS = 60.0


@dataclass(frozen=True)
class Backend:
    """`open` gives another view of the same memory, as another process would have it."""

    open: Callable[[], StateStore]
    clock: ManualClock
    traces: Callable[[], list[str]]
    """What the backend has left behind so far, by name."""


def memory_backend(_: Path) -> Backend:
    """In this process."""
    clock = ManualClock()
    store = MemoryStore(clock, lease_seconds=LEASE_SECONDS)
    return Backend(lambda: store, clock, list)


def file_backend(folder: Path) -> Backend:
    """In a folder."""
    clock = ManualClock()
    root = folder / "state"
    return Backend(
        lambda: FileStore(root, clock, lease_seconds=LEASE_SECONDS),
        clock,
        lambda: sorted(str(file.relative_to(folder)) for file in folder.rglob("*")),
    )


BACKENDS: dict[str, Callable[[Path], Backend]] = {"memory": memory_backend, "file": file_backend}
