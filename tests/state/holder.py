"""A process that holds a lease and does what its standard input says. Answers with one line a command.

append NAME | commit | check | quit
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from reconciler.errors import ReconcilerError
from reconciler.state.file import FileStore
from tests.state.records import create

ENV = "dev"


def main(folder: str, name: str, seconds: str) -> None:
    """Runs until told to quit."""
    store = FileStore(Path(folder), time.time, lease_seconds=float(seconds))
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
