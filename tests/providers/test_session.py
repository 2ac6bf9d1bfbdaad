"""What a session makes of everything a platform and a network may answer."""

from __future__ import annotations

import gzip
import threading
import time
from dataclasses import replace
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest
from requests.auth import AuthBase

from reconciler.errors import (
    Conflict,
    Forbidden,
    NotFound,
    PlatformError,
    Refused,
    StateLocked,
    Throttled,
    Unanswered,
    Unauthenticated,
    Unreachable,
    UsageError,
)
from reconciler.model.secret import Redactor
from reconciler.providers.errors import nested_fault
from reconciler.providers.exchange import Call, Dialect, Effect
from reconciler.providers.protocol import Transport
from reconciler.providers.session import Credentials, Session, canonical_query
from tests.providers.loopback import (
    Behaviour,
    Loopback,
    dripping,
    hang_up,
    reply,
    reset,
    serving,
    silent,
    truncated,
)

if TYPE_CHECKING:
    from requests import PreparedRequest

QUICK = Transport(connect_timeout=2, read_timeout=2, deadline=5, backoff=0.001)
DIALECT = Dialect(nested_fault, ("FAKE_KEY_VARIABLE",), headers={"Content-Type": "application/json"})
READ = Call("read thing", "GET", "/things/1")
UPDATE = Call("update thing", "PUT", "/things/1", body={"a": 1})
CREATE = Call("create thing", "POST", "/things", body={"a": 1})
OPEN = Credentials()
FINE = reply(200, {"id": "1"})


def session(server: Loopback | str, transport: Transport = QUICK, credentials: Credentials = OPEN) -> Session:
    """A session to a loopback server, or to a URL."""
    return Session("prod", server if isinstance(server, str) else server.url, transport, DIALECT, credentials)


def failure(script: list[Behaviour], call: Call, transport: Transport = QUICK) -> tuple[PlatformError, int]:
    """The error of one call against a script, and how many requests arrived."""
    with serving(*script) as server:
        line = session(server, transport)
        try:
            with pytest.raises(PlatformError) as caught:
                line.call(call)
        finally:
            line.close()
        return caught.value, len(server.seen)


def test_success_is_decoded_json_and_the_request_is_what_was_asked() -> None:
    """Method, path, sorted query, headers and JSON body arrive as asked."""
    with serving(reply(201, {"id": "x"})) as server:
        line = session(server)
        query = {"b": ["2", "1"], "a": "ä b~*"}
        answer = line.call(replace(CREATE, query=query, headers={"X-Project-Id": "p"}))
        line.close()
        line.close()
    (seen,) = server.seen
    assert answer == {"id": "x"}
    assert (seen.method, seen.path) == ("POST", "/things?a=%C3%A4%20b~%2A&b=1&b=2")
    assert seen.json() == {"a": 1}
    assert (seen.headers["X-Project-Id"], seen.headers["Content-Type"]) == ("p", "application/json")


def test_compressed_answers_are_understood() -> None:
    """Lists of thousands of rows are asked for and read compressed."""
    packed = gzip.compress(b'{"id": "1"}')
    with serving(reply(200, packed, {"Content-Encoding": "gzip"})) as server:
        assert session(server).call(READ) == {"id": "1"}
        assert server.seen[0].headers["Accept-Encoding"] == "gzip"
        assert server.seen[0].headers["User-Agent"].startswith("gitops-reconciler/")


def test_compressed_answer_is_limited_by_what_it_becomes() -> None:
    """A small answer that unpacks to a huge one is cut off all the same; one that does not unpack is unanswered."""
    bomb = reply(200, gzip.compress(b" " * 3_000_000), {"Content-Encoding": "gzip"})
    error, _ = failure([bomb], CREATE, replace(QUICK, max_response_bytes=100_000))
    assert "100000 bytes" in error.message
    error, _ = failure([reply(200, b"not gzip", {"Content-Encoding": "gzip"})], CREATE)
    assert type(error) is Unanswered


@pytest.mark.parametrize(("status", "body"), [(200, None), (204, None), (202, b" \n")])
def test_empty_body_is_none(status: int, body: bytes | None) -> None:
    """An empty success is a success without data."""
    with serving(reply(status, body)) as server:
        assert session(server).call(UPDATE) is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Refused),
        (401, Unauthenticated),
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (410, NotFound),
        (413, Refused),
        (422, Refused),
    ],
)
@pytest.mark.parametrize("call", [READ, UPDATE, CREATE])
def test_refusals_have_no_effect_and_are_never_repeated(status: int, kind: type, call: Call) -> None:
    """A 4xx in the platform's words is the leaf of `Refused` that says so, with code, text and request id."""
    body = {"error_code": "x.0001", "error_msg": "because"}
    error, requests_seen = failure([reply(status, body, {"X-Request-Id": "req-7"})], call)
    assert type(error) is kind
    assert (error.status, error.platform_code, error.request_id) == (status, "x.0001", "req-7")
    assert f"prod: {call.operation}: " in error.message
    assert "x.0001: because" in error.message
    assert "req-7" in error.message
    assert requests_seen == 1


def test_unauthenticated_names_the_variables() -> None:
    """A 401 tells which variables hold the credentials."""
    error, _ = failure([reply(401, {"error_code": "APIGW.0301", "error_msg": "no"})], READ)
    assert "FAKE_KEY_VARIABLE" in error.hint


@pytest.mark.parametrize(
    "body", [None, "<html><head><title>t</title></head><body>Not <b>here</b></body></html>", "{}", "[1]"]
)
@pytest.mark.parametrize("status", [404, 410])
def test_not_found_without_the_platforms_words_is_not_absence(status: int, body: str | None) -> None:
    """A 404 of a wrong endpoint or a proxy must not look like an object that is gone."""
    error, _ = failure([reply(status, body)], READ)
    assert type(error) is Refused
    assert "endpoint" in error.hint


def test_html_error_page_is_shown_as_words() -> None:
    """Tags, scripts and line breaks of an error page do not reach the terminal, and it is cut."""
    page = "<html><script>evil()</script><h1>Bad\n\x1b[31mGateway</h1>" + "<p>long text" * 100 + "</html>"
    error, _ = failure([reply(500, page)], CREATE)
    assert isinstance(error, Unanswered)
    assert "Bad [31mGateway long text" in error.message
    assert "<" not in error.message
    assert "evil" not in error.message
    assert len(error.message) < 400


@pytest.mark.parametrize(
    "body",
    [
        {"error_code": "E1", "error_msg": "m"},
        {"errorCode": "E1", "errorMsg": "m"},
        {"code": "E1", "message": "m"},
        {"error": {"code": "E1", "message": "m", "title": "t"}},
    ],
)
def test_every_known_error_shape_is_understood(body: dict[str, Any]) -> None:
    """Code and text are found in each shape gateways use."""
    error, _ = failure([reply(400, body)], READ)
    assert error.platform_code == "E1"
    assert "E1: m" in error.message


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504])
@pytest.mark.parametrize("body", [{"error_code": "x.1", "error_msg": "m"}, "<html>oops</html>", None])
def test_server_errors_leave_a_create_unanswered_and_unrepeated(status: int, body: Any) -> None:
    """After a 5xx nobody knows whether a create had its effect."""
    error, requests_seen = failure([reply(status, body)], CREATE)
    assert type(error) is Unanswered
    assert "looks for it" in error.hint
    assert requests_seen == 1


@pytest.mark.parametrize(
    "behaviour",
    [
        hang_up,
        reset,
        truncated,
        silent(0.3),
        reply(200, "<html>"),
        reply(200, b"\xff\xfe"),
        reply(200, b"NaN"),
        reply(200, b"[" * 5000),
    ],
)
def test_silence_and_garbage_after_sending_are_unanswered(behaviour: Behaviour) -> None:
    """Whatever breaks after the request left may have had its effect, and is sent only once."""
    error, requests_seen = failure([behaviour], CREATE, replace(QUICK, read_timeout=0.1))
    assert type(error) is Unanswered
    assert requests_seen == 1


@pytest.mark.parametrize(
    "behaviour", [hang_up, reset, truncated, silent(0.3), reply(502), reply(503), reply(504), reply(429)]
)
@pytest.mark.parametrize("call", [READ, UPDATE, replace(CREATE, effect=Effect.REPEATABLE)])
def test_reads_and_repeatable_calls_are_repeated(behaviour: Behaviour, call: Call) -> None:
    """What does no harm twice is tried again, and the good answer counts."""
    with serving(behaviour, behaviour, FINE) as server:
        assert session(server, replace(QUICK, read_timeout=0.1)).call(call) == {"id": "1"}
        assert len(server.seen) == 3


@pytest.mark.parametrize("call", [READ, UPDATE])
def test_attempts_are_bounded(call: Call) -> None:
    """After the last attempt the last failure is told."""
    error, requests_seen = failure([reply(503, "busy")], call, replace(QUICK, attempts=3))
    assert type(error) is Unanswered
    assert requests_seen == 3


def test_internal_error_of_a_read_is_told_at_once() -> None:
    """A 500 is not weather: repeating it would only delay the message."""
    assert failure([reply(500, {"error_code": "x.9999", "error_msg": "internal"})], READ)[1] == 1


def test_throttled_create_is_refused_with_the_wait() -> None:
    """A throttled create had no effect, is not repeated here, and says when to come back."""
    error, requests_seen = failure(
        [reply(429, {"error_code": "APIGW.0308", "error_msg": "slow"}, {"Retry-After": "7"})], CREATE
    )
    assert isinstance(error, Throttled)
    assert (error.retry_after, error.platform_code, requests_seen) == (7.0, "APIGW.0308", 1)


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"Retry-After": "0.25"}, 0.25),
        ({"Retry-After": formatdate(1000, usegmt=True), "Date": formatdate(999, usegmt=True)}, 1.0),
        ({"Retry-After": formatdate(1000, usegmt=True), "Date": formatdate(2000, usegmt=True)}, 0.0),
    ],
)
def test_retry_after_is_honoured_as_seconds_and_as_date(headers: dict[str, str], waits: float) -> None:
    """The platform's own wait replaces ours; a date is by the server's clock."""
    paused: list[float] = []
    transport = replace(QUICK, pause=paused.append, deadline=30)
    with serving(reply(503, None, headers), FINE) as server:
        assert session(server, transport).call(READ) == {"id": "1"}
    assert paused == [waits]


def test_wait_beyond_the_deadline_is_not_waited() -> None:
    """A platform that wants an hour gets its answer told now."""
    paused: list[float] = []
    transport = replace(QUICK, pause=paused.append)
    error, requests_seen = failure([reply(429, None, {"Retry-After": "3600"})], READ, transport)
    assert isinstance(error, Throttled)
    assert error.retry_after == 3600
    assert (paused, requests_seen) == ([], 1)


def test_dripping_answer_meets_the_deadline() -> None:
    """A body that never ends is given up at the total deadline although every read succeeds."""
    started = time.monotonic()
    error, _ = failure([dripping(0.05, 100)], CREATE, replace(QUICK, deadline=0.4))
    assert isinstance(error, Unanswered)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("call", [READ, CREATE])
def test_huge_answer_is_cut_off(call: Call) -> None:
    """An answer above the limit is not read into memory, and not asked for again."""
    error, requests_seen = failure([reply(200, b" " * 300_000)], call, replace(QUICK, max_response_bytes=100_000))
    assert isinstance(error, Unanswered)
    assert "100000 bytes" in error.message
    assert requests_seen == 1


@pytest.mark.parametrize(("status", "kind"), [(301, Refused), (302, Refused), (307, Refused), (308, Refused)])
def test_redirects_are_not_followed(status: int, kind: type) -> None:
    """A redirect is told with its destination; nothing, and no credential, goes there."""
    with (
        serving(reply(200, {})) as elsewhere,
        serving(reply(status, None, {"Location": f"{elsewhere.url}/x"})) as server,
    ):
        with pytest.raises(PlatformError, match="redirects") as caught:
            session(server).call(READ)
        assert type(caught.value) is kind
        assert f"{elsewhere.url}/x" in caught.value.message
        assert elsewhere.seen == []


@pytest.mark.parametrize(("status", "kind"), [(303, Unanswered), (302, Unanswered), (307, Refused), (308, Refused)])
def test_redirected_create_is_unsure_unless_the_status_says_unprocessed(status: int, kind: type) -> None:
    """303 after a POST usually means "done, look there"."""
    assert type(failure([reply(status, None, {"Location": "/elsewhere"})], CREATE)[0]) is kind


@pytest.mark.parametrize("endpoint", ["", "local", "ftp://x", "https://", "http://[::1", "http://h:port"])
def test_endpoint_that_is_no_url(endpoint: str) -> None:
    """A typo in the project file is told as such."""
    with pytest.raises(UsageError, match="is not a URL"):
        session(endpoint)


class _Header(AuthBase):
    def __init__(self, value: str) -> None:
        self.value = value

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = self.value
        return request


def test_secrets_never_leave_in_errors_or_traces() -> None:
    """What a platform echoes, signature, token and known secrets included, is masked in every text."""
    secret, token = "FAKE-canary-secret", "FAKE-canary-token"
    traced: list[str] = []
    transport = replace(QUICK, trace=traced.append, redactor=Redactor(frozenset({secret})))
    echo = f"you sent {secret} and {token}, Signature=0123456789abcdef"
    body = {"error_code": "x.1", "error_msg": echo}
    with serving(reply(403, body)) as server:
        line = session(server, transport, Credentials(_Header(token)))
        with pytest.raises(Forbidden) as caught:
            line.call(replace(READ, query={"q": secret}))
    everything = [str(caught.value), caught.value.message, caught.value.hint, *traced]
    assert not [text for text in everything if secret in text or token in text or "0123456789abcdef" in text]
    assert "***" in caught.value.message
    assert len(traced) == 1
    assert "GET /things/1?q=*** -> 403 in " in traced[0]


def test_credential_with_a_line_break_is_not_sent_nor_shown() -> None:
    """A token pasted with its line break is refused before sending, without being quoted."""
    with serving(FINE) as server:
        with pytest.raises(Unreachable) as caught:
            session(server, credentials=Credentials(_Header("FAKE-token\nX: y"))).call(CREATE)
        assert server.seen == []
    assert "FAKE-token" not in str(caught.value)


@pytest.mark.parametrize(("call", "sent"), [(READ, 2), (UPDATE, 2), (CREATE, 1)])
def test_refused_credentials_are_renewed_once(call: Call, sent: int) -> None:
    """After a 401 fresh credentials are asked for, once, and never to send a create again."""
    renewed: list[PreparedRequest] = []

    def renew(request: PreparedRequest) -> bool:
        renewed.append(request)
        return True

    with serving(reply(401, {"error_code": "x", "error_msg": "expired"})) as server:
        with pytest.raises(Unauthenticated):
            session(server, credentials=Credentials(_Header("FAKE"), renew=renew)).call(call)
        assert len(server.seen) == sent
    assert len(renewed) == sent


def test_proxies_of_the_environment_do_not_apply_to_this_machine() -> None:
    """A proxy variable must not send local platform traffic away: loopback is always direct."""
    with serving(FINE) as server:
        line = session(server)
        assert line._wire.proxies == {}
        assert line._wire.http.trust_env is False
        assert line.call(READ) == {"id": "1"}


def test_fault_inside_a_success_is_a_failure() -> None:
    """A platform that wraps its refusals in 200 is understood through its dialect."""

    def wrapped(answer: Any) -> Any:
        fault = nested_fault(replace(answer, status=400))
        return replace(fault, status=404) if fault and fault.code else None

    with serving(reply(200, {"code": "gone", "message": "no such thing"})) as server:
        line = Session("prod", server.url, QUICK, Dialect(wrapped), Credentials())
        with pytest.raises(NotFound, match="gone: no such thing"):
            line.call(READ)


def test_query_is_sorted_and_encoded() -> None:
    """Order and spelling of a query do not depend on how it was written down."""
    assert canonical_query({"b": "x y", "a": ["2", "10", "ä"], "c": ""}) == "a=10&a=2&a=%C3%A4&b=x%20y&c="


def test_a_stop_ends_the_wait_before_the_next_attempt() -> None:
    """The call ends as its last attempt did, at once."""
    stop = threading.Event()
    stop.set()
    error, sent = failure([reply(503, None, {"Retry-After": "4"})] * 3, READ, replace(QUICK, stop=stop))
    assert (error.status, sent) == (503, 1)


@pytest.mark.parametrize("call", [CREATE, UPDATE])
def test_a_guard_keeps_back_what_is_more_than_a_read(call: Call) -> None:
    """It is asked right before the bytes leave; what it raises is raised, and nothing is sent."""

    def closed() -> None:
        raise StateLocked("not ours any more")

    with serving(FINE) as server:
        guarded = session(server, replace(QUICK, guard=closed))
        assert guarded.call(READ) == {"id": "1"}
        with pytest.raises(StateLocked):
            guarded.call(call)
        assert len(server.seen) == 1
