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
MOST = 1.2
ROUNDS = 3


@pytest.mark.timeout(1200)
def test_a_fan_out_costs_what_a_bare_array_costs(
    cluster: Cluster, tmp_path: Path, fan_out: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """At most 1.2 of the wall time of the same commands as `sbatch --array`, and one status query per interval.

    Whatever else a machine does only makes either slower, so that the least of each in up to three rounds is compared.
    """
    bare, ours = [], []
    for number in range(ROUNDS):
        folder = tmp_path / str(number)
        folder.mkdir()
        bare.append(_bare(cluster, folder, fan_out))
        ours.append(_ours(cluster, folder, fan_out))
        times = [
            float(line.split()[1])
            for line in (folder / "asked").read_text().splitlines()
            if line.startswith(("squeue", "sacct"))
        ]
        with capsys.disabled():
            print(f"\n{fan_out} elements: sbatch --array {bare[-1]:.1f} s, fan-out {ours[-1]:.1f} s,")
            print(f"ratio {min(ours) / min(bare):.2f}; {len(times)} status queries, one per {POLL:g} s at most")
        assert len(times) <= ours[-1] / POLL + 1
        assert all(later - sooner >= 0.9 * POLL for sooner, later in pairwise(times))
        if min(ours) <= MOST * min(bare):
            return
    pytest.fail(f"a fan-out took {min(ours):.1f} s, an array {min(bare):.1f} s")


def _ours(cluster: Cluster, folder: Path, count: int) -> float:
    """Seconds that a fan-out takes, from its submission until its end is seen. Its questions are in `asked`."""
    commands = folder / "bin"
    commands.mkdir()
    for name in ("sbatch", "squeue", "scancel", "scontrol", "sacct"):
        noted = f'echo {name} "$(date +%s.%N)" >> {folder / "asked"}'
        (commands / name).write_text(f'#!/bin/sh\n{noted}\nexec /usr/bin/{name} "$@"\n')
        (commands / name).chmod(0o700)
    bench = slurm_bench(folder / "engine", str(cluster.conf), poll=POLL, commands=str(commands))
    bench.engine.recover()
    begun = time.monotonic()
    bench.engine.submit(Run("run-1", (Task("sweep", tuple(shell("sleep 3") for _ in range(count))),)))
    while not (snapshot := bench.engine.observe("run-1")).status.ended:
        assert time.monotonic() - begun < 300, snapshot.status
        time.sleep(0.2)
    took = time.monotonic() - begun
    bench.engine.close()
    assert snapshot.status is Status.SUCCEEDED
    return took


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
