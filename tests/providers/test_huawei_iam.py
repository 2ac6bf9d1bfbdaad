"""Signing in: tokens cached, renewed in time and after a 401; the project of a region."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import requests

from reconciler.errors import CredentialsMissing, PlatformError, Unauthenticated, Unreachable
from reconciler.providers.errors import nested_fault
from reconciler.providers.exchange import Call, Dialect
from reconciler.providers.huawei_iam import TokenSignIn, User, project_of_region
from reconciler.providers.protocol import Transport
from reconciler.providers.session import Credentials, Session
from tests.providers.loopback import Behaviour, Loopback, hang_up, reply, serving

QUICK = Transport(connect_timeout=2, read_timeout=2, deadline=5, backoff=0.001)
USER = User("fake-account", "fake-user", "FAKE-password", "cn-north-4")
TOKEN = {"token": {"project": {"id": "p1"}, "expires_at": "2026-01-02T00:00:00.000000Z"}}
ISSUED = 1_767_225_600.0  # a day before that


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = ISSUED

    def __call__(self) -> float:
        """The time now."""
        return self.now


def token(text: str, body: Any = TOKEN) -> Behaviour:
    """An answer with a token."""
    return reply(201, body, {"X-Subject-Token": text})


def session(server: Loopback, credentials: Credentials = Credentials()) -> Session:  # noqa: B008 - frozen
    """A session to a loopback server."""
    return Session("prod", server.url, QUICK, Dialect(nested_fault, ("FAKE_PASSWORD",)), credentials)


def signed(sign_in: TokenSignIn) -> str:
    """The token a request would carry now."""
    return requests.Request("GET", "http://x/", auth=sign_in).prepare().headers["X-Auth-Token"]


def test_token_is_asked_for_once_and_sent() -> None:
    """Body as documented; the token comes from the header; the project from the body."""
    with serving(token("t1")) as server:
        sign_in = TokenSignIn(session(server), USER, Clock())
        assert [signed(sign_in), signed(sign_in), sign_in.project_id()] == ["t1", "t1", "p1"]
        (seen,) = server.seen
    assert (seen.method, seen.path) == ("POST", "/v3/auth/tokens")
    assert seen.headers["Content-Type"] == "application/json"
    user = {"name": "fake-user", "password": "FAKE-password", "domain": {"name": "fake-account"}}
    scope = {"project": {"name": "cn-north-4"}}
    assert seen.json() == {
        "auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope},
    }


@pytest.mark.parametrize("body", [TOKEN, {"token": {"project": {"id": "p1"}}}, {"token": {"expires_at": "soon"}}])
def test_token_is_renewed_before_it_ends(body: Any) -> None:
    """Half an hour before the end, by the platform's word or after a day, a new one is asked for."""
    clock = Clock()
    with serving(token("t1", body), token("t2", body)) as server:
        sign_in = TokenSignIn(session(server), USER, clock)
        assert signed(sign_in) == "t1"
        clock.now += 23.4 * 3600
        assert signed(sign_in) == "t1"
        clock.now += 0.2 * 3600
        assert signed(sign_in) == "t2"


@pytest.mark.parametrize("body", ["<html>sign in here</html>", b"\xff"])
def test_an_answer_that_is_not_of_the_identity_service_is_no_token(body: Any) -> None:
    """Whatever stands in its headers: something else answers there, and nothing was sent to the service."""
    answers = reply(200, body, {"X-Subject-Token": "t1"})
    with serving(answers) as server, pytest.raises(Unreachable, match="the answer holds no token"):
        signed(TokenSignIn(session(server), USER, Clock()))


def test_refused_token_is_replaced_once() -> None:
    """A 401 of the service throws the token away, and the read is sent again with a new one."""
    with (
        serving(token("t1"), token("t2")) as iam,
        serving(reply(401, {"error_code": "x", "error_msg": "expired"}), reply(200, {"id": "1"})) as service,
    ):
        sign_in = TokenSignIn(session(iam), USER, Clock())
        line = session(service, Credentials(sign_in, renew=sign_in.renew))
        assert line.call(Call("read", "GET", "/x")) == {"id": "1"}
        assert [seen.headers["X-Auth-Token"] for seen in service.seen] == ["t1", "t2"]
        assert len(iam.seen) == 2


def test_many_threads_sign_in_once() -> None:
    """Threads that start together share one sign-in, and one renewal."""
    with serving(token("t1"), token("t2"), token("t3")) as server:
        sign_in = TokenSignIn(session(server), USER, Clock())

        def together() -> set[str]:
            tokens: list[str] = []
            threads = [threading.Thread(target=lambda: tokens.append(signed(sign_in))) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return set(tokens)

        assert together() == {"t1"}
        refused = requests.Request("GET", "http://x/", auth=sign_in).prepare()
        for _ in range(8):
            sign_in.renew(refused)
        assert together() == {"t2"}
        assert not sign_in.renew(refused) or signed(sign_in) == "t2"


@pytest.mark.parametrize("behaviour", [hang_up, reply(500), reply(201, TOKEN)])
def test_failed_sign_in_means_nothing_was_sent(behaviour: Behaviour) -> None:
    """However signing in fails, the create behind it did not happen."""
    with serving(behaviour) as iam, serving(reply(200, {"id": "1"})) as service:
        sign_in = TokenSignIn(session(iam), USER, Clock())
        with pytest.raises(Unreachable):
            session(service, Credentials(sign_in)).call(Call("create", "POST", "/x", body={}))
        assert service.seen == []


def test_wrong_password_is_told_with_its_variables() -> None:
    """A 401 of the identity service is the user's to repair."""
    wrong = reply(401, {"error": {"code": "IAM.0001", "message": "wrong", "title": "t"}})
    with serving(wrong) as iam, pytest.raises(Unauthenticated, match=r"IAM\.0001: wrong") as caught:
        signed(TokenSignIn(session(iam), USER, Clock()))
    assert "FAKE_PASSWORD" in caught.value.hint


def test_project_of_a_region() -> None:
    """One project is the one."""
    with serving(reply(200, {"projects": [{"id": "p9", "name": "cn-north-4"}]})) as server:
        assert project_of_region(session(server), "cn-north-4") == "p9"
        assert server.seen[0].path == "/v3/projects?name=cn-north-4"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (reply(200, {"projects": []}), "none"),
        (reply(200, {"projects": [{"id": "b"}, {"id": "a"}]}), "2: a, b"),
        (reply(200, {}), "none"),
        (reply(404, {"error": {"code": "IAM.0004", "message": "no"}}), "does not exist"),
    ],
)
def test_project_that_is_not_clear(answer: Behaviour, text: str) -> None:
    """None, several, or a "not found" of the identity service never pass for a project, nor for a missing object."""
    with serving(answer) as server, pytest.raises(PlatformError, match=text) as caught:
        project_of_region(session(server), "cn-north-4")
    assert type(caught.value) is CredentialsMissing


class Memory:
    """A cache that a test can look into."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def load(self, key: str) -> str:
        """See TokenCache."""
        return self.kept.get(key, "")

    def save(self, key: str, text: str) -> None:
        """See TokenCache."""
        self.kept[key] = text

    def drop(self, key: str) -> None:
        """See TokenCache."""
        self.kept.pop(key, None)


def test_a_token_is_used_by_the_next_process() -> None:
    """Signed in once; the second process sends the same token and asks nobody. No password is in what is kept."""
    memory = Memory()
    with serving(token("t1"), token("t2")) as server:
        assert signed(TokenSignIn(session(server), USER, Clock(), memory)) == "t1"
        later = TokenSignIn(session(server), USER, Clock(), memory)
        assert [signed(later), later.project_id()] == ["t1", "p1"]
        assert len(server.seen) == 1
    (text,) = memory.kept.values()
    assert "FAKE-password" not in text


@pytest.mark.parametrize(
    "other",
    [
        User("fake-account", "fake-user", "another-password", "cn-north-4"),
        User("fake-account", "somebody", "FAKE-password", "cn-north-4"),
        User("fake-account", "fake-user", "FAKE-password", "cn-east-3"),
    ],
)
def test_a_token_is_nobody_elses(other: User) -> None:
    """Another password, user or region is another sign-in."""
    memory = Memory()
    with serving(token("t1"), token("t2")) as server:
        signed(TokenSignIn(session(server), USER, Clock(), memory))
        assert signed(TokenSignIn(session(server), other, Clock(), memory)) == "t2"


def test_a_kept_token_that_ends_is_renewed() -> None:
    """Half an hour before its end the kept one is replaced, by the clock of the process that finds it."""
    memory, clock = Memory(), Clock()
    with serving(token("t1"), token("t2")) as server:
        signed(TokenSignIn(session(server), USER, clock, memory))
        clock.now += 23.6 * 3600
        assert signed(TokenSignIn(session(server), USER, clock, memory)) == "t2"


def test_a_refused_token_is_not_kept() -> None:
    """After a 401 neither this process nor the next one uses it again."""
    memory = Memory()
    with serving(token("t1"), token("t2")) as server:
        sign_in = TokenSignIn(session(server), USER, Clock(), memory)
        refused = requests.Request("GET", "http://x/", auth=sign_in).prepare()
        assert sign_in.renew(refused)
        assert memory.kept == {}
        assert signed(sign_in) == "t2"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"token": 1}', '{"token": "t", "project": "p", "ends": "x"}'])
def test_a_damaged_cache_is_no_error(text: str) -> None:
    """What cannot be understood is as good as nothing."""
    memory = Memory()
    with serving(token("t1"), token("t2")) as server:
        signed(TokenSignIn(session(server), USER, Clock(), memory))
        memory.kept = dict.fromkeys(memory.kept, text)
        assert signed(TokenSignIn(session(server), USER, Clock(), memory)) == "t2"
