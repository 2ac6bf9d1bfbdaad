"""`make bench`: what this program promises about speed, as ratios. Exit 1 when a promise is broken."""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.applying import in_files, in_memory
from tests.bench.corpus import write_apps, write_project

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
RECONCILER = str(BIN / "reconciler")
RUNS = 21


@dataclass(frozen=True)
class Promise:
    """`measured` over its peer or bound may not exceed `limit`."""

    name: str
    ratio: float
    limit: float

    def __str__(self) -> str:
        verdict = "ok" if self.ratio <= self.limit else "BROKEN"
        return f"{self.name:62} {self.ratio:8.2f}   at most {self.limit:5.2f}   {verdict}"


def _cpu_seconds(command: list[str], cwd: Path) -> float:
    """User and system time of one run: what the machine's other work does not change."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def _paired(first: list[str], second: list[str], cwd: Path, runs: int = RUNS) -> float:
    """Median of the pairwise ratios, runs alternating, one warm-up each."""
    _cpu_seconds(first, cwd)
    _cpu_seconds(second, cwd)
    return statistics.median(_cpu_seconds(first, cwd) / max(_cpu_seconds(second, cwd), 1e-6) for _ in range(runs))


def start_up(folder: Path) -> list[Promise]:
    """What every call pays before it does anything."""
    nothing = [sys.executable, "-c", "pass"]
    return [
        Promise("--version / python -c pass", _paired([RECONCILER, "--version"], nothing, folder), 1.5),
        Promise(
            "a command that does nothing / python -c pass",
            _paired([RECONCILER, "completion", "bash"], nothing, folder),
            7.0,
        ),
    ]


def validation(folder: Path) -> list[Promise]:
    """1,000 manifests of 1 KB against a plain schema checker on the same files."""
    files = write_apps(folder / "apps", 1000)
    schema = ROOT / "schemas/ai4s/app.schema.json"
    peer = [str(BIN / "check-jsonschema"), "--schemafile", str(schema), *map(str, files)]
    ours = [RECONCILER, "validate", "apps"]
    return [Promise("validate 1,000 manifests / check-jsonschema", _paired(ours, peer, folder, runs=3), 0.4)]


def growth(folder: Path) -> list[Promise]:
    """No stage is quadratic: eight times the manifests may cost at most 1.3 times as much each."""
    small, large = folder / "small", folder / "large"
    write_project(small, 500)
    write_project(large, 4000)
    command = [RECONCILER, "validate"]
    base = _cpu_seconds([RECONCILER, "completion", "bash"], folder)
    cost_small = min(_cpu_seconds(command, small) for _ in range(3)) - base
    cost_large = min(_cpu_seconds(command, large) for _ in range(2)) - base
    return [Promise("validate 4,000 / 8 x validate 500", cost_large / (8 * cost_small), 1.3)]


def applying(folder: Path) -> list[Promise]:
    """Submitting costs little beyond waiting for the platform: the best of some, for the machine has other work."""
    memory = min(in_memory(400, 8) for _ in range(3))
    files = min(in_files(folder / str(number), 400, 8) for number in range(3))
    return [
        Promise("apply 400 creates, 50 ms, 8 at once / bound, memory", memory, 1.10),
        Promise("apply 400 creates, 50 ms, 8 at once / bound, files", files, 1.15),
    ]


def main() -> int:
    """Measure everything and print a line for each."""
    folder = Path(tempfile.mkdtemp(prefix="reconciler-bench-"))
    stages: list[Callable[[Path], list[Promise]]] = [start_up, validation, growth, applying]
    try:
        started, promises = time.monotonic(), []
        for stage in stages:
            place = folder / stage.__name__
            place.mkdir()
            for promise in stage(place):
                print(promise, flush=True)
                promises.append(promise)
        print(f"{len(promises)} ratios in {time.monotonic() - started:.0f} s")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return int(any(p.ratio > p.limit for p in promises))


if __name__ == "__main__":
    sys.exit(main())
