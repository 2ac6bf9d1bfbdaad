"""Who may call: signatures over what was really sent, tokens, the window of time, the project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from reconciler.localplatform.platforms.huawei_auth import canonical_request, parse_authorization, sign
from tests.localplatform.client import BASE
from tests.localplatform.client import sign as client_sign
from tests.support.local_platform import ACCOUNT

if TYPE_CHECKING:
    from reconciler.localplatform.assembly import Platform
    from tests.localplatform.client import Client

VECTORS = json.loads((Path(__file__).parents[1] / "data/ai4s/signing_vectors.json").read_text(encoding="utf-8"))
SECRET = "FAKESECRETKEYEXAMPLEDONOTUSE0000000000"


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_signing_vectors(vector: dict[str, Any]) -> None:
    """Canonical request and signature of every recorded vector come out the same from the server's side."""
    path, _, query = vector["request_target"].partition("?")
    builder = EnvironBuilder(
        method=vector["method"], path=path, query_string=query, headers=vector["headers"], data=vector["body"]
    )
    request = Request(builder.get_environ())
    parsed = parse_authorization(vector["authorization"])
    assert parsed is not None
    canonical = canonical_request(request, parsed.headers)
    assert canonical == vector["canonical_request"]
    assert sign(SECRET, vector["headers"]["X-Sdk-Date"], canonical) == parsed.signature


def _prepared(client: Client, method: str, path: str, body: bytes = b"", **headers: str) -> requests.PreparedRequest:
    request = requests.Request(method, BASE + path, data=body, headers={"User-Agent": "probe/1", **headers})
    prepared = client.session.prepare_request(request)
    client_sign(prepared, ACCOUNT.access_key, ACCOUNT.secret_key)
    return prepared


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda _: None, 200),
        (lambda p: p.headers.update({"User-Agent": "probe/2"}), 401),
        (lambda p: p.headers.update({"X-Sdk-Date": "20260101T000000Z"}), 401),
        (lambda p: p.prepare_url(f"{p.url}?limit=1", None), 401),
        (lambda p: p.headers.pop("Authorization"), 401),
        (lambda p: p.headers.update({"Authorization": "Bearer x"}), 401),
        (lambda p: p.headers.update({"Authorization": p.headers["Authorization"].replace("FAKEACC", "OTHERAC")}), 401),
        (lambda p: p.headers.update({"X-Unsigned": "anything"}), 200),
    ],
    ids=["intact", "agent", "date", "query", "unsigned", "scheme", "key", "extra header"],
)
def test_what_breaks_a_signature(client: Client, change: Any, status: int) -> None:
    """Everything that is signed counts, nothing else does, and the refusal is the gateway's."""
    prepared = _prepared(client, "GET", f"{client.root}/system/labels")
    change(prepared)
    answer = client.session.send(prepared)
    assert answer.status_code == status
    if status == 401:
        assert answer.json()["error_code"] == "APIGW.0301"
        assert answer.headers["X-Request-Id"]


def test_the_body_is_signed(client: Client) -> None:
    """A body changed on its way is refused, and has no effect."""
    prepared = _prepared(client, "POST", f"{client.root}/system/labels", b'{"name": "a"}')
    prepared.body = b'{"name": "b"}'
    assert client.session.send(prepared).status_code == 401
    assert client.call("GET", f"{client.root}/system/labels").json()["count"] == 0


def test_unsigned_payload(client: Client) -> None:
    """A body that says it is not signed may be anything."""
    prepared = _prepared(
        client, "POST", f"{client.root}/system/labels", b'{"name": "a"}', **{"X-Sdk-Content-Sha256": "UNSIGNED-PAYLOAD"}
    )
    prepared.body = b'{"name": "b"}'
    assert client.session.send(prepared).status_code == 201


def test_replay_is_accepted(client: Client) -> None:
    """The same bytes sent again are as good as before: there is no nonce."""
    prepared = _prepared(client, "GET", f"{client.root}/system/labels")
    assert [client.session.send(prepared).status_code for _ in range(2)] == [200, 200]


def test_temporary_credentials(client: Client) -> None:
    """A security token travels along as one more signed header."""
    path = f"{client.root}/system/labels"
    assert client.call("GET", path, headers={"X-Security-Token": "FAKESECURITYTOKEN"}).status_code == 200


@pytest.mark.parametrize(("off", "status"), [(0, 200), (14 * 60, 200), (16 * 60, 401), (-16 * 60, 401)])
def test_window_of_time(client: Client, platform: Platform, off: float, status: int) -> None:
    """A date more than 15 minutes off is refused."""
    at = platform.services.clock.now() + off
    assert client.call("GET", f"{client.root}/system/labels", at=at).status_code == status


def test_window_can_be_switched_off(client: Client) -> None:
    """Recorded requests of another year can be played."""
    assert client.admin("PUT", "switches", {"signature_window": False}).status_code == 200
    assert client.call("GET", f"{client.root}/system/labels", at=1_000_000_000).status_code == 200


def test_text_that_encodes_out_of_order(client: Client) -> None:
    """Query values are sorted as they are, not as they are encoded."""
    params = [("labels", "é"), ("labels", "a~b"), ("labels", "zz"), ("job_name", "a b*")]
    assert client.call("GET", f"{client.space}/jobs", params=params).status_code == 200


def test_another_project(client: Client) -> None:
    """A valid signature for somebody else's project is no way in."""
    answer = client.call("GET", "/v1/0otherproject/system/labels")
    assert (answer.status_code, answer.json()["error_code"]) == (401, "eihealth.03000002")


def _token_request(**changed: Any) -> dict[str, Any]:
    user = {"name": "local", "password": "fake-password", "domain": {"name": "local"}, **changed}
    identity = {"methods": ["password"], "password": {"user": user}}
    return {"auth": {"identity": identity, "scope": {"project": {"name": "local"}}}}


def test_token(client: Client, platform: Platform) -> None:
    """A password buys a token for a day, and the token replaces the signature."""
    answer = client.session.post(f"{BASE}/v3/auth/tokens", json=_token_request())
    assert answer.status_code == 201
    assert answer.json()["token"]["project"]["id"] == ACCOUNT.project_id
    headers = {"X-Auth-Token": answer.headers["X-Subject-Token"]}
    url = f"{BASE}{client.root}/system/labels"
    assert client.session.get(url, headers=headers).status_code == 200
    platform.services.clock.advance(24 * 3600 + 1)
    assert client.session.get(url, headers=headers).status_code == 401
    assert client.session.get(url, headers={"X-Auth-Token": "fake"}).status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (_token_request(password="wrong"), 401),
        (_token_request(name="somebody"), 401),
        (_token_request(domain={"name": "elsewhere"}), 401),
        (_token_request(password=None), 400),
        (_token_request(domain="local"), 400),
        ({"auth": {"identity": _token_request()["auth"]["identity"]}}, 400),
        ({"auth": []}, 400),
        ([], 400),
    ],
)
def test_bad_token_requests(client: Client, body: Any, status: int) -> None:
    """No token for a wrong password or a request that is none, in IAM's own error shape."""
    answer = client.session.post(f"{BASE}/v3/auth/tokens", json=body)
    assert answer.status_code == status
    assert "X-Subject-Token" not in answer.headers
    assert answer.json()["error"]["code"] == status


def test_project_of_a_region(client: Client) -> None:
    """A client that knows only its region learns the project id."""
    answer = client.call("GET", "/v3/projects", params={"name": "cn-north-4"})
    assert [(p["id"], p["name"]) for p in answer.json()["projects"]] == [(ACCOUNT.project_id, "cn-north-4")]
