"""How much processor and memory running instances use, sampled now and then where the system tells (Linux)."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.localplatform.engines.protocol import UnknownRun
from reconciler.localplatform.engines.tree import descendants, resident
from reconciler.localplatform.history import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.localplatform.clock import Clock
    from reconciler.localplatform.engines.protocol import Engine
    from reconciler.localplatform.history import History

CPU, MEMORY = "cpu_usage", "memory_usage"
"""Per cent of one core, and bytes."""
INTERVAL = 5.0
_TICKS = os.sysconf("SC_CLK_TCK")
_USER, _SYSTEM = 11, 12
"""Positions in /proc/<pid>/stat behind the name: ticks in user mode and in the kernel."""

Key = tuple[str, str, int]


class Sampler:
    """Measures the instances of one engine, in a thread of its own between `start` and `stop`.

    Memory is there from the first look at an instance; processor use needs two looks.
    """

    def __init__(self, history: History, name: str, engine: Engine, clock: Clock, interval: float = INTERVAL) -> None:
        self._history = history
        self._name = name
        self._engine = engine
        self._clock = clock
        self._interval = interval
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="sampler", daemon=True)
        self._before: dict[Key, tuple[float, float]] = {}

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Ends, and waits until it has."""
        self._ended.set()
        self._thread.join()

    def sample(self) -> None:
        """One look at everything that runs."""
        now, seen, samples = self._clock.now(), {}, []
        for (run, task, index), process in self._running():
            key, processes = (run, task, index), [process, *descendants(process)]
            used = sum(_seconds(pid) for pid in processes)
            seen[key] = (now, used)
            samples.append(Sample(run, task, index, MEMORY, now, float(resident(processes))))
            then, before = self._before.get(key, (now, used))
            if now > then and used >= before:
                samples.append(Sample(run, task, index, CPU, now, 100 * (used - before) / (now - then)))
        self._before = seen
        if samples:
            self._history.measure(samples)

    def _loop(self) -> None:
        while not self._ended.wait(self._interval):
            self.sample()

    def _running(self) -> Iterator[tuple[Key, int]]:
        for row in self._history.active():
            if row.engine != self._name:
                continue
            try:
                snapshot = self._engine.observe(row.id)
            except UnknownRun:
                continue
            for task in snapshot.tasks:
                for instance in task.instances:
                    if instance.process is not None and not instance.status.ended:
                        yield (row.id, task.name, instance.index), instance.process


def _seconds(pid: int) -> float:
    """Processor time a process has used so far; 0 when it is gone or the system does not tell."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    fields = text.rpartition(")")[2].split()
    return (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS
