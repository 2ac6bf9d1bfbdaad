"""An apply that was suspended for longer than its lease wakes up: it sends nothing, and writes nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reconciler.execution.context import Silence
from reconciler.execution.executor import execute
from reconciler.execution.settle import settle
from reconciler.state.file import FileStore
from tests.execution.applier import ENV, NAMES, context_of, plan_without

SECONDS = 1.5
ROOT = Path(__file__).parents[2]


def applied_by_another(state: Path, platform: Path) -> None:
    """The successor: settle, plan what is left, walk it."""
    store = FileStore(state, time.time, lease_seconds=60.0)
    lease = store.lock(ENV, "second")
    settle(context_of(store, lease, platform, Silence())).require()
    done = {address.name for address in store.read(ENV).resources}
    assert execute(plan_without(done), context_of(store, lease, platform, Silence())).complete
    lease.release()


@pytest.mark.parametrize("point", ["started", "intended"])
def test_it_wakes_up_and_sends_nothing(point: str, tmp_path: Path) -> None:
    """Suspended before the intent, or in the worst place there is: between the intent and the call."""
    state, platform = tmp_path / "state", tmp_path / "platform"
    platform.mkdir()
    command = [sys.executable, "-m", "tests.execution.applier", str(state), str(platform), str(SECONDS), point]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stdout.readline() == f"at {point} one\n"
            process.stdin.write("go on\n")
            process.stdin.flush()
            assert process.stdout.readline() == f"at {point} two\n"
            os.kill(process.pid, signal.SIGSTOP)
            time.sleep(SECONDS * 1.2)
            applied_by_another(state, platform)
            made = {file.name for file in platform.iterdir()}
            memory = {file.name: file.read_bytes() for file in (state / ENV).glob("[hj]*")}
            os.kill(process.pid, signal.SIGCONT)
            process.stdin.write("go on\n" * 3)
            process.stdin.flush()
            assert process.stdout.readline() == "done skipped skipped state.locked\n"
        finally:
            process.kill()
    assert sorted(name.partition(".")[0] for name in made) == sorted(NAMES)
    assert {file.name for file in platform.iterdir()} == made
    assert {file.name: file.read_bytes() for file in (state / ENV).glob("[hj]*")} == memory
