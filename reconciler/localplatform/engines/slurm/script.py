"""What is said to sbatch. Pure: values in, texts out."""

from __future__ import annotations

import math
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.localplatform.engines.slurm.chain import comment, job_name
from reconciler.localplatform.engines.slurm.site import Images, Requeue
from reconciler.localplatform.engines.slurm.sizes import asked_of, processors, share_of, shortfalls
from reconciler.localplatform.work import HIGHEST_PRIORITY, LOOPBACK, Script

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.localplatform.engines.slurm.chain import BatchJob
    from reconciler.localplatform.engines.slurm.site import Site
    from reconciler.localplatform.work import Instance, Limits, Run, Task

_MEGABYTE = 1024 * 1024
_MINUTE = 60
BOOT = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from reconciler.localplatform.engines.slurm.step import main; sys.exit(main(sys.argv[2:]))"
)
"""Without the site module and the environment: fast to start, and nothing from outside can change what is run."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A batch job to submit: `folder` is that of its chain, `after` the ids of the Slurm jobs it waits for."""

    run: Run
    job: BatchJob
    engine: str
    folder: str
    after: tuple[str, ...] = ()


def sbatch_arguments(submission: Submission, site: Site) -> tuple[str, ...]:
    """The arguments of sbatch, the program itself left out; the script comes on its standard input."""
    run, job = submission.run, submission.job
    task = run.task(job.task)
    chosen = [
        "--parsable",
        f"--job-name={job_name(run, job)}",
        f"--comment={comment(submission.engine, run, job)}",
        f"--chdir={submission.folder}",
        f"--output={submission.folder}/{job.key}.out",
        "--open-mode=append",
        "--export=ALL",
        "--kill-on-invalid-dep=yes",
        "--requeue" if may_requeue(task, site) else "--no-requeue",
        *_place(site, task),
        *_priority(run, site),
        *_time(run, task, site),
        *_shape(job, task, site),
    ]
    if submission.after:
        chosen.append(f"--dependency=afterok:{':'.join(submission.after)}")
    return (*chosen, *site.extra)


def script(submission: Submission, site: Site) -> str:
    """The batch script: it becomes our step, so that signals for the script reach it."""
    words = [*step_command(site), "batch", submission.folder, submission.job.key]
    return f"#!/bin/sh\nexec {shlex.join(words)}\n"


def step_command(site: Site) -> list[str]:
    """What starts our step on a node; its arguments follow."""
    return [site.python, "-I", "-S", "-B", "-c", BOOT, site.packages]


def may_requeue(task: Task, site: Site) -> bool:
    """Whether Slurm may begin a job of this task again."""
    return site.requeue is Requeue.ALWAYS or (site.requeue is Requeue.RESTARTABLE and task.restart.limit > 0)


def stays_on_one_node(task: Task) -> bool:
    """Whether members of a gang find each other by the loopback alone, in words we cannot put addresses into."""
    return any(
        any(LOOPBACK in line for line in (one.command.lines if isinstance(one.command, Script) else one.command.argv))
        or any(LOOPBACK.encode() in file.content for file in one.files)
        for one in task.instances
    )


def wrapper(instance: Instance, site: Site, folders: Sequence[str]) -> list[str]:
    """What stands before a command so that it runs in its image; empty when it runs directly.

    The step puts the working folder in for `@directory@`, that of temporary files for `@temporary@`, the node's name
    for `@node@`. `folders` are visible inside under their own paths.
    """
    if not instance.image or site.images is Images.NONE:
        return []
    binds = list(dict.fromkeys(folders))
    if site.images is Images.APPTAINER:
        image = instance.image
        if "://" not in image and not image.endswith(".sif"):
            image = f"docker://{image}"
        return [
            "apptainer", "exec", "--pwd", "@directory@",
            *(["--nv"] if asked_of(instance, site).gpu else []),
            *(word for folder in binds for word in ("--bind", folder)),
            image,
        ]  # fmt: skip
    mounts = ",".join(f"{folder}:{folder}" for folder in binds)
    return [
        "srun", "--overlap", "--nodes=1", "--ntasks=1", "--nodelist=@node@", "--export=ALL",
        f"--container-image={instance.image.replace('docker://', '')}",
        f"--container-mounts={mounts}", "--container-workdir=@directory@",
    ]  # fmt: skip


def notes(instance: Instance, site: Site) -> list[str]:
    """Sentences that belong at the head of an instance's log: what it asked for and does not get."""
    found = []
    if instance.image and site.images is Images.NONE:
        found.append(f"image {instance.image} is ignored: this site runs commands directly")
    return [*found, *shortfalls(instance, site)]


def _place(site: Site, task: Task) -> list[str]:
    chosen = [
        f"--{name}={value}" for name, value in (("partition", site.partition), ("account", site.account)) if value
    ]
    if labels := [label for label in (site.constraint, *task.nodes) if label]:
        chosen.append(f"--constraint={'&'.join(labels)}")
    return chosen


def _priority(run: Run, site: Site) -> list[str]:
    """A user may only step back in the queue: the highest priority does not, each lower one does a little more."""
    if qos := site.priorities.get(run.priority, site.qos):
        if run.priority in site.priorities:
            return [f"--qos={qos}"]
        return [f"--qos={qos}", f"--nice={(HIGHEST_PRIORITY - run.priority) * site.nice}"]
    return [f"--nice={(HIGHEST_PRIORITY - run.priority) * site.nice}"]


def _time(run: Run, task: Task, site: Site) -> list[str]:
    """Slurm counts in minutes; our step keeps to the second, and Slurm's limit is behind it."""
    known = [limit for limit in (task.timeout, run.timeout) if limit is not None]
    return [f"--time={math.ceil((min(known) + site.grace) / _MINUTE) + 1}"] if known else []


def _shape(job: BatchJob, task: Task, site: Site) -> list[str]:
    asked = share_of(job, task, site)
    if job.gang:
        count = len(job.indexes)
        nodes = 1 if stays_on_one_node(task) else count if asked.whole else 0
        return [*([f"--nodes={nodes}"] if nodes else []), f"--ntasks={count}", *_resources(asked, site, gang=True)]
    array = [f"--array=0-{len(job.indexes) - 1}"] if len(job.indexes) > 1 else []
    return [*array, "--nodes=1", "--ntasks=1", *_resources(asked, site, gang=False)]


def _resources(limits: Limits, site: Site, *, gang: bool) -> list[str]:
    """What one instance gets. A member of a gang has its memory said for each of its processors, since its node may
    hold several members or one.
    """
    if limits.whole:
        return ["--exclusive", "--mem=0"]
    count = processors(limits)
    chosen = [f"--cpus-per-task={count}"]
    if limits.memory:
        megabytes = math.ceil(limits.memory / _MEGABYTE)
        chosen.append(f"--mem-per-cpu={math.ceil(megabytes / count)}M" if gang else f"--mem={megabytes}M")
    if limits.gpu and site.gres:
        kind = site.gres.partition(":")[2]
        typed = f"{kind}:{limits.gpu}" if kind else str(limits.gpu)
        chosen.append(f"--gpus-per-task={typed}" if gang else f"--gres={site.gres}:{limits.gpu}")
    return chosen
