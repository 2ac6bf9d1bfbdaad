"""Several nodes: where gangs run and how their members meet, nodes that fail, labels, accelerators, images."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.localplatform.engines.slurm.site import Images, Requeue
from reconciler.localplatform.work import (
    LOOPBACK,
    Cause,
    Instance,
    Limits,
    Program,
    Restart,
    Run,
    Script,
    Size,
    Status,
    Task,
    Together,
)
from tests.localplatform.engines.conftest import finish, shell, slurm_bench
from tests.slurm.nodes import ACCELERATOR, SMALL
from tests.slurm.test_states import jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.localplatform.engines.conftest import Bench
    from tests.slurm.cluster import Cluster

    MakeBench = Callable[..., Bench]

pytestmark = pytest.mark.xdist_group("nodes")
"""One after another: they have the same few nodes."""
WHOLE = Limits(whole=True)
MEETING = """\
import os, socket, time
address, port, rank = os.environ["MASTER_ADDR"], int(os.environ["MEET"]), int(os.environ["RANK"])
print(os.environ["SLURMD_NODENAME"], rank, address, os.environ["HOSTS"], flush=True)
if rank == 0:
    with socket.create_server((address, port)) as server:
        peers = [server.accept() for _ in range(int(os.environ["WORLD_SIZE"]) - 1)]
        print("met", sorted(peer.recv(99).decode() for peer, _ in peers), flush=True)
else:
    end = time.monotonic() + 20
    while True:
        try:
            with socket.create_connection((address, port)) as peer:
                peer.sendall(os.environ["SLURMD_NODENAME"].encode())
            break
        except ConnectionRefusedError:
            assert time.monotonic() < end
            time.sleep(0.05)
"""
"""The first member serves at the address and port that all were told; the others come there and say where they are."""


@pytest.fixture
def bench_with(cluster: Cluster, tmp_path: Path) -> Iterator[MakeBench]:
    """Makes an engine for a site."""
    made: list[Bench] = []

    def make(**site: Any) -> Bench:
        made.append(slurm_bench(tmp_path / f"engine{len(made)}", str(cluster.conf), **site))
        return made[-1]

    yield make
    for bench in made:
        finish(bench)


def gang(run_id: str, *members: Instance, **more: Any) -> Run:
    """Members that start together."""
    return Run(run_id, (Task("only", members, together=Together.GANG, **more),))


def meeting(count: int, requested: Limits) -> Run:
    """A gang whose members meet."""
    given = [
        {"MASTER_ADDR": LOOPBACK, "RANK": str(n), "WORLD_SIZE": str(count), "HOSTS": ",".join([LOOPBACK] * count)}
        for n in range(count)
    ]
    program = Program(("python3", "-c", MEETING))
    members = tuple(Instance(program, one, limits=Limits(0.1), requested=requested) for one in given)
    return gang("meeting", *members, ports=("MEET",))


@pytest.mark.parametrize(
    ("requested", "nodes"),
    [(WHOLE, ["left", "right"]), (Limits(cpu=4), ["left", "left", "right"])],
    ids=["whole nodes", "shared nodes"],
)
def test_a_gang_over_two_nodes_meets(bench_with: MakeBench, requested: Limits, nodes: list[str]) -> None:
    """Ranks in the order of the nodes, each member once; all go to the first one's address, and know the others'."""
    bench = bench_with(partition="pair")
    snapshot = bench.run(meeting(len(nodes), requested))
    outputs = [bench.output("meeting", "only", rank) for rank in range(len(nodes))]
    assert snapshot.status is Status.SUCCEEDED, outputs
    hosts = ",".join(SMALL[node] for node in nodes)
    heads = [f"{node} {rank} {SMALL['left']} {hosts}\n" for rank, node in enumerate(nodes)]
    assert outputs == [f"{heads[0]}met {sorted(nodes[1:])}\n", *heads[1:]]
    assert [one.attempt for one in snapshot.task("only").instances] == [1] * len(nodes)


def test_a_gang_of_the_loopback_stays_on_one_node(bench_with: MakeBench) -> None:
    """Who spells it out in a script finds everybody there."""
    bench = bench_with(partition="pair")
    member = shell(f"echo {LOOPBACK} $SLURMD_NODENAME $SLURM_JOB_NUM_NODES", cpu=2)
    bench.run(gang("local", member, member, member))
    told = [bench.output("local", "only", rank).split() for rank in range(3)]
    assert len({node for _, node, _ in told}) == 1
    assert {count for _, _, count in told} == {"1"}


def test_a_member_on_another_node_fails(bench_with: MakeBench) -> None:
    """The others are stopped wherever they are, and all begin again together."""
    bench = bench_with(partition="pair")
    flaky = Instance(
        Script(('if [ "$RECONCILER_ATTEMPT" = 1 ]; then exit 3; fi', "echo $SLURMD_NODENAME")),
        limits=Limits(0.1),
        requested=WHOLE,
    )
    steady = Instance(
        Script(('if [ "$RECONCILER_ATTEMPT" = 1 ]; then sleep 600; fi', "echo $SLURMD_NODENAME")), requested=WHOLE
    )
    snapshot = bench.run(gang("again", steady, flaky, restart=Restart(1)))
    assert snapshot.status is Status.SUCCEEDED
    assert [(one.attempt, one.restarts) for one in snapshot.task("only").instances] == [(2, 1), (2, 1)]
    ends = [bench.output("again", "only", rank).splitlines()[-1] for rank in range(2)]
    assert ends == ["left", "right"]


def test_labels_choose_the_node(bench_with: MakeBench, cluster: Cluster) -> None:
    """A node that carries them; where none does, Slurm refuses it, and that is said."""
    bench = bench_with(partition="pair")
    one = shell("echo $SLURMD_NODENAME")
    bench.run(Run("labelled", (Task("only", (one,), nodes=("right",)),)))
    assert bench.output("labelled", "only") == "right\n"
    snapshot = bench.run(Run("nowhere", (Task("only", (one,), nodes=("left", "right")),)))
    assert snapshot.status is Status.FAILED
    assert "Slurm refuses it" in snapshot.task("only").instances[0].message
    assert jobs(cluster, "nowhere") == []


def lost(folder: Path) -> Instance:
    """A command whose first attempt does not end by itself; it leaves a line where it runs."""
    lines = (
        f"echo $SLURMD_NODENAME $RECONCILER_ATTEMPT >> {folder}/ran",
        'if [ "$RECONCILER_ATTEMPT" = 1 ]; then sleep 600; fi',
    )
    return Instance(Script(lines), limits=Limits(0.1), requested=WHOLE)


@pytest.mark.parametrize("members", [1, 2])
def test_what_runs_on_a_node_that_fails_is_lost(
    bench_with: MakeBench, cluster: Cluster, tmp_path: Path, members: int
) -> None:
    """With the reason; of a gang, members on other nodes are stopped for it; nothing is begun again by itself."""
    bench = bench_with(partition="frail", requeue=Requeue.NEVER)
    bench.engine.submit(gang("lost", *[lost(tmp_path)] * members, restart=Restart(1)))
    nodes = _where(bench, tmp_path, members)
    cluster.command("scontrol", "update", f"nodename={nodes[-1]}", "state=down", "reason=lightning")
    snapshot = bench.ended("lost")
    causes = [one.cause for one in snapshot.task("only").instances]
    assert (snapshot.status, causes) == (Status.FAILED, [Cause.LOST, Cause.PEER][:members])
    assert "its node failed: Slurm says NODE_FAIL (NodeDown)" in snapshot.message
    assert len(_lines(tmp_path)) == members


def test_a_node_dies(bench_with: MakeBench, cluster: Cluster, tmp_path: Path) -> None:
    """All that is on it is gone without a word, its slurmd too: what was said about it on the shared disk stands, the
    rest is Slurm's word.
    """
    bench, pids = bench_with(partition="doomed", requeue=Requeue.NEVER), tmp_path / "pids"
    script = Script((f"echo $$ $PPID > {pids}.new", "echo so far", f"mv {pids}.new {pids}", "sleep 600"))
    bench.engine.submit(Run("dies", (Task("only", (Instance(script, limits=Limits(0.1)),)),)))
    bench.wait_for(pids.exists)
    bench.running("dies", "only")
    command, guardian = map(int, pids.read_text().split())
    step = int(Path(f"/proc/{guardian}/stat").read_text().rpartition(")")[2].split()[1])
    daemon = int((cluster.folder / "slurmd-doomed.pid").read_text())
    for pid in (daemon, step, guardian):
        os.kill(pid, signal.SIGKILL)
    os.killpg(command, signal.SIGKILL)
    cluster.command("scontrol", "update", "nodename=doomed", "state=down", "reason=lightning")
    shown = bench.ended("dies").task("only").instances[0]
    assert (shown.status, shown.cause, shown.attempt) == (Status.FAILED, Cause.LOST, 1)
    assert "its node failed: Slurm says NODE_FAIL (NodeDown)" in shown.message
    assert bench.output("dies", "only") == "so far\n"


def test_members_share_what_slurm_gave_too_little_of(bench_with: MakeBench, cluster: Cluster, tmp_path: Path) -> None:
    """Slurm 22.05 may give a gang on shared nodes fewer processors than it asked for: it runs all the same."""
    busy, gone = tmp_path / "busy", tmp_path / "gone"
    other = bench_with(partition="pair", extra=("--nodelist=left",))
    script = Script((f"touch {busy}", f"until [ -e {gone} ]; do sleep 0.1; done"))
    other.engine.submit(gang("busy", Instance(script, limits=Limits(0.1), requested=Limits(2))))
    other.wait_for(busy.exists)
    bench = bench_with(partition="pair")
    member = Instance(Script(("echo $SLURM_JOB_CPUS_PER_NODE",)), limits=Limits(0.1), requested=Limits(4))
    snapshot = bench.run(gang("short", member, member, member))
    gone.touch()
    assert snapshot.status is Status.SUCCEEDED, snapshot.message
    assert sum(one.attempt for one in snapshot.task("only").instances) == 3


@pytest.mark.parametrize("members", [1, 2])
def test_what_may_be_begun_again_is_when_its_node_fails(
    bench_with: MakeBench, cluster: Cluster, tmp_path: Path, members: int
) -> None:
    """It waits, with the reason, uses up no restart, and its second attempt counts: all members of a gang together."""
    bench, run = bench_with(partition="frail"), f"lightning-{members}"
    bench.engine.submit(gang(run, *[lost(tmp_path)] * members, restart=Restart(1)))
    nodes = _where(bench, tmp_path, members)
    for index in range(members):
        bench.running(run, "only", index)
    (job,) = jobs(cluster, run)
    cluster.command("scontrol", "update", f"nodename={nodes[-1]}", "state=down", "reason=lightning")
    waiting = bench.until(run, lambda snapshot: snapshot.status is Status.PENDING)
    assert "its node was taken from it" in waiting.task("only").instances[0].message
    bench.wait_for(lambda: not any(cluster.folder.glob(f"spool-*/*_{job}.*")))  # the node has let go of the first life
    cluster.begin_soon(job)
    snapshot = bench.ended(run)
    assert snapshot.status is Status.SUCCEEDED
    assert [(one.attempt, one.restarts) for one in snapshot.task("only").instances] == [(2, 0)] * members
    assert len(_lines(tmp_path)) == 2 * members


def _where(bench: Bench, folder: Path, members: int) -> list[str]:
    """The nodes of the members, once all have begun."""
    bench.wait_for(lambda: len(_lines(folder)) == members)
    return sorted(line.split()[0] for line in _lines(folder))


def _lines(folder: Path) -> list[str]:
    ran = folder / "ran"
    return ran.read_text().splitlines() if ran.exists() else []


DEVICES = Script(("echo $CUDA_VISIBLE_DEVICES", "until [ $(ls {go} | wc -l) = 2 ]; do touch {go}/$$; sleep 0.1; done"))


@pytest.mark.parametrize("gres", ["gpu", ACCELERATOR], ids=["any", "of a type"])
@pytest.mark.parametrize("together", Together)
def test_accelerators_reach_the_commands(bench_with: MakeBench, tmp_path: Path, together: Together, gres: str) -> None:
    """Two at the same time on one node have one each, and see it alone."""
    bench = bench_with(partition="pair", gres=gres, extra=("--nodelist=left",))
    (tmp_path / "go").mkdir()
    lines = tuple(line.format(go=tmp_path / "go") for line in DEVICES.lines)
    one = Instance(Script(lines), limits=Limits(0.1), requested=Limits(cpu=1, gpu=1))
    snapshot = bench.run(Run("seeing", (Task("only", (one, one), together=together),)))
    told = [bench.output("seeing", "only", index) for index in range(2)]
    assert snapshot.status is Status.SUCCEEDED, told
    assert sorted(told) == ["0\n", "1\n"]


LARGE = Instance(Script(("true",)), requested=Limits(16, 512 * 1024**3, 8), size=Size("gpu.8xlarge"))
SAID = "(asked for: 16 processors, 512 GiB of memory and 8 accelerators{each}, for gpu.8xlarge)"


def test_a_node_of_its_own_comes_with_all_that_is_in_it(bench_with: MakeBench) -> None:
    """Every member of a gang of whole nodes sees the accelerators and the processors of its own."""
    bench = bench_with(partition="pair")
    one = Instance(Script(("echo $CUDA_VISIBLE_DEVICES $SLURM_CPUS_ON_NODE $OMP_NUM_THREADS",)), requested=WHOLE)
    snapshot = bench.run(gang("whole", one, one))
    assert snapshot.status is Status.SUCCEEDED, snapshot.message
    assert [bench.output("whole", "only", index) for index in range(2)] == ["0,1 8\n"] * 2


def test_more_than_any_node_has(bench_with: MakeBench) -> None:
    """Slurm refuses it; what it was asked for, and by which name, is said, and stands in the log."""
    bench = bench_with(partition="pair")
    snapshot = bench.run(Run("large", (Task("only", (LARGE, LARGE)),)))
    said = SAID.format(each=" each")
    for index, shown in enumerate(snapshot.task("only").instances):
        assert (shown.status, shown.cause) == (Status.FAILED, Cause.LAUNCH)
        assert shown.message.startswith("Slurm refuses it: ")
        assert shown.message.endswith(said)
        assert bench.output("large", "only", index) == f"[{shown.message}]\n"


def test_what_slurm_keeps_waiting_in_vain_is_told(bench_with: MakeBench) -> None:
    """Some of what is too large it takes and never starts: the log says why, and what it was asked for."""
    bench = bench_with(partition="pair")
    bench.engine.submit(gang("patient", *[replace(LARGE, requested=Limits(64))] * 2))
    bench.wait_for(lambda: bench.output("patient", "only") != "")
    said = "[waits in the cluster's queue: PartitionConfig (asked for: 64 processors each, for gpu.8xlarge)]\n"
    assert bench.output("patient", "only") == said
    assert said[1:-2] in {event.message for event in bench.engine.events("patient")}


def test_a_site_makes_it_fit(bench_with: MakeBench, cluster: Cluster) -> None:
    """The same size is something else there, and what it gives at most is said."""
    bench = bench_with(partition="pair", gres=ACCELERATOR, sizes={"gpu.8xlarge": Limits(8, gpu=4)}, most={"gpu": 2})
    one = Instance(
        Script(("echo $SLURM_CPUS_PER_TASK $CUDA_VISIBLE_DEVICES",)),
        requested=Limits(64, 512 * 1024**3, 8),
        size=Size("gpu.8xlarge"),
    )
    snapshot = bench.run(gang("fits", one))
    assert snapshot.status is Status.SUCCEEDED
    assert bench.output("fits", "only").splitlines() == [
        "[asks for 8 processors and 4 accelerators, and gets 8 processors and 2 accelerators: this site gives no more]",
        "8 0,1",
    ]


APPTAINER = """\
#!/bin/sh
[ "$1" = exec ] || exit 64
printf '%s\\n' "$@" > {record}
shift
while :; do
    case "$1" in
        --pwd) PLACE=$2; shift 2 ;;
        --bind) BINDS="$BINDS $2"; shift 2 ;;
        --nv) shift ;;
        -*) exit 67 ;;
        *) IMAGE=$1; shift; break ;;
    esac
done
export PLACE BINDS IMAGE
exec unshare --mount /bin/sh -e -c '
    for each in $BINDS; do n=$((n + 1)); mkdir {stash}/$n; mount --bind "$each" {stash}/$n; done
    mount -t tmpfs none {root}
    n=0
    for each in $BINDS; do n=$((n + 1)); mkdir -p "$each"; mount --bind {stash}/$n "$each"; done
    cd "$PLACE"
    exec "$@"
' sh "$@"
"""
PYXIS = """\
#!/bin/sh
printf '%s\\n' "$@" > {record}
for word; do
    shift
    case "$word" in
        --container-image=*) IMAGE=${{word#*=}}; export IMAGE ;;
        --container-*) ;;
        *) set -- "$@" "$word" ;;
    esac
done
exec /usr/bin/srun "$@"
"""
"""Stand-ins that take the words of the real ones and run the command: the first one with nothing of the test's folder
but what it is told to bind, the second one by the real srun. What an image brings is not theirs to show.
"""


STAND_INS = {Images.APPTAINER: ("apptainer", APPTAINER), Images.PYXIS: ("srun", PYXIS)}


@pytest.mark.parametrize("images", STAND_INS)
@pytest.mark.parametrize("together", Together)
def test_commands_run_in_their_images(
    bench_with: MakeBench, tmp_path: Path, images: Images, together: Together
) -> None:
    """By what the site has: with the folders they need, their own environment, and in their working folder."""
    programs, record, results = (tmp_path / name for name in ("bin", "record", "results"))
    stash = tmp_path.with_name(f"{tmp_path.name}-stash")
    for folder in (programs, stash):
        folder.mkdir()
    for name, text in {
        "python3": f'#!/bin/sh\nexec {sys.executable} "$@"\n',
        STAND_INS[images][0]: STAND_INS[images][1].format(record=record, root=tmp_path, stash=stash),
    }.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o700)
    bench = bench_with(partition="pair", images=images, python=str(programs / "python3"))
    word = tmp_path / "engine0" / "data" / "word"
    word.parent.mkdir(parents=True)
    word.write_text("given\n")
    one = Instance(
        Script((f'echo "$WORD" "$(cat {word})" in "$IMAGE" > {results}/told', "pwd -P", "cat <<< here", "exit 3")),
        environment={"WORD": "a  b"},
        directory=str(tmp_path / "work"),
        inputs=(str(word),),
        outputs=(str(results),),
        limits=Limits(0.1),
        requested=Limits(2, gpu=1),
        image="lab/tool:1",
    )
    shown = bench.run(Run("boxed", (Task("only", (one,), together=together),))).task("only").instances[0]
    assert shown.exit_code == 3, bench.output("boxed", "only")
    told = bench.output("boxed", "only")  # what srun says of the end may stand between
    assert str(tmp_path / "work") in told
    assert "here" in told
    words = record.read_text().splitlines()
    if images is Images.APPTAINER:
        assert (results / "told").read_text() == "a  b given in docker://lab/tool:1\n"
        assert words[:4] == ["exec", "--pwd", str(tmp_path / "work"), "--nv"]
    else:
        assert (results / "told").read_text() == "a  b given in lab/tool:1\n"
        assert f"--container-workdir={tmp_path / 'work'}" in words
    assert any("/rc-" in word for word in words)
