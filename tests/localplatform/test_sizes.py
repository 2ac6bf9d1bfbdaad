"""What a cluster is asked for when somebody chooses a machine on a platform, and how its refusal reads there."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import requests

from reconciler.localplatform.assembly import Platform, assemble
from reconciler.localplatform.engines.slurm.engine import slurm_engine
from reconciler.localplatform.engines.slurm.site import Site
from reconciler.localplatform.work import Limits
from tests.localplatform.client import Client
from tests.localplatform.engines.conftest import waited
from tests.localplatform.engines.paper_cluster import PaperCluster
from tests.localplatform.hai import caller as hai
from tests.localplatform.pipelines import ONE_SCRIPT, app_running, job_of
from tests.providers.aihub import opened as aihub
from tests.providers.modelarts import opened as modelarts
from tests.providers.pai_dlc import opened as pai_dlc
from tests.support.local_platform import ACCOUNT
from tests.support.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

GIB = 1024**3
ONE_PROCESSOR = {"--cpus-per-task=1"}


@contextmanager
def on_paper(folder: Path, cluster: PaperCluster, **site: Any) -> Iterator[Platform]:
    """A platform whose work goes to a cluster on paper."""
    chosen = Site(shared=folder, grace=0.5, poll=0.05, **site)

    def engines(listener: Any, clock: Any) -> dict[str, Any]:
        return {"slurm": slurm_engine(folder / "engine", listener, chosen, clock=clock.now, commands=cluster)}

    platform = assemble(folder, ACCOUNT, engines, "slurm")
    try:
        yield platform
    finally:
        platform.services.runs.stop_all(patience=5.0)
        platform.close()


def asked(folder: Path, name: str, choice: dict[str, Any], **site: Any) -> set[str]:
    """What sbatch is told about resources for a job that makes that choice on that platform."""
    cluster = PaperCluster()
    with on_paper(folder, cluster, **site) as platform:
        SUBMIT[name](platform, choice)
        waited(lambda: len(cluster.jobs), 1)
        words = cluster.jobs[1].arguments
    return {word for word in words if word.startswith(("--cpus", "--mem", "--g", "--exclusive", "--nodes"))}


def ai4s(platform: Platform, choice: dict[str, Any]) -> None:
    """A job of one app."""
    with Client(WsgiAdapter(platform.application), ACCOUNT) as client:
        client.create("apps", app_running("true", resources=choice))
        client.create("workflows", ONE_SCRIPT)
        client.create("jobs", job_of())


def pai_dlc_job(platform: Platform, choice: dict[str, Any]) -> None:
    """A job of one pod."""
    role = {"Type": "Worker", "Image": "img", "PodCount": 1, **choice}
    quota = {} if "EcsSpec" in choice else {"ResourceId": "quota1"}
    with pai_dlc.opened(platform) as connection:
        given = pai_dlc.spec(UserCommand="true", JobSpecs=[role], **quota)
        connection.handler("Job").create(pai_dlc.desired(given))


def modelarts_v1(platform: Platform, choice: dict[str, Any]) -> None:
    """A job of one machine, in the older API."""
    given = modelarts.job_v1("old", user_command="true", **choice)
    if "pool_id" in choice:
        del given["config"]["spec_id"]
    with modelarts.opened(platform) as connection:
        connection.handler("TrainingJob").create(modelarts.desired("TrainingJob", given))


def modelarts_v2(platform: Platform, choice: dict[str, Any]) -> None:
    """A job of one machine, in the newer API."""
    given = modelarts.job_v2("new", spec={"resource": {"node_count": 1, **choice}})
    with modelarts.opened(platform) as connection:
        connection.handler("TrainingJobV2").create(modelarts.desired("TrainingJobV2", given))


def hai_task(platform: Platform, choice: dict[str, Any]) -> None:
    """A task."""
    with requests.Session() as session:
        session.trust_env = False
        session.mount(hai.BASE, WsgiAdapter(platform.application))
        hai.Caller(session).create("task", **{"nodes": 1, **choice})


def aihub_training(platform: Platform, choice: dict[str, Any]) -> None:
    """A training of one instance."""
    with aihub.opened(platform) as connection:
        given = aihub.desired("Training", **{"command": "true", "instances": 1, **choice})
        connection.handler("Training").create(given)


SUBMIT: dict[str, Callable[[Platform, dict[str, Any]], None]] = {
    "ai4s": ai4s,
    "pai-dlc": pai_dlc_job,
    "modelarts-v1": modelarts_v1,
    "modelarts-v2": modelarts_v2,
    "hai": hai_task,
    "aihub": aihub_training,
}


@pytest.mark.parametrize(
    ("name", "choice", "words"),
    [
        ("ai4s", {"cpu": "2.5C", "memory": "3G", "gpu": "2"}, {"--cpus-per-task=3", "--mem=3072M", "--gres=gpu:2"}),
        (
            "pai-dlc",
            {"EcsSpec": "ecs.gn6i-c4g1.xlarge"},
            {"--cpus-per-task=4", "--mem-per-cpu=3840M", "--gpus-per-task=1"},
        ),
        (
            "pai-dlc",
            {"ResourceConfig": {"CPU": "6", "Memory": "12Gi", "GPU": "0.5"}},
            {"--cpus-per-task=6", "--mem-per-cpu=2048M", "--gpus-per-task=1"},
        ),
        ("modelarts-v1", {"spec_id": 3}, {"--cpus-per-task=8", "--mem-per-cpu=8192M", "--gpus-per-task=1"}),
        ("modelarts-v1", {"pool_id": "pool-local"}, {"--cpus-per-task=8", "--mem-per-cpu=4096M"}),
        ("modelarts-v1", {"spec_id": 77}, ONE_PROCESSOR),
        (
            "modelarts-v2",
            {"flavor_id": "modelarts.kat1.8xlarge"},
            {"--cpus-per-task=96", "--mem-per-cpu=7680M", "--gpus-per-task=8"},
        ),
        (
            "modelarts-v2",
            {"flavor_id": "modelarts.pool.visual.2xlarge", "pool_id": "pool-of-ours"},
            {"--cpus-per-task=16", "--mem-per-cpu=8192M", "--gpus-per-task=2"},
        ),
        ("modelarts-v2", {"pool_id": "pool-local"}, {"--cpus-per-task=8", "--mem-per-cpu=4096M"}),
        ("modelarts-v2", {"pool_id": "pool-of-ours"}, ONE_PROCESSOR),
        ("hai", {}, {"--exclusive", "--mem=0"}),
        ("hai", {"nodes": 3}, {"--exclusive", "--mem=0", "--nodes=3"}),
        ("hai", {"resource": {"cpu": 4, "gpu": 1}}, {"--cpus-per-task=4", "--gpus-per-task=1"}),
        ("aihub", {"sku_cnt": 2}, {"--cpus-per-task=28", "--mem-per-cpu=8778M", "--gpus-per-task=2"}),
        ("aihub", {"sku_cnt": 0}, ONE_PROCESSOR),
    ],
)
def test_a_cluster_is_asked_for_what_was_chosen(
    tmp_path: Path, name: str, choice: dict[str, Any], words: set[str]
) -> None:
    """Processors, memory and accelerators of the machine, a node of its own where machines are given out whole; what
    nobody here knows is one processor.
    """
    assert asked(tmp_path, name, choice) - {"--nodes=1"} == words


@pytest.mark.parametrize(
    ("name", "choice", "size", "words"),
    [
        ("pai-dlc", {"EcsSpec": "ecs.g6.large"}, "ecs.g6.large", {"--cpus-per-task=3", "--gpus-per-task=1"}),
        ("modelarts-v1", {"spec_id": 3}, "modelarts.p3.large.public", {"--cpus-per-task=3", "--gpus-per-task=1"}),
        ("modelarts-v1", {"spec_id": 77}, "modelarts/spec-77", {"--cpus-per-task=3"}),
        ("modelarts-v2", {"pool_id": "pool-of-ours"}, "pool-of-ours", {"--cpus-per-task=3"}),
        ("hai", {}, "hai/training", {"--cpus-per-task=3"}),
        ("aihub", {"sku_cnt": 2}, "aihub/vc-a800-train", {"--cpus-per-task=6", "--gpus-per-task=2"}),
    ],
)
def test_a_site_says_what_a_size_is(
    tmp_path: Path, name: str, choice: dict[str, Any], size: str, words: set[str]
) -> None:
    """By the name its users know, whether or not the platform here knows it; for units, so many times."""
    told = asked(tmp_path, name, choice, sizes={size: Limits(3, 6 * GIB, 1)})
    assert words | {"--mem-per-cpu=2048M"} <= told


@pytest.mark.parametrize("name", SUBMIT)
def test_what_no_node_has_reads_clearly(tmp_path: Path, name: str) -> None:
    """The log of the job says that Slurm refuses it, in its words, and what it was asked for."""
    cluster = PaperCluster(refusal="Batch job submission failed: Requested node configuration is not available")
    with on_paper(tmp_path, cluster) as platform:
        SUBMIT[name](platform, LARGE[name])
        runs = platform.services.runs
        (run,) = runs.history.identifiers()
        waited(lambda: runs.look(run).status.ended, wanted=True)
        snapshot = runs.look(run)
        (task,) = snapshot.tasks
        log = runs.logs(run, task.name, 0, limit=4096).text
    assert "Slurm refuses it: sbatch: error: Batch job submission failed: Requested node" in log
    assert ASKED_FOR[name] in log
    assert ASKED_FOR[name] in snapshot.message


LARGE: dict[str, dict[str, Any]] = {
    "ai4s": {"cpu": "64C", "memory": "128G"},
    "pai-dlc": {"EcsSpec": "ecs.gn6v-c8g1.2xlarge"},
    "modelarts-v1": {"spec_id": 3},
    "modelarts-v2": {"flavor_id": "modelarts.p3.8xlarge.public"},
    "hai": {"nodes": 2},
    "aihub": {"sku_cnt": 4, "instances": 2},
}
ASKED_FOR = {
    "ai4s": "(asked for: 64 processors and 128 GiB of memory)",
    "pai-dlc": "8 processors, 32 GiB of memory and 1 accelerator, for ecs.gn6v-c8g1.2xlarge)",
    "modelarts-v1": "8 processors, 64 GiB of memory and 1 accelerator, for modelarts.p3.large.public)",
    "modelarts-v2": "64 processors, 512 GiB of memory and 8 accelerators, for modelarts.p3.8xlarge.public)",
    "hai": "(asked for: a node of its own each, for hai/training)",
    "aihub": "56 processors, 480 GiB of memory and 4 accelerators each, for 4 x aihub/vc-a800-train)",
}
