"""Request signing of Alibaba Cloud, version 3: ACS3-HMAC-SHA256 (contract, section 2.1).

Checked against the vendor's own signer and recorded requests in tests/conformance. Of the headers those are signed
that the vendor demands (`host`, every `x-acs-`, `content-type`) and `accept`; what proxies rewrite is left out.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_plus, urlsplit

from requests.auth import AuthBase

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from requests import PreparedRequest

    from reconciler.providers.pai_dlc.credentials import Key, KeySource

ALGORITHM = "ACS3-HMAC-SHA256"
VERSION = "2020-12-03"
_SIGNED = frozenset({"accept", "content-type", "host"})
_PREFIX = "x-acs-"


def canonical_request(method: str, url: str, headers: Mapping[str, str]) -> str:
    """The text whose hash is signed. `headers` are exactly those to sign, x-acs-content-sha256 among them. The path of
    `url` is taken as it is sent.
    """
    parts = urlsplit(url)
    signed = {name.lower(): str(value).strip() for name, value in headers.items()}
    names = sorted(signed)
    return "\n".join(
        (
            method.upper(),
            parts.path or "/",
            _canonical_query(parts.query),
            *(f"{name}:{signed[name]}" for name in names),
            "",
            ";".join(names),
            signed["x-acs-content-sha256"],
        )
    )


def signature(secret: str, canonical: str) -> str:
    """What the secret makes of a canonical request, 64 hexadecimal digits."""
    text = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def authorization(key: Key, method: str, url: str, headers: Mapping[str, str]) -> str:
    """The value of the Authorization header. `headers` are those to sign."""
    names = ";".join(sorted(name.lower() for name in headers))
    signed = signature(key.secret, canonical_request(method, url, headers))
    return f"{ALGORITHM} Credential={key.access},SignedHeaders={names},Signature={signed}"


class Signer(AuthBase):
    """Signs each request of a session; each attempt gets a nonce of its own."""

    def __init__(self, source: KeySource, clock: Callable[[], float]) -> None:
        """`clock` returns UNIX time; the platform refuses a date more than 15 minutes off its own."""
        self._source = source
        self._clock = clock

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Adds date, nonce, hash of the body, the token where there is one, and the signature."""
        key = self._source.key()
        body = request.body or b""
        content = body.encode() if isinstance(body, str) else body
        headers = request.headers
        headers["host"] = urlsplit(request.url or "").netloc
        headers["x-acs-version"] = VERSION
        headers["x-acs-date"] = datetime.fromtimestamp(self._clock(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        headers["x-acs-signature-nonce"] = secrets.token_hex(16)
        headers["x-acs-content-sha256"] = hashlib.sha256(content).hexdigest()
        if key.token:
            headers["x-acs-accesskey-id"] = key.access
            headers["x-acs-security-token"] = key.token
        signed = {
            name: str(value)
            for name, value in headers.items()
            if name.lower() in _SIGNED or name.lower().startswith(_PREFIX)
        }
        headers["Authorization"] = authorization(key, request.method or "", request.url or "", signed)
        return request


def _canonical_query(query: str) -> str:
    """Decoded, sorted and encoded again: on the wire a space may be a `+`."""
    pairs = sorted(
        (unquote_plus(key), unquote_plus(value))
        for key, _, value in (pair.partition("=") for pair in query.split("&") if pair)
    )
    return "&".join(f"{quote(key, safe='~')}={quote(value, safe='~')}" for key, value in pairs)
