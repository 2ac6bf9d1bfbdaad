"""What one sees of a run: events, output, instances, the pod document, measurements."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler.localplatform.history import Sample
from tests.localplatform.pipelines import APP, job_of, workflow_of

if TYPE_CHECKING:
    from reconciler.localplatform.assembly import Platform
    from tests.localplatform.client import Client


@pytest.fixture
def job(client: Client) -> str:
    """A job of two tasks, the first with two instances, all succeeded."""
    client.create("apps", APP)
    tasks = (
        {"task_name": "First", "app_id": "copy::1", "inputs": [{"name": "word", "values": ["one", "two"]}]},
        {"task_name": "next_1", "app_id": "copy::1", "inputs": [{"name": "in", "values": ["${First.out}"]}]},
    )
    client.create("workflows", workflow_of(*tasks))
    return client.create("jobs", job_of(output_dir="/o"))


def test_events(client: Client, job: str) -> None:
    """Of the job, of a task, of one instance: each a smaller part of the whole."""
    base = f"{client.space}/jobs/{job}"
    whole = client.call("GET", f"{base}/events", headers={"X-Language": "en_us"}).json()
    task = client.call("GET", f"{base}/tasks/First/events").json()
    one = client.call("GET", f"{base}/tasks/First/events", params={"task_index": 1}).json()
    assert whole["count"] > task["count"] > one["count"] > 0
    assert {"action_name", "type", "reason", "message", "count", "first_timestamp", "last_timestamp"} == set(
        whole["events"][0]
    )
    assert {event["reason"] for event in one["events"]} == {"Scheduled", "Started", "Ended"}
    assert all(event["message"].startswith("First-1") for event in one["events"])


def test_output(client: Client, job: str) -> None:
    """Lines of one instance, the first unless told otherwise, each with its time."""
    path = f"{client.space}/jobs/{job}/logs"
    zero = client.call("GET", path, params={"task_name": "First"}).json()
    one = client.call("GET", path, params={"task_name": "First", "task_index": 1}).json()
    assert [line["content"].split()[0] for line in zero["logs"]] == ["one", "one"]
    assert [line["content"].split()[0] for line in one["logs"]] == ["two", "two"]
    assert all(line["collect_time"].endswith("Z") for line in zero["logs"])
    assert zero["count"] == 2
    assert client.call("GET", path).status_code == 400
    assert client.call("GET", path, params={"task_name": "none"}).status_code == 404
    assert client.call("GET", path, params={"task_name": "First", "task_index": 9}).json()["logs"] == []


def test_instances(client: Client, job: str) -> None:
    """Pods with what they asked for, all of a task or one; their document is text."""
    base = f"{client.space}/jobs/{job}/tasks/First/instances"
    pods = client.call("GET", base).json()
    assert (pods["count"], [pod["status"]["phase"] for pod in pods["instances"]]) == (2, ["Succeeded", "Succeeded"])
    (one,) = client.call("GET", base, params={"task_index": 1}).json()["instances"]
    name = one["metadata"]["name"]
    assert name == f"{job[:8]}-first-1"
    assert one["spec"]["containers"][0]["resources"]["limits"] == {"cpu": "0.5C", "memory": "0.5G"}
    text = client.call("GET", f"{base}/{name}/pod").json()["metadata"]
    assert json.loads(text)["metadata"]["name"] == name
    assert client.call("GET", f"{base}/{name}/events").json()["count"] > 0


@pytest.mark.parametrize(
    "path", ["none/instances", "none/events", "First/instances/none/pod", "First/instances/x/events"]
)
def test_what_is_not_there(client: Client, job: str, path: str) -> None:
    """The contract's own code for a task or instance that does not exist."""
    answer = client.call("GET", f"{client.space}/jobs/{job}/tasks/{path}")
    assert (answer.status_code, answer.json()["error_code"]) == (404, "eihealth.01050222")


def test_measurements(client: Client, job: str, platform: Platform) -> None:
    """A point for each minute, by the method asked for; nothing measured, no points."""
    path = f"{client.space}/jobs/{job}/tasks/First/instances/{job[:8]}-first-0/metric-data"
    assert client.call("GET", path, params={"metric_name": "memory_usage"}).json() == {"data_points": []}
    history = platform.services.runs.history
    history.measure([Sample(job, "First", 0, "memory_usage", at, value) for at, value in ((60, 1), (90, 3), (120, 7))])

    def points(**params: str) -> list[tuple[int, float]]:
        answer = client.call("GET", path, params={"metric_name": "memory_usage", **params}).json()
        return [(point["timestamp"], point["value"]) for point in answer["data_points"]]

    assert points() == [(60_000, 3), (120_000, 7)]
    assert points(method="minimum") == [(60_000, 1), (120_000, 7)]
    assert points(method="average", to_time="100000") == [(60_000, 2)]
    assert client.call("GET", path).status_code == 400
    assert client.call("GET", path, params={"metric_name": "x", "method": "median"}).status_code == 400


def test_log_links_only_when_asked_for(client: Client, job: str) -> None:
    """The header adds links to the output of each instance."""
    path = f"{client.space}/jobs/{job}"
    assert "log_storage_link" not in client.call("GET", path).json()["task_runtime_info"][0]["sub_tasks"][0]
    shown = client.call("GET", path, headers={"X-Addition-Info": "LOG"}).json()
    assert job in shown["task_runtime_info"][0]["sub_tasks"][1]["log_storage_link"]
