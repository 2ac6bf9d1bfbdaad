"""A server that comes back finds everything, and no run is lost without a word."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.localplatform.assembly import Platform, assemble
from reconciler.localplatform.measuring import CPU, MEMORY, Sampler
from reconciler.localplatform.phases import every_engine
from reconciler.localplatform.store import Query
from reconciler.localplatform.work import Cause, Run, Status
from tests.localplatform.client import Client
from tests.localplatform.pipelines import APP, ONE_SCRIPT, app_running, job_of, workflow_of
from tests.support.local_platform import ACCOUNT, local_platform
from tests.support.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 30.0


@contextmanager
def real(folder: Path) -> Iterator[tuple[Platform, Client]]:
    """A platform whose jobs are processes, and a caller."""
    platform = assemble(folder, ACCOUNT, partial(every_engine, folder / "engine"), "process")
    try:
        with Client(WsgiAdapter(platform.application), ACCOUNT) as client:
            yield platform, client
    finally:
        platform.close()


def wait(client: Client, job: str, *states: str) -> dict[str, Any]:
    """The job once it is in one of these states."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        shown = client.show("jobs", job)
        if shown["status"] in states:
            return shown
        time.sleep(0.02)
    raise AssertionError(shown)


def run_script(client: Client, *commands: str) -> str:
    """A job that runs these lines."""
    client.create("apps", app_running(*commands))
    client.create("workflows", ONE_SCRIPT)
    return client.create("jobs", job_of())


def test_objects_and_ended_runs_are_remembered(tmp_path: Path) -> None:
    """Definitions, states, details of instances and events are there after a restart, whatever the engine."""
    with local_platform(tmp_path) as platform, Client(WsgiAdapter(platform.application), ACCOUNT) as client:
        job = run_script(client, "echo x", "exit 3")
        before, events = client.show("jobs", job), client.call("GET", f"{client.space}/jobs/{job}/events").json()
        client.admin("PUT", "switches", {"node_labels": "kept"})
    with local_platform(tmp_path) as platform, Client(WsgiAdapter(platform.application), ACCOUNT) as client:
        assert client.show("jobs", job) == before
        assert client.call("GET", f"{client.space}/jobs/{job}/events").json() == events
        assert client.call("GET", f"{client.space}/jobs/{job}/logs", params={"task_name": "only"}).json()["logs"] == []
        assert client.call("GET", f"{client.root}/eihealth-projects").json()["count"] == 1
        assert client.admin("GET", "switches").json()["node_labels"] == "kept"
        assert client.call("DELETE", f"{client.space}/jobs/{job}").status_code == 200


def test_a_run_nobody_knows_any_more_fails_with_a_reason(tmp_path: Path) -> None:
    """Simulated work dies with its process; its jobs say so, can be run again, and can be deleted."""
    by_clock = local_platform(tmp_path, engine="simulated-by-clock")
    with by_clock as platform, Client(WsgiAdapter(platform.application), ACCOUNT) as client:
        job = run_script(client, "sleep 1000")
        assert client.show("jobs", job)["status"] == "RUNNING"
    with local_platform(tmp_path) as platform, Client(WsgiAdapter(platform.application), ACCOUNT) as client:
        shown = client.show("jobs", job)
        assert (shown["status"], shown["failed_reason"]) == ("FAILED", str(Cause.LOST))
        assert "restarted" in shown["failed_message"]
        (row,) = client.call("GET", f"{client.space}/jobs", params={"status": "Failed"}).json()["jobs"]
        assert row["finish_time"]
        assert client.call("POST", f"{client.space}/jobs/{job}/retry").status_code == 202
        assert client.show("jobs", job)["status"] == "SUCCEEDED"


def test_a_run_that_never_reached_the_engine_is_started(tmp_path: Path) -> None:
    """A server that died between remembering a job and starting it starts it when it comes back, once."""
    with local_platform(tmp_path) as platform, Client(WsgiAdapter(platform.application), ACCOUNT) as client:
        job = run_script(client, "true")
        platform.services.runs.history.forget(job)
        platform.services.runs.open(job, "ai4s", "Job")
    with local_platform(tmp_path) as platform, Client(WsgiAdapter(platform.application), ACCOUNT) as client:
        assert client.show("jobs", job)["status"] == "SUCCEEDED"


def test_a_run_that_makes_no_sense_any_more_stops_no_server(tmp_path: Path) -> None:
    """Never begun, and of what a later release refuses, say: it is written off, and all else is served."""
    with local_platform(tmp_path) as platform, Client(WsgiAdapter(platform.application), ACCOUNT) as client:
        job, store = run_script(client, "true"), platform.services.store
        platform.services.runs.history.forget(job)
        platform.services.runs.open(job, "ai4s", "Job")
        (kept,) = store.find(Query("ai4s", "Job", ids=(job,))).entities
        task = kept.body["tasks"][0]
        info = {**task["app_info"], "app_output_parameters": [{"name": "o", "type": "FILE"}]}
        outside = {**task, "app_info": info, "outputs": [{"name": "o", "values": ["demo:/../x"]}]}
        store.update(replace(kept, body={**kept.body, "tasks": [outside]}))
    with local_platform(tmp_path) as again, Client(WsgiAdapter(again.application), ACCOUNT) as client:
        assert client.show("jobs", job)["status"] == "FAILED"


def test_real_work_is_found_again(tmp_path: Path) -> None:
    """A process that outlives the server is looked after by the next one, to its end and with its output."""
    with real(tmp_path) as (_, client):
        go = tmp_path / "go"
        job = run_script(client, "echo before", f"until [ -e {go} ]; do sleep 0.02; done", "echo after")
        wait(client, job, "RUNNING")
    with real(tmp_path) as (_, client):
        assert client.show("jobs", job)["status"] == "RUNNING"
        go.touch()
        shown = wait(client, job, "SUCCEEDED", "FAILED")
        assert shown["status"] == "SUCCEEDED"
        logs = client.call("GET", f"{client.space}/jobs/{job}/logs", params={"task_name": "only"}).json()["logs"]
        assert [line["content"] for line in logs] == ["before", "after"]


def test_work_of_a_forgotten_object_is_ended(tmp_path: Path) -> None:
    """What an engine still runs and no object knows is stopped, not left to run for ever."""
    with real(tmp_path) as (platform, client):
        job = run_script(client, "sleep 1000")
        wait(client, job, "RUNNING")
        platform.services.runs.history.forget(job)
    with real(tmp_path) as (platform, _):
        engine = platform.services.runs.engine("process")
        deadline = time.monotonic() + PATIENCE
        while not engine.observe(job).status.ended and time.monotonic() < deadline:
            time.sleep(0.02)
        assert engine.observe(job).status is Status.CANCELLED


def test_a_pipeline_really_runs(tmp_path: Path) -> None:
    """Inputs, fan-out, wires, outputs and failure are those of real files and processes."""
    with real(tmp_path) as (platform, client):
        client.create("apps", APP)
        counting = app_running('cat "${in}"/*.txt | sort > "${sum}"', inputs=[{**APP["inputs"][0], "required": True}])
        counting["outputs"] = [{"name": "sum", "type": "FILE", "required": True, "values": ["demo:/sum.txt"]}]
        client.create("apps", counting)
        words = {"name": "word", "values": ["pear", "apple"]}
        first = {"task_name": "say", "app_id": "copy::1", "inputs": [words]}
        second = {"task_name": "add", "app_id": "script::1", "inputs": [{"name": "in", "values": ["${say.out}"]}]}
        client.create("workflows", workflow_of(second, first))
        shown = wait(client, client.create("jobs", job_of(output_dir="/res")), "SUCCEEDED", "FAILED")
        assert shown["status"] == "SUCCEEDED", shown
        assert platform.services.data.locate("demo", "/res/add/sum.txt").read_text() == "apple\npear\n"
        listed = client.call("GET", f"{client.space}/datas", params={"path": "demo:/res/say/results"}).json()
        assert {row["name"] for row in listed["datas"]} == {"apple.txt", "pear.txt"}
        missing = {"task_name": "add", "inputs": [{"name": "in", "values": ["demo:/nowhere"]}]}
        failed = wait(client, client.create("jobs", job_of(output_dir="/two", tasks=[missing])), "SUCCEEDED", "FAILED")
        assert failed["status"] == "FAILED"
        assert {t["task_name"]: t["status"] for t in failed["task_runtime_info"]} == {
            "say": "SUCCEEDED",
            "add": "FAILED",
        }


def test_cancel_and_retry_of_real_work(tmp_path: Path) -> None:
    """A cancelled job stops its processes; a retry does only what has not succeeded."""
    with real(tmp_path) as (platform, client):
        go, count = tmp_path / "go", tmp_path / "count"
        client.create("apps", app_running(f"echo x >> {count}", outputs=[APP["outputs"][0]]))
        client.create(
            "apps",
            {**app_running(f"[ -e {go} ] || sleep 1000", inputs=[APP["inputs"][0]]), "name": "second"},
        )
        tasks = (
            {"task_name": "a", "app_id": "script::1"},
            {"task_name": "b", "app_id": "second::1", "inputs": [{"name": "in", "values": ["${a.out}"]}]},
        )
        client.create("workflows", workflow_of(*tasks))
        job = client.create("jobs", job_of())
        deadline = time.monotonic() + PATIENCE
        while client.show("jobs", job)["still_running_tasks"] != ["b"] and time.monotonic() < deadline:
            time.sleep(0.02)
        assert client.call("POST", f"{client.space}/jobs/{job}/terminate", {"force": True}).status_code == 200
        wait(client, job, "CANCELLED")
        go.touch()
        assert client.call("POST", f"{client.space}/jobs/{job}/retry").status_code == 202
        wait(client, job, "SUCCEEDED")
        assert count.read_text() == "x\n"
        assert platform.services.runs.stop_all(patience=1.0)


def test_measuring_real_work(tmp_path: Path) -> None:
    """Memory at the first look, processor use at the second, nothing for what does not run."""
    with real(tmp_path) as (platform, client):
        job = run_script(client, "while true; do :; done")
        wait(client, job, "RUNNING")
        runs = platform.services.runs
        sampler = Sampler(runs.history, "process", runs.engine("process"), platform.services.clock)
        sampler.sample()
        time.sleep(0.3)
        sampler.sample()
        memory = runs.history.measured(job, "only", 0, MEMORY)
        (use,) = runs.history.measured(job, "only", 0, CPU)
        assert [sample.value > 0 for sample in memory] == [True, True]
        assert 0 < use.value < 400
        client.call("POST", f"{client.space}/jobs/{job}/terminate", {"force": True})
        wait(client, job, "CANCELLED")
        sampler.sample()
        assert len(runs.history.measured(job, "only", 0, MEMORY)) == 2


def test_waiting_gives_up(tmp_path: Path) -> None:
    """Stopping everything reports what would not end."""
    with local_platform(tmp_path, engine="simulated-by-clock") as platform:
        runs = platform.services.runs
        with Client(WsgiAdapter(platform.application), ACCOUNT) as client:
            job = run_script(client, "trap '' TERM", "sleep 1000")
        assert not runs.wait(job, patience=0.1)
        assert runs.stop_all(patience=0.1)
        assert runs.state(job) is Status.CANCELLED


def test_unknown_engine_is_a_lost_run(tmp_path: Path) -> None:
    """A run of an engine that this release does not have is written off, with a reason."""
    with local_platform(tmp_path) as platform, Client(WsgiAdapter(platform.application), ACCOUNT) as client:
        job = run_script(client, "true")
        database = platform.services.store.database
        database.execute("UPDATE runs SET engine = 'batch', state = 'running' WHERE id = ?", (job,))
    with local_platform(tmp_path) as platform:
        assert platform.services.runs.state(job) is Status.FAILED
        with pytest.raises(ValueError, match="no engine"):
            platform.services.runs.choose("batch")
        platform.services.runs.cancel(job)
        assert platform.services.runs.retry(Run(job, ())) == ()


def test_a_later_release_brings_another_platform(tmp_path: Path) -> None:
    """What a platform makes for a new account is made when it is new, and once, even if a server died on the way."""
    with local_platform(tmp_path) as platform:
        platform.services.store.save_setting("started platforms", [])
        platform.services.store.wipe()
    for _ in range(2):
        with local_platform(tmp_path) as platform:
            assert platform.services.store.counts()["ai4s/Space"] == 1
