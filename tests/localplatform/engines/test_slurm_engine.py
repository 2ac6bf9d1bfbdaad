"""The Slurm engine when answers get lost, nobody answers, nodes fail, jobs are forgotten: on paper, with real steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.localplatform.engines.protocol import EventType
from reconciler.localplatform.engines.simulated import SimulatedEngine
from reconciler.localplatform.engines.slurm.engine import slurm_engine
from reconciler.localplatform.engines.slurm.site import Site
from reconciler.localplatform.work import Cause, Restart, Run, Status, Task
from tests.localplatform.engines.conftest import Bench, shell
from tests.localplatform.engines.paper_cluster import Job, PaperCluster

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def cluster() -> PaperCluster:
    """Nothing submitted yet."""
    return PaperCluster()


@pytest.fixture
def paper(cluster: PaperCluster, tmp_path: Path) -> Iterator[Bench]:
    """An engine on it."""
    bench = Bench(SimulatedEngine())
    site = Site(shared=tmp_path, grace=0.5, poll=0.05)
    bench.engine = slurm_engine(tmp_path / "engine", bench.news.extend, site, commands=cluster)
    yield bench
    bench.engine.close()


def two(first: str = "echo a", **more: object) -> Run:
    """Two tasks, one after the other."""
    return Run("run-1", (Task("a", (shell(first),), **more), Task("b", (shell("echo b"),), needs=("a",))))  # type: ignore[arg-type]


def test_a_chain_is_submitted_at_once_and_read_back(paper: Bench, cluster: PaperCluster) -> None:
    """Both jobs are in the queue before anything runs; output, codes and order come from what the nodes left."""
    paper.engine.submit(two())
    paper.wait_for(lambda: len(cluster.jobs) == 2)
    assert "--dependency=afterok:1" in cluster.jobs[2].arguments
    assert (cluster.run(1), cluster.run(2)) == (0, 0)
    snapshot = paper.ended("run-1")
    assert snapshot.status is Status.SUCCEEDED
    assert [paper.output("run-1", name) for name in ("a", "b")] == ["a\n", "b\n"]
    assert snapshot.task("a").finished <= snapshot.task("b").started


def test_a_submission_whose_answer_is_lost_is_found_by_its_key(paper: Bench, cluster: PaperCluster) -> None:
    """It is looked for before anything is submitted again, and is there."""
    cluster.lose = True
    paper.engine.submit(two())
    paper.wait_for(lambda: len(cluster.jobs) == 2)
    keys = [job.comment for job in cluster.jobs.values()]
    assert len(set(keys)) == 2
    assert "--dependency=afterok:1" in cluster.jobs[2].arguments
    cluster.run(1)
    cluster.run(2)
    assert paper.ended("run-1").status is Status.SUCCEEDED
    assert len(cluster.jobs) == 2


def test_a_controller_that_is_down_is_waited_for(paper: Bench, cluster: PaperCluster) -> None:
    """Nothing fails for it, neither before nor after the submission."""
    cluster.down = True
    paper.engine.submit(two())
    paper.wait_for(lambda: "sbatch" in cluster.asked)
    assert paper.engine.observe("run-1").status is Status.PENDING
    cluster.down = False
    paper.wait_for(lambda: len(cluster.jobs) == 2)
    cluster.down = True
    cluster.run(1)
    cluster.run(2)
    assert paper.ended("run-1").status is Status.SUCCEEDED


def test_what_slurm_refuses_fails_with_its_words(paper: Bench, cluster: PaperCluster) -> None:
    """And nothing is tried again."""
    cluster.refusal = "Batch job submission failed: Invalid account or account/partition combination specified"
    snapshot = paper.run(two())
    shown = snapshot.task("a").instances[0]
    assert (shown.cause, snapshot.task("b").status) == (Cause.LAUNCH, Status.SKIPPED)
    assert "Invalid account" in shown.message
    assert cluster.asked.count("sbatch") == 1


def test_a_failure_takes_what_waits_for_it_out_of_the_queue(paper: Bench, cluster: PaperCluster) -> None:
    """The exit code is the command's, and the job behind it is cancelled."""
    paper.engine.submit(two("exit 3"))
    paper.wait_for(lambda: len(cluster.jobs) == 2)
    assert cluster.run(1) == 3
    snapshot = paper.ended("run-1")
    assert snapshot.task("a").instances[0].exit_code == 3
    paper.wait_for(lambda: cluster.jobs[2].state == "CANCELLED")


def test_a_node_that_fails_without_a_word(paper: Bench, cluster: PaperCluster) -> None:
    """Slurm's word ends an instance that left no record."""
    paper.engine.submit(two())
    paper.wait_for(lambda: len(cluster.jobs) == 2)
    cluster.jobs[1].state = "NODE_FAIL"
    shown = paper.ended("run-1").task("a").instances[0]
    assert (shown.status, shown.cause) == (Status.FAILED, Cause.LOST)
    assert "its node failed" in shown.message


def test_a_job_that_everybody_has_forgotten(paper: Bench, cluster: PaperCluster) -> None:
    """Neither queue nor records know it: it is lost, and said to be."""
    paper.engine.submit(two())
    paper.wait_for(lambda: len(cluster.jobs) == 2)
    del cluster.jobs[1]
    shown = paper.ended("run-1").task("a").instances[0]
    assert (shown.status, shown.cause) == (Status.FAILED, Cause.LOST)
    assert "forgotten" in shown.message


def test_accounting_has_the_last_word_and_is_waited_for(paper: Bench, cluster: PaperCluster) -> None:
    """A job the queue has forgotten is not lost while accounting does not answer, or is behind."""
    cluster.past = [None, None, "", "1|RUNNING|0:0|a~k\n", None, "1|TIMEOUT|0:0|a~k\n"]
    paper.engine.submit(two())
    paper.wait_for(lambda: len(cluster.jobs) == 2)
    del cluster.jobs[1]
    shown = paper.ended("run-1").task("a").instances[0]
    assert (shown.cause, shown.message) == (Cause.TIMEOUT, "its time on the cluster was over: Slurm says TIMEOUT")


def test_accounting_is_not_waited_for_for_ever(paper: Bench, cluster: PaperCluster) -> None:
    """A job that it says is running, and which nobody else knows, is lost in the end."""
    cluster.past = ["1|RUNNING|0:0|a~k\n"]
    paper.engine.submit(two())
    paper.wait_for(lambda: len(cluster.jobs) == 2)
    del cluster.jobs[1]
    shown = paper.ended("run-1").task("a").instances[0]
    assert (shown.cause, shown.message) == (Cause.LOST, "how it ended is not known: Slurm says RUNNING")


def test_a_submission_is_not_repeated_while_accounting_is_silent(paper: Bench, cluster: PaperCluster) -> None:
    """It may have been made, have ended, and be forgotten by the queue: only accounting knows."""
    cluster.past, cluster.lose = [None], True
    paper.engine.submit(two())
    paper.wait_for(lambda: len(cluster.jobs) == 1)
    name = next(word for word in cluster.jobs[1].arguments if word.startswith("--job-name=")).partition("=")[2]
    del cluster.jobs[1]
    cluster.jobs[41] = Job("somebody's", (), "")
    paper.wait_for(lambda: "sacct" in cluster.asked)
    assert cluster.asked.count("sbatch") == 1
    cluster.past = [f"1|FAILED|1:0|{name}\n"]
    assert paper.ended("run-1").task("a").instances[0].cause is Cause.LAUNCH
    assert not [job for job in cluster.jobs.values() if f"--job-name={name}" in job.arguments]


def test_an_element_taken_out_of_the_queue_cancels_the_run(paper: Bench, cluster: PaperCluster) -> None:
    """Slurm shows nothing of an element that is cancelled while it waits; the others are still there."""
    paper.engine.submit(Run("run-1", (Task("a", (shell(), shell(), shell())),)))
    paper.wait_for(lambda: cluster.asked.count("squeue") > 2)
    cluster.jobs[1].gone.add(1)
    snapshot = paper.ended("run-1")
    assert (snapshot.status, snapshot.cause) == (Status.CANCELLED, Cause.CANCELLED)
    told = [event.message for event in paper.engine.events("run-1") if event.type is EventType.STOPPING]
    assert "cancelled on the cluster" in told


def test_a_node_is_taken_and_the_job_begins_again(paper: Bench, cluster: PaperCluster, tmp_path: Path) -> None:
    """The instance waits with the reason, uses up no restart, and its second attempt counts."""
    go = tmp_path / "go"
    paper.engine.submit(two(f"until [ -e {go} ]; do sleep 0.02; done", restart=Restart(1)))
    paper.wait_for(lambda: len(cluster.jobs) == 2)
    process = cluster.begin(1)
    paper.running("run-1", "a")
    cluster.take_away(1, process)
    paper.until("run-1", lambda snapshot: snapshot.status is Status.PENDING)
    assert EventType.REQUEUED in {event.type for event in paper.engine.events("run-1")}
    go.touch()
    assert cluster.run(1) == 0
    cluster.run(2)
    shown = paper.ended("run-1").task("a").instances[0]
    assert (shown.status, shown.attempt, shown.restarts) == (Status.SUCCEEDED, 2, 0)


def test_why_it_begins_again_is_told(paper: Bench, cluster: PaperCluster, tmp_path: Path) -> None:
    """Once the records of its former run say so."""
    cluster.past = [None, "", "1|RUNNING|0:0|a~k\n", "1|NODE_FAIL|0:0|a~k\n1|PENDING|0:0|a~k\n"]
    go = tmp_path / "go"
    paper.engine.submit(two(f"until [ -e {go} ]; do sleep 0.02; done", restart=Restart(1)))
    paper.wait_for(lambda: len(cluster.jobs) == 2)
    process = cluster.begin(1)
    paper.running("run-1", "a")
    cluster.take_away(1, process)
    told = "begun again, because its node failed: Slurm says NODE_FAIL"
    paper.wait_for(lambda: told in {event.message for event in paper.engine.events("run-1")})
    asked = cluster.asked.count("squeue")
    paper.wait_for(lambda: cluster.asked.count("squeue") > asked + 2)
    assert len([event for event in paper.engine.events("run-1") if event.message == told]) == 1
    go.touch()
    cluster.run(1)
    cluster.run(2)
    assert paper.ended("run-1").status is Status.SUCCEEDED


def test_why_a_job_waits_in_vain_is_told_once(paper: Bench, cluster: PaperCluster) -> None:
    """Waiting for its turn is nothing to tell; waiting for what will never be is."""
    paper.engine.submit(two())
    paper.wait_for(lambda: len(cluster.jobs) == 2)
    for reason in ("Priority", "PartitionTimeLimit", "PartitionTimeLimit", "Resources"):
        cluster.jobs[1].reason = reason
        asked = cluster.asked.count("squeue")
        paper.wait_for(lambda asked=asked: cluster.asked.count("squeue") > asked + 1)  # type: ignore[misc]
    told = [event.message for event in paper.engine.events("run-1") if event.type is EventType.QUEUED]
    assert told == ["waits in the cluster's queue: PartitionTimeLimit (asked for: 1 processor)"]
    assert paper.output("run-1", "a") == f"[{told[0]}]\n"


def test_restarts_happen_on_the_node(paper: Bench, cluster: PaperCluster) -> None:
    """One job, three attempts, all of them told."""
    paper.engine.submit(two('[ "$RECONCILER_ATTEMPT" -ge 3 ]', restart=Restart(2)))
    paper.wait_for(lambda: len(cluster.jobs) == 2)
    assert cluster.run(1) == 0
    cluster.run(2)
    shown = paper.ended("run-1").task("a").instances[0]
    assert (shown.status, shown.attempt, shown.restarts) == (Status.SUCCEEDED, 3, 2)


def test_what_was_out_of_memory_on_the_cluster_gets_another_job(paper: Bench, cluster: PaperCluster) -> None:
    """Slurm killed it and left no record: a restart the task allows is a new job, and what waited waits for that."""
    paper.engine.submit(two(restart=Restart(1)))
    paper.wait_for(lambda: len(cluster.jobs) == 2)
    cluster.jobs[1].state = "OUT_OF_MEMORY"
    paper.wait_for(lambda: len(cluster.jobs) == 4)
    assert "--dependency=afterok:3" in cluster.jobs[4].arguments
    assert cluster.jobs[2].state == "CANCELLED"
    assert (cluster.run(3), cluster.run(4)) == (0, 0)
    shown = paper.ended("run-1").task("a").instances[0]
    assert (shown.status, shown.restarts) == (Status.SUCCEEDED, 1)


def test_a_cancelled_chain_does_not_begin(paper: Bench, cluster: PaperCluster) -> None:
    """A job that slips through the cancellation runs nothing."""
    paper.engine.submit(two())
    paper.wait_for(lambda: len(cluster.jobs) == 2)
    paper.engine.cancel("run-1")
    assert paper.ended("run-1").status is Status.CANCELLED
    paper.wait_for(lambda: cluster.jobs[1].state == "CANCELLED")
    assert cluster.run(1) != 0
    assert paper.output("run-1", "a") == "[stopped before it started]\n"
    assert paper.engine.observe("run-1").task("a").instances[0].attempt == 0


def test_a_server_that_comes_back_asks_nothing_twice(paper: Bench, cluster: PaperCluster, tmp_path: Path) -> None:
    """Closed after the submission, it finds its jobs and what became of them, and submits none again."""
    paper.engine.submit(two())
    paper.wait_for(lambda: len(cluster.jobs) == 2)
    paper.engine.close()
    cluster.run(1)
    assert paper.engine.recover() == ("run-1",)
    cluster.run(2)
    assert paper.ended("run-1").status is Status.SUCCEEDED
    assert cluster.asked.count("sbatch") == 2


def test_nothing_is_asked_when_nothing_runs(paper: Bench, cluster: PaperCluster) -> None:
    """A service without work leaves the cluster alone."""
    paper.engine.submit(two())
    paper.wait_for(lambda: len(cluster.jobs) == 2)
    cluster.run(1)
    cluster.run(2)
    paper.ended("run-1")
    paper.engine.recover()
    before = len(cluster.asked)
    paper.engine.recover()
    assert len(cluster.asked) - before <= 1
