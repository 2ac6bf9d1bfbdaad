"""What accounting tells of jobs, on a real slurmdbd. Takes the whole node away at times, so it runs by itself."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest

from reconciler.localplatform.engines.simulated import SimulatedEngine
from reconciler.localplatform.engines.slurm.commands import Answer, RealCommands
from reconciler.localplatform.engines.slurm.engine import slurm_engine
from reconciler.localplatform.engines.slurm.reading import (
    HISTORY,
    QUEUE,
    RECENT,
    by_element,
    read_history,
    read_queue,
    read_submitted,
)
from reconciler.localplatform.engines.slurm.site import Site
from reconciler.localplatform.work import Cause, Restart, Status
from tests.localplatform.engines.conftest import PATIENCE, Bench, finish, hanging, shell
from tests.slurm.test_states import jobs, one

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from reconciler.localplatform.engines.slurm.reading import Row
    from tests.slurm.cluster import Cluster

NODE = socket.gethostname().split(".")[0]


class Forgetful:
    """The real commands of a cluster whose queue forgets a job at once when it is over. `lose`: the answer of the next
    sbatch gets lost, somebody cancels the job, and accounting has heard of it.
    """

    def __init__(self, site: Site) -> None:
        self._real = RealCommands(site)
        self.lose = False
        self.asked: list[str] = []

    def __call__(self, name: str, arguments: Sequence[str], *, text: str = "", keep: tuple[int, ...] = ()) -> Answer:
        """See Commands."""
        self.asked.append(name)
        answer = self._real(name, arguments, text=text, keep=keep)
        if name == "sbatch" and self.lose:
            self.lose = False
            self._real("scancel", [read_submitted(answer.output)])
            name = next(word for word in arguments if word.startswith("--job-name=")).partition("=")[2]
            until(lambda: "CANCELLED" in self._real("sacct", [*HISTORY, f"--name={name}", *RECENT]).output)
            return Answer(-1, error="sbatch did not answer")
        if name == "squeue":
            kept = [line for line in answer.output.splitlines() if not read_queue(line)[0].over]
            return Answer(answer.code, "\n".join(kept), answer.error)
        return answer


@pytest.fixture
def forgetful(cluster: Cluster, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Bench, Forgetful]]:
    """An engine that has to look back. Options for its sbatch may be a parameter."""
    extra = (f"--nodelist={NODE}", *getattr(request, "param", ()))
    site = Site(shared=tmp_path, conf=str(cluster.conf), grace=0.5, poll=0.5, extra=extra)
    commands, bench = Forgetful(site), Bench(SimulatedEngine())
    bench.engine = slurm_engine(tmp_path / "engine", bench.news.extend, site, commands=commands)
    yield bench, commands
    finish(bench)


def until(holds: Callable[[], bool]) -> None:
    """Returns once it holds. Slurm looks at time limits every half minute."""
    end = time.monotonic() + 3 * PATIENCE
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def sbatch(cluster: Cluster, name: str, *options: str, command: str = "sleep 600") -> str:
    """The id of a job of that name."""
    said = cluster.command(
        *("sbatch", "--parsable", "--output=/dev/null", f"--nodelist={NODE}", f"--job-name={name}~k"),
        *options,
        "--wrap",
        command,
    )
    return read_submitted(said)


def states(cluster: Cluster, *ids: str) -> set[str]:
    """The states of jobs, as the queue has them."""
    return {row.state for row in read_queue(cluster.command("squeue", f"--jobs={','.join(ids)}", *QUEUE))}


def take_the_node_away(cluster: Cluster) -> None:
    """It goes down and comes back."""
    cluster.command("scontrol", "update", f"nodename={NODE}", "state=down", "reason=test")
    cluster.command("scontrol", "update", f"nodename={NODE}", "state=resume", check=False)
    until(lambda: "idle" in cluster.command("sinfo", "--noheader", f"--nodes={NODE}", "--format=%T"))


def urgently(cluster: Cluster) -> str:
    """The id of a job that wants all of the node, and takes it."""
    return sbatch(cluster, "urgent", "--partition=urgent", "--exclusive", command="true")


@pytest.mark.timeout(180)
def test_the_queue_and_accounting_agree(cluster: Cluster) -> None:
    """On every way a job may end, wait and begin again: the same state, and the same exit code of what failed."""
    made = [
        sbatch(cluster, "completed", command="true"),
        sbatch(cluster, "failed", command="exit 3"),
        sbatch(cluster, "killed", command="kill -9 $$"),
        sbatch(cluster, "array", "--array=0-3", command="[ $SLURM_ARRAY_TASK_ID != 2 ]"),
    ]
    taken = {again: sbatch(cluster, "taken", f"--{again}", "--exclusive") for again in ("requeue", "no-requeue")}
    until(lambda: "RUNNING" in states(cluster, taken["requeue"]))
    urgent = urgently(cluster)
    until(lambda: states(cluster, urgent) == {"COMPLETED"} and states(cluster, taken["no-requeue"]) == {"RUNNING"})
    other = urgently(cluster)
    until(lambda: states(cluster, other) == {"COMPLETED"} and states(cluster, taken["no-requeue"]) == {"PREEMPTED"})
    cluster.command("scancel", taken["requeue"])
    timeout, cancelled = sbatch(cluster, "timeout", "--time=1"), sbatch(cluster, "cancelled")
    requeued = sbatch(cluster, "requeued", "--requeue")
    never = sbatch(cluster, "never", "--hold")
    needless = sbatch(cluster, "needless", f"--dependency=afterok:{made[1]}", "--kill-on-invalid-dep=yes")
    sweep = sbatch(cluster, "sweep", "--array=0-5%1", "--no-requeue")
    until(lambda: states(cluster, timeout, cancelled, requeued) == {"RUNNING"} and "RUNNING" in states(cluster, sweep))
    cluster.command("scontrol", "update", f"jobid={timeout}", "endtime=now+1seconds")
    cluster.command("scancel", cancelled, never, f"{sweep}_3")
    until(lambda: states(cluster, timeout, cancelled) == {"TIMEOUT", "CANCELLED"})
    take_the_node_away(cluster)
    until(lambda: "NODE_FAIL" in states(cluster, sweep) and states(cluster, requeued) == {"PENDING"})
    cluster.command("scancel", sweep)
    every = [*made, *taken.values(), urgent, other, timeout, cancelled, requeued, never, needless, sweep]
    until(lambda: "COMPLETING" not in states(cluster, *every))

    def told() -> tuple[dict[tuple[str, int], Row], dict[tuple[str, int], Row]]:
        queue = read_queue(cluster.command("squeue", f"--jobs={','.join(every)}", *QUEUE))
        past = read_history(cluster.command("sacct", *HISTORY, f"--jobs={','.join(every)}"))
        return by_element(queue), by_element(past)

    until(lambda: _states_of(told()[0]) == _states_of(told()[1]))
    queue, past = told()
    assert {row.state for row in past.values()} == {
        "COMPLETED", "FAILED", "PREEMPTED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "PENDING",
    }  # fmt: skip
    assert {place: row.exit_code for place, row in queue.items() if row.state in {"FAILED", "COMPLETED"}} == {
        place: row.exit_code for place, row in past.items() if row.state in {"FAILED", "COMPLETED"}
    }
    assert (sweep, 3) not in past
    recent = read_history(cluster.command("sacct", *HISTORY, "--name=needless~k", "--user=root", *RECENT))
    assert [row.id for row in recent] == [needless]
    cluster.command("scancel", *every)


def _states_of(rows: dict[tuple[str, int], Row]) -> dict[tuple[str, int], str]:
    return {place: row.state for place, row in rows.items()}


@pytest.mark.timeout(180)
def test_accounting_has_the_last_word(forgetful: tuple[Bench, Forgetful], cluster: Cluster) -> None:
    """Out of time, cancelled, node failed, preempted: as accounting says, when the queue has forgotten the job."""
    bench, commands = forgetful
    for name in ("timeout", "cancelled", "down"):
        bench.engine.submit(one(name, hanging()))
    for name in ("timeout", "cancelled", "down"):
        bench.running(name, "only")
    cluster.command("scontrol", "update", f"jobid={jobs(cluster, 'timeout')[0]}", "endtime=now+1seconds")
    cluster.command("scancel", jobs(cluster, "cancelled")[0])
    until(lambda: bench.engine.observe("timeout").status.ended)
    ended = {name: bench.ended(name) for name in ("timeout", "cancelled")}
    take_the_node_away(cluster)
    ended["down"] = bench.ended("down")
    bench.engine.submit(one("yields", hanging()))
    bench.running("yields", "only")
    urgently(cluster)
    ended["yields"] = bench.ended("yields")
    shown = {name: snapshot.task("only").instances[0] for name, snapshot in ended.items()}
    assert {name: (ended[name].status, each.cause) for name, each in shown.items()} == {
        "timeout": (Status.FAILED, Cause.TIMEOUT),
        "cancelled": (Status.CANCELLED, Cause.CANCELLED),
        "down": (Status.FAILED, Cause.LOST),
        "yields": (Status.FAILED, Cause.LOST),
    }
    assert shown["down"].message == "its node failed: Slurm says NODE_FAIL"
    assert shown["yields"].message == "its node was taken for another job: Slurm says PREEMPTED"
    assert "sacct" in commands.asked


@pytest.mark.timeout(180)
def test_why_jobs_are_begun_again(forgetful: tuple[Bench, Forgetful], cluster: Cluster) -> None:
    """The queue forgets why it took a node away; accounting does not."""
    bench, _ = forgetful

    def begins_again(name: str, happens: Callable[[], object], why: str) -> None:
        bench.engine.submit(one(name, hanging(), restart=Restart(1)))
        bench.running(name, "only")
        happens()
        bench.wait_for(lambda: why in {event.message for event in bench.engine.events(name)})
        assert bench.engine.observe(name).status is Status.PENDING

    begins_again(
        "down", lambda: take_the_node_away(cluster), "begun again, because its node failed: Slurm says NODE_FAIL"
    )
    begins_again(
        "yields",
        lambda: urgently(cluster),
        "begun again, because its node was taken for another job: Slurm says PREEMPTED",
    )
    begins_again(
        "asked",
        lambda: cluster.command("scontrol", "requeue", jobs(cluster, "asked")[0]),
        "begun again, because somebody requeued it: Slurm says REQUEUED",
    )


@pytest.mark.timeout(60)
@pytest.mark.parametrize("forgetful", [("--hold",)], indirect=True)
def test_a_submission_that_is_over_and_forgotten_is_found(forgetful: tuple[Bench, Forgetful]) -> None:
    """Its answer was lost, it never began, the queue knows nothing of it: accounting does, and it is not repeated."""
    bench, commands = forgetful
    commands.lose = True
    assert bench.run(one("lost", shell())).status is Status.CANCELLED
    assert commands.asked.count("sbatch") == 1
