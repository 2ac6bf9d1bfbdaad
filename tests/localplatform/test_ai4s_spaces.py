"""Spaces, members, and what belongs to the account: labels, node labels, quotas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.localplatform.pipelines import APP

if TYPE_CHECKING:
    from reconciler.localplatform.assembly import Platform
    from tests.localplatform.client import Client


def test_a_new_account_has_a_space(client: Client) -> None:
    """One space called demo, under the same id on every platform."""
    (space,) = client.call("GET", f"{client.root}/eihealth-projects").json()["projects"]
    assert (space["name"], space["role"], space["status"]) == ("demo", "Owner", "ACTIVE")
    assert space["id"] == "3cc8b7e1-0a10-5f9e-8ef3-d1a9bc2d10a0"


def test_life_of_a_space(client: Client, platform: Platform) -> None:
    """Create, show, change all but the name, pin, delete with its files."""
    root = f"{client.root}/eihealth-projects"
    made = client.call("POST", root, {"name": "lab", "description": "d", "is_new_bucket": True, "bucket_name": "b"})
    path = f"{root}/{made.json()['id']}"
    assert client.call("POST", root, {"name": "lab"}).status_code == 400
    shown = client.call("GET", path, headers={"X-Bucket-Name": "true"}).json()
    assert (shown["description"], shown["obs_bucket_name"], "swr_namespace" in shown) == ("d", "b", False)
    assert client.call("PUT", path, {"description": "new", "status": "INACTIVE", "name": "other"}).status_code == 200
    shown = client.call("GET", path).json()
    assert (shown["name"], shown["description"], shown["status"]) == ("lab", "new", "INACTIVE")
    client.call("PUT", f"{path}/top", {"is_top": True})
    assert client.call("GET", path).json()["top_time"]
    platform.services.data.locate("lab", "/f").write_text("x")
    assert client.call("DELETE", path, headers={"X-Delete-Now": "True"}).status_code == 200
    assert not (platform.services.data.root / "lab").exists()
    assert client.call("GET", path).status_code == 404


def test_a_space_in_use_stays(client: Client) -> None:
    """One that holds an app is not deleted."""
    app = client.create("apps", APP)
    assert client.call("DELETE", client.space).status_code == 409
    client.call("DELETE", f"{client.space}/apps/{app}")
    assert client.call("DELETE", client.space).status_code == 200


def test_members(client: Client) -> None:
    """One call adds or changes; the owner is beyond reach."""
    path = f"{client.space}/members"
    for role in ("Developer", "Viewer"):
        assert client.call("PUT", f"{path}/user-ada", {"role": role}).status_code == 200
    roles = {r["role_type"]: [u["id"] for u in r["users"]] for r in client.call("GET", client.space).json()["roles"]}
    assert roles == {"Owner": ["user-local"], "Viewer": ["user-ada"]}
    assert client.call("PUT", f"{path}/user-nobody", {"role": "Viewer"}).status_code == 404
    assert client.call("PUT", f"{path}/user-ada", {"role": "Owner"}).status_code == 400
    assert client.call("PUT", f"{path}/user-local", {"role": "Viewer"}).status_code == 400
    assert client.call("DELETE", f"{path}/user-ada").status_code == 200
    assert client.call("DELETE", f"{path}/user-ada").status_code == 404


@pytest.mark.parametrize(
    "body",
    [{}, {"name": ""}, {"name": "a/b"}, {"name": ".."}, {"name": "x", "storage_tenant": "NOBODY"}, {"name": ["x"]}],
    ids=str,
)
def test_refused_spaces(client: Client, body: dict[str, Any]) -> None:
    """Names are folder names, and nothing that leads elsewhere."""
    assert client.call("POST", f"{client.root}/eihealth-projects", body).status_code == 400


@pytest.mark.parametrize("quota", [0, -2, 1073741823, "1"])
def test_refused_quotas(client: Client, quota: Any) -> None:
    """Unlimited, or at least a gibibyte."""
    assert client.call("PUT", client.space, {"storage_quota": quota}).status_code == 400


def test_labels(client: Client) -> None:
    """The library: create is 201, there is no update, names may repeat, several go at once or not at all."""
    path = f"{client.root}/system/labels"
    ids = [client.call("POST", path, {"name": name, "level": 2}).json()["id"] for name in ("a", "a", "b")]
    listed = client.call("GET", path).json()
    assert (listed["count"], {label["name"] for label in listed["labels"]}, listed["labels"][0]["level"]) == (
        3,
        {"a", "b"},
        2,
    )
    assert client.call("PUT", f"{path}/{ids[0]}", {"name": "c"}).status_code == 404
    assert client.call("POST", f"{path}/batch-delete", {"ids": [ids[0], "none"]}).status_code == 404
    assert client.call("GET", path).json()["count"] == 3
    assert client.call("POST", f"{path}/batch-delete", {"ids": ids[:2]}).status_code == 200
    assert client.call("DELETE", f"{path}/{ids[2]}").status_code == 200
    assert client.call("GET", path).json()["count"] == 0
    for bad in ({"name": "a", "level": 7}, {"name": " a"}, {"name": ""}):
        assert client.call("POST", path, bad).status_code == 400


def test_node_labels_are_a_switch(client: Client) -> None:
    """The labels the nodes carry can be chosen."""
    path = f"{client.root}/system/cluster/labels"
    assert [label["name"] for label in client.call("GET", path).json()["labels"]] == ["ai4s.label", "local"]
    client.admin("PUT", "switches", {"node_labels": "gpu-node"})
    assert client.call("GET", path).json()["labels"] == [{"name": "gpu-node"}]


def test_statistics_and_quotas(client: Client) -> None:
    """Counts are what is really there."""
    client.create("apps", APP)
    (space,) = client.call("GET", f"{client.root}/eihealth-projects/statistics").json()["projects"]
    assert {entry["resource_name"]: entry["count"] for entry in space["total_statistics"]} == {
        "APP": 1,
        "WORKFLOW": 0,
        "JOB": 0,
    }
    (quota,) = client.call("GET", f"{client.root}/quotas", params={"name": "PROJECT_APP"}).json()["quotas"]
    assert quota["usage"] == 1
    for path in ("users", "system/computing-clusters", "system/overview", "system/configs"):
        assert client.call("GET", f"{client.root}/{path}").status_code == 200


def test_nothing_can_be_bought(client: Client) -> None:
    """Performance resources cost money elsewhere: there is one, and no other."""
    path = f"{client.root}/system/performance-resources"
    assert [each["name"] for each in client.call("GET", path).json()["resources"]] == ["sfs-turbo-local"]
    assert client.call("POST", path, {"space": 500, "count": 1}).status_code == 400
