"""Workflows: references resolved, wires checked, shapes that differ between write and read, removal guarded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.localplatform.pipelines import APP, workflow_of

if TYPE_CHECKING:
    from tests.localplatform.client import Client


def _two(**second: Any) -> dict[str, Any]:
    wired = {"task_name": "b", "app_id": "copy::1::demo", "inputs": [{"name": "in", "values": ["${a.out}"]}]}
    return workflow_of({"task_name": "a", "app_id": "copy::1"}, {**wired, **second})


def test_tasks_look_different_on_read(client: Client) -> None:
    """`app_id` goes in, `app_info` comes out; defaults of tasks are filled in; order is kept."""
    app = client.create("apps", APP)
    workflow = client.create("workflows", _two(location={"x": 1.5, "y": 2}, resources={"cpu": "2C", "gpu_type": ""}))
    shown = client.show("workflows", workflow)
    first, second = shown["tasks"]
    assert "app_id" not in first
    assert (first["task_name"], first["output_dir"], first["display_name"]) == ("a", "/a", "")
    assert {
        name: first["app_info"][name] for name in ("app_id", "app_name", "app_version", "app_src_project_name")
    } == {
        "app_id": app,
        "app_name": "copy",
        "app_version": "1",
        "app_src_project_name": "demo",
    }
    assert second["inputs"] == [{"name": "in", "source": "MANUAL", "values": ["${a.out}"]}]
    assert (second["location"], second["resources"]) == ({"x": 1.5, "y": 2}, {"cpu": "2C", "gpu_type": ""})
    assert (shown["timeout"], shown["output_dir"]) == (1440, "")


def test_parameters_only_when_asked_for(client: Client) -> None:
    """A header, in whatever case it spells true, adds parameters and signatures."""
    app = client.create("apps", APP)
    path = f"{client.space}/workflows/{client.create('workflows', _two())}"
    assert "app_input_parameters" not in client.call("GET", path).json()["tasks"][0]["app_info"]
    for word in ("True", "true", "TRUE"):
        detailed = client.call("GET", path, headers={"Show-Param-Detail": word}).json()
        assert [p["name"] for p in detailed["tasks"][0]["app_info"]["app_input_parameters"]] == ["in", "word"]
        assert set(detailed["app_snapshot_sign"]) == {app}


@pytest.mark.parametrize("reference", ["copy::1", "copy::1::demo", "id"])
def test_references(client: Client, reference: str) -> None:
    """An app is meant by its id or by name, version and source space."""
    app = client.create("apps", APP)
    wanted = app if reference == "id" else reference
    workflow = client.create("workflows", workflow_of({"task_name": "a", "app_id": wanted}))
    assert client.show("workflows", workflow)["tasks"][0]["app_info"]["app_id"] == app


@pytest.mark.parametrize(
    "reference", ["copy::2", "copy:1", "other::1", "copy::1::elsewhere", "copy::1::demo::x", "none"]
)
def test_references_that_lead_nowhere(client: Client, reference: str) -> None:
    """400 with its own code, and nothing is stored."""
    client.create("apps", APP)
    answer = client.call("POST", f"{client.space}/workflows", workflow_of({"task_name": "a", "app_id": reference}))
    assert (answer.status_code, answer.json()["error_code"]) == (400, "eihealth.01059003")
    assert client.call("GET", f"{client.space}/workflows").json()["count"] == 0


@pytest.mark.parametrize(
    ("tasks", "code"),
    [
        ([], "eihealth.01059001"),
        ([{"task_name": "a", "app_id": "copy::1"}] * 2, "eihealth.01059001"),
        ([{"task_name": "1a", "app_id": "copy::1"}], "eihealth.01059001"),
        ([{"task_name": "a"}], "eihealth.01059001"),
        (
            [{"task_name": "a", "app_id": "copy::1", "inputs": [{"name": "none", "values": ["x"]}]}],
            "eihealth.01059001",
        ),
        (
            [{"task_name": "a", "app_id": "copy::1", "inputs": [{"name": "in", "values": ["${b.out}"]}]}],
            "eihealth.01059003",
        ),
        (
            [{"task_name": "a", "app_id": "copy::1", "inputs": [{"name": "in", "values": ["${a.out}"]}]}],
            "eihealth.01059001",
        ),
        (
            [
                {"task_name": "a", "app_id": "copy::1", "inputs": [{"name": "in", "values": ["${b.out}"]}]},
                {"task_name": "b", "app_id": "copy::1", "inputs": [{"name": "in", "values": ["${a.out}"]}]},
            ],
            "eihealth.01059001",
        ),
        (
            [
                {"task_name": "a", "app_id": "copy::1"},
                {"task_name": "b", "app_id": "copy::1", "inputs": [{"name": "in", "values": ["${a.none}"]}]},
            ],
            "eihealth.01059003",
        ),
        ([{"task_name": "a", "app_id": "copy::1", "output_dir": "out"}], "eihealth.01059001"),
        ([{"task_name": "a", "app_id": "copy::1", "output_dir": "/a//b"}], "eihealth.01059001"),
        ([{"task_name": "a", "app_id": "copy::1", "output_dir": "/../b"}], "eihealth.01059001"),
    ],
)
def test_refused_tasks(client: Client, tasks: list[dict[str, Any]], code: str) -> None:
    """Names, wires, cycles and folders are checked before anything is stored."""
    client.create("apps", APP)
    answer = client.call("POST", f"{client.space}/workflows", workflow_of(*tasks))
    assert (answer.status_code, answer.json()["error_code"]) == (400, code)


def test_update_replaces_and_keeps_identity(client: Client) -> None:
    """What an update leaves out is cleared; the app it no longer uses is free."""
    client.create("apps", APP)
    other = client.create("apps", {**APP, "version": "2"})
    workflow = client.create("workflows", {**_two(app_id="copy::2"), "labels": ["x"], "timeout": 5})
    assert client.call("DELETE", f"{client.space}/apps/{other}").status_code == 409
    body = workflow_of({"task_name": "a", "app_id": "copy::1"})
    assert client.call("PUT", f"{client.space}/workflows/{workflow}", body).status_code == 200
    shown = client.show("workflows", workflow)
    assert (len(shown["tasks"]), shown["labels"], shown["timeout"]) == (1, [], 1440)
    assert client.call("PUT", f"{client.space}/workflows/{workflow}", {**body, "version": "9"}).status_code == 400
    assert client.call("DELETE", f"{client.space}/apps/{other}").status_code == 200


def test_a_used_app_stays(client: Client) -> None:
    """Deleting what a workflow uses is refused like a conflict, unless the switch lets it go."""
    app = client.create("apps", APP)
    workflow = client.create("workflows", _two())
    refused = client.call("DELETE", f"{client.space}/apps/{app}")
    assert (refused.status_code, refused.json()["error_code"]) == (409, "eihealth.01059005")
    client.admin("PUT", "switches", {"refuse_delete_of_referenced": False})
    assert client.call("DELETE", f"{client.space}/apps/{app}").status_code == 200
    assert client.show("workflows", workflow)["tasks"][0]["app_info"]["app_name"] == "copy"


def test_unique_and_listed(client: Client) -> None:
    """Identity is name and version; lists lack tasks, timeout and folder."""
    client.create("apps", APP)
    client.create("workflows", _two())
    assert client.call("POST", f"{client.space}/workflows", _two()).status_code == 400
    for path in (f"{client.space}/workflows", f"{client.root}/eihealth-projects/workflows"):
        (row,) = client.call("GET", path).json()["workflows"]
        assert not {"tasks", "timeout", "output_dir"} & set(row)
        assert row["eihealth_project_name"] == "demo"


def test_import(client: Client) -> None:
    """A workflow brings its apps along, once each; what is imported is not imported on."""
    client.create("apps", APP)
    workflow = client.create("workflows", _two())
    other = client.call("POST", f"{client.root}/eihealth-projects", {"name": "second"}).json()["id"]
    away, here = f"{client.root}/eihealth-projects/{other}", client.space.rsplit("/", 1)[1]
    body = {
        "source_project_id": here,
        "source_workflow_id": workflow,
        "destination_workflow_name": "copied",
        "destination_workflow_version": "3",
    }
    answer = client.call("POST", f"{away}/workflows/import", body).json()
    assert (answer["import_workflow_status"], len(answer["import_app_results"])) == ("IMPORT_SUCCESS", 1)
    shown = client.call("GET", f"{away}/workflows/{answer['id']}").json()
    assert (shown["source_project_name"], shown["source_resource_id"]) == ("demo", workflow)
    assert {task["app_info"]["app_src_project_name"] for task in shown["tasks"]} == {"demo"}
    again = client.call("POST", f"{away}/workflows/import", {**body, "destination_workflow_version": "4"}).json()
    assert again["import_workflow_status"] == "IMPORT_SUCCESS"
    assert again["import_app_results"][0]["destination_app_id"] == answer["import_app_results"][0]["destination_app_id"]
    assert client.call("GET", f"{away}/apps").json()["count"] == 1
    onward = {**body, "source_project_id": other, "source_workflow_id": answer["id"]}
    assert client.call("POST", f"{client.space}/workflows/import", onward).status_code == 400


def test_import_into_a_space_with_another_app_of_the_name(client: Client) -> None:
    """An app of its own is not replaced by one that comes along: nothing is imported, and it is said why."""
    client.create("apps", APP)
    workflow = client.create("workflows", _two())
    other = client.call("POST", f"{client.root}/eihealth-projects", {"name": "second"}).json()["id"]
    away, here = f"{client.root}/eihealth-projects/{other}", client.space.rsplit("/", 1)[1]
    assert client.call("POST", f"{away}/apps", APP).status_code == 200
    body = {
        "source_project_id": here,
        "source_workflow_id": workflow,
        "destination_workflow_name": "copied",
        "destination_workflow_version": "3",
    }
    clash = client.call("POST", f"{away}/workflows/import", body).json()
    assert (clash["import_workflow_status"], "id" in clash) == ("IMPORT_FAIL", False)
