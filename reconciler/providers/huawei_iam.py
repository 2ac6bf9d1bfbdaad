"""Signing in at Huawei Cloud's identity service: a token for a user and password, a project id for a region.

Both are needed before the first call of a service. A token is kept in memory, and for the next process of the same
person where there is a place for it. A failure here never means that the service's own call may have been sent.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from requests.auth import AuthBase

from reconciler.errors import CredentialsMissing, NotFound, Unreachable
from reconciler.providers.errors import before_sending
from reconciler.providers.exchange import Call, Effect

if TYPE_CHECKING:
    from collections.abc import Callable

    from requests import PreparedRequest

    from reconciler.providers.exchange import Answer
    from reconciler.providers.protocol import TokenCache
    from reconciler.providers.session import Session

_Got = TypeVar("_Got")
_LIFETIME = 24 * 3600.0
_MARGIN = 30 * 60.0
"""Renewed this long before the end, so that no call starts with a token which ends under way."""


def endpoint_of(region: str) -> str:
    """The identity service of a region."""
    return f"https://iam.{region}.myhuaweicloud.com"


@dataclass(frozen=True, slots=True)
class User:
    """Who signs in: the account (`domain`), the user in it, and the region whose project the token is for."""

    domain: str
    name: str
    password: str = field(repr=False)
    region: str


class TokenSignIn(AuthBase):
    """Sends a token with each request; gets one at the first, and a new one before it ends or when it is refused."""

    def __init__(
        self, session: Session, user: User, clock: Callable[[], float], cache: TokenCache | None = None
    ) -> None:
        """`session` is one to the identity service; `clock` returns UNIX time; `cache` outlives this process."""
        self._session = session
        self._user = user
        self._clock = clock
        self._kept = _Kept(cache, session.endpoint, user) if cache is not None else None
        self._lock = threading.Lock()
        self._token = ""
        self._project = ""
        self._ends = 0.0

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Adds X-Auth-Token. Raises PlatformError when nobody can be signed in; then nothing was sent."""
        with self._lock:
            self._sign_in_when_needed()
            request.headers["X-Auth-Token"] = self._token
        return request

    def renew(self, refused: PreparedRequest) -> bool:
        """Forgets the token that `refused` carried, unless another thread has done so already."""
        with self._lock:
            if refused.headers.get("X-Auth-Token") == self._token:
                self._token = ""
                if self._kept is not None:
                    self._kept.drop()
        return True

    def project_id(self) -> str:
        """The project the token is for."""
        with self._lock:
            self._sign_in_when_needed()
            return self._project

    def _sign_in_when_needed(self) -> None:
        if self._token and self._clock() < self._ends - _MARGIN:
            return
        if not self._token and self._kept is not None:
            self._token, self._project, self._ends = self._kept.load()
            if self._token and self._clock() < self._ends - _MARGIN:
                return
        answer = _without_effect(self._session.answer, _token_call(self._user))
        token, content = answer.headers.get("x-subject-token", ""), _content(answer)
        if not token or content is None:
            msg = f"sign-in as {self._user.name}: the answer holds no token"
            raise Unreachable(msg, hint="is the IAM endpoint right?")
        self._token, self._ends = token, _ends(content, self._clock() + _LIFETIME)
        self._project = str(_object(content.get("project")).get("id") or "")
        if self._kept is not None:
            self._kept.save(self._token, self._project, self._ends)


class _Kept:
    """The sign-in of one user in a cache. Another password is another sign-in: what is kept proves to be of this one,
    without telling anything of it to who reads the file and does not know it.
    """

    def __init__(self, cache: TokenCache, endpoint: str, user: User) -> None:
        self._cache = cache
        self._user = user
        who = json.dumps([endpoint, user.domain, user.name, user.region])
        self._key = hashlib.sha256(who.encode()).hexdigest()[:32]

    def load(self) -> tuple[str, str, float]:
        """Token, project and end; "" and 0 for nothing that can be used."""
        try:
            kept = _object(json.loads(self._cache.load(self._key) or "{}"))
            token, project, ends = str(kept["token"]), str(kept["project"]), float(kept["ends"])
            proven = hmac.compare_digest(str(kept["proof"]).encode(), self._proof(str(kept["salt"])).encode())
        except (KeyError, TypeError, ValueError):
            return "", "", 0.0
        return (token, project, ends) if proven else ("", "", 0.0)

    def save(self, token: str, project: str, ends: float) -> None:
        """Keeps them."""
        salt = secrets.token_hex(16)
        kept = {"token": token, "project": project, "ends": ends, "salt": salt, "proof": self._proof(salt)}
        self._cache.save(self._key, json.dumps(kept))

    def drop(self) -> None:
        """Forgets them."""
        self._cache.drop(self._key)

    def _proof(self, salt: str) -> str:
        return hashlib.scrypt(self._user.password.encode(), salt=salt.encode(), n=2**14, r=8, p=1).hex()


def project_of_region(session: Session, region: str) -> str:
    """The id of the one project that belongs to `region`. Raises PlatformError when there is none, or several."""
    call = Call(f"look up the project of {region}", "GET", "/v3/projects", query={"name": region})
    projects = _object(_without_effect(session.call, call)).get("projects")
    ids = [str(item["id"]) for item in projects or () if isinstance(item, dict) and item.get("id")]
    if len(ids) == 1:
        return ids[0]
    found = "none" if not ids else f"{len(ids)}: {', '.join(sorted(ids))}"
    msg = f"which project of {region}? The account has {found}"
    raise CredentialsMissing(msg, hint="set HUAWEICLOUD_SDK_PROJECT_ID")


def _token_call(user: User) -> Call:
    identity = {
        "methods": ["password"],
        "password": {"user": {"name": user.name, "password": user.password, "domain": {"name": user.domain}}},
    }
    body = {"auth": {"identity": identity, "scope": {"project": {"name": user.region}}}}
    # A second token does no harm, so asking for one may be repeated like a read.
    return Call(f"sign in as {user.name}", "POST", "/v3/auth/tokens", body=body, effect=Effect.READ)


def _without_effect(send: Callable[[Call], _Got], call: Call) -> _Got:
    """`send(call)`, with failures told as what they are for the call behind it: it was never sent, and a "not found" of
    the identity service is not one of the service.
    """
    try:
        with before_sending():
            return send(call)
    except NotFound as error:
        raise CredentialsMissing(error.message, hint="is the region right?", status=error.status) from None


def _content(answer: Answer) -> dict[str, Any] | None:
    """What is told of a token; None for an answer that is not one of the identity service."""
    try:
        return _object(_object(answer.json()).get("token"))
    except ValueError:
        return None


def _ends(token: dict[str, Any], otherwise: float) -> float:
    try:
        moment = datetime.fromisoformat(str(token.get("expires_at")))
    except ValueError:
        return otherwise
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _object(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, dict) else {}
