"""A process that applies three jobs, and stops for a word from its standard input where it is told to.

It says `at started NAME` before each step, or `at intended NAME` after each intent, and goes on with the next line it
reads. At the end it says how each step ended, and why it halted.
"""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.execution.context import Context, Patience, Silence
from reconciler.execution.executor import execute
from reconciler.model.address import Address
from reconciler.model.mark import Mark, Owner
from reconciler.model.plan import Base, Plan, Step, Verb
from reconciler.model.secret import Redactor
from reconciler.state.file import FileStore
from reconciler.state.journal import Intent
from tests.support.folder_platform import KINDS, PLATFORM, FolderConnection

if TYPE_CHECKING:
    from reconciler.state.journal import Record
    from reconciler.state.protocol import Lease, StateStore

ENV = "dev"
OWNER = Owner("genomics", ENV)
NAMES = ("one", "two", "three")


def plan_without(done: set[str]) -> Plan:
    """A create for each job that is not done."""
    left = [name for name in NAMES if name not in done]
    steps = []
    for number, name in enumerate(left, 1):
        address = Address("here", "Job", "lab", name)
        mark = Mark.of_run(OWNER, address, "v1:0", 1)
        steps.append(Step(number, address, PLATFORM, Verb.CREATE, desired={}, digest="v1:0", mark=mark))
    return Plan(Base("genomics", ENV, "test"), (), tuple(steps))


def context_of(store: StateStore, lease: Lease, platform: Path, progress: Silence) -> Context:
    """Real time, little patience."""
    return Context(
        store=store,
        lease=lease,
        environment=ENV,
        connections={"here": FolderConnection(platform)},
        kinds=KINDS,
        recorded=store.read(ENV).resources,
        secrets={}.__getitem__,
        redactor=Redactor(),
        parallelism=1,
        progress=progress,
        clock=time.time,
        stop=threading.Event(),
        read_at=time.time(),
        patience=Patience(horizon=0.2, first=0.05),
    )


def rest_at(point: str, name: str) -> None:
    """Says where it is, and waits."""
    print(f"at {point} {name}", flush=True)
    sys.stdin.readline()


class Resting(Silence):
    """Rests before each step."""

    def started(self, step: Step) -> None:
        """See Progress."""
        rest_at("started", step.address.name)


@dataclass
class RestingStore:
    """Rests after each durable intent."""

    store: FileStore

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)

    def append(self, environment: str, record: Record, lease: Lease) -> None:
        """See StateStore."""
        self.store.append(environment, record, lease)
        if isinstance(record, Intent):
            rest_at("intended", record.address.name)


def main(state: str, platform: str, seconds: str, point: str) -> None:
    """One apply."""
    store = FileStore(Path(state), time.time, lease_seconds=float(seconds))
    lease = store.lock(ENV, "first")
    used: StateStore = RestingStore(store) if point == "intended" else store  # type: ignore[assignment]
    progress = Resting() if point == "started" else Silence()
    report = execute(plan_without(set()), context_of(used, lease, Path(platform), progress))
    print(" ".join(outcome.result.value for outcome in report.outcomes), report.halted_code, flush=True)
    lease.release()


if __name__ == "__main__":
    main(*sys.argv[1:])
