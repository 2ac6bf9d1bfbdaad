from __future__ import annotations

import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import requests

from reconciler.errors import CredentialsMissing, Forbidden, PlatformError, Unauthenticated, Unreachable, UsageError
from reconciler.model.mark import Mark
from reconciler.model.resource import Desired
from reconciler.model.target import Target
from reconciler.providers.exchange import Answer
from reconciler.providers.hai.connection import connect
from reconciler.providers.hai.faults import fault
from reconciler.providers.hai.times import Clock
from tests.providers.hai.opened import QUICK, TARGET, at, opened, spec
from tests.providers.loopback import hang_up, reply, reset, serving, truncated
from tests.support.local_platform import ACCOUNT
from tests.support.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    from reconciler.localplatform.assembly import Platform
    from tests.providers.loopback import Behaviour

TOKEN = "ACCESS-canary+token/that~never:sings"
MARK = Mark("0123abcd", "0123456789abcdef0123")


def everything(handler: Any) -> list[BaseException]:
    """What every method raises when nothing works."""
    address, chain = at("t"), "c0ffee00-0000-4000-8000-000000000101"
    calls = [
        lambda: handler.create(Desired(address, spec("t"), MARK)),
        lambda: handler.read(address, chain),
        lambda: handler.find(address, MARK),
        lambda: handler.update(chain, Desired(address, spec("t"), MARK)),
        lambda: handler.stop(address, chain),
        lambda: handler.suspend(address, chain),
        lambda: handler.resume(address, chain),
        lambda: handler.retry(address, chain),
        lambda: list(handler.logs(address, chain)),
        lambda: handler.parts(address, chain),
        lambda: list(handler.browse("-", {}, 1)),
        lambda: handler.describe(address, chain),
    ]
    raised: list[BaseException] = []
    for call in calls:
        with pytest.raises(PlatformError) as caught:
            call()
        raised.append(caught.value)
    return raised


@pytest.mark.parametrize(
    "behaviour",
    [
        reply(403, {"success": 0, "msg": f"{TOKEN} is not known"}),
        reply(401, {"success": 0, "msg": f"/query/task?token={TOKEN}"}),
        reply(422, {"detail": [{"loc": ["query", "token"], "msg": TOKEN, "type": "x"}]}),
        reply(500, f"<html>{TOKEN}</html>"),
        reply(302, None, {"Location": f"http://elsewhere.test/?token={TOKEN}"}),
        reply(404, {"success": 0, "msg": "Not Found"}),
        reply(200, f"token={TOKEN}"),
        reply(200, [TOKEN]),
        hang_up,
        reset,
        truncated,
    ],
)
def test_the_token_is_in_no_error_and_no_trace(behaviour: Behaviour) -> None:
    """It is in every URL, and a server may quote it; neither message, hint, trace nor traceback shows it."""
    traced: list[str] = []
    with serving([behaviour]) as server:
        transport = replace(QUICK, attempts=1, trace=traced.append, read_timeout=1)
        connection = connect(Target("prod", "hai", server.url), {"secret_key": TOKEN}, transport)
        raised = everything(connection.handler("Task"))
        connection.close()
    texts = [text for error in raised for text in (str(error), repr(error), getattr(error, "hint", ""))]
    texts += ["".join(traceback.format_exception(error, chain=True)) for error in raised]
    texts += [repr(connection), repr(transport), *traced]
    assert len(traced) >= len(raised)
    assert all(seen.path.endswith(f"token={TOKEN}") for seen in server.seen)
    assert [text for text in texts if TOKEN in text] == []


def test_the_token_is_not_shown_when_nobody_answers() -> None:
    """A refused connection names the host, not the request."""
    connection = connect(Target("prod", "hai", "http://127.0.0.1:1"), {"secret_key": TOKEN}, replace(QUICK, attempts=1))
    raised = everything(connection.handler("Task"))
    assert {type(error) for error in raised} == {Unreachable}
    assert not [error for error in raised if TOKEN in "".join(traceback.format_exception(error))]


@pytest.mark.parametrize(
    "token", ["", "short", "with space in it", "a=b&c=d12345", "hash#12345", "line\nbreak12", "字字字字字字字字"]
)
def test_a_token_that_cannot_be_one_is_refused_and_not_quoted(token: str) -> None:
    """The platform decodes nothing, so what needs encoding cannot work; what is too short cannot be masked."""
    with pytest.raises(CredentialsMissing) as refused:
        connect(Target("prod", "hai", "http://hai.test"), {"secret_key": token}, QUICK)
    assert not token or token not in f"{refused.value} {refused.value.hint}"
    assert "MARSV2_USER_TOKEN" in f"{refused.value} {refused.value.hint}"


@pytest.mark.parametrize("endpoint", ["", "local", "no-url"])
def test_an_endpoint_is_needed(endpoint: str) -> None:
    """Every installation has its own, and it must be a URL."""
    with pytest.raises(UsageError):
        connect(Target("prod", "hai", endpoint), {"secret_key": TOKEN}, QUICK)


def test_who_is_not_let_in(platform: Platform) -> None:
    """An unknown token is 403, an expired one 401."""
    with opened(platform, token="ACCESS-unknown-token") as connection, pytest.raises(Forbidden):
        connection.handler("Task").read(at("t"), "x")  # type: ignore[attr-defined]
    with requests.Session() as session:
        session.mount(TARGET.endpoint, WsgiAdapter(platform.application))
        asked = {"token": ACCOUNT.secret_key, "expire_at": "2001-01-01T00:00:00"}
        made = session.post(f"{TARGET.endpoint}/operating/user/access_token/create", params=asked).json()
    expired = made["result"]["access_token"]
    with opened(platform, token=expired) as connection, pytest.raises(Unauthenticated):
        connection.handler("Task").suspend(at("t"), "x")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, '{"success": 1}', None),
        (200, '{"success": 2}', None),
        (200, '{"success": 0, "msg": "no"}', (400, "no")),
        (403, '{"success": 0, "msg": "no"}', (403, "no")),
        (403, '{"success": 1, "msg": "odd"}', (403, "odd")),
        (422, '{"detail": [{"loc": ["body", "a"], "msg": "bad"}, "odd"]}', (422, "body.a: bad; odd")),
        (200, '{"detail": "prose"}', None),
        (500, "not JSON", None),
        (200, "[]", None),
        (200, "", None),
    ],
)
def test_what_answers_mean(status: int, body: str, expected: tuple[int, str] | None) -> None:
    """The success flag inside a 200 decides; 2 is a success too; 422 has its own shape."""
    found = fault(Answer(status, {}, body.encode()))
    assert (found and (found.status, found.message)) == expected


def test_times_need_a_zone() -> None:
    """The platform writes none; without the setting they are not shown, and a wrong setting is said."""
    assert Clock().utc("2026-01-02T03:04:05") == ""
    assert Clock.at("t", "+08:00").utc("2026-01-02T03:04:05") == "2026-01-01T19:04:05Z"
    assert Clock.at("t", "-03:30").utc("2026-01-02 03:04:05.250000") == "2026-01-02T06:34:05.250000Z"
    assert Clock.at("t", "").utc("2026-01-02T03:04:05+01:00") == "2026-01-02T02:04:05Z"
    assert Clock.at("t", "+00:00").utc("soon") == ""
    for wrong in ("8", "UTC", "Europe/Paris", "+99:00"):
        with pytest.raises(UsageError):
            Clock.at("t", wrong)
