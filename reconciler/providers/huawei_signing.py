"""Request signing of Huawei Cloud with an access key: SDK-HMAC-SHA256 (ai4s contract, section 2.2).

Checked against the vendor's own signer and recorded requests in tests/conformance. Which headers are signed is the
client's choice; we leave out those that proxies are known to rewrite.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from requests.auth import AuthBase

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from requests import PreparedRequest

ALGORITHM = "SDK-HMAC-SHA256"
_DATE = "%Y%m%dT%H%M%SZ"
_NOT_SIGNED = frozenset(
    {"authorization", "user-agent", "accept", "accept-encoding", "connection", "content-length", "transfer-encoding"}
)
_UNSIGNED = "UNSIGNED-PAYLOAD"
"""What is signed in place of the hash of a form, which is read only while it is sent."""
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An access key pair; `token` only with temporary ones."""

    access: str
    secret: str
    token: str = ""


def canonical_request(method: str, url: str, headers: Mapping[str, str], body: bytes) -> str:
    """The text whose hash is signed. `headers` are exactly those to sign, whatever their case and order; none may hold
    an underscore in its name. `url` may be relative.
    """
    parts = urlsplit(url)
    path = "/".join(_encoded(segment) for segment in unquote(parts.path).split("/"))
    signed = {name.lower(): str(value).strip() for name, value in headers.items()}
    names = sorted(signed)
    return "\n".join(
        (
            method.upper(),
            path if path.endswith("/") else f"{path}/",
            _canonical_query(parts.query),
            *(f"{name}:{signed[name]}" for name in names),
            "",
            ";".join(names),
            _body_hash(signed, body),
        )
    )


def string_to_sign(date: str, canonical: str) -> str:
    """What the secret key signs; `date` is the value of X-Sdk-Date."""
    return f"{ALGORITHM}\n{date}\n{hashlib.sha256(canonical.encode()).hexdigest()}"


def authorization(key: AccessKey, method: str, url: str, headers: Mapping[str, str], body: bytes) -> str:
    """The value of the Authorization header. `headers` are those to sign; X-Sdk-Date must be among them."""
    date = next(value for name, value in headers.items() if name.lower() == "x-sdk-date")
    text = string_to_sign(date, canonical_request(method, url, headers, body))
    signature = hmac.new(key.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    names = ";".join(sorted(name.lower() for name in headers))
    return f"{ALGORITHM} Access={key.access}, SignedHeaders={names}, Signature={signature}"


class KeySigner(AuthBase):
    """Signs each request of a session with an access key."""

    def __init__(self, key: AccessKey, clock: Callable[[], float]) -> None:
        """`clock` returns UNIX time; platforms refuse a date more than 15 minutes off theirs."""
        self._key = key
        self._clock = clock

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Adds the date, the host, the security token where there is one, and the signature."""
        url = request.url or ""
        body = request.body or b""
        is_read_while_sent = not isinstance(body, str | bytes)
        if is_read_while_sent:
            request.headers["X-Sdk-Content-Sha256"] = _UNSIGNED
        request.headers["Host"] = _host(url)
        request.headers["X-Sdk-Date"] = datetime.fromtimestamp(self._clock(), UTC).strftime(_DATE)
        if self._key.token:
            request.headers["X-Security-Token"] = self._key.token
        signed = {
            name: str(value)
            for name, value in request.headers.items()
            if name.lower() not in _NOT_SIGNED and "_" not in name
        }
        content = _UNSIGNED.encode() if is_read_while_sent else body.encode() if isinstance(body, str) else body
        request.headers["Authorization"] = authorization(self._key, request.method or "", url, signed, content)
        return request


def _encoded(text: str) -> str:
    return quote(text, safe="~")


def _canonical_query(query: str) -> str:
    """Decoded, sorted and encoded again; a `+` is a plus, since spaces travel as `%20`."""
    pairs = sorted(
        (unquote(key), unquote(value)) for key, _, value in (pair.partition("=") for pair in query.split("&") if pair)
    )
    return "&".join(f"{_encoded(key)}={_encoded(value)}" for key, value in pairs)


def _body_hash(signed: Mapping[str, str], body: bytes) -> str:
    """The hash of the body, or what the caller declares instead of one (`UNSIGNED-PAYLOAD`) for a body there is."""
    declared = signed.get("x-sdk-content-sha256", "")
    return declared if body and declared else hashlib.sha256(body).hexdigest()


def _host(url: str) -> str:
    """Host with its port when that is not the default one: what must be signed and sent alike."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return host if parts.port in {None, _DEFAULT_PORTS.get(parts.scheme)} else f"{host}:{parts.port}"
