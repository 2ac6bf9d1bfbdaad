"""What happens to jobs on the cluster, read in the words of every platform."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests

from reconciler.localplatform.assembly import assemble
from reconciler.localplatform.engines.slurm.engine import slurm_engine
from reconciler.localplatform.engines.slurm.site import Requeue, Site
from reconciler.localplatform.work import Limits
from reconciler.model.resource import Phase
from tests.localplatform.client import Client
from tests.localplatform.engines.conftest import waited
from tests.localplatform.hai import caller as hai
from tests.localplatform.pipelines import ONE_SCRIPT, app_running, job_of
from tests.providers.aihub import opened as aihub
from tests.providers.modelarts import opened as modelarts
from tests.providers.pai_dlc import opened as pai_dlc
from tests.slurm.test_states import jobs
from tests.support.local_platform import ACCOUNT
from tests.support.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform
    from tests.slurm.cluster import Cluster

COMMAND = "sleep 600"


@dataclass(frozen=True)
class Submitted:
    """A run on a platform: what the engine calls it, and how the platform says it is."""

    run: str
    word: Callable[[], str]


@dataclass(frozen=True)
class Words:
    """What a platform says of a job that runs, is suspended, waits to be begun again, and has run out of time."""

    running: str
    suspended: str
    requeued: str
    timed_out: str


WORDS = {
    "ai4s": Words("RUNNING", "PENDING", "PENDING", "FAILED timeout"),
    "pai-dlc": Words("Running", "Running", "Queuing", "Failed"),
    "modelarts-v1": Words("JOBSTAT_RUNNING", "JOBSTAT_WAITING", "JOBSTAT_WAITING", "JOBSTAT_FAILED"),
    "modelarts-v2": Words("Running", "Pending", "Pending", "Failed"),
    "hai": Words("running", "running", "created", "failed"),
    "aihub": Words("running", "running", "waiting", "failed"),
}


@pytest.fixture
def platform(cluster: Cluster, tmp_path: Path) -> Iterator[Platform]:
    """A platform whose work runs on the cluster."""
    small: dict[str, Any] = {"gres": "", "most": {"cpu": 1.0}, "sizes": {"hai/training": Limits(cpu=1.0)}}
    site = Site(shared=tmp_path, conf=str(cluster.conf), grace=0.5, poll=0.5, requeue=Requeue.ALWAYS, **small)

    def engines(listener: Any, clock: Any) -> dict[str, Any]:
        return {"slurm": slurm_engine(tmp_path / "engine", listener, site, clock=clock.now)}

    made = assemble(tmp_path, ACCOUNT, engines, "slurm")
    try:
        yield made
    finally:
        made.services.runs.stop_all(patience=10.0)
        made.close()


@pytest.mark.timeout(240)
def test_every_platform_tells_what_happened(platform: Platform, cluster: Cluster) -> None:
    """Running, suspended, running again, requeued, running again, out of time: each platform in its own words."""
    with ExitStack() as stack:
        made = _submit_all(platform, stack)

        def all_say(pick: Callable[[Words], str]) -> None:
            wanted = {name: pick(words) for name, words in WORDS.items()}
            waited(lambda: {name: one.word() for name, one in made.items()}, wanted, patience=45.0)

        all_say(lambda words: words.running)
        every = [job for one in made.values() for job in jobs(cluster, one.run)]
        cluster.command("scontrol", "suspend", ",".join(every))
        all_say(lambda words: words.suspended)
        cluster.command("scontrol", "resume", ",".join(every))
        all_say(lambda words: words.running)
        cluster.command("scontrol", "requeue", ",".join(every))
        all_say(lambda words: words.requeued)
        cluster.begin_soon(*every)
        all_say(lambda words: words.running)
        for job in every:
            cluster.command("scontrol", "update", f"jobid={job}", "endtime=now+1seconds")
        all_say(lambda words: words.timed_out)


def _submit_all(platform: Platform, stack: ExitStack) -> dict[str, Submitted]:
    """One job that goes on, on each platform."""
    adapter = WsgiAdapter(platform.application)
    client = stack.enter_context(Client(adapter, ACCOUNT))
    client.create("apps", app_running(COMMAND))
    client.create("workflows", ONE_SCRIPT)
    job = client.create("jobs", job_of())

    def ai4s() -> str:
        shown = client.show("jobs", job)
        return " ".join(filter(None, (shown["status"], shown.get("failed_reason"))))

    dlc = stack.enter_context(pai_dlc.opened(platform))
    arts = stack.enter_context(modelarts.opened(platform))
    hub = stack.enter_context(aihub.opened(platform))
    (platform.services.data.area("lab") / "code").mkdir(parents=True)
    (platform.services.data.area("lab") / "code" / "train.py").write_text("import time; time.sleep(600)")
    given = {
        "pai-dlc": (dlc, pai_dlc.desired(pai_dlc.spec(UserCommand=COMMAND))),
        "modelarts-v1": (arts, modelarts.desired("TrainingJob", modelarts.job_v1("old", user_command=COMMAND))),
        "modelarts-v2": (arts, modelarts.desired("TrainingJobV2", modelarts.job_v2("new"))),
        "aihub": (hub, aihub.desired("Training", command=COMMAND)),
    }
    made = {"ai4s": Submitted(job, ai4s)}
    known = {job}
    for name, (connection, desired) in given.items():
        handler: Any = connection.handler(desired.address.kind)
        identifier = handler.create(desired).remote_id
        (run,) = platform.services.runs.history.identifiers() - known
        known.add(run)
        made[name] = Submitted(run, _word_of(handler, desired.address, identifier))
    session = stack.enter_context(requests.Session())
    session.trust_env = False
    session.mount(hai.BASE, adapter)
    made["hai"] = _hai(hai.Caller(session), platform, known)
    return made


def _word_of(handler: Any, address: Any, identifier: str) -> Callable[[], str]:
    def word() -> str:
        live = handler.read(address, identifier)
        assert live.phase is not Phase.UNKNOWN
        return str(live.status)

    return word


def _hai(caller: hai.Caller, platform: Platform, known: set[str]) -> Submitted:
    folder = platform.services.data.root / "ws" / "a"
    folder.mkdir(parents=True)
    (folder / "go.sh").write_text(COMMAND)
    row = caller.create("task", spec={"workspace": "/ws/a", "entrypoint": "go.sh", "environments": {}})
    (run,) = platform.services.runs.history.identifiers() - known

    def word() -> str:
        shown = caller.show(row)
        return str(shown["worker_status"])

    return Submitted(run, word)
