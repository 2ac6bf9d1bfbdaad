"""How a caller signs in to Huawei Cloud services: SDK-HMAC-SHA256 over the request, or a token from IAM.

Written from the platform contract (ai4s.md section 2) and on purpose not shared with the client's signer.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote_to_bytes

from reconciler.localplatform.face import Refusal

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from reconciler.localplatform.face import Call

ALGORITHM = "SDK-HMAC-SHA256"
WINDOW = 15 * 60
"""Seconds a request's date may be off the gateway's clock."""

UNAUTHENTICATED = "APIGW.0301"
WINDOW_SWITCH = "signature_window"
"""Whether the date of a signature is compared with the clock."""

_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Access=(?P<access>[^,\s]+), ?SignedHeaders=(?P<headers>[^,\s]+), ?Signature=(?P<signature>[0-9a-f]+)"
)
_DATE = re.compile(r"\d{8}T\d{6}Z")
_UNRESERVED = "-_.~"


class Signed(NamedTuple):
    """The parts of an Authorization header."""

    access: str
    headers: tuple[str, ...]
    signature: str


def sign_in(call: Call, users: tuple[str, ...] = ()) -> None:
    """Lets a caller with a valid token or signature pass. Raises Refusal 401 for everybody else.

    `users` are those who may sign beside the owner of the account, with the access key `<account's>-<user>`.
    A caller for another project than the account's is refused too: nothing else exists here.
    """
    if token := call.request.headers.get("X-Auth-Token", ""):
        user = call.services.account.user
        if not user or call.services.store.account_of_token(token, call.now) != user:
            raise _no("decrypt token fail")
    else:
        _verify(call, users)
    project = call.arguments.get("project_id", call.services.account.project_id)
    if project != call.services.account.project_id:
        raise Refusal(401, "eihealth.03000002", "invalid project id")


def _verify(call: Call, users: tuple[str, ...]) -> None:
    request, account = call.request, call.services.account
    signed = parse_authorization(request.headers.get("Authorization", ""))
    if signed is None:
        raise _no("x-auth-token not found")
    known = (account.access_key, *(f"{account.access_key}-{user}" for user in users))
    if not any(hmac.compare_digest(signed.access.encode(), key.encode()) for key in known):
        raise _no("Get secretKey failed, ak does not exist")
    date = request.headers.get("X-Sdk-Date", "")
    if not _DATE.fullmatch(date) or "x-sdk-date" not in signed.headers or "host" not in signed.headers:
        raise _no("verify aksk signature fail, X-Sdk-Date and Host must be signed")
    if call.services.switches[WINDOW_SWITCH] and not _timely(date, call.now):
        raise _no("verify aksk signature fail, x-sdk-date is expired")
    expected = sign(account.secret_key, date, canonical_request(request, signed.headers))
    if not hmac.compare_digest(expected, signed.signature):
        raise _no("verify aksk signature fail")


def parse_authorization(text: str) -> Signed | None:
    """The parts of an Authorization header of this scheme, None for anything else."""
    match = _AUTHORIZATION.fullmatch(text)
    if match is None:
        return None
    return Signed(match["access"], tuple(match["headers"].lower().split(";")), match["signature"])


def canonical_request(request: Request, headers: tuple[str, ...]) -> str:
    """The six parts of a request that are signed, `headers` being the signed ones, lower case."""
    path = "/".join(quote(segment, safe=_UNRESERVED) for segment in request.path.split("/"))
    lines = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in headers)
    return "\n".join(
        (
            request.method.upper(),
            path if path.endswith("/") else path + "/",
            _canonical_query(request.query_string),
            lines,
            ";".join(headers),
            _body_hash(request),
        )
    )


def sign(secret: str, date: str, canonical: str) -> str:
    """The signature of a canonical request at `date` (`YYYYMMDDTHHMMSSZ`), 64 hexadecimal digits."""
    text = f"{ALGORITHM}\n{date}\n{hashlib.sha256(canonical.encode('utf-8', 'surrogateescape')).hexdigest()}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def _canonical_query(raw: bytes) -> str:
    """Decoded, sorted, and encoded anew with the one set of safe characters. Clients sort before they encode, which
    matters for text whose encoding begins with `%`.
    """
    pairs = []
    for part in raw.split(b"&"):
        if part:
            key, _, value = part.partition(b"=")
            pairs.append((unquote_to_bytes(key), unquote_to_bytes(value)))
    return "&".join(f"{quote(key, safe=_UNRESERVED)}={quote(value, safe=_UNRESERVED)}" for key, value in sorted(pairs))


def _body_hash(request: Request) -> str:
    body = request.get_data(cache=True)
    given = request.headers.get("X-Sdk-Content-Sha256", "")
    return given if body and given else hashlib.sha256(body).hexdigest()


def _timely(date: str, now: float) -> bool:
    try:
        then = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return False
    return abs(now - then) <= WINDOW


def _no(why: str) -> Refusal:
    return Refusal(401, UNAUTHENTICATED, f"Incorrect IAM authentication information: {why}")
