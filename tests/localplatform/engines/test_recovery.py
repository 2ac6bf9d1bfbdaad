"""The engine's process dies at any moment; the work goes on, and nothing runs twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import LocalPlatformError
from reconciler.localplatform.engines import launching, tree
from reconciler.localplatform.engines.codec import run_to_json
from reconciler.localplatform.engines.launching import Found, Launch
from reconciler.localplatform.engines.lifecycle import Lifecycle
from reconciler.localplatform.engines.protocol import EventType
from reconciler.localplatform.engines.storage import RunFolder
from reconciler.localplatform.work import Cause, Restart, Run, Status, Task, Together
from tests.localplatform.engines.conftest import Bench, hanging, process_bench, shell

if TYPE_CHECKING:
    from collections.abc import Iterator

ENGINE = """
import sys
from pathlib import Path
from reconciler.localplatform.engines.codec import run_from_json
from reconciler.localplatform.engines.dispatch import Settings
from reconciler.localplatform.engines.process import process_engine
from reconciler.localplatform.engines.scheduling import Capacity
engine = process_engine(Path(sys.argv[1]), settings=Settings(capacity=Capacity(4.0, 0, 16), grace=0.5))
engine.submit(run_from_json(sys.argv[2]))
print("submitted", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A second engine on the folder of the one that is killed; not opened yet."""
    made = process_bench(tmp_path / "engine")
    yield made
    for run_id in made.engine.recover():
        made.engine.cancel(run_id, force=True)
        made.ended(run_id)
    made.engine.close()


class Doomed:
    """A process with an engine that has taken a run."""

    def __init__(self, folder: Path, run: Run) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", ENGINE, str(folder), run_to_json(run)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).resolve().parents[3],
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"submitted\n"

    def kill(self) -> None:
        """Ends it without a chance to do anything."""
        self._process.kill()
        self._process.communicate()


def wait_for(path: Path) -> None:
    """Returns once the file is there."""
    end = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < end, f"no {path}"
        time.sleep(0.005)


def test_what_runs_goes_on_and_is_adopted(bench: Bench, tmp_path: Path) -> None:
    """A job started before the kill ends after it, with exit code and output; an event tells of the adoption."""
    go = tmp_path / "go"
    script = shell("echo before", f"until [ -e {go} ]; do sleep 0.02; done", "echo after", "exit 5")
    doomed = Doomed(tmp_path / "engine", Run("run-1", (Task("a", (script,)), Task("b", (shell(),), needs=("a",)))))
    wait_for(tmp_path / "engine/runs/run-1/a/0/1-0/started.json")
    doomed.kill()
    assert bench.engine.recover() == ("run-1",)
    assert bench.running("run-1", "a").status is Status.RUNNING
    go.touch()
    snapshot = bench.ended("run-1")
    assert snapshot.task("a").instances[0].exit_code == 5
    assert snapshot.task("b").status is Status.SKIPPED
    assert bench.output("run-1", "a") == "before\nafter\n"
    assert EventType.ADOPTED in {event.type for event in bench.engine.events("run-1")}


def test_what_ended_meanwhile_is_found(bench: Bench, tmp_path: Path) -> None:
    """A job that ended while no engine was there has succeeded, and what needs it starts."""
    go = tmp_path / "go"
    first = shell(f"until [ -e {go} ]; do sleep 0.02; done", "echo a")
    run = Run("run-1", (Task("a", (first,)), Task("b", (shell("echo b"),), needs=("a",))))
    doomed = Doomed(tmp_path / "engine", run)
    wait_for(tmp_path / "engine/runs/run-1/a/0/1-0/started.json")
    doomed.kill()
    go.touch()
    wait_for(tmp_path / "engine/runs/run-1/a/0/1-0/exit.json")
    bench.engine.recover()
    assert bench.ended("run-1").status is Status.SUCCEEDED
    assert bench.output("run-1", "b") == "b\n"


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.06, 0.15])
def test_killed_at_any_moment_each_instance_runs_once(bench: Bench, tmp_path: Path, delay: float) -> None:
    """However early or late the engine dies, a chain with a fan-out in it ends well and each instance ran once."""
    ran = tmp_path / "ran"
    line = f'echo "$RECONCILER_TASK $RECONCILER_INDEX" >> {ran}'
    run = Run(
        "run-1",
        (
            Task("a", (shell(line, "sleep 0.05"),)),
            Task("b", tuple(shell(line, "sleep 0.05") for _ in range(4)), needs=("a",)),
            Task("c", (shell(line),), needs=("b",)),
        ),
    )
    doomed = Doomed(tmp_path / "engine", run)
    time.sleep(delay)
    doomed.kill()
    bench.engine.recover()
    assert bench.ended("run-1").status is Status.SUCCEEDED
    assert sorted(ran.read_text().splitlines()) == ["a 0", "b 0", "b 1", "b 2", "b 3", "c 0"]


def test_time_limits_hold_without_an_engine(bench: Bench, tmp_path: Path) -> None:
    """A job that outlives the engine does not outlive its time."""
    doomed = Doomed(tmp_path / "engine", Run("run-1", (Task("a", (hanging(),), timeout=0.3),)))
    wait_for(tmp_path / "engine/runs/run-1/a/0/1-0/started.json")
    doomed.kill()
    wait_for(tmp_path / "engine/runs/run-1/a/0/1-0/exit.json")
    bench.engine.recover()
    assert bench.ended("run-1").task("a").instances[0].cause is Cause.TIMEOUT


def test_a_cancel_that_was_under_way_is_finished(bench: Bench, tmp_path: Path) -> None:
    """An adopted run can be cancelled, also by an engine after that one."""
    doomed = Doomed(tmp_path / "engine", Run("run-1", (Task("a", (hanging("trap '' TERM"),)),)))
    wait_for(tmp_path / "engine/runs/run-1/a/0/1-0/started.json")
    doomed.kill()
    bench.engine.recover()
    bench.running("run-1", "a")
    bench.engine.cancel("run-1")
    bench.engine.close()
    bench.engine.recover()
    assert bench.ended("run-1").status is Status.CANCELLED


def test_a_stop_that_was_only_written_down_is_carried_out(bench: Bench, tmp_path: Path) -> None:
    """The engine died between writing down the cancel and telling the supervisor."""
    run = Run("run-1", (Task("a", (hanging(),)),))
    doomed = Doomed(tmp_path / "engine", run)
    folder = tmp_path / "engine/runs/run-1"
    wait_for(folder / "a/0/1-0/started.json")
    doomed.kill()
    stored = RunFolder(folder)
    life = Lifecycle(*stored.load())
    life.stop(time.time(), Cause.CANCELLED)
    stored.append(life.take_events())
    bench.engine.recover()
    assert bench.ended("run-1").status is Status.CANCELLED


def test_ended_runs_are_still_known(bench: Bench, tmp_path: Path) -> None:
    """After a restart snapshot, events and output of a run that ended long ago are as before; its id is taken."""
    before = bench.run(Run("run-1", (Task("a", (shell("echo kept", "exit 3"),)),)))
    events = bench.engine.events("run-1")
    bench.engine.close()
    assert bench.engine.recover() == ()
    bench.engine.submit(Run("run-1", ()))
    assert bench.engine.observe("run-1") == before
    assert bench.engine.events("run-1") == events
    assert bench.output("run-1", "a") == "kept\n"
    assert bench.engine.retry("run-1") == ("a",)
    bench.engine.close()
    assert bench.ended("run-1").task("a").instances[0].attempt == 2


def test_a_torn_last_line_is_not_believed(bench: Bench, tmp_path: Path) -> None:
    """Half an event at the end of the file is dropped, and later events follow the whole ones."""
    bench.run(Run("run-1", (Task("a", (shell("exit 3"),)),)))
    count = len(bench.engine.events("run-1"))
    bench.engine.close()
    with (tmp_path / "engine/runs/run-1/events.jsonl").open("a") as file:
        file.write('{"run_id": "run-1", "sequ')
    bench.engine.retry("run-1")
    bench.ended("run-1")
    bench.engine.close()
    sequences = [event.sequence for event in bench.engine.events("run-1")]
    assert sequences == list(range(1, len(sequences) + 1))
    assert len(sequences) > count


@pytest.mark.skipif(not tree.has_proc(), reason="the system does not tell about its processes")
def test_a_killed_supervisor_loses_the_end_but_no_process(bench: Bench, tmp_path: Path) -> None:
    """The instance failed as lost, is not restarted, and what it had started is gone."""
    pids = tmp_path / "pids"
    job = hanging(f"setsid sleep 300 & echo $! > {pids}", f"echo $$ >> {pids}", "echo ready")
    bench.engine.submit(Run("run-1", (Task("a", (job,), restart=Restart(3)),)))
    bench.wait_for(lambda: bench.output("run-1", "a") == "ready\n")
    os.kill(int((tmp_path / "engine/runs/run-1/a/0/1-0/claim").read_text()), signal.SIGKILL)
    shown = bench.ended("run-1").task("a").instances[0]
    assert (shown.status, shown.cause, shown.attempt) == (Status.FAILED, Cause.LOST, 1)
    for pid in map(int, pids.read_text().split()):
        bench.wait_for(lambda pid=pid: not Path(f"/proc/{pid}").exists() or _zombie(pid))  # type: ignore[misc]


@pytest.mark.parametrize(("status", "cause"), [(1, Cause.LAUNCH), (70, Cause.DISK)])
def test_a_supervisor_that_fails_itself_is_told_apart(tmp_path: Path, status: int, cause: Cause) -> None:
    """One that never began is a launch failure, with its last words; one that could not record is a full disk."""
    (tmp_path / "supervisor.log").write_text("Traceback\nModuleNotFoundError: no such module\n")
    child = os.posix_spawn("/bin/sh", ["sh", "-c", f"exit {status}"], {})
    found = Launch(tmp_path, child)
    end = time.monotonic() + 20
    while not found.gone():
        assert time.monotonic() < end
    assert found.look() is Found.UNCLAIMED
    ending = found.silent_ending()
    assert ending.cause is cause
    assert "no such module" in ending.message or cause is Cause.DISK


def test_a_launch_made_void_never_begins(tmp_path: Path) -> None:
    """Whoever claims first decides; the second claim is refused."""
    found = Launch(tmp_path)
    assert launching.void(found)
    assert found.look() is Found.VOID
    assert not launching.void(found)


def test_a_gang_half_started_is_completed_with_the_same_ports(bench: Bench, tmp_path: Path) -> None:
    """The engine died between two workers of a gang: the second one gets the port of the first."""
    go = tmp_path / "go"
    worker = shell("echo $MEET", f"until [ -e {go} ]; do sleep 0.02; done")
    run = Run("run-1", (Task("gang", (worker, worker), together=Together.GANG, ports=("MEET",)),))
    doomed = Doomed(tmp_path / "engine", run)
    folder = tmp_path / "engine/runs/run-1/gang"
    wait_for(folder / "1/1-0/started.json")
    doomed.kill()
    # As if the second had never been launched.
    tree.send([int((folder / "1/1-0/claim").read_text())], signal.SIGUSR1)
    wait_for(folder / "1/1-0/exit.json")
    for path in (folder / "1/1-0/exit.json", folder / "1/1-0/started.json", folder / "1/1-0/claim", folder / "1/log"):
        path.unlink()
    bench.engine.recover()
    bench.wait_for(lambda: bench.output("run-1", "gang", 1).endswith("\n"))
    go.touch()
    assert bench.ended("run-1").status is Status.SUCCEEDED
    assert bench.output("run-1", "gang", 0) == bench.output("run-1", "gang", 1)


def test_damage_is_reported_and_not_overwritten(bench: Bench, tmp_path: Path) -> None:
    """A run whose file cannot be read is not taken for an unknown one."""
    bench.run(Run("run-1", ()))
    bench.engine.close()
    path = tmp_path / "engine/runs/run-1/run.json"
    path.write_text('{"version": 99}')
    with pytest.raises(LocalPlatformError, match="cannot be read"):
        bench.engine.submit(Run("run-1", ()))
    assert path.read_text() == '{"version": 99}'


def _zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
