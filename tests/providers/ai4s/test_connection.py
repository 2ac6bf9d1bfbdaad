"""Opening a target: which credentials, which endpoint, which project, and what is missing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.errors import CredentialsMissing, NoSuchScope, PlatformError, Refused, Unreachable, UsageError
from reconciler.model.address import Address
from reconciler.model.target import Target
from reconciler.providers.ai4s import PROVIDER
from reconciler.providers.protocol import Transport
from tests.providers.ai4s.opened import desired
from tests.providers.loopback import Loopback, closed_port, reply, routed, serving

QUICK = Transport(connect_timeout=2, read_timeout=2, deadline=5, backoff=0.001)
KEYS = {"access_key": "FAKE-ACCESS-KEY", "secret_key": "FAKE-SECRET-KEY"}
USER = {"domain_name": "fake-account", "user_name": "fake-user", "password": "FAKE-password"}
SPACES = reply(200, {"projects": [{"id": "s1", "name": "demo"}, {"id": "s2", "name": "genomics"}], "count": 2})
NO_APPS = reply(200, {"apps": [], "count": 0})


def at(server: Loopback | str, **settings: str) -> Target:
    """A target at an endpoint."""
    endpoint = server if isinstance(server, str) else server.url
    return Target("prod", "ai4s", endpoint, settings.pop("region", ""), "demo", settings)


def apps(target: Target, credentials: dict[str, str], scope: str = "demo", transport: Transport = QUICK) -> Any:
    """Opens the target and lists the apps of a space: the least that goes all the way."""
    connection = PROVIDER.connect(target, credentials, transport)
    try:
        return list(connection.handler("App").list(scope))  # type: ignore[attr-defined]
    finally:
        connection.close()
        connection.close()


def test_key_and_project_id() -> None:
    """With everything given, the first request is already one to the service, signed and with the project."""
    with serving(
        routed({"GET /v1/p1/eihealth-projects": SPACES, "GET /v1/p1/eihealth-projects/s1/apps": NO_APPS})
    ) as server:
        assert apps(at(server), {**KEYS, "project_id": "p1", "security_token": "FAKE-TOKEN"}) == []
    first, second = server.seen
    assert first.headers["Authorization"].startswith(
        "SDK-HMAC-SHA256 Access=FAKE-ACCESS-KEY, SignedHeaders=content-type;"
    )
    assert (first.headers["X-Project-Id"], first.headers["X-Security-Token"]) == ("p1", "FAKE-TOKEN")
    assert second.headers["X-Project-Id"] == "p1"


def test_project_id_of_the_project_file() -> None:
    """The project id may stand in the target: it is no secret."""
    with serving(
        routed({"GET /v1/p7/eihealth-projects": SPACES, "GET /v1/p7/eihealth-projects/s1/apps": NO_APPS})
    ) as server:
        assert apps(at(server, project_id="p7"), KEYS) == []


def test_project_is_looked_up_once_when_not_given() -> None:
    """The identity service is asked for the project of the region, signed, and only at the first call."""
    routes = {
        "GET /v3/projects": reply(200, {"projects": [{"id": "p2"}]}),
        "GET /v1/p2/eihealth-projects": SPACES,
        "GET /v1/p2/eihealth-projects/s1/apps": NO_APPS,
    }
    with serving(routed(routes)) as server:
        target = at(server, region="cn-north-4", iam_endpoint=server.url)
        connection = PROVIDER.connect(target, KEYS, QUICK)
        assert server.seen == []
        for _ in range(2):
            assert list(connection.handler("App").list("demo")) == []  # type: ignore[attr-defined]
        connection.close()
    assert [seen.path for seen in server.seen].count("/v3/projects?name=cn-north-4") == 1
    assert "X-Project-Id" not in server.seen[0].headers
    assert server.seen[0].headers["Authorization"].startswith("SDK-HMAC-SHA256 ")


def test_password_signs_in_for_a_token() -> None:
    """A user and password give a token, and the project it is for."""
    token = reply(201, {"token": {"project": {"id": "p3"}}}, {"X-Subject-Token": "FAKE-TOKEN"})
    routes = {
        "POST /v3/auth/tokens": token,
        "GET /v1/p3/eihealth-projects": SPACES,
        "GET /v1/p3/eihealth-projects/s1/apps": NO_APPS,
    }
    with serving(routed(routes)) as server:
        assert apps(at(server, region="cn-north-4", iam_endpoint=server.url), USER) == []
    assert [seen.headers.get("X-Auth-Token") for seen in server.seen] == [None, "FAKE-TOKEN", "FAKE-TOKEN"]
    assert "Authorization" not in server.seen[1].headers


def test_key_wins_over_password() -> None:
    """With both, the access key is used, as the platform's own tool does."""
    with serving(
        routed({"GET /v1/p1/eihealth-projects": SPACES, "GET /v1/p1/eihealth-projects/s1/apps": NO_APPS})
    ) as server:
        assert apps(at(server), {**KEYS, **USER, "project_id": "p1"}) == []
    assert all("X-Auth-Token" not in seen.headers for seen in server.seen)


@pytest.mark.parametrize(
    "credentials",
    [{}, {"access_key": "FAKE"}, {**KEYS, "secret_key": ""}, {"user_name": "u", "password": "FAKE"}],
)
def test_no_usable_credentials(credentials: dict[str, str]) -> None:
    """Half a pair is none, and the hint names every variable that would do."""
    with pytest.raises(CredentialsMissing, match="target prod") as caught:
        PROVIDER.connect(at("http://127.0.0.1:1"), credentials, QUICK)
    assert "HUAWEICLOUD_SDK_AK" in caught.value.hint
    assert "HW_USER_PASSWORD" in caught.value.hint


@pytest.mark.parametrize("endpoint", ["", "local"])
def test_no_place(endpoint: str) -> None:
    """Neither region nor endpoint: told, with both ways out. `local` is turned into a URL before it gets here."""
    with pytest.raises(UsageError, match="where is it") as caught:
        PROVIDER.connect(at(endpoint), {**KEYS, "project_id": "p"}, QUICK)
    assert "region" in caught.value.hint


@pytest.mark.parametrize("credentials", [KEYS, USER])
def test_no_region_to_find_the_project_of(credentials: dict[str, str]) -> None:
    """Without a project id the region must be known."""
    with pytest.raises(UsageError, match="whose project"):
        PROVIDER.connect(at("http://127.0.0.1:1"), credentials, QUICK)


def test_regions_have_endpoints() -> None:
    """A region alone says where the service and its identity service are."""
    connection: Any = PROVIDER.connect(at("", region="cn-east-3"), KEYS, QUICK)
    assert [session.endpoint for session in connection._account.access.sessions] == [
        "https://ai4sservice.cn-east-3.myhuaweicloud.com",
        "https://iam.cn-east-3.myhuaweicloud.com",
    ]
    connection.close()


def test_unknown_kind() -> None:
    """A kind the platform does not have is a KeyError, as the protocol says."""
    connection = PROVIDER.connect(at("http://127.0.0.1:1"), {**KEYS, "project_id": "p"}, QUICK)
    with pytest.raises(KeyError):
        connection.handler("Dataset")


@pytest.mark.parametrize(
    ("scope", "kind", "hint"),
    [
        ("genomic", NoSuchScope, "did you mean 'genomics'?"),
        ("s2", NoSuchScope, "did you mean 'genomics'?"),
        ("zzz", NoSuchScope, "spaces of this account: demo, genomics"),
        ("-", Refused, "`space:`"),
        ("", Refused, "`space:`"),
    ],
)
def test_unknown_space(scope: str, kind: type, hint: str) -> None:
    """A space that is not there is told with what was perhaps meant, and never passes for missing objects."""
    with serving(routed({"GET /v1/p1/eihealth-projects": SPACES})) as server:
        connection: Any = PROVIDER.connect(at(server), {**KEYS, "project_id": "p1"}, QUICK)
        address = Address("prod", "App", scope, "a@1")
        for attempt in (
            lambda: connection.handler("App").read(address, "id"),
            lambda: connection.handler("App").delete(address, "id"),
            lambda: list(connection.handler("App").list(scope)),
        ):
            with pytest.raises(PlatformError) as caught:
                attempt()
            assert type(caught.value) is kind
            assert hint in caught.value.hint
        assert len(server.seen) == 1


@pytest.mark.parametrize("body", [None, [], {}, {"projects": None}, {"projects": [1]}, {"spaces": []}])
def test_answer_that_is_no_list_is_not_an_empty_list(body: Any) -> None:
    """If a list that cannot be read passed for empty, everything would look deleted."""
    with serving(reply(200, body)) as server, pytest.raises(PlatformError, match="no list of projects"):
        apps(at(server), {**KEYS, "project_id": "p1"})


def test_nothing_listens() -> None:
    """A local platform that is not running is told as such."""
    with pytest.raises(Unreachable, match="nothing listens"):
        apps(at(f"http://127.0.0.1:{closed_port()}"), {**KEYS, "project_id": "p1"})


def test_secret_key_is_never_shown() -> None:
    """A platform that quotes the secret key gets it masked."""
    traced: list[str] = []
    body = {"error_code": "x", "error_msg": "bad key FAKE-SECRET-KEY"}
    with serving(reply(403, body)) as server, pytest.raises(PlatformError) as caught:
        apps(at(server), {**KEYS, "project_id": "p1"}, transport=replace(QUICK, trace=traced.append))
    assert "FAKE-SECRET-KEY" not in " ".join([str(caught.value), caught.value.message, *traced])
    assert len(traced) == 1


def test_meaning_checks_come_with_the_provider() -> None:
    """Offline checks of this platform are reached through the provider, and find what only meaning can tell."""
    from tests.providers.ai4s.opened import examples

    assert PROVIDER.check is not None
    assert [finding for finding in PROVIDER.check(examples()) if finding.severity == "error"] == []
    workflow = next(manifest for manifest in examples() if manifest.address.kind == "Workflow")
    lost = {**workflow.spec["tasks"][0], "inputs": [{"name": "x", "values": ["${nobody.out}"]}]}
    wrong = replace(workflow, spec={**workflow.spec, "tasks": [lost]})
    assert [finding for finding in PROVIDER.check((wrong,)) if finding.severity == "error"] != []


def test_spaces_of_one_name() -> None:
    """Of two that stay, none is guessed at; one that is going makes room for the one that came after it."""
    rows = [{"id": "s1", "name": "demo"}, {"id": "s2", "name": "demo"}]
    paths = {f"GET /v1/p1/eihealth-projects/{space}/apps": NO_APPS for space in ("s1", "s2")}
    listed = "GET /v1/p1/eihealth-projects"
    both, refused = reply(200, {"projects": rows}), pytest.raises(Refused, match="2 spaces are called 'demo': s1, s2")
    with serving(routed({listed: both, **paths})) as server, refused:
        apps(at(server, project_id="p1"), KEYS)
    for going in (0, 1):
        left = [{**row, "delete_time": "2026-01-01T00:00:00Z"} if n == going else row for n, row in enumerate(rows)]
        with serving(routed({listed: reply(200, {"projects": left}), **paths})) as server:
            assert apps(at(server, project_id="p1"), KEYS) == []
            assert server.seen[-1].path == f"/v1/p1/eihealth-projects/s{2 - going}/apps"


@pytest.mark.parametrize("told", [{"message": "no"}, {"message": "no", "destination_app_id": "a9"}])
def test_an_import_that_failed_is_none(told: dict[str, str]) -> None:
    """Each item of a batch says how it went, whatever else it says."""
    spaces = reply(200, {"projects": [{"id": "s1", "name": "demo"}, {"id": "s2", "name": "lab"}]})
    routes = {
        "GET /v1/p1/eihealth-projects": spaces,
        "GET /v1/p1/eihealth-projects/s2/apps": reply(200, {"apps": [{"id": "a1", "name": "a", "version": "1"}]}),
        "POST /v1/p1/eihealth-projects/s1/apps/batch-import": reply(207, [{**told, "status": "IMPORT_FAIL"}]),
    }
    wanted = desired(Address("prod", "App", "demo", "a@1"), {"name": "a", "version": "1", "from": {"space": "lab"}})
    with serving(routed(routes)) as server, pytest.raises(Refused, match="import app a@1: no"):
        PROVIDER.connect(at(server, project_id="p1"), KEYS, QUICK).handler("App").create(wanted)
