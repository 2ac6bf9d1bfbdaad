"""A process that holds a lease and does what its standard input says. Answers with one line a command.

append NAME | commit | check | quit
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from reconciler.errors import ReconcilerError
from reconciler.state.file import FileStore
from reconciler.state.git_ref import GitRefStore
from tests.state.records import create

ENV = "dev"


def open_store(backend: str, folder: Path, seconds: float) -> FileStore | GitRefStore:
    """A memory other processes can reach too: a folder, or the origin of a clone."""
    if backend == "git":
        return GitRefStore(folder, "origin", time.time, lease_seconds=seconds)
    return FileStore(folder, time.time, lease_seconds=seconds)


def main(backend: str, folder: str, name: str, seconds: str) -> None:
    """Runs until told to quit."""
    store = open_store(backend, Path(folder), float(seconds))
    lease = store.lock(ENV, name)
    print(f"locked {lease.fencing}", flush=True)
    for line in sys.stdin:
        command, _, rest = line.strip().partition(" ")
        try:
            match command:
                case "append":
                    store.append(ENV, create(rest), lease)
                case "commit":
                    state = store.read(ENV)
                    store.commit(ENV, state, expected_serial=state.serial, lease=lease)
                case "check":
                    lease.check()
                case "quit":
                    lease.release()
                    return
        except ReconcilerError as error:
            print(f"{error.code}: {error.message}", flush=True)
        else:
            print("ok", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
