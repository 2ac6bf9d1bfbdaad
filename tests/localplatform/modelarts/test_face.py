"""The local face: life of statuses, versions, names, late deletions, errors of both dialects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.localplatform.client import Client
from tests.providers.modelarts.opened import config_v1, job_v1, job_v2
from tests.support.local_platform import ACCOUNT, local_platform
from tests.support.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform
    from reconciler.localplatform.clock import Clock

V1, V2 = f"/v1/{ACCOUNT.project_id}", f"/v2/{ACCOUNT.project_id}"


@pytest.fixture
def platform(tmp_path: Path, clock: Clock) -> Iterator[Platform]:
    """Work goes a step each time somebody looks."""
    with local_platform(tmp_path, engine="simulated-per-read", clock=clock) as made:
        yield made


@pytest.fixture
def client(platform: Platform, clock: Clock) -> Iterator[Client]:
    """A caller with the account's keys, whose clock is the platform's."""
    with Client(WsgiAdapter(platform.application), ACCOUNT) as made:
        yield made


def body_v2(name: str, **changes: Any) -> dict[str, Any]:
    """The create body of a v2 job."""
    spec = job_v2(name)
    return {"kind": "job", "metadata": {"name": name}, "algorithm": spec["algorithm"], "spec": spec["spec"], **changes}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{V2}/training-job-searches", {"sort_by": [{}]}),
        (f"{V2}/training-job-searches", {"filters": [{"key": "name", "operator": [], "value": ["a"]}]}),
        (f"{V1}/training-jobs/1/versions", {"config": {**job_v1("a")["config"], "pre_version_id": []}}),
    ],
    ids=["sort", "operator", "version"],
)
def test_bodies_of_other_types(client: Client, path: str, body: dict[str, Any]) -> None:
    """Refused in the dialect of the call."""
    client.call("POST", f"{V1}/training-jobs", job_v1("a"))
    answer = client.call("POST", path, body)
    assert answer.status_code == 400 or answer.json()["is_success"] is False


def test_the_life_of_a_version(client: Client, clock: Clock) -> None:
    """1 initialising, 4 submitting, 7 queued, 8 running, 9 being cancelled or at once 12 cancelled."""
    made = client.call("POST", f"{V1}/training-jobs", job_v1("a")).json()
    assert (made["is_success"], made["job_id"], made["version_id"], made["version_name"]) == (True, "1", "2", "V0001")

    def status() -> int:
        listed = client.call("GET", f"{V1}/training-jobs", params={"search_content": "a"}).json()
        return int(listed["jobs"][0]["status"])

    seen = [status()]
    for _ in range(2):
        clock.advance(1.0)
        seen.append(status())
    shown = f"{V1}/training-jobs/1/versions/2"
    seen += [client.call("GET", shown).json()["status"] for _ in range(3)]
    assert client.call("POST", f"{shown}/stop").json() == {"is_success": True}
    seen += [client.call("GET", shown).json()["status"] for _ in range(3)]
    assert [s for i, s in enumerate(seen) if i == 0 or s != seen[i - 1]] in ([1, 4, 7, 8, 9, 12], [1, 4, 7, 8, 12])


def test_versions_are_a_chain(client: Client) -> None:
    """Names count up and never come back; the new one says what it was derived from; a foreign parent is refused."""
    client.call("POST", f"{V1}/training-jobs", job_v1("a"))
    versions = f"{V1}/training-jobs/1/versions"
    config = {**job_v1("a")["config"], "pre_version_id": 2}
    second = client.call("POST", versions, {"job_desc": "two", "config": config}).json()
    assert (second["version_id"], second["version_name"]) == (3, "V0002")
    listed = client.call("GET", versions).json()
    assert listed["job_desc"] == "two"
    assert [(v["version_name"], v["pre_version_id"]) for v in listed["versions"]] == [("V0002", 2), ("V0001", None)]
    for wrong in ({**config, "pre_version_id": 99}, {**config, "train_url": ""}):
        answer = client.call("POST", versions, {"config": wrong})
        assert (answer.status_code, answer.json()["is_success"]) == (200, False)
    client.call("POST", f"{versions}/3/stop")
    for _ in range(3):
        client.call("GET", f"{versions}/3")
    assert client.call("DELETE", f"{versions}/3").json() == {"is_success": True}
    third = client.call("POST", versions, {"config": config}).json()
    assert third["version_name"] == "V0003"


def test_names_are_taken(client: Client) -> None:
    """A second one of a name is refused in the words of its API."""
    for path, body, code in (
        (f"{V1}/training-jobs", job_v1("a"), "ModelArts.0103"),
        (f"{V1}/training-job-configs", config_v1("a"), "ModelArts.0103"),
        (f"{V2}/training-jobs", body_v2("a"), "ModelArts.2751"),
    ):
        assert client.call("POST", path, body).status_code in {200, 201}
        again = client.call("POST", path, body)
        assert again.json()["error_code"] == code
        assert again.status_code == (400 if path.startswith("/v2") else 200)


REFUSED_V2: list[tuple[dict[str, Any], str]] = [
    ({"kind": "no"}, "ModelArts.0101"),
    ({"metadata": {"name": "a b"}}, "ModelArts.0101"),
    ({"algorithm": {}}, "ModelArts.2757"),
    ({"algorithm": {"code_dir": "/a/b/"}}, "ModelArts.2758"),
    ({"algorithm": {"code_dir": "/a/b/", "boot_file": "x"}}, "ModelArts.2780"),
    ({"algorithm": {"engine": {"image_url": "x"}}}, "ModelArts.2806"),
    ({"spec": {"resource": {}}}, "ModelArts.2763"),
    ({"spec": {"resource": {"flavor_id": "x", "node_count": 999}}}, "ModelArts.2793"),
    ({"algorithm": {"id": "x", "inputs": [{"name": "a"}]}}, "ModelArts.2791"),
    ({"algorithm": {"id": "x", "environments": {"A": "$B"}}}, "ModelArts.0101"),
]


@pytest.mark.parametrize(("changes", "code"), REFUSED_V2)
def test_what_v2_refuses(client: Client, changes: dict[str, Any], code: str) -> None:
    """With HTTP 400, a code of the contract, and nothing made."""
    answer = client.call("POST", f"{V2}/training-jobs", body_v2("a", **changes))
    assert (answer.status_code, answer.json()["error_code"]) == (400, code)
    assert client.call("POST", f"{V2}/training-job-searches", {}).json()["total"] == 0


def test_who_may_call(client: Client) -> None:
    """No token, a token that is none, a wrong signature, another project: each its own code."""
    url = f"{client.base}{V2}/training-quotas"
    for headers, status, code in (
        ({}, 401, "ModelArts.0201"),
        ({"X-Auth-Token": "fake"}, 401, "ModelArts.0203"),
        ({"Authorization": "SDK-HMAC-SHA256 Access=x, SignedHeaders=host, Signature=00"}, 403, "ModelArts.0206"),
    ):
        answer = client.session.get(url, headers=headers)
        assert (answer.status_code, answer.json()["error_code"]) == (status, code)
    other = client.call("GET", "/v2/other/training-quotas")
    assert (other.status_code, other.json()["error_code"]) == (403, "ModelArts.0210")


def test_terminate_only_what_goes_on(client: Client) -> None:
    """409 with 2796 once it has ended; another action is 2812; deleting twice is 2775."""
    identifier = client.call("POST", f"{V2}/training-jobs", body_v2("a")).json()["metadata"]["id"]
    job = f"{V2}/training-jobs/{identifier}"
    assert client.call("POST", f"{job}/actions", {"action_type": "dance"}).json()["error_code"] == "ModelArts.2812"
    assert client.call("POST", f"{job}/actions", {"action_type": "terminate"}).status_code == 202
    again = client.call("POST", f"{job}/actions", {"action_type": "terminate"})
    assert (again.status_code, again.json()["error_code"]) == (409, "ModelArts.2796")
    assert client.call("DELETE", job).status_code == 202
    for _ in range(3):
        gone = client.call("GET", job)
    assert (gone.status_code, gone.json()["error_code"]) == (400, "ModelArts.2775")


def test_events_by_page_or_by_entry(platform: Platform, client: Client) -> None:
    """The switch decides what `offset` counts; our client finds out by itself (its own test)."""
    identifier = client.call("POST", f"{V2}/training-jobs", body_v2("a")).json()["metadata"]["id"]
    for _ in range(3):
        client.call("GET", f"{V2}/training-jobs/{identifier}")
    path = f"{V2}/training-jobs/{identifier}/events"

    def page(offset: int) -> list[str]:
        found = client.call("GET", path, params={"offset": offset, "limit": 2, "order": "asc"}).json()["events"]
        return [event["message"] for event in found]

    everything = client.call("GET", path, params={"order": "asc"}).json()["events"]
    assert page(1) == [event["message"] for event in everything[2:4]]
    platform.services.switches.turn({"modelarts_event_offset": "events"})
    assert page(1) == [event["message"] for event in everything[1:3]]
