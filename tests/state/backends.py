"""Every place memory can live in, for one contract suite."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

from reconciler.state.file import FileStore
from reconciler.state.git_ref import GitRefStore
from reconciler.state.memory import MemoryStore
from tests.support.git_repository import Repository
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


def git_backend(folder: Path) -> Backend:
    """In the repository the manifests live in."""
    clock = ManualClock()
    work = Repository.fresh(folder / "work")
    work.write("a.yaml", "a: 1\n")
    work.commit("first")
    return Backend(
        lambda: GitRefStore(work.root, "", clock, lease_seconds=LEASE_SECONDS), clock, lambda: git_traces(work)
    )


def remote_backend(folder: Path) -> Backend:
    """In the repository two clones were made from; views alternate between the clones."""
    clock = ManualClock()
    work = Repository.fresh(folder / "work")
    work.write("a.yaml", "a: 1\n")
    work.commit("first")
    bare = folder / "bare.git"
    work.git("clone", "--quiet", "--bare", str(work.root), str(bare))
    clones = [Repository(folder / name) for name in ("one", "two")]
    for clone in clones:
        work.git("clone", "--quiet", str(bare), str(clone.root))
    turn = cycle(clones)
    return Backend(
        lambda: GitRefStore(next(turn).root, "origin", clock, lease_seconds=LEASE_SECONDS),
        clock,
        lambda: [trace for place in (Repository(bare), *clones) for trace in git_traces(place)],
    )


def git_traces(place: Repository) -> list[str]:
    """Refs that were not there before, changed or new files, fetch leftovers."""
    refs = place.git("for-each-ref", "--format=%(refname)").splitlines()
    found = [f"state in {ref}" for ref in refs if not ref.startswith(("refs/heads/", "refs/remotes/"))]
    if (place.root / ".git").exists():
        found += place.git("status", "--porcelain").splitlines()
        found += [str(file) for file in (place.root / ".git").glob("FETCH_HEAD")]
    return found


BACKENDS: dict[str, Callable[[Path], Backend]] = {
    "memory": memory_backend,
    "file": file_backend,
    "git": git_backend,
    "git-remote": remote_backend,
}
