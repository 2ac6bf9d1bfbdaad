"""Who we are on the platform, which spaces that reaches, and what may be wrong with it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import Unauthenticated, UsageError
from reconciler.model.target import Target
from reconciler.providers.ai4s import PROVIDER
from reconciler.providers.facilities import Examines, Identifies, LimitsUse, Reach, TellsTime
from tests.providers.ai4s.opened import KEYS, QUICK, opened
from tests.providers.loopback import Behaviour, reply, routed, serving
from tests.support.local_platform import ACCOUNT

if TYPE_CHECKING:
    from reconciler.localplatform.assembly import Platform
    from reconciler.providers.ai4s.connection import Ai4sConnection

PROJECTS = {"projects": [{"id": "p1"}]}


def test_abilities(connection: Ai4sConnection) -> None:
    """Commands find out by asking for the protocol."""
    for protocol in (Identifies, LimitsUse, Examines, TellsTime):
        assert isinstance(connection, protocol)


def test_whoami_with_a_key(connection: Ai4sConnection) -> None:
    """The owner of the key by name, every space with our role there; no credential."""
    told = connection.whoami()
    assert told.user == ACCOUNT.user
    assert told.scopes == (Reach("demo", "Owner"),)
    assert dict(told.facts)["project"] == ACCOUNT.project_id
    assert ACCOUNT.secret_key not in repr(told)


def test_whoami_with_a_password(platform: Platform) -> None:
    """The user as given; the project is the token's."""
    given = {"domain_name": ACCOUNT.domain, "user_name": ACCOUNT.user, "password": ACCOUNT.password}
    with opened(platform, given) as connection:
        told = connection.whoami()
    assert told.user == f"{ACCOUNT.user} of {ACCOUNT.domain}"
    assert dict(told.facts)["signed by"] == "password, for a token"
    assert dict(told.facts)["project"] == ACCOUNT.project_id


def test_limits(connection: Ai4sConnection) -> None:
    """What is counted, by name; what is unlimited has no limit; none can be set from here."""
    limits = {limit.name: limit for limit in connection.quota()}
    assert (limits["PROJECT"].limit, limits["PROJECT"].used) == (None, 1)
    with pytest.raises(UsageError):
        connection.set_quota("PROJECT", 3)


def _connect(url: str, **credentials: str) -> Any:
    target = Target("prod", "ai4s", url, "cn-north-4", "demo", {"iam_endpoint": url})
    return PROVIDER.connect(target, {**KEYS, **credentials}, QUICK)


def _spaces(*rows: dict[str, str], project: str = ACCOUNT.project_id, **headers: str) -> dict[str, Behaviour]:
    return {f"GET /v1/{project}/eihealth-projects": reply(200, {"projects": list(rows), "count": len(rows)}, headers)}


def test_roles_that_may_not_write() -> None:
    """A viewer and an uploader can look, whatever the case of the word; who the key belongs to may stay unknown."""
    rows = [{"id": r, "name": r.lower(), "role": r} for r in ("VIEWER", "Uploader", "Developer", "Administrator")]
    with serving(routed(_spaces(*rows))) as server:
        told = _connect(server.url).whoami()
    assert [reach.scope for reach in told.scopes or () if reach.writes] == ["administrator", "developer"]
    assert told.user == f"owner of the access key that ends in {ACCOUNT.access_key[-4:]}"


@pytest.mark.parametrize(("found", "remedy"), [(ACCOUNT.project_id, False), ("another", True)])
def test_a_project_of_another_region(found: str, *, remedy: bool) -> None:
    """The identity service says which project a region has; another one than ours is wrong."""
    with serving(routed({"GET /v3/projects": reply(200, {"projects": [{"id": found}]})})) as server:
        (finding,) = _connect(server.url).examine()
    assert (finding.subject, bool(finding.remedy)) == ("region", remedy)


def test_an_unknown_project_is_not_a_wrong_key() -> None:
    """The platform answers 401 with a code of its own."""
    answer = reply(401, {"error_code": "eihealth.03000002", "error_msg": "invalid project id"})
    with serving(routed({f"GET /v1/{ACCOUNT.project_id}/eihealth-projects": answer})) as server:
        connection = _connect(server.url)
        with pytest.raises(Unauthenticated) as caught:
            connection.whoami()
        finding = connection.diagnose(caught.value)
    assert finding is not None
    assert finding.subject == "region"
    assert connection.diagnose(Unauthenticated("no", platform_code="APIGW.0301")) is None


def test_the_platforms_clock() -> None:
    """By the date of its last answer, a refusal too; unknown before there was one."""
    answer = reply(401, {"error_code": "APIGW.0301", "error_msg": "expired"}, {"Date": "Thu, 01 Jan 2026 02:00:00 GMT"})
    with serving(routed({f"GET /v1/{ACCOUNT.project_id}/eihealth-projects": answer})) as server:
        target = Target("prod", "ai4s", server.url, "", "demo")
        connection = PROVIDER.connect(target, KEYS, replace(QUICK, clock=lambda: 1_767_225_600.0))
        assert isinstance(connection, TellsTime)
        assert isinstance(connection, Identifies)
        assert connection.clock_skew() is None
        with pytest.raises(Unauthenticated):
            connection.whoami()
        assert connection.clock_skew() == 7200.0
