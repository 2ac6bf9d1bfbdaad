"""Apps: identity, defaults, replacing updates, lists without definitions, what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.localplatform.client import Client

MINIMAL: dict[str, Any] = {"name": "align", "version": "1.0.0", "image": "demo/tool:1", "commands": ["true"]}
INPUT = {"name": "reads", "type": "FILE", "required": True}


def test_defaults_are_filled_in(client: Client) -> None:
    """What the body leaves out comes back as the server's default, and times as UTC."""
    shown = client.show("apps", client.create("apps", MINIMAL))
    assert shown["resources"] == {"cpu_type": "X86", "cpu": "1C", "memory": "1G", "gpu_type": "", "gpu": "0"}
    assert (shown["labels"], shown["inputs"], shown["outputs"], shown["node_labels"]) == ([], [], [], [])
    assert shown["create_time"].endswith("Z")
    assert (shown["user_name"], shown["source_project_name"]) == ("local", "demo")


def test_everything_comes_back(client: Client) -> None:
    """A complete body is shown as it was sent; what the server does not know is not kept."""
    body = {
        **MINIMAL,
        "summary": "s",
        "description": "Ünïcode 基因",
        "labels": ["a b", "基因"],
        "resources": {"cpu_type": "ARM", "cpu": "0.5C", "memory": "2.5G", "gpu_type": "Snt9", "gpu": "4"},
        "inputs": [
            {
                **INPUT,
                "pattern": "*.fq",
                "description": "d",
                "concurrent": "vars_iter",
                "values": ["demo:/x"],
                "enum": [],
            }
        ],
        "outputs": [{**INPUT, "name": "out", "pattern": "", "description": "", "values": ["/o"], "enum": []}],
        "node_labels": ["ai4s.label"],
        "icon": "data:image/png;base64,AAAA",
    }
    shown = client.show("apps", client.create("apps", {**body, "license": "MIT"}))
    assert {name: shown[name] for name in body} == body
    assert "license" not in shown


def test_name_and_version_are_unique(client: Client) -> None:
    """The same name in another version is another app; the same in both is refused."""
    client.create("apps", MINIMAL)
    client.create("apps", {**MINIMAL, "version": "1.0.1"})
    answer = client.call("POST", f"{client.space}/apps", MINIMAL)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "eihealth.01059002")
    assert client.call("GET", f"{client.space}/apps").json()["count"] == 2


def test_update_replaces(client: Client) -> None:
    """What an update leaves out is cleared; name and version cannot be changed."""
    app = client.create("apps", {**MINIMAL, "summary": "s", "labels": ["x"], "resources": {"cpu": "4C"}})
    assert client.call("PUT", f"{client.space}/apps/{app}", {**MINIMAL, "commands": ["false"]}).status_code == 200
    shown = client.show("apps", app)
    assert (shown["summary"], shown["labels"], shown["resources"]["cpu"], shown["commands"]) == (
        "",
        [],
        "1C",
        ["false"],
    )
    for change in ({"version": "2"}, {"name": "other"}):
        assert client.call("PUT", f"{client.space}/apps/{app}", {**MINIMAL, **change}).status_code == 400


def test_lists_lack_the_definition(client: Client) -> None:
    """A list shows names, labels and origin, newest first, and filters by exact name and version."""
    for version in ("1", "2"):
        client.create("apps", {**MINIMAL, "version": version})
    client.create("apps", {**MINIMAL, "name": "align2"})
    listed = client.call("GET", f"{client.space}/apps").json()
    assert [app["name"] for app in listed["apps"]] == ["align2", "align", "align"]
    assert not {"image", "commands", "resources", "inputs", "outputs", "node_labels"} & set(listed["apps"][0])
    assert listed["apps"][0]["eihealth_project_name"] == "demo"
    filtered = client.call("GET", f"{client.space}/apps", params={"name": "align", "version": "2"}).json()
    assert [(app["name"], app["version"]) for app in filtered["apps"]] == [("align", "2")]
    client.admin("PUT", "switches", {"fuzzy_name_filter": True})
    assert client.call("GET", f"{client.space}/apps", params={"name": "ALIGN"}).json()["count"] == 3


def test_list_across_spaces(client: Client) -> None:
    """Filters, order and paging hold over all my spaces."""
    other = client.call("POST", f"{client.root}/eihealth-projects", {"name": "second"}).json()["id"]
    for number in range(3):
        client.create("apps", {**MINIMAL, "version": str(number), "labels": ["x"] if number else []})
    client.call("POST", f"{client.root}/eihealth-projects/{other}/apps", {**MINIMAL, "summary": "Elsewhere"})
    path = f"{client.root}/eihealth-projects/apps"

    def found(**params: Any) -> list[tuple[str, str]]:
        apps = client.call("GET", path, params=params).json()["apps"]
        return [(app["eihealth_project_name"], app["version"]) for app in apps]

    assert found(sort_by="create_time", sort_dir="asc", limit=2, offset=2) == [("demo", "2"), ("second", "1.0.0")]
    assert found(eihealth_project_names="second,none") == [("second", "1.0.0")]
    assert found(summary="elsew") == [("second", "1.0.0")]
    assert found(labels="x", sort_dir="asc") == [("demo", "1"), ("demo", "2")]
    assert found(start_create_time=99_999_999_999_999) == []
    assert len(found(is_creator="true", name="ALI")) == 4


def test_unknown_app(client: Client) -> None:
    """What does not exist is 404 for every verb; so is an app of another space."""
    other = client.call("POST", f"{client.root}/eihealth-projects", {"name": "second"}).json()["id"]
    app = client.create("apps", MINIMAL)
    for path in (f"{client.space}/apps/none", f"{client.root}/eihealth-projects/{other}/apps/{app}"):
        for method, body in (("GET", None), ("PUT", MINIMAL), ("DELETE", None)):
            answer = client.call(method, path, body)
            assert (answer.status_code, answer.json()["error_code"]) == (404, "eihealth.01059004")


def test_deleted_is_gone(client: Client) -> None:
    """A deleted app is shown nowhere, and its name is free again."""
    app = client.create("apps", MINIMAL)
    assert client.call("DELETE", f"{client.space}/apps/{app}").status_code == 200
    assert client.call("GET", f"{client.space}/apps/{app}").status_code == 404
    assert client.call("DELETE", f"{client.space}/apps/{app}").status_code == 404
    client.create("apps", MINIMAL)


@pytest.mark.parametrize(
    "change",
    [
        {"name": None},
        {"name": "1align"},
        {"name": "a" * 57},
        {"name": 5},
        {"version": ""},
        {"version": "-1"},
        {"version": "1" * 25},
        {"image": "a:b"},
        {"image": "基因/tool:1"},
        {"image": None},
        {"commands": []},
        {"commands": None},
        {"commands": ["x" * 257]},
        {"commands": ["echo 基因"]},
        {"commands": ["x"] * 301},
        {"commands": "true"},
        {"labels": ["a", "b", "c", "d", "e", "f"]},
        {"labels": [" a"]},
        {"labels": ["a" * 33]},
        {"labels": ["a!"]},
        {"summary": "x" * 129},
        {"resources": {"cpu": "129C"}},
        {"resources": {"cpu": "0.05C"}},
        {"resources": {"cpu": "1"}},
        {"resources": {"cpu": 1}},
        {"resources": {"memory": "3073G"}},
        {"resources": {"gpu": "17"}},
        {"resources": {"gpu": True}},
        {"resources": {"gpu_type": "Snt9", "gpu": "3"}},
        {"resources": {"cpu_type": "RISC"}},
        {"resources": []},
        {"inputs": [{**INPUT, "name": "Reads"}]},
        {"inputs": [{**INPUT, "type": "NUMBER"}]},
        {"inputs": [{**INPUT, "required": "yes"}]},
        {"inputs": [{**INPUT, "values": ["a", "b"]}]},
        {"inputs": [{**INPUT, "type": "ENUM"}]},
        {"inputs": [{**INPUT, "type": "ENUM", "enum": ["a"], "values": ["b"]}]},
        {"inputs": [{**INPUT, "concurrent": "yes"}]},
        {"inputs": [INPUT, INPUT]},
        {"inputs": [INPUT], "outputs": [INPUT]},
        {"inputs": [5]},
        {"node_labels": ["a", "b"]},
        {"node_labels": ["-a"]},
    ],
    ids=str,
)
def test_refused_bodies(client: Client, change: dict[str, Any]) -> None:
    """Every rule of the contract is checked on the server's side, in its error shape."""
    answer = client.call("POST", f"{client.space}/apps", {**MINIMAL, **change})
    assert answer.status_code == 400
    assert answer.json()["error_code"] == "eihealth.01059001"
    assert answer.json()["error_msg"]
    assert client.call("GET", f"{client.space}/apps").json()["count"] == 0


def test_null_and_a_number_for_gpu(client: Client) -> None:
    """Null means absent, and a REST example sends the number of devices as a number."""
    body = {**MINIMAL, "summary": None, "inputs": None, "resources": {"gpu": 2, "gpu_type": "GPU", "cpu": None}}
    shown = client.show("apps", client.create("apps", body))
    assert (shown["resources"]["gpu"], shown["resources"]["cpu"], shown["summary"]) == ("2", "1C", "")


def test_import_from_another_space(client: Client) -> None:
    """Each item says how it went; imported apps remember where they came from and go no further."""
    other = client.call("POST", f"{client.root}/eihealth-projects", {"name": "second"}).json()["id"]
    away = f"{client.root}/eihealth-projects/{other}"
    app = client.create("apps", MINIMAL)
    wanted = {"source_app_id": app, "destination_app_name": "copied", "destination_app_version": "2"}
    here = client.space.rsplit("/", 1)[1]
    body = {"source_project_id": here, "import_apps": [wanted, {**wanted, "source_app_id": "none"}]}
    answer = client.call("POST", f"{away}/apps/batch-import", body)
    assert answer.status_code == 207
    good, bad = answer.json()
    assert (good["status"], bad["status"]) == ("IMPORT_SUCCESS", "IMPORT_FAIL")
    assert bad["message"]
    copied = client.call("GET", f"{away}/apps/{good['destination_app_id']}").json()
    assert (copied["source_project_name"], copied["source_resource_id"], copied["name"]) == ("demo", app, "copied")
    onward = {**wanted, "source_app_id": good["destination_app_id"]}
    back = client.call(
        "POST", f"{client.space}/apps/batch-import", {"source_project_id": other, "import_apps": [onward]}
    )
    assert (back.status_code, back.json()[0]["status"]) == (207, "IMPORT_FAIL")
