"""How the client talks: envelopes, tokens, addresses, certificates, and what each refusal means."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import (
    CredentialsMissing,
    Forbidden,
    NotFound,
    Refused,
    Throttled,
    Unanswered,
    Unauthenticated,
    Unreachable,
    UsageError,
)
from reconciler.localplatform.clock import Clock
from reconciler.localplatform.faults import FaultRule
from reconciler.localplatform.platforms.aihub_words import STATUS_SWITCH, TOKEN_SWITCH
from reconciler.model.resource import Phase
from reconciler.model.target import Target
from reconciler.providers.aihub.connection import connect
from reconciler.providers.aihub.faults import fault
from reconciler.providers.aihub.shapes import STATUSES, marked, number, status_of, utc
from reconciler.providers.exchange import Answer
from tests.providers.aihub.opened import CREDENTIALS, QUICK, TARGET, URL, at, desired, opened
from tests.providers.loopback import reply, serving
from tests.support.local_platform import ACCOUNT, local_platform

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform

SERVICES = ("data_warehouse", "datasets", "workflows", "training", "quota", "evaluation", "tags", "relay")


def _answer(status: int, body: Any) -> Answer:
    return Answer(status, {}, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("status", "body", "means"),
    [
        (200, {"code": 0, "msg": "", "data": {}}, None),
        (200, {"code": 1001, "msg": "no"}, 400),
        (200, {"code": 401}, 401),
        (200, {"code": 404}, 404),
        (200, {"code": 429}, 429),
        (200, {"code": 500, "msg": "broken"}, 500),
        (200, {"code": -1}, 400),
        (400, {"code": 0}, 400),
        (404, {"code": 404}, 404),
        (502, {"code": 7}, 502),
        (200, {"data": {}}, None),
        (200, [], None),
        (200, {"code": "0"}, None),
        (200, {"code": True}, None),
    ],
)
def test_what_a_code_means(status: int, body: Any, means: int | None) -> None:
    """0 is success; 500 to 599 may have had an effect; anything else says no; no code at all is no complaint."""
    found = fault(_answer(status, body))
    assert (found.status if found else None) == means


@pytest.mark.parametrize("body", [{"data": {"id": 7}}, {"code": "0", "data": {"id": 7}}, {"code": 0, "data": {}}, [7]])
def test_an_answer_that_is_no_success_is_not_taken_for_one(body: Any) -> None:
    """Without `code` 0 and an id nobody knows whether a create had its effect: that is said, never guessed."""
    login = {"code": 0, "data": {"id": 1, "token": "fake-token-for-tests"}}
    with serving(reply(200, login), reply(200, body)) as server:
        connection = connect(Target("a", "aihub", server.url), CREDENTIALS, QUICK)
        with pytest.raises(Unanswered):
            connection.handler("Search").create(desired("Search"))
        connection.close()


@pytest.mark.parametrize(
    ("code", "kind"), [(1, Refused), (403, Forbidden), (404, NotFound), (429, Throttled), (500, Unanswered)]
)
def test_a_failure_inside_a_200_is_a_failure(code: int, kind: type[Exception]) -> None:
    """Each code that equals an HTTP status means what that means; the rest is a plain no. Sent once in any case."""
    login = {"code": 0, "data": {"id": 1, "token": "fake-token-for-tests"}}
    with serving(reply(200, login), reply(200, {"code": code, "msg": "the reason"})) as server:
        connection = connect(Target("a", "aihub", server.url), CREDENTIALS, QUICK)
        with pytest.raises(kind, match="the reason"):
            connection.handler("Search").create(desired("Search"))
        connection.close()
        assert len(server.seen) == 2


def test_refusals_with_a_status_mean_the_same(tmp_path: Path) -> None:
    """Which HTTP status the platform uses is not known: both dialects are understood alike."""
    for told in (False, True):
        folder = tmp_path / str(told)
        folder.mkdir()
        with local_platform(folder) as platform, opened(platform) as connection:
            platform.services.switches.turn({STATUS_SWITCH: told})
            handler: Any = connection.handler("Search")
            assert handler.read(at("Search", "s"), "9") is None
            with pytest.raises(Refused):
                handler.create(desired("Search", sql=""))


class TestTokens:
    """Logging in when needed, again when a token runs out, or never where one is injected."""

    def test_one_login_for_everything(self, platform: Platform) -> None:
        """Lazily: a connection that reads nothing sends nothing."""
        with opened(platform) as connection:
            assert platform.log.report() == []
            for _ in range(3):
                connection.handler("Search").create(desired("Search"))
            connection.clusters()
        assert self._logins(platform) == 1

    def test_a_token_that_runs_out_is_renewed_before_a_create(self, tmp_path: Path) -> None:
        """It says when it ends, so a create is not sent with one that would be refused."""
        clock = Clock()
        clock.freeze()
        with local_platform(tmp_path, clock=clock) as platform:
            platform.services.switches.turn({TOKEN_SWITCH: 600})
            with opened(platform, transport=replace(QUICK, clock=clock.now)) as connection:
                connection.handler("Search").create(desired("Search"))
                clock.advance(590.0)
                connection.handler("Search").create(desired("Search"))
                assert self._logins(platform) == 2

    def test_a_read_that_is_refused_logs_in_again(self, platform: Platform) -> None:
        """A long wait survives a token that ended without notice; a create that is refused is told instead."""
        with opened(platform) as connection:
            handler: Any = connection.handler("Search")
            live = handler.create(desired("Search"))
            platform.services.store.database.execute("DELETE FROM tokens")
            assert handler.read(at("Search", "s"), live.remote_id).phase is Phase.SUCCEEDED
            platform.services.store.database.execute("DELETE FROM tokens")
            with pytest.raises(Unauthenticated):
                handler.create(desired("Search"))
            assert handler.create(desired("Search")).remote_id == "2"

    def test_an_injected_token_is_used_as_it_is(self, platform: Platform) -> None:
        """Inside a workflow node nobody logs in; when it ends, that is said."""
        with opened(platform) as connection:
            token = connection._place.tokens.token()
        before = self._logins(platform)
        with opened(platform, credentials={"token": token}) as connection:
            handler: Any = connection.handler("Search")
            handler.create(desired("Search"))
            platform.services.store.database.execute("DELETE FROM tokens")
            with pytest.raises(Unauthenticated) as caught:
                handler.read(at("Search", "s"), "1")
        assert self._logins(platform) == before
        assert "AI_HUB_TOKEN" in caught.value.hint

    @pytest.mark.parametrize("credentials", [{}, {"access_key": "x"}, {"secret_key": "long-enough"}])
    def test_without_credentials_nothing_is_sent(self, platform: Platform, credentials: dict[str, str]) -> None:
        """The variables are named."""
        with opened(platform, credentials=credentials) as connection, pytest.raises(CredentialsMissing) as caught:
            connection.handler("Search").create(desired("Search"))
        assert platform.log.report() == []
        assert "AIHUB_USERNAME" in caught.value.hint

    def test_a_wrong_password_is_told(self, platform: Platform) -> None:
        """Without showing it."""
        wrong = {"access_key": ACCOUNT.access_key, "secret_key": "fake-wrong-password"}
        with opened(platform, credentials=wrong) as connection, pytest.raises(Unauthenticated) as caught:
            connection.clusters()
        assert "fake-wrong-password" not in caught.value.message + caught.value.hint

    @staticmethod
    def _logins(platform: Platform) -> int:
        return len([entry for entry in platform.log.report() if entry["operation"] == "login"])


def test_each_service_has_an_address_of_its_own() -> None:
    """Every kind talks to its own service and to no other; no address is built in."""
    login = reply(200, {"code": 0, "data": {"id": 1, "token": "fake-token-for-tests"}})
    with serving(login) as users, serving(reply(200, {"code": 0, "data": {"id": 5}})) as warehouse:
        settings = {"users": users.url, "data_warehouse": f"{warehouse.url}/"}
        connection = connect(Target("a", "aihub", settings=settings), CREDENTIALS, QUICK)
        assert connection.handler("Search").create(desired("Search")).remote_id == "5"
        with pytest.raises(Refused, match="`quota`") as caught:
            connection.handler("QuotaTask").read(at("QuotaTask", "q"), "1")  # type: ignore[attr-defined]
        connection.close()
        assert [seen.path for seen in users.seen] == ["/api/v1/auth/login"]
        assert [seen.path for seen in warehouse.seen] == ["/data-warehouse/api/v1/searches"]
    assert "quota: http" in caught.value.hint


def test_a_target_without_any_address_is_a_mistake() -> None:
    """Nothing is guessed: the settings are named."""
    with pytest.raises(UsageError, match="where is it") as caught:
        connect(Target("a", "aihub"), CREDENTIALS, QUICK)
    assert all(service in caught.value.hint for service in SERVICES)


def test_certificates_that_are_not_there_are_a_mistake(tmp_path: Path) -> None:
    """A bundle that does not exist never means trusting everybody."""
    target = Target("a", "aihub", URL, settings={"ca": "certificates/hub.pem"})
    with pytest.raises(UsageError, match=r"hub\.pem"):
        connect(target, CREDENTIALS, replace(QUICK, root=str(tmp_path)))


def test_a_lost_answer_is_not_sent_again(platform: Platform) -> None:
    """By no layer: a create leaves once."""
    platform.faults.replace([FaultRule.parse({"fault": "lost", "operation": "createTraining", "count": None})])
    with opened(platform) as connection, pytest.raises(Unanswered):
        connection.handler("Training").create(desired("Training"))
    assert platform.services.store.counts()["aihub/Training"] == 1


@pytest.mark.parametrize("operation", ["login", "listClusters", "listStorages"])
def test_what_is_asked_before_a_create_is_not_the_create(platform: Platform, operation: str) -> None:
    """A login or a name that got no answer leaves nothing that a person would have to look for: nothing was sent."""
    platform.faults.replace([FaultRule.parse({"fault": "lost", "operation": operation, "count": None})])
    with opened(platform) as connection, pytest.raises(Unreachable):
        connection.handler("Training").create(desired("Training"))
    assert "aihub/Training" not in platform.services.store.counts()


def test_statuses_that_nobody_documented_are_unknown() -> None:
    """They count as active, and are not guessed at."""
    assert {number: status_of({"status": number})[1] for number in STATUSES} == {
        number: phase for number, (_, phase) in STATUSES.items()
    }
    for strange in (0, 7, None, "3", 3.5):
        assert status_of({"status": strange})[1] is Phase.UNKNOWN


def test_ids_are_numbers_whatever_they_came_as() -> None:
    """References are texts until they are sent; a version's remote id begins with its number."""
    assert [number("x", value) for value in (7, "7", " 7 ", "11/V3")] == [7, 7, 7, 11]
    for wrong in ("", "V3", "seven", "-1", "1.5", None):
        with pytest.raises(Refused, match="nothing was sent"):
            number("x", wrong)


def test_times_are_milliseconds() -> None:
    """What is no time is none."""
    assert utc(1_721_382_073_775) == "2024-07-19T09:41:13.775Z"
    assert [utc(value) for value in (0, -1, None, "1", True, 1e30)] == [""] * 6


def test_a_mark_alone_is_the_whole_description() -> None:
    """No blank in front."""
    mark = desired("Search").mark
    assert (marked("", mark), marked("text", mark)) == (f"[{mark}]", f"text [{mark}]")


def test_a_token_without_an_end_is_used_until_it_is_refused() -> None:
    """A JWT need not say when it ends, and a token need not be a JWT."""
    from reconciler.providers.aihub.login import _expires

    claims = base64.urlsafe_b64encode(json.dumps({"id": 1}).encode()).decode().rstrip("=")
    for token in ("opaque", f"a.{claims}.b", "a.!!.b", "a..b"):
        assert _expires(token) == float("inf")


def test_whoami_tells_the_number_of_the_login(platform: Platform) -> None:
    """An injected token does not tell, and that is said."""
    with opened(platform) as connection:
        assert connection.whoami().user == "1"
        token = connection._place.tokens.token()
    with opened(platform, credentials={"token": token}, target=replace(TARGET, settings={})) as connection:
        assert "not told" in connection.whoami().user
        with pytest.raises(Refused, match="whose clusters"):
            connection.clusters()
