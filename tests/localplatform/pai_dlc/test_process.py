"""Jobs that really run: once in each pod, with the environment a real one sees, and peers that meet."""

from __future__ import annotations

import json
import shutil
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.assembly import assemble
from reconciler.localplatform.engines.dispatch import Settings
from reconciler.localplatform.engines.process import process_engine
from tests.providers.pai_dlc.opened import at, desired, opened, spec
from tests.support.local_platform import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).resolve().parents[3] / "examples" / "pai-dlc" / "data"
PATIENCE = 60.0


@contextmanager
def really(folder: Path) -> Iterator[tuple[Any, Path]]:
    """The handler of jobs on a platform that runs processes, and the storage of bucket `demo`."""

    def engines(listener: Any, clock: Any) -> dict[str, Any]:
        return {"process": process_engine(folder / "engine", listener, settings=Settings(grace=1.0), clock=clock.now)}

    platform = assemble(folder, ACCOUNT, engines, "process")
    try:
        with opened(platform) as connection:
            yield connection.handler("Job"), folder / "data" / "demo"
    finally:
        platform.services.runs.stop_all(patience=5.0)
        platform.close()


def job(command: str, *roles: tuple[str, int], **changes: Any) -> dict[str, Any]:
    """A job of these roles that runs a command, the bucket mounted at /mnt/demo."""
    specs = [{"Type": name, "Image": "i", "PodCount": count, "EcsSpec": "ecs.g6.large"} for name, count in roles]
    mount = {"Uri": "oss://demo.endpoint/", "MountPath": "/mnt/demo"}
    return spec(UserCommand=command, JobSpecs=specs, DataSources=[mount], **{"Envs": {}, **changes})


def ended(handler: Any, given: dict[str, Any]) -> tuple[Any, dict[tuple[str, int], list[str]]]:
    """Runs it to its end; how it ended, and what each pod wrote."""
    return finished(handler, handler.create(desired(given)).remote_id)


def finished(handler: Any, identifier: str) -> tuple[Any, dict[tuple[str, int], list[str]]]:
    """The same of one that goes on."""
    deadline = time.monotonic() + PATIENCE
    while not (live := handler.read(at("t"), identifier)).phase.ended:
        assert time.monotonic() < deadline, live
        time.sleep(0.05)
    told: dict[tuple[str, int], list[str]] = {}
    for line in handler.logs(at("t"), identifier):
        told.setdefault((line.task, line.index), []).append(line.text)
    return live, told


def test_two_workers_train_together(tmp_path: Path) -> None:
    """The example: both find the same line over a socket, and the first leaves a file that TensorBoard can read."""
    with really(tmp_path) as (handler, demo):
        shutil.copytree(DATA, demo, dirs_exist_ok=True)
        command = "python3 /mnt/demo/two-workers/train.py --rounds 60 --summaries /mnt/demo/summaries"
        live, told = ended(handler, job(command, ("Worker", 2)))
        assert live.status == "Succeeded", told
        assert told["Worker", 0][-1] == "worker 0: y = 3.00 x + 0.50"
        assert told["Worker", 1][-1] == "worker 1: y = 3.00 x + 0.50"
        (summary,) = (demo / "summaries").iterdir()
        assert b"brain.Event:2" in summary.read_bytes()
        assert summary.read_bytes().count(b"loss") == 60


def test_environments(tmp_path: Path) -> None:
    """The master is rank 0 whatever the order of roles; a TFJob gets its topology, an MPIJob a hostfile."""
    with really(tmp_path) as (handler, _):
        shown = 'echo "$RANK $WORLD_SIZE $MASTER_ADDR $NPROC_PER_NODE $GREETING"'
        _, told = ended(handler, job(shown, ("Worker", 2), ("Master", 1), Envs={"GREETING": "a 'b' $c"}))
        assert told["Master", 0] == ["0 3 127.0.0.1 1 a 'b' $c"]
        assert [told["Worker", n][0][:3] for n in (0, 1)] == ["1 3", "2 3"]

        _, told = ended(handler, job('echo "$TF_CONFIG"', ("Chief", 1), ("Worker", 2), JobType="TFJob"))
        configs = {key: json.loads(lines[0]) for key, lines in told.items()}
        assert configs["Worker", 1]["task"] == {"type": "worker", "index": 1}
        cluster = configs["Chief", 0]["cluster"]
        assert {name: len(hosts) for name, hosts in cluster.items()} == {"chief": 1, "worker": 2}
        assert len({host for hosts in cluster.values() for host in hosts}) == 3
        assert all(config["cluster"] == cluster for config in configs.values())

        command = 'cat "$OMPI_MCA_orte_default_hostfile"'
        live, told = ended(handler, job(command, ("Launcher", 1), ("Worker", 2), JobType="MPIJob"))
        assert live.status == "Succeeded"
        assert told["Launcher", 0] == ["127.0.0.1 slots=1"] * 3


def test_who_decides(tmp_path: Path) -> None:
    """Parameter servers serve for ever and the job still ends; one failing worker fails it; the chief may decide."""
    serve = 'case "$TF_CONFIG" in *\'"type": "ps"\'*) sleep 600;; esac'
    with really(tmp_path) as (handler, _):
        live, _ = ended(handler, job(serve, ("PS", 1), ("Worker", 1), JobType="TFJob"))
        assert live.status == "Succeeded"
        live, _ = ended(handler, job('exit "$RANK"', ("Worker", 2)))
        assert (live.status, live.detail.split(":")[0]) == ("Failed", "JobFailed")
        chief = 'case "$TF_CONFIG" in *\'"type": "worker"\'*) sleep 600;; esac'
        roles = (("Chief", 1), ("Worker", 1))
        live, _ = ended(handler, job(chief, *roles, JobType="TFJob", SuccessPolicy="ChiefWorker"))
        assert live.status == "Succeeded"


def test_some_roles_decide(tmp_path: Path) -> None:
    """With `Partial` the roles that count; the command of a role is its own."""
    with really(tmp_path) as (handler, _):
        given = job("exit 4", ("Chief", 1), ("Worker", 1), JobType="TFJob", SuccessPolicy="Partial")
        given["JobSpecs"][0] |= {"ConsiderInSuccessPolicy": True, "UserCommand": "echo decided"}
        given["JobSpecs"][1] |= {"UserCommand": "sleep 600"}
        live, told = ended(handler, given)
        assert (live.status, told["Chief", 0]) == ("Succeeded", ["decided"])


def test_restarts(tmp_path: Path) -> None:
    """`ExitCode` tries again what ended with 128 or more, and only that."""
    once = "[ -e /mnt/demo/seen ] || { touch /mnt/demo/seen; exit 143; }; echo again"
    with really(tmp_path) as (handler, _):
        given = job(once, ("Worker", 1))
        given["JobSpecs"][0]["RestartPolicy"] = "ExitCode"
        live, told = ended(handler, given)
        assert (live.status, told["Worker", 0][-1]) == ("Succeeded", "again")
        assert live.detail == "restarted 1 times"
        given = job("exit 3", ("Worker", 1))
        given["JobSpecs"][0]["RestartPolicy"] = "ExitCode"
        assert ended(handler, given)[0].status == "Failed"


def waiting(*names: str, phase: str = "Running", least: str | None = None) -> list[dict[str, str]]:
    """The dependencies of a role on others."""
    return [{"Type": name, "OnPhase": phase, **({"MinReplicas": least} if least else {})} for name in names]


def test_roles_wait_for_each_other(tmp_path: Path) -> None:
    """A worker begins when two of three servers have, an evaluator when the worker has succeeded; until then its pod
    is pending.
    """
    servers = {"Type": "PS", "UserCommand": "sleep 600"}
    workers = {"Type": "Worker", "StartupDependencies": waiting("PS", least="2")}
    workers |= {"UserCommand": "until [ -e /mnt/demo/go ]; do sleep 0.05; done; echo trained > /mnt/demo/model"}
    judge = {"Type": "Evaluator", "StartupDependencies": waiting("Worker", phase="Succeeded")}
    with really(tmp_path) as (handler, demo):
        given = job("cat /mnt/demo/model", JobType="TFJob")
        each = {"Image": "i", "EcsSpec": "ecs.g6.large", "PodCount": 1}
        given["JobSpecs"] = [{**each, **judge}, {**each, **workers}, {**each, **servers, "PodCount": 3}]
        identifier = handler.create(desired(given)).remote_id
        deadline = time.monotonic() + PATIENCE
        states: set[tuple[str, int, str]] = set()
        while ("Worker", 0, "Running") not in states:
            assert time.monotonic() < deadline, states
            time.sleep(0.05)
            states = {(part.name, part.index, part.status) for part in handler.parts(at("t"), identifier)}
        assert ("Evaluator", 0, "Pending") in states
        assert sum((name, status) == ("PS", "Running") for name, _, status in states) >= 2
        (demo / "go").touch()
        live, told = finished(handler, identifier)
        assert live.status == "Succeeded", told
        assert told["Evaluator", 0] == ["trained"]
        events = [event.message for event in handler.events(at("t"), identifier, task="Evaluator")]
        assert events[0].endswith("waits for 1 of Worker succeeded")


def test_a_failed_command_ends_nobody_s_wait(tmp_path: Path) -> None:
    """Its exit code is that of its job, also where somebody waits for its success."""
    with really(tmp_path) as (handler, demo):
        given = job("exit 3", ("Master", 1), ("Worker", 1))
        given["JobSpecs"][1] |= {"StartupDependencies": waiting("Master", phase="Succeeded"),
                                 "UserCommand": "touch /mnt/demo/ran"}  # fmt: skip
        assert ended(handler, given)[0].status == "Failed"
        assert not (demo / "ran").exists()


def test_packages_that_are_here(tmp_path: Path) -> None:
    """What this machine has is enough, and what it has not is said: nothing comes from a network."""
    with really(tmp_path) as (handler, demo):
        (demo / "req").mkdir(parents=True)
        (demo / "req" / "requirements.txt").write_text(
            "# ours\n-i https://index.example.org/simple\nno-such-package>=1\n"
        )
        given = job("echo done", ("Worker", 1), ThirdpartyLibs=["pip>=1"])
        assert ended(handler, given)[1]["Worker", 0] == ["done"]
        given = job("echo done", ("Worker", 1), ThirdpartyLibDir="/mnt/demo/req")
        live, told = ended(handler, given)
        assert live.status == "Succeeded"
        assert told["Worker", 0] == [
            "local platform: not installed, since nothing is fetched here: no-such-package>=1",
            "local platform: left out, since nothing is fetched here: -i https://index.example.org/simple",
            "done",
        ]


def test_packages_from_a_folder_of_wheels(tmp_path: Path) -> None:
    """They can be imported, and the environment of this machine stays as it is."""
    with really(tmp_path) as (handler, demo):
        (demo / "req").mkdir(parents=True)
        (demo / "req" / "requirements.txt").write_text("greeting-of-tests\n")
        about = "greeting_of_tests-1.0.dist-info"
        files = {
            "greeting_of_tests.py": "WORD = 'hello'\n",
            f"{about}/METADATA": "Metadata-Version: 2.1\nName: greeting-of-tests\nVersion: 1.0\n",
            f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{about}/RECORD": "",
        }
        with zipfile.ZipFile(demo / "req" / "greeting_of_tests-1.0-py3-none-any.whl", "w") as wheel:
            for name, text in files.items():
                wheel.writestr(name, text)
        command = "python3 -c 'import greeting_of_tests; print(greeting_of_tests.WORD)'"
        live, told = ended(handler, job(command, ("Worker", 1), ThirdpartyLibDir="/mnt/demo/req"))
        assert (live.status, told["Worker", 0]) == ("Succeeded", ["hello"])
