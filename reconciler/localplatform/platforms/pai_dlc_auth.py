"""Signing in with ACS3-HMAC-SHA256 (platform contract, section 2.1).

The signed headers are those the caller lists, which must hold the host and every `x-acs-` header there is. The path is
hashed as it was sent; the query is decoded first, with `+` for a space, since clients spell it in several ways.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

from reconciler.localplatform.face import Refusal

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from reconciler.localplatform.face import Call

ALGORITHM = "ACS3-HMAC-SHA256"
WINDOW_SWITCH = "pai_dlc_signature_window"
"""Switch: whether dates more than 15 minutes off are refused."""
_WINDOW = 900.0
_SAFE = "-_.~"
_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Credential=(?P<access>[^,]+),SignedHeaders=(?P<headers>[a-z0-9;-]+)"
    r",Signature=(?P<signature>[0-9a-f]{64})"
)


def sign_in(call: Call) -> None:
    """Raises Refusal unless the caller holds the account's secret."""
    request, account = call.request, call.services.account
    found = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    if found is None:
        raise Refusal(400, "IncompleteSignature", "the request is not signed in version 3")
    if not hmac.compare_digest(found["access"].encode(), account.access_key.encode()):
        raise Refusal(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
    names = tuple(found["headers"].split(";"))
    given = (name.lower() for name, _ in request.headers.items())
    demanded = {"host", *(name for name in given if name.startswith("x-acs-"))}
    if missing := sorted(demanded - set(names)):
        raise Refusal(400, "IncompleteSignature", f"the header {missing[0]} is not signed")
    if call.services.switches[WINDOW_SWITCH] and not _timely(request.headers.get("x-acs-date", ""), call.now):
        raise Refusal(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
    if request.headers.get("x-acs-content-sha256", "") != hashlib.sha256(request.get_data(cache=True)).hexdigest():
        raise Refusal(400, "InvalidParameter", "x-acs-content-sha256 is not the hash of the body")
    expected = sign(account.secret_key, canonical_request(request, names))
    if not hmac.compare_digest(expected, found["signature"]):
        raise Refusal(400, "SignatureDoesNotMatch", "Specified signature does not match our calculation.")


def canonical_request(request: Request, names: tuple[str, ...]) -> str:
    """What is signed of a request, `names` being the signed headers in their order."""
    lines = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in sorted(names))
    return "\n".join(
        (
            request.method.upper(),
            _raw_path(request),
            _canonical_query(request.query_string),
            lines,
            ";".join(sorted(names)),
            request.headers.get("x-acs-content-sha256", ""),
        )
    )


def sign(secret: str, canonical: str) -> str:
    """64 hexadecimal digits."""
    text = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode('utf-8', 'surrogateescape')).hexdigest()}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def _raw_path(request: Request) -> str:
    """As it came over the wire; servers that do not tell leave the encoded form of what they decoded."""
    raw = str(request.environ.get("REQUEST_URI") or "").partition("?")[0]
    return raw if raw.startswith("/") else quote(request.path, safe=f"/{_SAFE}") or "/"


def _canonical_query(raw: bytes) -> str:
    pairs = sorted(parse_qsl(raw.decode("latin-1"), keep_blank_values=True, encoding="utf-8", errors="surrogateescape"))
    return "&".join(f"{_encoded(key)}={_encoded(value)}" for key, value in pairs)


def _encoded(text: str) -> str:
    return quote(text.encode("utf-8", "surrogateescape"), safe=_SAFE)


def _timely(date: str, now: float) -> bool:
    try:
        then = datetime.strptime(date, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return False
    return abs(now - then) <= _WINDOW
