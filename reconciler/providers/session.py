"""Everything of HTTP that is not a platform's own: pooling, time limits, retries, throttling, size limits, redaction.

One session serves one target and is shared by its threads. A handler says what it wants as a `Call`; what it gets is
decoded JSON or a `PlatformError` whose class tells whether the call may have had its effect. A call whose meaning is
`Effect.ONCE` leaves this process exactly once, whatever happens.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import requests

from reconciler.errors import PlatformError, Throttled, Unauthenticated, Unreachable, UsageError
from reconciler.model.secret import REDACTED, Redactor
from reconciler.providers.backoff import exponential, retry_after, unix_time
from reconciler.providers.connecting import Adapter, Limits, Wire
from reconciler.providers.errors import Failure, Speech, of_answer, shorten, unanswered
from reconciler.providers.exchange import Effect, Fault
from reconciler.providers.limiter import Limiter
from reconciler.providers.multipart import Multipart
from reconciler.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    from requests import PreparedRequest
    from requests.auth import AuthBase

    from reconciler.providers.exchange import Answer, Call, Dialect, Query
    from reconciler.providers.protocol import Transport

_HEADERS = {"User-Agent": f"gitops-reconciler/{__version__}", "Accept-Encoding": "gzip"}
_JSON = {"Content-Type": "application/json"}
_BUSY = frozenset({429, 503})
_CREDENTIAL_HEADERS = (
    "authorization",
    "x-auth-token",
    "x-security-token",
    "x-acs-security-token",
    "x-subject-token",
    "token",
    "cookie",
)
_SIGNATURE = re.compile(r"(?i)(signature=)[0-9a-z+/=%_-]{8,}")


@dataclass(frozen=True, slots=True)
class Credentials:
    """How requests of a session are signed, and the texts that must never be shown.

    `renew` is called with a request that was answered 401; it drops what that was sent with and says whether there is
    something else to try.
    """

    auth: AuthBase | None = None
    secrets: frozenset[str] = frozenset()
    renew: Callable[[PreparedRequest], bool] | None = None


class Session:
    """An open line to one target. Thread-safe."""

    def __init__(
        self, target: str, endpoint: str, transport: Transport, dialect: Dialect, credentials: Credentials
    ) -> None:
        """Opens no socket. Raises UsageError when `endpoint` is not an http(s) URL."""
        self.endpoint = _checked(target, endpoint)
        self._speech = Speech(target, self.endpoint, dialect)
        self._transport = transport
        self._credentials = credentials
        self._redactor = (transport.redactor or Redactor()).with_values(*credentials.secrets)
        self._limiter = Limiter(transport.connections, stop=transport.stop)
        self._wire = _open_wire(self.endpoint, transport)
        self.clock_skew: float | None = None
        """Seconds that the server's clock was ahead of ours in its last answer."""

    def call(self, call: Call) -> Any:  # noqa: ANN401 - any JSON value
        """The decoded body of a success, None when it is empty. Raises PlatformError."""
        answer = self.answer(call)
        try:
            return answer.json()
        except ValueError:
            request_id = answer.headers.get(self._speech.dialect.request_id, "")
            what = f"HTTP {answer.status} with a body that is not JSON ({shorten(answer.text)})"
            raise self._hide(unanswered(self._speech, call, what, request_id=request_id).error) from None

    def answer(self, call: Call) -> Answer:
        """The whole answer of a success, for what stands in headers. Raises PlatformError."""
        deadline = time.monotonic() + self._transport.deadline
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._attempt(call, attempt, deadline)
            except Failure as failure:
                wait = self._wait_before_repeat(call, failure, attempt, deadline)
                if wait is None or self._stops_in(wait):
                    raise failure.error from None

    def close(self) -> None:
        """Frees sockets. Safe to call twice."""
        self._wire.http.close()

    def _stops_in(self, wait: float) -> bool:
        """Lets `wait` seconds pass. True as soon as we are asked to stop: then there is no next attempt."""
        if self._transport.stop is not None:
            return self._transport.stop.wait(wait)
        self._transport.pause(wait)
        return False

    def _attempt(self, call: Call, attempt: int, deadline: float) -> Answer:
        with self._limiter.turn(deadline) as granted:
            if not granted:
                what = self._speech.about(
                    call, f"no turn within {self._transport.deadline:g} s, the platform throttles"
                )
                raise Failure(Throttled(what, status=None))
            request = self._prepare(call)
            if self._transport.guard is not None and call.meaning is not Effect.READ:
                self._transport.guard()
            started = time.monotonic()
            try:
                answer = self._judge(call, request, deadline)
            except Failure as failure:
                self._hide(failure.error, request)
                self._trace(request, attempt, started, failure.error.status or failure.error.code)
                raise
            self._trace(request, attempt, started, answer.status)
            self._limiter.answered()
            return answer

    def _judge(self, call: Call, request: PreparedRequest, deadline: float) -> Answer:
        """Sends, and raises Failure unless the answer is a success in the platform's own eyes."""
        transport = self._transport
        limits = Limits(transport.connect_timeout, transport.read_timeout, deadline, transport.max_response_bytes)
        answer = self._wire.send(request, call, self._speech, limits)
        told = unix_time(answer.headers.get("date", ""))
        self.clock_skew = self.clock_skew if told is None else told - transport.clock()
        if transport.heard is not None and (notice := answer.headers.get("x-platform-notice")):
            transport.heard(notice)
        fault = self._speech.dialect.fault(answer)
        if fault is None and answer.status < 300:  # noqa: PLR2004 - where success ends
            return answer
        failure = of_answer(self._speech, call, answer, fault or Fault(), wait=self._retry_after(answer))
        if isinstance(failure.error, Throttled) or answer.status in _BUSY:
            self._limiter.throttled(failure.wait or 0.0)
        if isinstance(failure.error, Unauthenticated) and self._credentials.renew is not None:
            failure = Failure(failure.error, again=self._credentials.renew(request), wait=0.0, most=2)
        raise failure

    def _wait_before_repeat(self, call: Call, failure: Failure, attempt: int, deadline: float) -> float | None:
        """Seconds to wait before the next attempt, or None when there must not be one."""
        most = min(failure.most or self._transport.attempts, self._transport.attempts)
        if call.meaning is Effect.ONCE or not failure.again or attempt >= most:
            return None
        wait = exponential(self._transport.backoff, attempt) if failure.wait is None else failure.wait
        return wait if time.monotonic() + wait < deadline else None

    def _retry_after(self, answer: Answer) -> float | None:
        # An HTTP date is by the server's clock, so it is measured from the server's own Date where there is one.
        now = unix_time(answer.headers.get("date", ""))
        return retry_after(answer.headers.get("retry-after", ""), now=self._transport.clock() if now is None else now)

    def _prepare(self, call: Call) -> PreparedRequest:
        query = canonical_query(call.query)
        body, kind = _body(call)
        request = requests.Request(
            call.method,
            f"{self.endpoint}{call.path}{'?' if query else ''}{query}",
            headers={**_HEADERS, **self._speech.dialect.headers, **kind, **call.headers},
            data=body,
            auth=self._credentials.auth,
        )
        try:
            return _sendable(request.prepare())
        except (requests.RequestException, UnicodeError):
            # Before anything was sent; the exception may quote a credential and is left out.
            what = self._speech.about(call, "the request cannot be built")
            hint = "is the endpoint right, and is every credential one line of plain characters?"
            raise Unreachable(what, hint=hint) from None

    def _trace(self, request: PreparedRequest, attempt: int, started: float, outcome: int | str) -> None:
        if self._transport.trace is None:
            return
        seconds = time.monotonic() - started
        line = f"{self._speech.target} {request.method} {request.path_url} -> {outcome} in {seconds:.3f} s"
        self._transport.trace(self._redact(f"{line} (attempt {attempt})" if attempt > 1 else line, request))

    def _hide(self, error: PlatformError, request: PreparedRequest | None = None) -> PlatformError:
        """`error` without anything secret in it: a platform may quote what it was sent."""
        error.message = self._redact(error.message, request)
        error.hint = self._redact(error.hint, request)
        error.args = (error.message,)
        return error

    def _redact(self, text: str, request: PreparedRequest | None) -> str:
        sent = request.headers if request is not None else {}
        values = [str(sent[name]) for name in _CREDENTIAL_HEADERS if name in sent]
        return _SIGNATURE.sub(rf"\1{REDACTED}", self._redactor.with_values(*values).redact(text))


def canonical_query(query: Query) -> str:
    """Sorted by key, then value; every key and value percent-encoded but for letters, digits and `-_.~`. The order
    servers sign in, so it is also the order we send in.
    """
    pairs = [
        (key, value) for key, values in query.items() for value in ([values] if isinstance(values, str) else values)
    ]
    return "&".join(f"{quote(key, safe='~')}={quote(value, safe='~')}" for key, value in sorted(pairs))


def _body(call: Call) -> tuple[bytes | Multipart | None, dict[str, str]]:
    """What is sent, and the header that says what it is. Raises Unreachable for a file that cannot be read."""
    if call.form is not None:
        form = Multipart(call.form)
        return form, {"Content-Type": form.content_type}
    return (None, {}) if call.body is None else (json.dumps(call.body).encode(), _JSON)


def _sendable(request: PreparedRequest) -> PreparedRequest:
    """`request`, whose headers may have been added by an authentication and were not looked at yet. Raises
    InvalidHeader or UnicodeError.
    """
    for name, value in request.headers.items():
        requests.utils.check_header_validity((name, value))
        str(value).encode("latin-1")
    return request


def _checked(target: str, endpoint: str) -> str:
    """`endpoint` without a trailing slash. Raises UsageError when it is no URL that can be called."""
    try:
        parts = urlsplit(endpoint)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        msg = f"target {target}: the endpoint {endpoint!r} is not a URL"
        raise UsageError(msg, hint="write it as https://host or https://host:port")
    return endpoint.rstrip("/")


def _open_wire(endpoint: str, transport: Transport) -> Wire:
    """The pooled session. Proxies and trust of the environment are looked up here, once, not at every call; they do
    not apply to this machine itself, and a netrc file never replaces our own authentication.
    """
    http = requests.Session()
    settings: dict[str, Any] = {"proxies": {}, "verify": transport.verify or True}
    if not _is_loopback(endpoint):
        proxies = dict.fromkeys(("http", "https"), transport.proxy) if transport.proxy else {}
        settings |= http.merge_environment_settings(endpoint, proxies, True, transport.verify or True, None)
    http.trust_env = False
    http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = transport.adapter or Adapter(transport.connections)
    http.mount("https://", adapter)
    http.mount("http://", adapter)
    return Wire(http, settings["proxies"], settings["verify"])


def _is_loopback(endpoint: str) -> bool:
    host = urlsplit(endpoint).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
