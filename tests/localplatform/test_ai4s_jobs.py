"""Jobs: what they ask for in the end, how they look, what can be done to them and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.localplatform.client import Client
from tests.localplatform.pipelines import APP, ONE_SCRIPT, app_running, job_of, workflow_of
from tests.support.local_platform import ACCOUNT, local_platform
from tests.support.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform

CHAIN = workflow_of(
    {"task_name": "a", "app_id": "copy::1", "resources": {"cpu": "2C"}, "inputs": [{"name": "word", "values": ["w"]}]},
    {"task_name": "b", "app_id": "copy::1", "inputs": [{"name": "in", "values": ["${a.out}"]}]},
    timeout=7,
    output_dir="/flow",
)


def prepare(client: Client, app: dict[str, Any] = APP, workflow: dict[str, Any] = CHAIN) -> None:
    """An app and a workflow that uses it."""
    client.create("apps", app)
    client.create("workflows", workflow)


def test_shape_of_a_job(client: Client) -> None:
    """The reply holds the flat definition, the tool instead of its id, the graph, and every instance."""
    prepare(client)
    job = client.create("jobs", job_of(labels=["x"], priority=3, description="d"))
    shown = client.show("jobs", job)
    assert shown["status"] == "SUCCEEDED"
    assert (shown["tool_info"]["tool_name"], shown["tool_info"]["tool_version"]) == ("flow", "1")
    assert not {"tool_id", "io_acc_id", "io_acc_info"} & set(shown)
    assert shown["dag"] == {"a": {}, "b": {"a": ""}}
    assert (shown["labels"], shown["priority"], shown["timeout"]) == (["x"], 3, 1440)
    assert shown["output_dir"] == f"/flow/run-{job}"
    assert [task["whole_output_dir"] for task in shown["tasks"]] == [f"/flow/run-{job}/{name}" for name in "ab"]
    assert [task["status"] for task in shown["task_runtime_info"]] == ["SUCCEEDED", "SUCCEEDED"]
    assert shown["still_running_tasks"] == []
    assert {shown[name][-1] for name in ("create_time", "start_time", "finish_time")} == {"Z"}


def test_values_and_resources_are_overlaid(client: Client) -> None:
    """Job over workflow over app, field by field; what nobody gives keeps the base default."""
    prepare(client)
    override = {
        "task_name": "a",
        "inputs": [{"name": "word", "values": ["x", "y"]}],
        "resources": {"memory": "3G", "gpu_type": ""},
        "output_dir": "/elsewhere",
    }
    shown = client.show("jobs", client.create("jobs", job_of(output_dir="/mine", tasks=[override])))
    first, second = shown["tasks"]
    assert first["resources"] == {"cpu_type": "X86", "cpu": "2C", "memory": "3G", "gpu_type": "", "gpu": "0"}
    assert second["resources"]["cpu"] == "0.5C"
    assert {entry["name"]: entry["values"] for entry in first["inputs"]} == {"in": [], "word": ["x", "y"]}
    assert {entry["name"]: entry["values"] for entry in second["inputs"]} == {"in": ["${a.out}"], "word": ["hello"]}
    assert first["whole_output_dir"] == "/mine/elsewhere"
    assert [len(task["sub_tasks"]) for task in shown["task_runtime_info"]] == [2, 1]


def test_two_creates_are_two_runs(client: Client) -> None:
    """Names are not unique; nothing tells two calls apart."""
    prepare(client)
    assert client.create("jobs", job_of()) != client.create("jobs", job_of())
    assert client.call("GET", f"{client.space}/jobs").json()["count"] == 2


def test_a_job_of_an_app(client: Client) -> None:
    """`tool_type: app` runs one app, without a workflow."""
    client.create("apps", APP)
    shown = client.show("jobs", client.create("jobs", job_of(tool_type="app", tool_id="copy::1")))
    assert (shown["tool_info"]["tool_type"], [task["task_name"] for task in shown["tasks"]]) == ("app", ["copy"])
    assert shown["status"] == "SUCCEEDED"


def test_a_job_keeps_what_it_was(client: Client) -> None:
    """Later edits of app and workflow do not reach it; it does not stand in the way of their removal either."""
    app = client.create("apps", APP)
    workflow = client.create("workflows", CHAIN)
    job = client.create("jobs", job_of())
    client.call("PUT", f"{client.space}/apps/{app}", {**APP, "commands": ["true"]})
    assert client.show("jobs", job)["tasks"][0]["app_info"]["app_commands"] == APP["commands"]
    assert client.call("DELETE", f"{client.space}/workflows/{workflow}").status_code == 200
    assert client.call("DELETE", f"{client.space}/apps/{app}").status_code == 200
    assert client.show("jobs", job)["status"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": None}, "eihealth.01059001"),
        ({"name": "-run"}, "eihealth.01059001"),
        ({"name": "a_b"}, "eihealth.01059001"),
        ({"tool_id": None}, "eihealth.01059001"),
        ({"tool_id": "flow::2"}, "eihealth.01059003"),
        ({"tool_type": None}, "eihealth.01059001"),
        ({"tool_type": "notebook"}, "eihealth.01059001"),
        ({"priority": 10}, "eihealth.01059001"),
        ({"priority": "3"}, "eihealth.01059001"),
        ({"timeout": 0}, "eihealth.01059001"),
        ({"labels": list("abcdef")}, "eihealth.01059001"),
        ({"output_dir": "out"}, "eihealth.01059001"),
        ({"output_dir": "/" + "x" * 128}, "eihealth.01059001"),
        ({"io_acc_id": "bought"}, "eihealth.01059003"),
        ({"node_labels": ["unknown"]}, "eihealth.01059001"),
        ({"io_acc_id": "local_disk", "tasks": [{"task_name": "a", "io_acc_type": "SFS"}]}, "eihealth.01059001"),
        ({"tasks": [{"task_name": "z"}]}, "eihealth.01059001"),
        ({"tasks": [{"task_name": "a"}, {"task_name": "a"}]}, "eihealth.01059001"),
        ({"tasks": [{"task_name": "a", "inputs": [{"name": "none", "values": ["x"]}]}]}, "eihealth.01059001"),
        ({"tasks": [{"task_name": "a", "inputs": [{"name": "in", "values": ["no path"]}]}]}, "eihealth.01059001"),
        ({"tasks": [{"task_name": "a", "inputs": [{"name": "in", "values": ["other:/x"]}]}]}, "eihealth.01059003"),
        ({"tasks": [{"task_name": "a", "inputs": [{"name": "in", "values": ["demo:/../x"]}]}]}, "eihealth.01059001"),
        (
            {"tasks": [{"task_name": "a", "inputs": [{"name": "in", "values": ["demo:/x", "demo:/y"]}]}]},
            "eihealth.01059001",
        ),
    ],
    ids=str,
)
def test_refused_jobs(client: Client, change: dict[str, Any], code: str) -> None:
    """Nothing starts, nothing is stored."""
    prepare(client)
    answer = client.call("POST", f"{client.space}/jobs", job_of(**change))
    assert (answer.status_code, answer.json()["error_code"]) == (400, code)
    assert client.call("GET", f"{client.space}/jobs").json()["count"] == 0


def test_required_inputs_need_a_value(client: Client) -> None:
    """A required input without a value at any level is refused at submission; an enumeration knows its words."""
    enum = {"name": "mode", "type": "ENUM", "required": True, "enum": ["fast", "slow"]}
    prepare(client, app_running("echo ${mode}", inputs=[enum]), ONE_SCRIPT)
    assert client.call("POST", f"{client.space}/jobs", job_of()).status_code == 400
    for word, status in (("fast", 200), ("other", 400)):
        given = [{"task_name": "only", "inputs": [{"name": "mode", "values": [word]}]}]
        assert client.call("POST", f"{client.space}/jobs", job_of(tasks=given)).status_code == status


def test_io_acceleration_changes_its_name(client: Client) -> None:
    """`io_acc_id` on write and in lists is `io_acc_info` when shown."""
    prepare(client)
    job = client.create("jobs", job_of(io_acc_id="auto_schedule", io_acc_expected_usage=10))
    assert client.show("jobs", job)["io_acc_info"]["id"] == "auto_schedule"
    (row,) = client.call("GET", f"{client.space}/jobs").json()["jobs"]
    assert (row["io_acc_id"], row["io_acc_expected_usage"]) == ("auto_schedule", 10)


def failing(client: Client) -> str:
    """A job that has failed."""
    prepare(client, app_running("echo no", "exit 3"), ONE_SCRIPT)
    return client.create("jobs", job_of())


def test_a_failed_job_says_why(client: Client) -> None:
    """Reason and message are filled in, for the list too."""
    job = failing(client)
    shown = client.show("jobs", job)
    assert shown["status"] == "FAILED"
    assert shown["failed_reason"]
    assert shown["failed_message"]
    (row,) = client.call("GET", f"{client.space}/jobs", params={"status": "Failed"}).json()["jobs"]
    assert (row["id"], row["failed_message"]) == (job, shown["failed_message"])


def test_retry_keeps_the_id_and_takes_new_values(client: Client) -> None:
    """A failed job gets other values, then runs again: 202 with nothing in it, same id, new end."""
    condition = {"name": "code", "type": "STRING", "required": True, "values": ["3"]}
    prepare(client, app_running("exit ${code}", inputs=[condition]), ONE_SCRIPT)
    job = client.create("jobs", job_of())
    assert client.show("jobs", job)["status"] == "FAILED"
    path = f"{client.space}/jobs/{job}"
    given = [{"task_name": "only", "inputs": [{"name": "code", "values": ["0"]}]}]
    assert client.call("PUT", path, {"tasks": given, "name": "ignored"}).status_code == 200
    answer = client.call("POST", f"{path}/retry")
    assert (answer.status_code, answer.content) == (202, b"")
    shown = client.show("jobs", job)
    assert (shown["status"], shown["name"], shown["failed_message"]) == ("SUCCEEDED", "run", "")
    for method, action in (("POST", "/retry"), ("PUT", "")):
        refused = client.call(method, path + action, {"tasks": given})
        assert (refused.status_code, refused.json()["error_code"]) == (400, "eihealth.01059006")


def test_bad_new_values_change_nothing(client: Client) -> None:
    """A refused change leaves the job as it was."""
    job = failing(client)
    body = {"tasks": [{"task_name": "none"}]}
    assert client.call("PUT", f"{client.space}/jobs/{job}", body).status_code == 400
    assert client.show("jobs", job)["status"] == "FAILED"


def test_states_step_by_step(tmp_path: Path) -> None:
    """With work that moves when somebody looks: pending, running, cancelling asked for, cancelled; then run again."""
    with local_platform(tmp_path, engine="simulated-per-read") as platform:
        client = Client(WsgiAdapter(platform.application), ACCOUNT)
        prepare(client, app_running("sleep 60"), ONE_SCRIPT)
        job = client.create("jobs", job_of())
        path = f"{client.space}/jobs/{job}"
        assert [client.show("jobs", job)["status"] for _ in range(2)] == ["RUNNING", "SUCCEEDED"]
        second = client.create("jobs", job_of())
        assert client.show("jobs", second)["status"] == "RUNNING"
        assert client.call("DELETE", f"{client.space}/jobs/{second}").status_code == 400
        assert client.call("POST", f"{client.space}/jobs/{second}/retry").status_code == 400
        assert client.call("POST", f"{client.space}/jobs/{second}/terminate", {"force": False}).status_code == 200
        seen = [client.show("jobs", second)["status"] for _ in range(3)]
        assert seen[-1] == "CANCELLED"
        assert set(seen) <= {"CANCELLING", "CANCELLED"}
        assert client.call("POST", f"{client.space}/jobs/{second}/terminate").status_code == 400
        assert client.call("POST", f"{client.space}/jobs/{second}/retry").status_code == 202
        assert client.show("jobs", second)["status"] == "RUNNING"
        assert client.call("GET", path).json()["status"] == "SUCCEEDED"
        client.session.close()


def test_an_active_job_can_be_deleted_when_the_switch_says_so(tmp_path: Path) -> None:
    """Then it is stopped first."""
    with local_platform(tmp_path, engine="simulated-per-read") as platform:
        client = Client(WsgiAdapter(platform.application), ACCOUNT)
        prepare(client, app_running("sleep 60"), ONE_SCRIPT)
        job = client.create("jobs", job_of())
        client.admin("PUT", "switches", {"refuse_delete_of_active_job": False})
        assert client.call("DELETE", f"{client.space}/jobs/{job}").status_code == 200
        assert client.call("GET", f"{client.space}/jobs/{job}").status_code == 404
        client.session.close()


def test_delete(client: Client, platform: Platform) -> None:
    """The record goes, and the engine forgets; a second time there is nothing."""
    job = failing(client)
    path = f"{client.space}/jobs/{job}"
    assert client.call("DELETE", path).status_code == 200
    assert client.call("DELETE", path).status_code == 404
    assert platform.services.runs.history.identifiers() == frozenset()


def test_batches(client: Client) -> None:
    """Each id gets an answer of its own; one failure makes it 207."""
    job = failing(client)
    base = f"{client.space}/jobs/batch"
    answer = client.call("POST", f"{base}-retry", {"ids": [job, "none"]})
    assert answer.status_code == 207
    assert [(item["id"], item["status"]) for item in answer.json()] == [(job, "SUCCEEDED"), ("none", "FAILED")]
    assert client.call("POST", f"{base}-terminate", {"ids": [job]}, headers={"X-Force": "True"}).status_code == 207
    answer = client.call("POST", f"{base}-delete", {"ids": [job]})
    assert (answer.status_code, answer.json()[0]["status"]) == (200, "SUCCEEDED")
    for bad in ({}, {"ids": []}, {"ids": [1]}, {"ids": "x"}):
        assert client.call("POST", f"{base}-delete", bad).status_code == 400
