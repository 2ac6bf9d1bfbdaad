"""One attempt on the wire, by requests: sent once, read whole, every failure told apart by whether bytes left.

urllib3 reports a TLS handshake that failed, and a reset during it, like a failure after sending. Since the difference
decides whether a create may be sent again, `connect` is wrapped: whatever fails in there happened before the request.
"""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NameResolutionError, NewConnectionError
from urllib3.exceptions import ProxyError as ProxyFailed
from urllib3.util.ssl_match_hostname import CertificateError

from reconciler.providers.errors import Failure, unanswered, unreachable
from reconciler.providers.exchange import Answer

if TYPE_CHECKING:
    from urllib3 import PoolManager

    from reconciler.providers.errors import Speech
    from reconciler.providers.exchange import Call

_CHUNK = 64 * 1024
_FEW = 3
"""Attempts at an endpoint that is not there: enough for one that is restarting, few enough to hear of it soon."""

_UP = "is the endpoint right, and the network up?"
_PROXY = "check the proxy: RECONCILER_PROXY, else HTTPS_PROXY"
_NOTHING_SENT: tuple[tuple[type[requests.RequestException], str, str, int], ...] = (
    (requests.exceptions.ConnectTimeout, "no connection to {endpoint} within {seconds:g} s", _UP, _FEW),
    (requests.exceptions.InvalidHeader, "a header cannot be sent", "does a credential contain a line break?", 1),
    (requests.exceptions.InvalidURL, "{endpoint} is not a usable URL", "check the endpoint", 1),
    (requests.exceptions.InvalidSchema, "{endpoint} is not a usable URL", "check the endpoint", 1),
)


class _HandshakeFailed(NewConnectionError):
    """The socket opened, and then the connection could not be set up: nothing of the request was sent."""


class _TlsConnection(HTTPSConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except (OSError, CertificateError) as error:
            raise _HandshakeFailed(self, str(error)) from error
        except HTTPError as error:
            if isinstance(error, NewConnectionError):
                raise
            raise _HandshakeFailed(self, str(error)) from error


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class Adapter(HTTPAdapter):
    """The pooled network adapter of a target. Never retries by itself."""

    def __init__(self, connections: int) -> None:
        super().__init__(pool_connections=2, pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as inherited
        """As inherited, with connections that tell a failed set-up from a failed exchange."""
        super().init_poolmanager(*args, **kwargs)
        _mark_connecting(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:  # noqa: ANN401 - as inherited
        """The same for a proxy."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        _mark_connecting(manager)
        return manager


def _mark_connecting(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": HTTPConnectionPool, "https": _TlsPool}


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much. `deadline` is by `time.monotonic`; the other times are seconds."""

    connect: float
    read: float
    deadline: float
    most_bytes: int

    @property
    def remaining(self) -> float:
        """Seconds to the deadline, at least a little: 0 would mean "for ever" further down."""
        return max(self.deadline - time.monotonic(), 0.001)

    @property
    def timeouts(self) -> tuple[float, float]:
        """What the HTTP library takes: (connect, read)."""
        remaining = self.remaining
        return min(self.connect, remaining), min(self.read, remaining)


@dataclass(frozen=True, slots=True)
class Wire:
    """Where a request goes out: the pooled session, its proxies and its trust, resolved once."""

    http: requests.Session
    proxies: dict[str, str]
    verify: bool | str

    def send(self, request: requests.PreparedRequest, call: Call, speech: Speech, limits: Limits) -> Answer:
        """The whole answer, whatever its status. Raises Failure."""
        try:
            response = self.http.send(
                request,
                stream=True,
                timeout=limits.timeouts,
                verify=self.verify,
                proxies=self.proxies,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise _before_answer(error, call, speech, limits) from None
        except OSError as error:
            # requests checks the CA path before it opens anything, and says so with a bare OSError.
            hint = "is the path of the CA bundle right?"
            raise unreachable(speech, call, f"TLS cannot be verified: {error}", hint, most=1) from None
        with response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, headers, _read(response, call, speech, limits))


def _read(response: requests.Response, call: Call, speech: Speech, limits: Limits) -> bytes:
    """The body, bounded in size and time. Raises Failure: by now the platform has acted, or not, out of our sight."""
    pieces, size = [], 0
    request_id = response.headers.get(speech.dialect.request_id, "")
    try:
        # read1 returns what has come; read would wait for a full chunk, and a slow drip would outlive the deadline.
        while piece := response.raw.read1(_CHUNK, decode_content=True):
            size += len(piece)
            if size > limits.most_bytes:
                what = f"the answer is larger than {limits.most_bytes} bytes"
                raise unanswered(speech, call, what, request_id=request_id)
            if time.monotonic() > limits.deadline:
                raise unanswered(speech, call, "the answer did not end in time", request_id=request_id)
            pieces.append(piece)
    except (HTTPError, OSError) as error:
        what = f"the answer broke off after {size} bytes ({_kind(error)})"
        raise unanswered(speech, call, what, again=True, request_id=request_id) from None
    return b"".join(pieces)


def _before_answer(error: requests.RequestException, call: Call, speech: Speech, limits: Limits) -> Failure:
    """What an exception before the first byte of the answer means."""
    for kind, what, hint, most in _NOTHING_SENT:
        if isinstance(error, kind):
            said = what.format(endpoint=speech.endpoint, seconds=limits.connect)
            return unreachable(speech, call, said, hint, most=most)
    if isinstance(error, requests.exceptions.ReadTimeout):
        return unanswered(speech, call, f"no answer within {limits.read:g} s", again=True)
    if isinstance(error, requests.exceptions.ConnectionError):
        return _connection(error, call, speech)
    return unanswered(speech, call, f"the exchange failed ({_kind(error)})", again=True)


def _connection(error: requests.RequestException, call: Call, speech: Speech) -> Failure:
    reason = error.args[0] if error.args else None
    reason = reason.reason if isinstance(reason, MaxRetryError) else reason
    untrusted = _distrust(reason.original_error if isinstance(reason, ProxyFailed) else reason)
    if untrusted is not None:
        what = f"the certificate of {speech.endpoint} cannot be trusted ({untrusted})"
        remedy = "name the CA bundle of this network in RECONCILER_CA_BUNDLE; verification stays on"
        return unreachable(speech, call, what, remedy, most=1)
    match reason:
        # urllib3 says "proxy" of a connection that broke after the request as well: it has forgotten it was open.
        case ProxyFailed(original_error=NewConnectionError() | ConnectTimeoutError()):
            what = f"the proxy does not let us through to {speech.endpoint}"
            return unreachable(speech, call, what, _PROXY, most=_FEW)
        case _HandshakeFailed():
            what = f"no secure connection to {speech.endpoint} ({_kind(reason.__cause__)})"
            return unreachable(speech, call, what, "is it https that is served there?", most=_FEW)
        case NameResolutionError():
            what = f"the name of {speech.endpoint} is not known here"
            return unreachable(speech, call, what, _UP, most=_FEW)
        case NewConnectionError():
            return unreachable(
                speech, call, f"nothing listens at {speech.endpoint}", "is the endpoint right?", most=_FEW
            )
    return unanswered(speech, call, "the connection broke before an answer came", again=True)


def _distrust(reason: object) -> BaseException | None:
    """What is wrong with the certificate, where a connection was not made for that."""
    match reason:
        case _HandshakeFailed(__cause__=ssl.SSLCertVerificationError() | CertificateError()):
            return reason.__cause__
    return None


def _kind(error: BaseException | None) -> str:
    """The kind of an exception in words; its text may quote the request and is left out."""
    return type(error).__name__ if error else "unknown"
