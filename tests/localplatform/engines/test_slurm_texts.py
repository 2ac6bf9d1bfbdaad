"""What is said to Slurm, and what its answers mean: recorded answers of Slurm 22.05, no cluster needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.errors import LocalPlatformError
from reconciler.localplatform.engines.slurm.chain import chain, comment, job_name, key_of_comment, key_of_name
from reconciler.localplatform.engines.slurm.gang import addresses, fewest_devices, is_short, members_by_node
from reconciler.localplatform.engines.slurm.mapping import ending_of
from reconciler.localplatform.engines.slurm.reading import (
    Row,
    read_cluster,
    read_completions,
    read_history,
    read_queue,
    read_submitted,
)
from reconciler.localplatform.engines.slurm.script import Submission, notes, sbatch_arguments, script, wrapper
from reconciler.localplatform.engines.slurm.site import Images, Requeue, Site, read_site
from reconciler.localplatform.engines.slurm.step import addressed, may_restart, status_of
from reconciler.localplatform.work import Cause, Instance, Limits, Program, Restart, Run, Script, Task, Together

SITE = Site(Path("/shared"), python="/opt/python/bin/python3", packages="/opt/reconciler")
QUEUE = """\
604|3|606|PENDING|0|0|Priority|(null)|
604|5|604|RUNNING|1|0|None|reconciler:e1:run-1:k-1-0|
803|N/A|803|COMPLETING|1|0|None|reconciler:e1:run-2:k-1-1|
684|N/A|684|CANCELLED|0|0|None|a comment | of somebody's|
707|N/A|707|FAILED|0|768|NonZeroExitCode|reconciler:other:run-3:k|
cut off|
"""
COMPLETIONS = """\
JobId=20 UserId=root(0) GroupId=root(0) Name=my run.t~abc-1-0 JobState=COMPLETED Partition=main TimeLimit=UNLIMITED \
StartTime=2026-11-21T03:25:45 EndTime=2026-11-21T03:25:49 NodeList=vm NodeCnt=1 ProcCnt=1 WorkDir=/tmp/x \
ReservationName= Tres=cpu=1,mem=256G,node=1,billing=1 Account= QOS= WcKey= Cluster=unknown \
SubmitTime=2026-11-21T03:25:44 EligibleTime=2026-11-21T03:25:45 ArrayJobId=1 ArrayTaskId=18 DerivedExitCode=0:0 \
ExitCode=0:0
JobId=21 UserId=root(0) GroupId=root(0) Name=other JobState=NODE_FAIL Partition=main ExitCode=0:9
not a line of ours
"""
CONFIG = """\
AccountingStorageType   = accounting_storage/none
JobCompLoc              = /var/log/slurm/completions
JobCompType             = jobcomp/filetxt
MaxArraySize            = 1001
SLURM_VERSION           = 22.05.8
"""


def one(*lines: str, **more: object) -> Instance:
    """An instance of these lines."""
    return Instance(Script(lines or ("true",)), **more)  # type: ignore[arg-type]


def arguments(run: Run, site: Site = SITE, *, after: tuple[str, ...] = (), job: int = 0) -> tuple[str, ...]:
    """What sbatch is told about one job of a run."""
    waiting = {task.name: range(len(task.instances)) for task in run.tasks}
    planned = chain(run, waiting, "k-1", array_limit=1000)
    return sbatch_arguments(Submission(run, planned[job], "e1", "/shared/c", after), site)


def test_a_diamond_becomes_a_chain() -> None:
    """Each task a job after those it needs; a task without instances hands on what it needs itself."""
    tasks = (
        Task("join", (one(),), needs=("left", "empty")),
        Task("empty", (), needs=("right",)),
        Task("left", (one(),), needs=("top",)),
        Task("right", (one(),), needs=("top",)),
        Task("top", (one(), one())),
    )
    run = Run("run-1", tasks)
    jobs = chain(run, {task.name: range(len(task.instances)) for task in tasks}, "k", array_limit=1000)
    names = {job.key: job.task for job in jobs}
    assert {job.task: {names[key] for key in job.needs} for job in jobs} == {
        "top": set(), "left": {"top"}, "right": {"top"}, "join": {"left", "right"},
    }  # fmt: skip
    assert jobs[0].task == "top"
    assert jobs[-1].task == "join"


def test_what_has_succeeded_is_not_waited_for() -> None:
    """A chain of what is left after a failure needs nothing of what is done."""
    run = Run(
        "run-1", (Task("a", (one(), one())), Task("b", (one(),), needs=("a",)), Task("c", (one(),), needs=("b",)))
    )
    jobs = chain(run, {"b": (0,), "c": (0,)}, "k", array_limit=1000)
    assert [(job.task, job.needs) for job in jobs] == [("b", ()), ("c", (jobs[0].key,))]


def test_a_fan_out_is_cut_where_it_must_be() -> None:
    """One array for instances that ask for the same, no longer than the cluster takes; a gang is one job."""
    big = one(limits=Limits(cpu=4))
    run = Run(
        "run-1", (Task("sweep", (one(), big, one(), one(), big)), Task("gang", (one(), big), together=Together.GANG))
    )
    jobs = chain(run, {"sweep": range(5), "gang": (1,)}, "k", array_limit=2)
    assert [(job.task, job.indexes, job.gang) for job in jobs] == [
        ("sweep", (0, 2), False), ("sweep", (3,), False), ("sweep", (1, 4), False), ("gang", (0, 1), True),
    ]  # fmt: skip


def test_keys_are_found_again_in_names_and_comments() -> None:
    """Only those of the same engine; names are fit for people and for Slurm."""
    run = Run("run-1", (Task("测序 a/b", (one(),)),), name="my run")
    (job,) = chain(run, {"测序 a/b": (0,)}, "abc-1", array_limit=10)
    assert job_name(run, job) == "my-run.a-b~abc-1-0"
    assert key_of_name(job_name(run, job)) == job.key
    assert key_of_name("somebody's job") == ""
    assert key_of_comment(comment("e1", run, job), "e1") == job.key
    assert key_of_comment(comment("e2", run, job), "e1") == ""
    assert key_of_comment("(null)", "e1") == ""


def test_resources_time_and_priority() -> None:
    """What the author asked for, not what one machine has room for; minutes behind the seconds; nice by priority."""
    asked = one(limits=Limits(cpu=0.1), requested=Limits(cpu=7.5, memory=3 * 1024**3 + 1, gpu=2))
    run = Run("run-1", (Task("a", (asked,), timeout=90.0, nodes=("fast",)),), priority=3, timeout=4000.0)
    told = arguments(run, Site(Path("/shared"), partition="gpu", account="lab", constraint="ib"))
    for word in (
        "--cpus-per-task=8", "--mem=3073M", "--gres=gpu:2", "--time=3", "--nice=600", "--partition=gpu",
        "--account=lab", "--constraint=ib&fast", "--nodes=1", "--ntasks=1",
    ):  # fmt: skip
        assert word in told
    assert not [word for word in told if word.startswith(("--array", "--dependency"))]


def test_priorities_may_be_qualities_of_service() -> None:
    """Those the site names; the others get the ordinary one and step back in the queue."""
    site = Site(Path("/shared"), qos="normal", priorities={9: "urgent"})
    urgent = arguments(Run("run-1", (Task("a", (one(),)),), priority=9), site)
    usual = arguments(Run("run-1", (Task("a", (one(),)),), priority=8), site)
    assert "--qos=urgent" in urgent
    assert not [word for word in urgent if word.startswith("--nice")]
    assert {"--qos=normal", "--nice=100"} <= set(usual)


def test_arrays_and_dependencies() -> None:
    """Elements by position; all jobs waited for."""
    run = Run("run-1", (Task("a", (one(), one())), Task("b", (one(),), needs=("a",))))
    assert "--array=0-1" in arguments(run)
    assert "--dependency=afterok:7:9" in arguments(run, after=("7", "9"), job=1)


def test_a_gang_is_as_many_tasks() -> None:
    """Each member has enough for the greediest; those who only know the loopback stay on one node."""
    member = one(limits=Limits(cpu=2, memory=1024**3, gpu=1))
    greedy = one(limits=Limits(cpu=4, memory=2 * 1024**3, gpu=1))
    task = Task("a", (member, greedy), together=Together.GANG)
    told = arguments(Run("run-1", (task,)))
    assert {"--ntasks=2", "--cpus-per-task=4", "--mem-per-cpu=512M", "--gpus-per-task=1"} <= set(told)
    assert "--nodes=1" not in told
    local = Task("a", (one("serve 127.0.0.1"), one()), together=Together.GANG)
    assert "--nodes=1" in arguments(Run("run-1", (local,)))


@pytest.mark.parametrize(
    ("requeue", "limit", "word"),
    [
        (Requeue.NEVER, 3, "--no-requeue"),
        (Requeue.RESTARTABLE, 0, "--no-requeue"),
        (Requeue.RESTARTABLE, 1, "--requeue"),
        (Requeue.ALWAYS, 0, "--requeue"),
    ],
)
def test_who_may_be_begun_again(requeue: Requeue, limit: int, word: str) -> None:
    """As the site and the task say."""
    run = Run("run-1", (Task("a", (one(),), restart=Restart(limit)),))
    assert word in arguments(run, Site(Path("/shared"), requeue=requeue))


def test_the_script_becomes_the_step() -> None:
    """One line that replaces the shell, so that signals for the script reach us."""
    run = Run("run-1", (Task("a", (one(),)),))
    (job,) = chain(run, {"a": (0,)}, "k", array_limit=10)
    lines = script(Submission(run, job, "e1", "/shared/it's here"), SITE).splitlines()
    assert lines[0] == "#!/bin/sh"
    assert lines[1].startswith("exec /opt/python/bin/python3 -I -S -B -c ")
    assert lines[1].endswith(""" /opt/reconciler batch '/shared/it'"'"'s here' k-0""")
    assert len(lines) == 2


def test_images() -> None:
    """Run by what the site has; ignored aloud where it has nothing."""
    given = Instance(Program(("train",)), image="lab/fit:1", limits=Limits(gpu=1))
    assert wrapper(given, SITE, ["/shared"]) == []
    assert notes(given, SITE) == ["image lab/fit:1 is ignored: this site runs commands directly"]
    apptainer = Site(Path("/shared"), images=Images.APPTAINER)
    assert wrapper(given, apptainer, ["/shared", "/data", "/shared"]) == [
        "apptainer", "exec", "--pwd", "@directory@", "--nv", "--bind", "/shared", "--bind", "/data",
        "docker://lab/fit:1",
    ]  # fmt: skip
    pyxis = wrapper(given, Site(Path("/shared"), images=Images.PYXIS), ["/shared"])
    assert {"--container-image=lab/fit:1", "--container-mounts=/shared:/shared", "--overlap"} <= set(pyxis)
    assert notes(given, Site(Path("/shared"), images=Images.PYXIS, gres="")) == [
        "1 accelerator(s) are not asked for: this site has none"
    ]


def test_the_queue_is_read() -> None:
    """Arrays by element, others by themselves; comments may hold anything; lines cut off are nothing."""
    assert read_queue(QUEUE) == (
        Row("604", 3, "PENDING", 0, 0, "Priority", "(null)"),
        Row("604", 5, "RUNNING", 1, 0, "", "reconciler:e1:run-1:k-1-0"),
        Row("803", 0, "COMPLETING", 1, 0, "", "reconciler:e1:run-2:k-1-1"),
        Row("684", 0, "CANCELLED", 0, 0, "", "a comment | of somebody's"),
        Row("707", 0, "FAILED", 0, 3, "NonZeroExitCode", "reconciler:other:run-3:k"),
    )


@pytest.mark.parametrize(
    ("state", "waiting", "suspended", "over"),
    [
        ("PENDING", True, False, False),
        ("REQUEUE_HOLD", True, False, False),
        ("RUNNING", False, False, False),
        ("COMPLETING", False, False, False),
        ("SUSPENDED", False, True, False),
        ("COMPLETED", False, False, True),
        ("TIMEOUT", False, False, True),
        ("A_WORD_OF_TOMORROW", False, False, True),
    ],
)
def test_where_a_state_is(state: str, waiting: bool, suspended: bool, over: bool) -> None:
    """Waiting, standing still, over, or none of these: running."""
    row = Row("1", 0, state)
    assert (row.waiting, row.suspended, row.over) == (waiting, suspended, over)


def test_what_the_queue_has_forgotten() -> None:
    """The job-completion file and accounting tell state, code and name; of a job that ran several times, every run."""
    spaced = COMPLETIONS.replace("\n", " \n")  # Slurm ends each line with a blank
    assert read_completions(spaced) == (
        Row("1", 18, "COMPLETED", exit_code=0, key="my run.t~abc-1-0"),
        Row("21", 0, "NODE_FAIL", exit_code=137, key="other"),
    )
    told = (
        "604_5|TIMEOUT|0:15|a~k-1-0",
        "604_[6,8-9%2]|PENDING|0:0|a~k",
        "8|NODE_FAIL|0:0|b",
        "8|CANCELLED by 0|0:0|b",
    )
    assert read_history("\n".join((*told, "8.batch|CANCELLED|0:15|batch", ""))) == (
        Row("604", 5, "TIMEOUT", exit_code=143, key="a~k-1-0"),
        *(Row("604", element, "PENDING", exit_code=0, key="a~k") for element in (6, 8, 9)),
        Row("8", 0, "NODE_FAIL", exit_code=0, key="b"),
        Row("8", 0, "CANCELLED", exit_code=0, key="b"),
    )


def test_what_a_cluster_says_about_itself() -> None:
    """Version, the longest array, and where ended jobs are written down; defaults where it says nothing."""
    cluster = read_cluster(CONFIG)
    assert (cluster.version, cluster.array_limit, cluster.accounting) == ("22.05.8", 1000, False)
    assert cluster.completions == "/var/log/slurm/completions"
    with_accounting = CONFIG.replace("accounting_storage/none", "accounting_storage/slurmdbd")
    assert read_cluster(with_accounting).accounting
    assert read_cluster("").array_limit == 1000


def test_the_answer_of_sbatch() -> None:
    """The number, also of a named cluster and behind a warning; "" for anything else."""
    assert [read_submitted(text) for text in ("17\n", "17;cluster\n", "warning: x\n17\n", "", "no\n")] == [
        "17", "17", "17", "", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("state", "code", "cause"),
    [
        ("COMPLETED", 0, Cause.NONE),
        ("FAILED", 3, Cause.LAUNCH),
        ("FAILED", 70, Cause.DISK),
        ("FAILED", None, Cause.LOST),
        ("TIMEOUT", 0, Cause.TIMEOUT),
        ("DEADLINE", 0, Cause.TIMEOUT),
        ("OUT_OF_MEMORY", 0, Cause.OUT_OF_MEMORY),
        ("NODE_FAIL", 0, Cause.LOST),
        ("BOOT_FAIL", 0, Cause.LOST),
        ("PREEMPTED", 0, Cause.LOST),
        ("CANCELLED", 0, Cause.CANCELLED),
        ("A_WORD_OF_TOMORROW", 0, Cause.LOST),
    ],
)
def test_what_slurms_words_mean(state: str, code: int | None, cause: Cause) -> None:
    """For an instance that left no record of its own; the word stands in the message of whatever failed."""
    ending = ending_of(Row("1", 0, state, exit_code=code, reason="why"))
    assert ending.cause is cause
    assert ending.stopped is (cause is Cause.CANCELLED)
    if cause not in {Cause.NONE, Cause.CANCELLED, Cause.DISK}:
        assert f"Slurm says {state} (why)" in ending.message


def test_a_job_that_slurm_has_forgotten_is_lost() -> None:
    """Nothing is known, and that is said."""
    assert ending_of(None).cause is Cause.LOST


def test_restarts_on_a_node_follow_the_same_rule() -> None:
    """Failures of the command, within the limit, of the codes asked for; stops and what the engine could not, never."""
    rule = {"limit": 1, "exit_codes": [4, 137]}
    failed, killed = {"cause": "exit-code", "exit_code": 4}, {"cause": "signal", "signal": 9, "exit_code": None}
    assert may_restart([failed], rule, 0)
    assert may_restart([killed, {"cause": "stopped"}], rule, 0)
    assert not may_restart([failed], rule, 1)
    assert not may_restart([{"cause": "exit-code", "exit_code": 5}, failed], rule, 0)
    assert not may_restart([{"cause": "timeout"}], {"limit": 9, "exit_codes": []}, 0)
    assert not may_restart([{"cause": "stopped"}], {"limit": 9, "exit_codes": []}, 0)


def test_the_exit_status_of_a_job() -> None:
    """0 only when the work is done; a record that could not be written has its own."""
    assert status_of({"cause": "", "recorded": True, "exit_code": 0}) == 0
    assert status_of({"cause": "exit-code", "recorded": True, "exit_code": 3}) == 3
    assert status_of({"cause": "signal", "recorded": True, "exit_code": None}) == 1
    assert status_of({"cause": "exit-code", "recorded": False, "exit_code": 3}) == 70
    assert status_of(None) == 255


def test_members_find_each_other_on_several_nodes() -> None:
    """Slurm's counts become a node for each member; the loopback in their environments becomes where peers are."""
    told = "NodeName=n1 Arch=x86_64 NodeAddr=10.0.0.1 OS=Linux 6 #1\nNodeName=n2 NodeAddr=n2 Port=6818\nno node\n"
    assert addresses(told) == {"n1": "10.0.0.1", "n2": "n2"}
    hosts = members_by_node(["n1", "n2", "n3"], "2(x2),1")
    assert hosts == ["n1", "n1", "n2", "n2", "n3"]
    rows = ["NodeName=n1 Gres=gpu:a100:4(S:0-1),gpu:2,tmpfs:1", "NodeName=n2 Gres=gpu:8", "NodeName=n3 Gres=(null)"]
    assert [fewest_devices("\n".join(rows[:count]), "gpu") for count in range(4)] == [0, 6, 6, 0]
    nodes = {"SLURM_TASKS_PER_NODE": "2,1", "SLURM_JOB_CPUS_PER_NODE": "6,4"}
    assert [is_short(nodes, processors) for processors in (4, 3, 0)] == [True, False, False]
    assert not is_short({"SLURM_TASKS_PER_NODE": "2(x3)", "SLURM_JOB_CPUS_PER_NODE": "8(x3)"}, 4)
    given = {"MASTER_ADDR": "127.0.0.1", "HOSTS": ",".join(["127.0.0.1"] * 5), "OTHER": "http://127.0.0.1:1"}
    assert addressed(given, tuple(hosts)) == {
        "MASTER_ADDR": "n1", "HOSTS": "n1,n1,n2,n2,n3", "OTHER": "http://127.0.0.1:1",
    }  # fmt: skip
    assert addressed(given, ()) == given


def test_a_site_is_described_by_a_file(tmp_path: Path) -> None:
    """One line is enough; every wrong member is named at once; no file says what to write."""
    file = tmp_path / "slurm.toml"
    with pytest.raises(LocalPlatformError) as caught:
        read_site(file)
    assert "shared = " in caught.value.hint
    file.write_text('shared = "/shared"\n')
    assert read_site(file) == Site(Path("/shared"))
    chosen = 'poll = 5\nimages = "pyxis"\nrequeue = "never"\nextra = ["--exclusive"]\n[priorities]\n9 = "urgent"\n'
    file.write_text(f'shared = "/s"\n{chosen}')
    site = read_site(file)
    assert (site.poll, site.images, site.requeue) == (5.0, Images.PYXIS, Requeue.NEVER)
    assert (site.extra, site.priorities) == (("--exclusive",), {9: "urgent"})
    file.write_text('poll = 0\nimages = "docker"\nextra = ["x"]\nnice = true\ntypo = 1\n[priorities]\n10 = "q"\n')
    with pytest.raises(LocalPlatformError) as caught:
        read_site(file)
    for word in ("`shared` is missing", "`poll`", "`images`", "`extra`", "`nice`", "'typo'", "`priorities`"):
        assert word in caught.value.message
    for rest in ("squeue", "unix:run/socket", "http://", "http://ana@host", "https://host?x", "http://host:port"):
        file.write_text(f'shared = "/s"\nrest = "{rest}"\nrest_token = "/t"\n')
        with pytest.raises(LocalPlatformError, match="`rest` is neither"):
            read_site(file)
    file.write_text('shared = "/s"\nrest = "http://login:6820"\n')
    with pytest.raises(LocalPlatformError, match="`rest_token` is missing"):
        read_site(file)
    file.write_text('shared = "/s"\nrest = "unix:/run/slurmrestd/socket"\n')
    assert read_site(file).rest == "unix:/run/slurmrestd/socket"
    file.write_text("shared = ")
    with pytest.raises(LocalPlatformError, match="cannot read"):
        read_site(file)
