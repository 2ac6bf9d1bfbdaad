"""A fan-out costs what an array costs, and following it costs one question per interval."""

from __future__ import annotations

import time
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from reconciler.localplatform.work import Run, Status, Task
from tests.localplatform.engines.conftest import shell, slurm_bench
from tests.slurm.daemons import wait

if TYPE_CHECKING:
    from pathlib import Path

    from tests.slurm.cluster import Cluster

POLL = 2.0


@pytest.mark.timeout(600)
def test_a_fan_out_costs_what_a_bare_array_costs(
    cluster: Cluster, tmp_path: Path, fan_out: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """At most 1.2 of the wall time of the same commands as `sbatch --array`, and one status query per interval."""
    asked = tmp_path / "asked"
    commands = tmp_path / "bin"
    commands.mkdir()
    for name in ("sbatch", "squeue", "scancel", "scontrol", "sacct"):
        (commands / name).write_text(f'#!/bin/sh\necho {name} "$(date +%s.%N)" >> {asked}\nexec /usr/bin/{name} "$@"\n')
        (commands / name).chmod(0o700)
    bare = _bare(cluster, tmp_path, fan_out)
    bench = slurm_bench(tmp_path / "engine", str(cluster.conf), poll=POLL, commands=str(commands))
    bench.engine.recover()
    begun = time.monotonic()
    bench.engine.submit(Run("run-1", (Task("sweep", tuple(shell("sleep 3") for _ in range(fan_out))),)))
    while not (snapshot := bench.engine.observe("run-1")).status.ended:
        assert time.monotonic() - begun < 300, snapshot.status
        time.sleep(0.2)
    ours = time.monotonic() - begun
    bench.engine.close()
    times = [float(line.split()[1]) for line in asked.read_text().splitlines() if line.startswith(("squeue", "sacct"))]
    with capsys.disabled():
        print(f"\n{fan_out} elements: sbatch --array {bare:.1f} s, fan-out {ours:.1f} s, ratio {ours / bare:.2f},")
        print(f"{len(times)} status queries in {ours:.1f} s, one per {POLL:g} s at most")
    assert snapshot.status is Status.SUCCEEDED
    assert ours <= 1.2 * bare
    assert len(times) <= ours / POLL + 1
    assert all(later - sooner >= 0.9 * POLL for sooner, later in pairwise(times))


def _bare(cluster: Cluster, folder: Path, count: int) -> float:
    """Seconds that the same commands take as an array, by the end of its last element."""
    script = folder / "bare.sh"
    script.write_text("#!/bin/sh\nexec /bin/bash -e -c 'sleep 3'\n")
    options = ["--output=/dev/null", "--ntasks=1", "--cpus-per-task=1", f"--array=0-{count - 1}"]
    begun = time.time()
    job = cluster.command("sbatch", "--parsable", *options, str(script)).strip()

    def has_ended() -> bool:
        return not cluster.command("squeue", "--noheader", f"--jobs={job}")

    # `sbatch --wait` looks less and less often, and would come back half a minute late.
    wait(has_ended, "the array", patience=400.0, pause=POLL)
    ends = cluster.command("squeue", "--noheader", "--states=all", "--array", f"--jobs={job}", "--format=%e").split()
    assert len(ends) == count
    return max(datetime.fromisoformat(end) for end in ends).astimezone().timestamp() - begun
