"""The administrator's side: only with the token, and everything it promises."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.localplatform.request_log import shown_headers
from tests.localplatform.client import BASE, Client
from tests.localplatform.pipelines import APP, ONE_SCRIPT, app_running, job_of
from tests.support.local_platform import ACCOUNT, local_platform
from tests.support.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform

CALLS = [("GET", "status"), ("POST", "reset"), ("PUT", "faults"), ("GET", "requests"), ("POST", "shutdown")]


@pytest.mark.parametrize(("method", "name"), CALLS)
@pytest.mark.parametrize("token", [None, "", "wrong", "fake-admin-tokenx", "é"])
def test_no_token_no_answer(client: Client, method: str, name: str, token: str | None) -> None:
    """401 without the right token, whatever is asked."""
    headers = {} if token is None else {"X-Admin-Token": token.encode()}
    assert client.session.request(method, f"{BASE}/__admin__/{name}", headers=headers).status_code == 401


def test_health_needs_none(client: Client) -> None:
    """Who it is can be asked by anybody on this machine."""
    answer = client.session.get(f"{BASE}/__admin__/health").json()
    assert answer["pid"] == os.getpid()
    assert answer["version"]


def test_unknown_calls(client: Client) -> None:
    """404 for what is not there, 400 for bodies that are none."""
    assert client.admin("GET", "nothing").status_code == 404
    assert client.admin("DELETE", "status").status_code == 404
    for name, bad in (("faults", {}), ("seed", []), ("clock", {"now": 3}), ("clock", {"advance": "x"}), ("phases", {})):
        answer = client.admin("POST" if name == "seed" else "PUT", name, bad)
        assert (answer.status_code, bool(answer.json()["message"])) == (400, True)
    assert client.admin("GET", "requests", params={"after": "x"}).status_code == 400


def test_status_counts(client: Client) -> None:
    """Objects by kind, active runs, uptime."""
    before = objects_of(client)
    client.create("apps", APP)
    assert objects_of(client) == before | {"ai4s/App": 1}
    answer = client.admin("GET", "status").json()
    assert (answer["active_runs"], answer["uptime"] >= 0) == (0, True)


def objects_of(client: Client) -> dict[str, int]:
    """The counts by kind; platforms have things of their own from the start."""
    counts: dict[str, int] = client.admin("GET", "status").json()["objects"]
    assert counts["ai4s/Space"] == 1
    return counts


def test_request_log(client: Client) -> None:
    """Method, path, query, headers and body of each call in order; secrets are hidden, the rest is as sent."""
    client.call("GET", f"{client.root}/system/labels", params={"a": "b c"})
    client.call("POST", f"{client.root}/system/labels", {"name": "é"})
    first, second = client.admin("GET", "requests").json()["requests"]
    assert (first["method"], first["operation"], first["query"], first["status"]) == (
        "GET",
        "ListLabel",
        "a=b%20c",
        200,
    )
    assert second["body"] == '{"name": "\\u00e9"}'
    assert second["headers"]["content-type"] == "application/json"
    assert second["headers"]["authorization"].endswith("Signature=***")
    assert "SignedHeaders=" in second["headers"]["authorization"]
    only = client.admin("GET", "requests", params={"operation": "CreateLabel", "after": first["number"]}).json()
    assert [entry["number"] for entry in only["requests"]] == [second["number"]]
    client.admin("DELETE", "requests")
    assert client.admin("GET", "requests").json()["requests"] == []


def test_hidden_headers() -> None:
    """What signs a caller in is not shown, whatever the scheme."""
    shown = shown_headers(
        [("X-Auth-Token", "secret"), ("Authorization", "Bearer secret"), ("Token", "secret"), ("X-Plain", "kept")]
    )
    assert "secret" not in str(shown)
    assert shown["x-plain"] == "kept"


def test_seed(client: Client) -> None:
    """Objects are put in as they are, with ids given or made."""
    space = client.space.rsplit("/", 1)[1]
    app = client.show("apps", client.create("apps", APP))
    body = {key: app[key] for key in ("summary", "description", "labels", "icon", *APP)}
    seeded: list[dict[str, Any]] = [
        {"platform": "ai4s", "kind": "App", "scope": space, "name": "seed", "version": str(n), "body": body}
        for n in range(50)
    ]
    answer = client.admin("POST", "seed", {"objects": [{**seeded[0], "id": "given"}, *seeded[1:]]})
    assert (len(answer.json()["ids"]), answer.json()["ids"][0]) == (50, "given")
    assert client.call("GET", f"{client.space}/apps").json()["count"] == 51
    assert client.show("apps", "given")["commands"] == APP["commands"]
    assert client.admin("POST", "seed", {"objects": [{**seeded[0], "id": "given"}]}).status_code == 400
    assert client.admin("POST", "seed", {"objects": [{**seeded[0], "scope": 3}]}).status_code == 400


def test_clock(client: Client) -> None:
    """Time can be stopped and moved, and let go again."""
    start = client.admin("PUT", "clock", {"frozen": True}).json()["now"]
    assert client.admin("PUT", "clock", {"advance": 3600}).json()["now"] == start + 3600
    assert client.admin("GET", "clock").json()["now"] == start + 3600
    assert client.admin("PUT", "clock", {"frozen": False}).json()["now"] < start + 1800


def test_phases(client: Client) -> None:
    """Who carries out new runs can be changed; those before stay where they are."""
    client.create("apps", app_running("sleep 60"))
    client.create("workflows", ONE_SCRIPT)
    before = client.create("jobs", job_of())
    assert client.admin("PUT", "phases", {"engine": "simulated-by-clock"}).json()["engine"] == "simulated-by-clock"
    after = client.create("jobs", job_of())
    assert [client.show("jobs", job)["status"] for job in (before, after)] == ["SUCCEEDED", "RUNNING"]
    client.admin("PUT", "clock", {"advance": 61})
    assert client.show("jobs", after)["status"] == "SUCCEEDED"
    assert client.admin("PUT", "phases", {"engine": "none"}).status_code == 400


def test_reset(client: Client, platform: Platform) -> None:
    """Everything is as on the first day, running work included; switches stay."""
    before, files = objects_of(client), client.call("GET", f"{client.space}/datas").json()["count"]
    client.create("apps", app_running("sleep 60"))
    client.create("workflows", ONE_SCRIPT)
    client.admin("PUT", "phases", {"engine": "simulated-by-clock"})
    job = client.create("jobs", job_of())
    client.admin("PUT", "faults", {"rules": [{"fault": "error"}]})
    platform.services.data.locate("demo", "/f").write_text("x")
    assert client.admin("POST", "reset").status_code == 200
    assert objects_of(client) == before
    assert client.call("GET", f"{client.space}/jobs/{job}").status_code == 404
    assert client.call("GET", f"{client.space}/datas").json()["count"] == files
    assert platform.services.runs.history.identifiers() == frozenset()


def test_shutdown_is_passed_on(tmp_path: Path) -> None:
    """The call reaches whoever runs the server, with what to do about running work."""
    from reconciler.localplatform.assembly import assemble
    from reconciler.localplatform.phases import SIMULATED, simulated_engines

    asked: list[bool] = []
    platform = assemble(tmp_path, ACCOUNT, simulated_engines, SIMULATED, shutdown=asked.append)
    with Client(WsgiAdapter(platform.application), ACCOUNT) as client:
        client.admin("POST", "shutdown")
        client.admin("POST", "shutdown", {"cancel": False})
    platform.close()
    assert asked == [True, False]


def test_an_administrator_sends_too_much(tmp_path: Path) -> None:
    """A body that is no JSON is a 400, not a failure."""
    with local_platform(tmp_path) as platform, Client(WsgiAdapter(platform.application), ACCOUNT) as client:
        headers = {"X-Admin-Token": ACCOUNT.admin_token}
        for raw in (b"{", b"\xff", b"[" * 100_000, b"NaN"):
            answer = client.session.put(f"{BASE}/__admin__/faults", data=raw, headers=headers)
            assert answer.status_code == 400
