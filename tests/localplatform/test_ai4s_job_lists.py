"""Lists of jobs: every filter, order and page, and what a stale one shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.localplatform.pipelines import ONE_SCRIPT, app_running, job_of

if TYPE_CHECKING:
    from reconciler.localplatform.assembly import Platform
    from tests.localplatform.client import Client


@pytest.fixture
def jobs(client: Client, platform: Platform) -> dict[str, str]:
    """Three jobs a minute apart: `good` and `other` succeed, `bad` fails."""
    condition = {"name": "code", "type": "STRING", "required": True, "values": ["0"]}
    client.create("apps", app_running("exit ${code}", inputs=[condition]))
    client.create("workflows", ONE_SCRIPT)
    client.create("workflows", {**ONE_SCRIPT, "name": "second"})
    platform.services.clock.freeze()
    wanted: dict[str, dict[str, Any]] = {
        "good": {"labels": ["x", "y z"]},
        "bad": {"tasks": [{"task_name": "only", "inputs": [{"name": "code", "values": ["4"]}]}], "labels": ["y z"]},
        "other": {"tool_id": "second::1"},
    }
    made = {}
    for name, members in wanted.items():
        made[name] = client.create("jobs", job_of(**{"name": name, **members}))
        platform.services.clock.advance(60)
    return made


def names(client: Client, params: Any, path: str = "") -> list[str]:
    """Names of the jobs found, in order."""
    answer = client.call("GET", path or f"{client.space}/jobs", params=params)
    assert answer.status_code == 200, answer.text
    return [job["name"] for job in answer.json()["jobs"]]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ["other", "bad", "good"]),
        ({"sort_dir": "asc"}, ["good", "bad", "other"]),
        ({"sort_key": "status", "sort_dir": "asc"}, ["bad", "good", "other"]),
        ({"sort_key": "name", "sort_dir": "asc"}, ["bad", "good", "other"]),
        ({"job_name": "OO"}, ["good"]),
        ({"tool_name": "seco"}, ["other"]),
        ({"user_name": "local"}, ["other", "bad", "good"]),
        ({"user_name": "nobody"}, []),
        ({"status": "Failed"}, ["bad"]),
        ({"status": "FAILED"}, ["bad"]),
        ({"status": "Succeeded"}, ["other", "good"]),
        ({"status": ["Failed", "Succeeded"]}, ["other", "bad", "good"]),
        ({"status": "Running"}, []),
        ({"status": "Unknown"}, []),
        ({"labels": "x"}, ["good"]),
        ({"labels": ["x", "y z"]}, ["bad", "good"]),
        ({"labels": "x,y z"}, ["bad", "good"]),
        ({"limit": 1}, ["other"]),
        ({"limit": 1, "offset": 1}, ["bad"]),
        ({"offset": 3}, []),
    ],
    ids=str,
)
def test_filters(client: Client, jobs: dict[str, str], params: dict[str, Any], expected: list[str]) -> None:
    """Each filter lets through what it says, and no more."""
    assert names(client, params) == expected


def test_times(client: Client, jobs: dict[str, str], platform: Platform) -> None:
    """Bounds on creation and end are UNIX milliseconds."""
    end = platform.services.clock.now() * 1000
    assert names(client, {"start_time": int(end - 130_000)}) == ["other", "bad"]
    assert names(client, {"end_time": int(end - 130_000)}) == ["good"]
    assert names(client, {"finish_start_time": int(end - 70_000), "finish_end_time": int(end)}) == ["other"]


def test_count_is_of_all_pages(client: Client, jobs: dict[str, str]) -> None:
    """`count` tells how many there are, whatever the page."""
    answer = client.call("GET", f"{client.space}/jobs", params={"limit": 1, "offset": 2}).json()
    assert (answer["count"], len(answer["jobs"]), answer["running_count"], answer["waiting_count"]) == (3, 1, 0, 0)


def test_rows_lack_the_tasks(client: Client, jobs: dict[str, str]) -> None:
    """A row has the tool and the state, and neither tasks nor instances nor node labels."""
    row = client.call("GET", f"{client.space}/jobs").json()["jobs"][0]
    assert not {"tasks", "task_runtime_info", "dag", "node_labels", "io_acc_info"} & set(row)
    assert (row["tool_info"]["tool_name"], row["user_name"], row["status"]) == ("second", "local", "SUCCEEDED")


def test_across_spaces(client: Client, jobs: dict[str, str]) -> None:
    """The same over all my spaces, with its own names for the filters."""
    path = f"{client.root}/eihealth-projects/jobs"
    assert names(client, {"status_list": "Failed"}, path) == ["bad"]
    assert names(client, {"types": "app"}, path) == []
    assert names(client, {"types": "workflow,app", "job_name": "go"}, path) == ["good"]
    assert names(client, {"eihealth_project_names": "other"}, path) == []
    assert names(client, {"is_creator": "true", "limit": 2}, path) == ["other", "bad"]


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": 1001},
        {"limit": "ten"},
        {"limit": "٣"},
        {"offset": -1},
        {"offset": "9" * 30},
        {"limit": "0" * 16 + "9" * 30},
        {"status": "Done"},
        {"sort_key": "password"},
        {"sort_dir": "up"},
        {"start_time": "yesterday"},
    ],
    ids=str,
)
def test_bad_parameters(client: Client, params: dict[str, Any]) -> None:
    """400, never an error of the server."""
    assert client.call("GET", f"{client.space}/jobs", params=params).status_code == 400


def test_a_stale_list(client: Client, jobs: dict[str, str]) -> None:
    """A list of half a minute ago lacks the newest job and still has the one deleted since; reading by id is fresh."""
    newest = client.create("jobs", job_of(name="newest"))
    client.call("DELETE", f"{client.space}/jobs/{jobs['good']}")
    client.admin("PUT", "faults", {"rules": [{"fault": "stale", "operation": "ListJob", "seconds": 30, "count": 1}]})
    assert names(client, {}) == ["other", "bad", "good"]
    assert client.show("jobs", newest)["name"] == "newest"
    assert names(client, {}) == ["newest", "other", "bad"]
