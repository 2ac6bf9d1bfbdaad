"""What operators and the cluster do to jobs, and how it reads."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from reconciler.localplatform.engines.protocol import EventType, Suspends
from reconciler.localplatform.engines.slurm.site import Requeue
from reconciler.localplatform.work import Cause, Instance, Limits, Restart, Run, Script, Status, Task, Together
from tests.localplatform.engines.conftest import finish, hanging, shell, slurm_bench

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.localplatform.engines.conftest import Bench
    from tests.slurm.cluster import Cluster


@pytest.fixture
def free(cluster: Cluster, tmp_path: Path) -> Iterator[Bench]:
    """An engine whose jobs Slurm may always begin again."""
    made = slurm_bench(tmp_path / "engine", str(cluster.conf), **cluster.follow, requeue=Requeue.ALWAYS)
    yield made
    finish(made)


def jobs(cluster: Cluster, run_id: str) -> list[str]:
    """The ids of the waiting and running jobs of a run."""
    rows = cluster.command("squeue", "--noheader", "--array", "--format=%i|%k").splitlines()
    return [row.split("|")[0] for row in rows if f":{run_id}:" in row]


def one(run_id: str, instance: Instance, **more: object) -> Run:
    """A run of one command."""
    return Run(run_id, (Task("only", (instance,), **more),))  # type: ignore[arg-type]


def test_an_operator_suspends_and_lets_go_on(bench: Bench, cluster: Cluster) -> None:
    """The run reads suspended, with the reason, until the operator resumes it."""
    bench.engine.submit(one("suspended", hanging()))
    bench.running("suspended", "only")
    (job,) = jobs(cluster, "suspended")
    cluster.command("scontrol", "suspend", job)
    bench.until("suspended", lambda snapshot: snapshot.status is Status.SUSPENDED)
    told = [event for event in bench.engine.events("suspended") if event.type is EventType.SUSPENDED]
    assert [event.message for event in told] == ["suspended on the cluster"]
    cluster.command("scontrol", "resume", job)
    bench.until("suspended", lambda snapshot: snapshot.status is Status.RUNNING)


def test_a_person_suspends_and_the_command_stands_still(bench: Bench, cluster: Cluster, tmp_path: Path) -> None:
    """Suspending through the engine stops the clock of the command, and holds what waits, until it is resumed."""
    ticks = tmp_path / "ticks"
    beat = shell(f"while true; do echo . >> {ticks}; sleep 0.05; done")
    run = Run("still", (Task("beat", (beat,)), Task("next", (shell("true"),), needs=("beat",))))
    bench.engine.submit(run)
    bench.wait_for(lambda: ticks.exists() and ticks.stat().st_size > 10)
    assert isinstance(bench.engine, Suspends)
    bench.engine.suspend("still")

    def stands() -> bool:
        before = ticks.stat().st_size
        time.sleep(0.4)
        return ticks.stat().st_size == before

    bench.wait_for(stands)
    bench.wait_for(lambda: "JobHeld" in cluster.command("squeue", "--noheader", "--format=%r"))
    assert bench.engine.observe("still").status is Status.SUSPENDED
    bench.engine.resume("still")
    bench.wait_for(lambda: not stands())


def test_what_slurm_begins_again_waits_and_runs_anew(free: Bench, cluster: Cluster, tmp_path: Path) -> None:
    """A requeued job reads pending with the reason, uses up no restart, and its next attempt succeeds."""
    go = tmp_path / "go"
    quiet = "exec 2>/dev/null"  # a shell may say that its child was terminated, or be terminated itself first
    script = shell("echo attempt $RECONCILER_ATTEMPT", quiet, f"until [ -e {go} ]; do sleep 0.1; done")
    free.engine.submit(Run("again", (Task("only", (script,)), Task("next", (shell("echo next"),), needs=("only",)))))
    free.running("again", "only")
    job = min(jobs(cluster, "again"), key=int)
    cluster.command("scontrol", "requeue", job)
    free.until("again", lambda snapshot: snapshot.status is Status.PENDING)
    assert "begins it again" in free.engine.observe("again").task("only").instances[0].message
    why = "begun again, because somebody requeued it: Slurm says REQUEUED"
    free.wait_for(lambda: why in {event.message for event in free.engine.events("again")})
    cluster.begin_soon(job)
    go.touch()
    snapshot = free.ended("again")
    shown = snapshot.task("only").instances[0]
    assert (snapshot.status, shown.attempt, shown.restarts) == (Status.SUCCEEDED, 2, 0), shown
    assert free.output("again", "only") == "attempt 1\n=== attempt 2 ===\nattempt 2\n"


def test_a_gang_that_slurm_begins_again(free: Bench, cluster: Cluster, tmp_path: Path) -> None:
    """All members wait and run anew."""
    go = tmp_path / "go"
    worker = shell(f"until [ -e {go} ]; do sleep 0.1; done")
    free.engine.submit(Run("gang", (Task("only", (worker, worker), together=Together.GANG),)))
    free.running("gang", "only", 1)
    (job,) = jobs(cluster, "gang")
    cluster.command("scontrol", "requeue", job)
    free.until("gang", lambda snapshot: snapshot.status is Status.PENDING)
    cluster.begin_soon(job)
    go.touch()
    snapshot = free.ended("gang")
    assert [one.attempt for one in snapshot.task("only").instances] == [2, 2]
    assert snapshot.status is Status.SUCCEEDED


def test_only_what_may_restart_is_begun_again(bench: Bench, cluster: Cluster) -> None:
    """By default Slurm may requeue the jobs of tasks that allow restarts, and no others."""
    bench.engine.submit(one("may", hanging(), restart=Restart(1)))
    bench.engine.submit(one("may-not", hanging()))
    bench.running("may", "only")
    bench.running("may-not", "only")
    told = {run: cluster.command("scontrol", "show", "job", jobs(cluster, run)[0]) for run in ("may", "may-not")}
    assert "Requeue=1" in told["may"]
    assert "Requeue=0" in told["may-not"]


def test_somebody_cancels_a_job_on_the_cluster(bench: Bench, cluster: Cluster) -> None:
    """The whole run is cancelled, with the reason; nothing of it stays in the queue."""
    run = Run("theirs", (Task("first", (hanging(),)), Task("second", (shell("true"),), needs=("first",))))
    bench.engine.submit(run)
    bench.running("theirs", "first")
    bench.wait_for(lambda: len(jobs(cluster, "theirs")) == 2)
    cluster.command("scancel", min(jobs(cluster, "theirs"), key=int))
    snapshot = bench.ended("theirs")
    assert (snapshot.status, snapshot.cause) == (Status.CANCELLED, Cause.CANCELLED)
    told = [
        event.message for event in bench.engine.events("theirs") if event.type is EventType.STOPPING and not event.task
    ]
    assert told == ["cancelled on the cluster"]
    bench.wait_for(lambda: not jobs(cluster, "theirs"))


def test_cancelling_takes_the_whole_chain_down(bench: Bench, cluster: Cluster) -> None:
    """What runs and all that waits behind it leave the queue."""
    tasks = tuple(Task(f"t{n}", (hanging(),), needs=(f"t{n - 1}",) if n else ()) for n in range(4))
    bench.engine.submit(Run("chain", tasks))
    bench.running("chain", "t0")
    bench.wait_for(lambda: len(jobs(cluster, "chain")) == 4)
    bench.engine.cancel("chain")
    assert bench.ended("chain").status is Status.CANCELLED
    bench.wait_for(lambda: not jobs(cluster, "chain"))


def test_what_is_asked_for_reaches_slurm(bench: Bench, cluster: Cluster) -> None:
    """Processors, memory, time, priority, name and key stand in the job, and in its environment."""
    asked = Instance(
        Script(("echo $SLURM_CPUS_PER_TASK $OMP_NUM_THREADS", "sleep 600")),
        limits=Limits(cpu=0.1),
        requested=Limits(cpu=2.5, memory=3 * 1024**3),
    )
    run = Run("asked", (Task("only", (asked,), timeout=600.0),), name="my run", priority=7)
    bench.engine.submit(run)
    bench.running("asked", "only")
    (job,) = jobs(cluster, "asked")
    told = cluster.command("scontrol", "show", "job", job)
    for words in ("CPUs/Task=3", "MinMemoryNode=3G", "TimeLimit=00:12:00", "Nice=200", "JobName=my-run.only~"):
        assert words in told, told
    assert "Comment=reconciler:" in told
    bench.wait_for(lambda: bench.output("asked", "only") == "3 3\n")


def test_a_job_that_slurm_refuses(cluster: Cluster, tmp_path: Path) -> None:
    """A partition there is not: the instance fails with what sbatch said, and what needs it is skipped."""
    bench = slurm_bench(tmp_path / "engine", str(cluster.conf), **cluster.follow, partition="nowhere")
    snapshot = bench.run(Run("big", (Task("only", (shell(),)), Task("next", (shell(),), needs=("only",)))))
    bench.engine.close()
    shown = snapshot.task("only").instances[0]
    assert (shown.status, shown.cause) == (Status.FAILED, Cause.LAUNCH)
    assert "Slurm refuses it: sbatch: error: " in shown.message
    assert snapshot.task("next").status is Status.SKIPPED


def test_an_image_is_ignored_aloud(bench: Bench) -> None:
    """Where the site runs no images, the log and an event say so."""
    given = Instance(Script(("echo hello",)), limits=Limits(cpu=0.1), image="lab/tool:1")
    bench.run(one("image", given))
    said = "image lab/tool:1 is ignored: this site runs commands directly"
    assert bench.output("image", "only") == f"[{said}]\nhello\n"
    assert said in {event.message for event in bench.engine.events("image")}


def test_a_chain_goes_on_without_a_server(bench: Bench, cluster: Cluster, tmp_path: Path) -> None:
    """Closed after the submission, opened after the end: everything ran, restarts included, and is found."""
    flaky = shell('if [ "$RECONCILER_ATTEMPT" -le 1 ]; then exit 4; fi', "echo fine")
    done = tmp_path / "done"
    run = Run(
        "alone",
        (Task("a", (flaky,), restart=Restart(2)), Task("b", (shell(f"touch {done}"),), needs=("a",))),
    )
    bench.engine.submit(run)
    bench.wait_for(lambda: len(jobs(cluster, "alone")) == 2)
    bench.engine.close()
    bench.wait_for(done.exists)
    bench.engine.recover()
    snapshot = bench.ended("alone")
    assert (snapshot.status, snapshot.task("a").instances[0].attempt) == (Status.SUCCEEDED, 2)


def test_a_second_job_of_one_key_does_nothing(bench: Bench, cluster: Cluster, tmp_path: Path) -> None:
    """Should a submission ever be doubled, the one that comes second ends without having run anything."""
    ran = tmp_path / "ran"
    bench.engine.submit(one("double", shell(f"echo once >> {ran}", "sleep 1")))
    bench.running("double", "only")
    folder = tmp_path / "engine/runs/double/chains/1"
    (owner,) = folder.glob("owner.*")
    text = cluster.command("scontrol", "write", "batch_script", jobs(cluster, "double")[0], "-")
    script = tmp_path / "again.sh"
    script.write_text("\n".join(line for line in text.splitlines() if not line.startswith("batch script")))
    said = tmp_path / "said"
    cluster.command("sbatch", "--wait", f"--output={said}", str(script))
    assert "belongs to another job" in said.read_text()
    assert bench.ended("double").status is Status.SUCCEEDED
    assert ran.read_text() == "once\n"
    assert owner.exists()
