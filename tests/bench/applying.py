"""What an apply costs beyond waiting for the platform: N creates, c at a time, against the bound N * latency / c."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from reconciler.execution.context import Context, Silence
from reconciler.execution.executor import execute
from reconciler.model.secret import Redactor
from reconciler.state.file import FileStore
from reconciler.state.memory import MemoryStore
from tests.support.applying import ENVIRONMENT, PATIENCE, Wish, at, plan_for
from tests.support.memory_platform import KINDS, PLATFORM, MemoryPlatform

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.state.protocol import StateStore

LATENCY = 0.05
SPEC = {
    "command": [f"step --number {n} --with some-arguments" for n in range(8)],
    "resources": {"cpu": "2C", "memory": "4G", "gpu": 1},
    "inputs": [{"name": f"input-{n}", "values": [f"obs://bucket/folder/file-{n}.fastq.gz"]} for n in range(6)],
}
"""About a kilobyte."""


def over_the_bound(store: StateStore, number: int, parallelism: int) -> float:
    """How many times as long as the bound it takes to submit `number` runs."""
    platform = MemoryPlatform(time.time)
    platform.wire = lambda crossed: time.sleep(LATENCY) if crossed == "before:create" else None
    lease = store.lock(ENVIRONMENT, "bench")
    state = store.read(ENVIRONMENT)
    context = Context(
        store=store,
        lease=lease,
        environment=ENVIRONMENT,
        connections={PLATFORM: platform.connection()},
        kinds=KINDS,
        recorded=state.resources,
        secrets=str,
        redactor=Redactor(),
        parallelism=parallelism,
        progress=Silence(),
        clock=time.time,
        stop=threading.Event(),
        plan_id="bench",
        read_at=time.time(),
        key=state.key,
        patience=PATIENCE,
    )
    plan = plan_for([Wish(at("SearchJob", f"run-{n}"), {**SPEC, "n": n}) for n in range(number)], state)
    begun = time.monotonic()
    report = execute(plan, context)
    spent = time.monotonic() - begun
    lease.release()
    if not report.complete:
        msg = f"not everything was applied: {report.outcomes[0].error}"
        raise RuntimeError(msg)
    return spent / (number * LATENCY / parallelism)


def in_memory(number: int, parallelism: int) -> float:
    """Nothing is written down for good."""
    return over_the_bound(MemoryStore(time.time), number, parallelism)


def in_files(folder: Path, number: int, parallelism: int) -> float:
    """As on a person's machine: each intent and each outcome is durable before the next thing happens."""
    return over_the_bound(FileStore(folder, time.time), number, parallelism)
