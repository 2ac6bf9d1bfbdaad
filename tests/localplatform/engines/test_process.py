"""What only real processes can show: what a command sees, what it leaves, what stops it, what it may use."""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import LocalPlatformError
from reconciler.localplatform.engines import tree
from reconciler.localplatform.engines.process import process_engine
from reconciler.localplatform.engines.protocol import EventType
from reconciler.localplatform.engines.scheduling import Capacity
from reconciler.localplatform.work import Cause, File, Instance, Limits, Program, Run, Script, Status, Task, Together
from tests.localplatform.engines.conftest import Bench, hanging, process_bench, shell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.localplatform.engines.protocol import Event

MEBIBYTE = 1024 * 1024
needs_proc = pytest.mark.skipif(not tree.has_proc(), reason="the system does not tell about its processes")


def task(*instances: Instance, **more: object) -> Run:
    """A run of one task."""
    return Run("run-1", (Task("only", instances, **more),))  # type: ignore[arg-type]


def events(bench: Bench, kind: EventType) -> list[str]:
    """The messages of the events of that type."""
    return [event.message for event in bench.engine.events("run-1") if event.type is kind]


def alive(pid: int) -> bool:
    """Whether that process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


def test_nothing_of_the_servers_environment_reaches_a_job(process: Bench) -> None:
    """A command sees the variables the protocol lists, and its own; a canary of ours is not among them."""
    os.environ["CANARY_ACCESS_KEY"] = "canary-0000"
    try:
        process.run(task(shell("env", environment={"MINE": "1"})))
    finally:
        del os.environ["CANARY_ACCESS_KEY"]
    output = process.output("run-1", "only")
    seen = {line.partition("=")[0] for line in output.splitlines()}
    assert "canary" not in output.lower()
    assert seen - {"PWD", "SHLVL", "_", "OLDPWD"} == {
        *("PATH", "HOME", "TMPDIR", "LANG", "SHELL", "USER", "LOGNAME", "MINE"),
        *("RECONCILER_RUN_ID", "RECONCILER_TASK", "RECONCILER_INDEX", "RECONCILER_COUNT", "RECONCILER_ATTEMPT"),
        *("RECONCILER_TOKEN", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"),
    }


def test_nothing_of_the_servers_files_is_open_in_a_job(process: Bench) -> None:
    """Standard input is empty, and no descriptor but the three is open, not even one that we left inheritable."""
    ours, other = os.pipe()
    os.set_inheritable(ours, True)
    process.run(task(shell("cat", "python -c 'import os; print(sorted(map(int, os.listdir(\"/dev/fd\")))[:-1])'")))
    os.close(ours)
    os.close(other)
    assert process.output("run-1", "only") == "[0, 1, 2]\n"


def test_python_is_the_interpreter_of_the_engine(process: Bench) -> None:
    """`python` and `python3` run what runs us, with its packages."""
    show = "import sys; print(sys.prefix)"
    process.run(task(shell(f"python -c '{show}'", f"python3 -c '{show}'")))
    assert process.output("run-1", "only").splitlines() == [sys.prefix] * 2


def test_each_attempt_has_folders_of_its_own(process: Bench) -> None:
    """Working folder, home and temporary folder are private and different; the temporary one is gone at the end."""
    process.run(task(shell('for d in . "$HOME" "$TMPDIR"; do cd "$d"; pwd; stat -c %a .; touch file; done')))
    lines = process.output("run-1", "only").splitlines()
    folders, modes = lines[0::2], lines[1::2]
    assert len(set(folders)) == 3
    assert modes == ["700"] * 3
    assert [Path(folder, "file").exists() for folder in folders] == [True, True, False]


def test_a_job_gains_no_privileges(process: Bench) -> None:
    """Files it makes are private, core dumps are off, set-user-id programs gain nothing."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    process.run(task(shell("umask", "ulimit -c", "grep NoNewPrivs /proc/self/status || echo NoNewPrivs: 1")))
    assert process.output("run-1", "only").split() == ["0077", "0", "NoNewPrivs:", "1"]


def test_folders_and_files_are_there_before_the_start(process: Bench, tmp_path: Path) -> None:
    """The working folder, output folders and files exist, with the mode and content asked for."""
    instance = Instance(
        Script(("./bin/run", "pwd", "test -d results/a")),
        directory=str(tmp_path / "new" / "place"),
        outputs=("results/a", str(tmp_path / "out")),
        files=(File("bin/run", b"#!/bin/sh\necho ran \xc3\xa9\n", executable=True),),
        limits=Limits(cpu=0.1),
    )
    assert process.run(task(instance)).status is Status.SUCCEEDED
    assert process.output("run-1", "only") == f"ran é\n{tmp_path / 'new' / 'place'}\n"
    assert (tmp_path / "out").is_dir()


def test_a_missing_input_fails_before_the_start(process: Bench) -> None:
    """All missing paths are named, and the command does not run."""
    instance = Instance(Script(("echo ran",)), inputs=("/", "/no/such/file", "other"))
    shown = process.run(task(instance)).task("only").instances[0]
    assert (shown.cause, shown.started) == (Cause.INPUT_MISSING, None)
    assert shown.message == "input does not exist: /no/such/file, other"
    assert "ran" not in process.output("run-1", "only")


@pytest.mark.parametrize("argv", [("no-such-program-anywhere",), ("/etc/passwd",)])
def test_what_cannot_be_started_says_why(process: Bench, argv: tuple[str, ...]) -> None:
    """No such program and no permission to run it are launch failures."""
    shown = process.run(task(Instance(Program(argv)))).task("only").instances[0]
    assert shown.cause is Cause.LAUNCH
    assert argv[0] in shown.message


def test_stdout_and_stderr_come_as_written(process: Bench) -> None:
    """One stream, in order."""
    process.run(task(shell("echo 1", "echo 2 >&2", "echo 3", "echo 4 >&2")))
    assert process.output("run-1", "only") == "1\n2\n3\n4\n"


def test_output_without_end_is_cut_in_the_middle(tmp_path: Path) -> None:
    """Head and tail stay, a note says how much is missing, an event warns, and the job succeeds."""
    bench = process_bench(tmp_path / "engine", log_limit=1000, log_tail=200)
    snapshot = bench.run(task(shell("echo first", "yes | head -c 5000000", "echo last")))
    output = bench.output("run-1", "only")
    warnings = events(bench, EventType.LOG_CUT)
    bench.engine.close()
    assert snapshot.status is Status.SUCCEEDED
    assert len(warnings) == 1
    assert len(output) < 1300
    assert output.startswith("first\n")
    assert output.endswith("y\nlast\n")
    assert "bytes of output left out" in output


def test_binary_output_is_kept_byte_by_byte(process: Bench) -> None:
    """Bytes that are no text are in `content`, and readable in `text`."""
    process.run(task(shell("printf '\\377\\000\\001ok'")))
    chunk = process.engine.logs("run-1", "only")
    assert chunk.content == b"\xff\x00\x01ok"
    assert chunk.text == "\ufffd\x00\x01ok"


def test_output_is_readable_while_it_runs(process: Bench) -> None:
    """What was written is there at once, and more is to come."""
    process.engine.submit(task(hanging("echo early")))
    process.wait_for(lambda: process.output("run-1", "only") == "early\n")
    assert not process.engine.logs("run-1", "only").ended


def test_marks_tell_when_output_was_written(process: Bench) -> None:
    """Two lines half a second apart have two marks, apart as much."""
    process.run(task(shell("echo one", "sleep 0.4", "echo two")))
    marks = process.engine.logs("run-1", "only").marks
    assert [mark.offset for mark in marks] == [0, 4]
    assert marks[1].at - marks[0].at >= 0.35
    assert process.engine.logs("run-1", "only", offset=5).marks == marks[1:]


def test_signals_without_a_name_are_reported(process: Bench) -> None:
    """A real-time signal is a number."""
    shown = process.run(task(shell("kill -40 $$"))).task("only").instances[0]
    assert (shown.signal, shown.message) == (40, "ended by signal 40")


@needs_proc
def test_cancelling_reaches_every_descendant(process: Bench, tmp_path: Path) -> None:
    """Also those which forked twice, left the session and cleared their environment."""
    hide = f"setsid sh -c 'env -i setsid sleep 300 & echo $! > {tmp_path}/hidden' &"
    process.engine.submit(task(hanging(f"({hide})", "sleep 301 &", f"echo $! > {tmp_path}/plain", "echo ready")))
    process.wait_for(lambda: process.output("run-1", "only") == "ready\n" and (tmp_path / "hidden").exists())
    process.wait_for(lambda: bool((tmp_path / "hidden").read_text()))
    pids = [int((tmp_path / name).read_text()) for name in ("hidden", "plain")]
    assert all(alive(pid) for pid in pids)
    process.engine.cancel("run-1")
    assert process.ended("run-1").status is Status.CANCELLED
    assert not any(alive(pid) for pid in pids)


@needs_proc
def test_what_a_command_leaves_behind_ends_with_it(process: Bench, tmp_path: Path) -> None:
    """A background process neither survives the command nor keeps the instance from ending."""
    lines = (f"setsid sleep 300 & echo $! > {tmp_path}/pid", "echo done")
    assert process.run(task(shell(*lines))).status is Status.SUCCEEDED
    assert not alive(int((tmp_path / "pid").read_text()))


def test_a_gentle_stop_lets_a_command_clean_up(process: Bench) -> None:
    """SIGTERM comes first, and what the command writes then is kept; it is cancelled even if it exits with 0."""
    process.engine.submit(task(hanging("trap 'echo cleaned; exit 0' TERM", "echo ready", "sleep 600 & wait")))
    process.wait_for(lambda: process.output("run-1", "only") == "ready\n")
    process.engine.cancel("run-1")
    assert process.ended("run-1").status is Status.CANCELLED
    assert process.output("run-1", "only") == "ready\ncleaned\n"


@needs_proc
def test_suspended_processes_do_not_run(process: Bench) -> None:
    """A counting loop writes nothing while suspended, and goes on when resumed."""
    process.engine.submit(task(shell("while true; do echo x; sleep 0.01; done")))
    process.wait_for(lambda: len(process.output("run-1", "only")) > 4)
    pid = process.running("run-1", "only").task("only").instances[0].process
    process.engine.suspend("run-1")
    process.wait_for(lambda: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T")
    time.sleep(0.05)  # what was in the pipe
    before = len(process.output("run-1", "only"))
    time.sleep(0.1)
    assert len(process.output("run-1", "only")) == before
    process.engine.resume("run-1")
    process.wait_for(lambda: len(process.output("run-1", "only")) > before + 4)


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_a_moved_clock_changes_stamps_and_not_limits(tmp_path: Path, jump: float) -> None:
    """Events carry the time of the clock handed in; time limits go by the machine's, here and after a restart."""
    moved = [0.0]
    heard: list[Event] = []
    engine = process_engine(tmp_path / "engine", heard.extend, clock=lambda: time.time() + moved[0])
    bench = Bench(engine, heard)
    engine.submit(Run("run-1", (Task("a", (hanging(),), timeout=20.0),), timeout=20.0))
    bench.running("run-1", "a")
    moved[0] = jump
    engine.submit(Run("run-2", (Task("a", (hanging(),), timeout=0.3), Task("b", (hanging(),), timeout=20.0))))
    shown = bench.until("run-2", lambda snapshot: snapshot.task("a").status.ended).task("a").instances[0]
    assert shown.cause is Cause.TIMEOUT
    assert abs(shown.finished - time.time() - jump) < 20
    assert engine.observe("run-1").status is Status.RUNNING
    engine.close()
    assert bench.running("run-2", "b").status is Status.RUNNING
    assert engine.observe("run-1").status is Status.RUNNING
    for run_id in ("run-1", "run-2"):
        engine.cancel(run_id, force=True)
        bench.ended(run_id)
    engine.close()


@needs_proc
def test_more_memory_than_allowed_ends_a_job(process: Bench) -> None:
    """The tree is killed when what it holds passes the limit, and the cause says so."""
    grow = "python -c 'import time; held = bytearray(b\"x\") * (300 << 20); time.sleep(60)'"
    instance = Instance(Script((grow,)), limits=Limits(cpu=0.1, memory=100 * MEBIBYTE))
    shown = process.run(task(instance)).task("only").instances[0]
    assert (shown.status, shown.cause) == (Status.FAILED, Cause.OUT_OF_MEMORY)


def test_memory_that_is_only_reserved_counts_for_nothing(process: Bench) -> None:
    """Programs which reserve much and touch little run within a small limit."""
    reserve = "python -c 'import mmap; held = mmap.mmap(-1, 2 << 30); print(len(held))'"
    instance = Instance(Script((reserve,)), limits=Limits(cpu=0.1, memory=100 * MEBIBYTE))
    assert process.run(task(instance)).status is Status.SUCCEEDED


def test_what_cannot_be_granted_is_said(tmp_path: Path) -> None:
    """Too large requests are clamped, accelerators and images are nominal; each is one warning, and the job runs."""
    bench = process_bench(tmp_path / "engine", capacity=Capacity(2.0, 1024 * MEBIBYTE, 4))
    limits = Limits(cpu=64, memory=4096 * MEBIBYTE, gpu=8)
    snapshot = bench.run(task(Instance(Script(("echo $OMP_NUM_THREADS",)), limits=limits, image="team/tool:1")))
    assert snapshot.status is Status.SUCCEEDED
    assert bench.output("run-1", "only") == "2\n"
    assert "64 cores of 2" in events(bench, EventType.CLAMPED)[0]
    nominal = events(bench, EventType.NOMINAL)
    assert "8 accelerator(s)" in nominal[0]
    assert "team/tool:1" in nominal[1]
    bench.engine.close()


def test_no_more_runs_at_once_than_there_is_room(tmp_path: Path) -> None:
    """Eight instances of a core on two cores: never three at the same time, and at some time two."""
    bench = process_bench(tmp_path / "engine", capacity=Capacity(2.0, 0, 16))
    bench.run(task(*(shell("sleep 0.05", cpu=1.0) for _ in range(8))))
    running = most = 0
    for event in sorted(bench.engine.events("run-1"), key=lambda event: (event.at, event.type is EventType.STARTED)):
        if event.index is not None and event.type in {EventType.STARTED, EventType.ENDED}:
            running += 1 if event.type is EventType.STARTED else -1
            most = max(most, running)
    bench.engine.close()
    assert most == 2


def test_higher_priority_starts_first(tmp_path: Path) -> None:
    """With room for one, the run of higher priority overtakes those that wait."""
    bench = process_bench(tmp_path / "engine", capacity=Capacity(1.0, 0, 1))
    order = tmp_path / "order"
    bench.engine.submit(Run("blocker", (Task("t", (hanging(),)),)))
    bench.running("blocker", "t")
    for name, priority in (("low", 0), ("high", 9)):
        bench.engine.submit(Run(name, (Task("t", (shell(f"echo {name} >> {order}"),)),), priority=priority))
    bench.engine.cancel("blocker", force=True)
    bench.ended("low")
    bench.engine.close()
    assert order.read_text().split() == ["high", "low"]


def test_a_gang_meets_on_its_port(process: Bench) -> None:
    """Workers start together and find each other at the port they share."""
    serve = (
        "import os, socket\n"
        "server = socket.create_server(('127.0.0.1', int(os.environ['MEET'])))\n"
        "print(server.accept()[0].recv(9))\n"
    )
    call = (
        "import os, socket, time\n"
        "for _ in range(500):\n"
        "    try:\n"
        "        socket.create_connection(('127.0.0.1', int(os.environ['MEET']))).send(b'hello')\n"
        "        break\n"
        "    except OSError:\n"
        "        time.sleep(0.02)\n"
    )
    workers = tuple(Instance(Program(("python", "-c", code)), limits=Limits(cpu=4)) for code in (serve, call))
    assert process.run(task(*workers, together=Together.GANG, ports=("MEET",))).status is Status.SUCCEEDED
    assert process.output("run-1", "only", 0) == "b'hello'\n"


@pytest.fixture
def blocked(tmp_path: Path) -> Iterator[tuple[Bench, Path]]:
    """An engine, and the folder where the run `run-1` will be."""
    bench = process_bench(tmp_path / "engine")
    bench.engine.recover()
    yield bench, tmp_path / "engine" / "runs" / "run-1"
    bench.engine.close()


def test_a_run_that_cannot_be_written_down_fails(blocked: tuple[Bench, Path]) -> None:
    """Something else is where its folder should be: no exception, a failed run that says why."""
    bench, folder = blocked
    folder.parent.mkdir()
    folder.touch()
    snapshot = bench.run(task(shell("echo ran")))
    assert (snapshot.status, snapshot.cause) == (Status.FAILED, Cause.DISK)
    bench.wait_for(lambda: bool(bench.news) and bench.news[-1].cause is Cause.DISK)


def test_a_full_disk_fails_the_run_before_it_starts(blocked: tuple[Bench, Path]) -> None:
    """The first event does not fit."""
    bench, folder = blocked
    folder.mkdir(parents=True)
    (folder / "events.jsonl").symlink_to("/dev/full")
    snapshot = bench.run(task(shell("echo ran")))
    assert (snapshot.status, snapshot.cause) == (Status.FAILED, Cause.DISK)
    assert bench.output("run-1", "only") == ""


def test_a_disk_that_fills_up_later_starts_nothing_unwritten(blocked: tuple[Bench, Path], tmp_path: Path) -> None:
    """What started ends normally; what cannot be written down does not start."""
    bench, folder = blocked
    fill = f"ln -s /dev/full {folder}/full; mv {folder}/full {folder}/events.jsonl"
    run = Run("run-1", (Task("a", (shell(fill),)), Task("b", (shell(f"touch {tmp_path}/ran"),), needs=("a",))))
    snapshot = bench.run(run)
    assert snapshot.task("a").status is Status.SUCCEEDED
    assert snapshot.task("b").instances[0].cause is Cause.DISK
    assert not (tmp_path / "ran").exists()


def test_an_instance_whose_folder_cannot_be_made_fails(blocked: tuple[Bench, Path]) -> None:
    """The failure is of that instance alone."""
    bench, folder = blocked
    run = Run("run-1", (Task("a", (shell(f"touch {folder}/b"),)), Task("b", (shell(),), needs=("a",))))
    snapshot = bench.run(run)
    assert (snapshot.task("a").status, snapshot.task("b").cause) == (Status.SUCCEEDED, Cause.DISK)


def test_output_that_does_not_fit_costs_output_and_not_the_job(blocked: tuple[Bench, Path]) -> None:
    """The job succeeds, and an event says that output was lost."""
    bench, folder = blocked
    spoil = f"mkdir -p {folder}/b/0; ln -s /dev/full {folder}/b/0/log"
    run = Run("run-1", (Task("a", (shell(spoil),)), Task("b", (shell("echo lost"),), needs=("a",))))
    assert bench.run(run).status is Status.SUCCEEDED
    assert "No space left" in events(bench, EventType.LOG_CUT)[0]


def test_a_working_folder_that_cannot_be_made_fails(process: Bench) -> None:
    """The message names it."""
    shown = process.run(task(Instance(Script(("true",)), directory="/dev/null/below"))).task("only").instances[0]
    assert shown.cause is Cause.DISK
    assert "/dev/null/below" in shown.message


def test_two_engines_cannot_share_a_folder(process: Bench, tmp_path: Path) -> None:
    """The second is refused while the first is open."""
    process.engine.recover()
    second = process_bench(tmp_path / "engine").engine
    with pytest.raises(LocalPlatformError, match="in use"):
        second.recover()
    process.engine.close()
    assert second.recover() == ()
    second.close()


def test_an_engine_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """A clear error, and no run is lost silently."""
    (tmp_path / "file").touch()
    with pytest.raises(LocalPlatformError, match="cannot use"):
        process_bench(tmp_path / "file" / "engine").engine.submit(task(shell("true")))
