"""Images, notebooks, accelerators, the vendor, data jobs and what is kept of jobs, through the wire alone."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from tests.localplatform.pipelines import ONE_SCRIPT, app_running, job_of

if TYPE_CHECKING:
    from reconciler.localplatform.assembly import Platform
    from tests.localplatform.client import Client

NOTEBOOK: dict[str, Any] = {
    "name": "nb",
    "flavor": {"cpu": 1, "gpu": 0, "memory": 2},
    "image": {"image_type": "SYSTEM", "image_info": {"profile": "PY3"}},
    "storages": [{"path": "demo:/samples/"}],
}


def second(client: Client) -> str:
    """Another space."""
    answer = client.call("POST", f"{client.root}/eihealth-projects", {"name": "second"})
    return f"{client.root}/eihealth-projects/{answer.json()['id']}"


def test_repositories_and_tags(client: Client) -> None:
    """A tag is registered once; others join it; type and description change; tags go one by one."""
    path, body = f"{client.space}/images", {"name": "own", "tag": "1", "type": "APP", "description": "d"}
    identifier = client.create("images", body)
    assert client.call("POST", path, body).status_code == 400
    assert client.create("images", {"name": "own", "tag": "2", "chip_type": "ARM"}) == identifier
    one = f"{path}/{identifier}"
    (row,) = client.call("GET", path, params={"name": "OWN"}).json()["images"]
    assert (row["tags"], row["type"], row["chip_type"], row["description"]) == (["1", "2"], "APP", "ARM", "d")
    assert row["source_project_name"] == "demo"
    assert client.call("PUT", one, {"type": "NOTEBOOK"}).status_code == 200
    assert client.call("PUT", one, {"type": "OTHER"}).status_code == 400
    assert client.call("GET", path, params={"type": "APP", "name": "own"}).json()["count"] == 0
    tags = client.call("GET", f"{one}/tags").json()["tags"]
    assert [tag["path"] for tag in tags] == ["localhost/local-demo/own:1", "localhost/local-demo/own:2"]
    assert [client.call("DELETE", f"{one}/tags/{tag}").status_code for tag in "112"] == [200, 404, 200]
    assert client.call("GET", path, params={"name": "own"}).json()["count"] == 0
    assert client.call("GET", path, params={"name": "own", "show_empty": "true"}).json()["count"] == 1
    assert client.call("DELETE", one).status_code == 200
    assert "docker login" in client.call("GET", f"{path}/docker-login-cmd").json()["login_cmd"]


@pytest.mark.parametrize(
    "body",
    [
        {"name": "own"},
        {"tag": "1"},
        {"name": "Own", "tag": "1"},
        {"name": "own", "tag": "-"},
        {"name": "own", "tag": "1", "type": "X"},
    ],
    ids=str,
)
def test_refused_images(client: Client, body: dict[str, Any]) -> None:
    """Names and tags are what a registry takes."""
    assert client.call("POST", f"{client.space}/images", body).status_code == 400


def test_images_of_other_spaces(client: Client) -> None:
    """A link is made once for each tag, shows where it leads, and is not imported on."""
    away, here = second(client), client.space.rpartition("/")[2]
    (image,) = client.call("GET", f"{client.space}/images", params={"name": "busybox"}).json()["images"]
    body = {"source_project_id": here, "image_id": image["id"], "tag": "1.36"}
    link = client.call("POST", f"{away}/images/import", body).json()["id"]
    assert client.call("POST", f"{away}/images/import", {**body, "tag": "latest"}).json()["id"] == link
    (row,) = client.call("GET", f"{away}/images").json()["images"]
    assert (row["tags"], row["source_project_name"], row["source_resource_id"]) == (
        ["1.36", "latest"],
        "demo",
        image["id"],
    )
    onward = {"source_project_id": away.rpartition("/")[2], "image_id": link, "tag": "1.36"}
    assert client.call("POST", f"{client.space}/images/import", onward).status_code == 400
    assert client.call("POST", f"{away}/images/import", {**body, "tag": "9"}).status_code == 404
    mine = client.call("GET", f"{client.root}/eihealth-projects/images", params={"image_name": "busy"}).json()
    assert {row["eihealth_project_name"] for row in mine["images"]} == {"demo", "second"}
    only = {"image_name": "busy", "source_project_name": "demo", "eihealth_project_names": "second"}
    assert client.call("GET", f"{client.root}/eihealth-projects/images", params=only).json()["count"] == 1


def test_life_of_a_notebook(client: Client, platform: Platform) -> None:
    """It starts by itself, takes its time, is stopped and started again; a token only while it runs."""
    platform.services.switches.turn({"notebook_seconds": 60})
    identifier = client.create("notebooks", NOTEBOOK)
    one = f"{client.space}/notebooks/{identifier}"
    shown = client.show("notebooks", identifier)
    assert (shown["status"], shown["storages"]) == ("Creating", [{"path": "/home/ai4s-user/work/demo"}])
    assert client.call("POST", f"{one}/action", {"action": "stop"}).status_code == 400
    client.admin("PUT", "clock", {"advance": 61})
    assert len(client.call("GET", f"{one}/token").json()["token"]) > 20
    assert client.call("POST", f"{one}/action", {"action": "start"}).status_code == 400
    assert client.call("POST", f"{one}/action", {"action": "stop"}).status_code == 200
    assert client.show("notebooks", identifier)["status"] == "Updating"
    client.admin("PUT", "clock", {"advance": 61})
    assert client.show("notebooks", identifier)["status"] == "Hibernate"
    assert client.call("GET", f"{one}/token").status_code == 400
    assert client.call("PUT", one, {"description": "d"}).status_code == 200
    listed = client.call("GET", f"{client.space}/notebooks", params={"status": "Hibernate", "name": "n"}).json()
    assert [(row["id"], row["description"]) for row in listed["notebooks"]] == [(identifier, "d")]
    assert client.call("GET", f"{client.space}/notebooks", params={"status": "Running"}).json()["count"] == 0
    everywhere = {"notebook_name": "nb", "statuses": "Hibernate", "image_name": "notebook"}
    assert client.call("GET", f"{client.root}/eihealth-projects/notebooks", params=everywhere).json()["count"] == 1
    assert client.call("DELETE", one).status_code == 200
    assert client.call("GET", one).status_code == 404


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "Nb"},
        {"flavor": {"cpu": 0.5, "gpu": 0, "memory": 2}},
        {"flavor": {"cpu": 1, "gpu": 0, "memory": 1}},
        {"flavor": {"cpu": "1", "gpu": 0, "memory": 2}},
        {"image": {"image_type": "SYSTEM", "image_info": {"profile": "PY2"}}},
        {
            "image": {
                "image_type": "CUSTOMER",
                "image_info": {"source_project_name": "demo", "image_name": "no", "image_tag": "1"},
            }
        },
        {"storages": []},
        {"storages": [{"path": "nowhere:/x"}]},
    ],
    ids=str,
)
def test_refused_notebooks(client: Client, changed: dict[str, Any]) -> None:
    """The limits of the contract, images that are not there, and mounts that lead nowhere."""
    assert client.call("POST", f"{client.space}/notebooks", {**NOTEBOOK, **changed}).status_code == 400


def test_mounts_of_other_spaces(client: Client) -> None:
    """Five of them, or six with one of the own."""
    second(client)
    others = [{"path": f"second:/{number}"} for number in range(6)]
    path = f"{client.space}/notebooks"
    assert client.call("POST", path, {**NOTEBOOK, "storages": others}).status_code == 400
    assert client.call("POST", path, {**NOTEBOOK, "storages": [*others[:5], {"path": "demo:/"}]}).status_code == 200


def test_an_accelerator(client: Client) -> None:
    """Found, set, used by jobs as far as its quota goes, and released."""
    path = f"{client.root}/system/performance-resources"
    (row,) = client.call("GET", path).json()["resources"]
    one = f"{path}/{row['id']}"
    client.create("apps", app_running("true"))
    client.create("workflows", ONE_SCRIPT)
    assert client.call("PUT", one, {"job_quota": 0}).status_code == 200
    job = job_of(io_acc_id=row["id"])
    assert client.call("POST", f"{client.space}/jobs", job).status_code == 400
    assert client.call("PUT", one, {"job_quota": 1, "schedulable": False}).status_code == 200
    assert client.call("POST", f"{client.space}/jobs", job).status_code == 400
    assert client.call("PUT", one, {"schedulable": True}).status_code == 200
    assert client.call("POST", f"{client.space}/jobs", job).status_code == 200
    assert client.call("POST", f"{client.space}/jobs", {**job, "io_acc_id": "other"}).status_code == 400
    (busy,) = client.call("GET", f"{client.root}/eihealth-projects/performance-resources-statistics").json()[
        "performance_resources"
    ]
    assert (busy["name"], busy["schedulable"]) == ("sfs-turbo-local", True)
    assert client.call("DELETE", one).status_code == 200
    assert client.call("GET", path).json()["count"] == 0


def test_the_vendor(client: Client) -> None:
    """Nothing to begin with; name and logo come together, in parts."""
    path = f"{client.root}/system/vendor-config"
    assert client.call("GET", path).json() == {"name": "", "logo": ""}
    boundary = "b0undary"
    parts = [("name", "", "Atlas"), ("file", '; filename="l.png"', "PNG")]
    form = "".join(f'--{boundary}\r\nContent-Disposition: form-data; name="{n}"{f}\r\n\r\n{v}\r\n' for n, f, v in parts)
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "X-Sdk-Content-Sha256": "UNSIGNED-PAYLOAD"}
    whole = f"{form}--{boundary}--\r\n".encode()
    assert client.call("PUT", path, data=whole, headers=headers).status_code == 200
    shown = client.call("GET", path).json()
    assert (shown["name"], base64.b64decode(shown["logo"])) == ("Atlas", b"PNG")
    half = f'--{boundary}\r\nContent-Disposition: form-data; name="name"\r\n\r\nx\r\n--{boundary}--\r\n'.encode()
    assert client.call("PUT", path, data=half, headers=headers).status_code == 400


def test_data_jobs_are_found_by_every_filter(client: Client, platform: Platform) -> None:
    """Type, status, name, creator, both windows, order and pages; nothing that ended while it runs."""
    platform.services.switches.turn({"data_job_seconds": 100})
    client.admin("PUT", "clock", {"frozen": True})
    path = f"{client.space}/data-jobs"
    started = int(platform.services.clock.now() * 1000)
    copied = client.create("datas/clone", {"sub_paths": ["/samples"], "target_folder": "/a"})
    client.admin("PUT", "clock", {"advance": 50})
    fetched = client.create("datas/import-from-network", {"urls": ["https://x.test/y"], "target_folder": "/b"})
    client.admin("PUT", "clock", {"advance": 60})

    def ids(**params: Any) -> list[str]:
        return [row["id"] for row in client.call("GET", path, params=params).json()["data_jobs"]]

    assert ids() == [fetched, copied]
    assert ids(sort_dir="asc") == [copied, fetched]
    assert ids(sort_key="type", sort_dir="asc") == [copied, fetched]
    assert (ids(type="CLONE_DATA"), ids(status="RUNNING"), ids(status="Succeed")) == ([copied], [fetched], [copied])
    assert (ids(name="clone"), ids(creator="local"), ids(creator="ada")) == ([copied], [fetched, copied], [])
    assert (ids(from_time=started + 10_000), ids(to_time=started + 10_000)) == ([fetched], [copied])
    assert (ids(finish_from_time=started), ids(finish_to_time=started)) == ([copied], [])
    assert (ids(limit=1), ids(limit=1, offset=1), ids(offset=2)) == ([fetched], [copied], [])
    assert client.call("GET", path, params={"sort_key": "colour"}).status_code == 400
    shown = client.show("data-jobs", copied)
    assert (shown["status"], shown["complete_data"], shown["destinations"]) == (
        "SUCCEED",
        ["demo:/samples"],
        ["demo:/a"],
    )
    assert client.show("data-jobs", fetched)["running_data"] == ["https://x.test/y"]


def test_data_jobs_are_cancelled_and_run_again(client: Client, platform: Platform) -> None:
    """Each only in the state for it."""
    platform.services.switches.turn({"data_job_seconds": 100})
    job = client.create("datas/import-from-network", {"urls": ["https://x.test/y"], "target_folder": "/b"})
    one = f"{client.space}/data-jobs/{job}"
    assert client.call("POST", f"{one}/retry").status_code == 400
    assert client.call("POST", f"{one}/cancel").status_code == 202
    assert client.call("POST", f"{one}/cancel").status_code == 400
    assert client.show("data-jobs", job)["status"] == "CANCELLED"
    assert client.call("POST", f"{one}/retry").status_code == 202
    client.admin("PUT", "clock", {"advance": 101})
    shown = client.show("data-jobs", job)
    assert (shown["status"], "only from the machine it runs on" in shown["failed_reason"]) == ("FAILED", True)
    assert client.call("DELETE", one).status_code == 202
    assert client.call("GET", one).status_code == 404


def test_data_of_another_space_by_reference(client: Client) -> None:
    """A space sees another bucket beside its own."""
    away, here = second(client), client.space.rpartition("/")[2]
    body = {"quote_project_id": here, "sub_paths": ["/samples"]}
    assert client.call("POST", f"{away}/datas/quote", body).status_code == 200
    assert client.call("POST", f"{away}/datas/quote", {**body, "sub_paths": ["/nothing"]}).status_code == 404
    buckets = client.call("GET", f"{away}/buckets").json()["buckets"]
    assert [(each["eihealth_project_name"], each["type"]) for each in buckets] == [
        ("second", "real"),
        ("demo", "quote"),
    ]


def test_only_so_many_ended_jobs_are_kept(client: Client) -> None:
    """The youngest; what is forgotten is gone from lists and by its id, and its files stay."""
    client.create("apps", app_running("true"))
    client.create("workflows", ONE_SCRIPT)
    ids = [client.create("jobs", job_of(output_dir=f"/out/{number}")) for number in range(4)]
    assert client.call("GET", f"{client.space}/jobs").json()["count"] == 4
    client.admin("PUT", "switches", {"job_retention": 2})
    assert {row["id"] for row in client.call("GET", f"{client.space}/jobs").json()["jobs"]} == set(ids[2:])
    assert client.call("GET", f"{client.space}/jobs/{ids[0]}").status_code == 404
    client.admin("PUT", "switches", {"job_retention": 0})
    assert client.call("GET", f"{client.space}/jobs/{ids[3]}").status_code == 404
