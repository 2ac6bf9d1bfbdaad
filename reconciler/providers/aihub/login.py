"""The token that goes with every call (contract, section 3): got by logging in, or injected into a workflow node.

How long a token is good is not known. Where it says so itself it is renewed a minute before; else when it is refused.
"""

from __future__ import annotations

import base64
import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from requests.auth import AuthBase

from reconciler.errors import CredentialsMissing, Unreachable
from reconciler.providers.errors import before_sending
from reconciler.providers.exchange import Call, Effect

if TYPE_CHECKING:
    from collections.abc import Callable

    from requests import PreparedRequest

    from reconciler.providers.session import Session

USER, PASSWORD, TOKEN = "AIHUB_USERNAME", "AIHUB_PASSWORD", "AI_HUB_TOKEN"
_EARLY = 60.0


@dataclass(frozen=True, slots=True)
class Account:
    """What a target is opened with; any may be "". `token` is the injected one."""

    user: str = ""
    password: str = ""
    token: str = ""


class Tokens(AuthBase):
    """Signs requests, logging in when needed. Thread-safe; `open_users` gives the line to the user system."""

    def __init__(
        self, target: str, account: Account, open_users: Callable[[], Session], clock: Callable[[], float]
    ) -> None:
        self._target = target
        self._account = account
        self._open_users = open_users
        self._clock = clock
        self._lock = threading.Lock()
        self._token = account.token
        self._user_id = 0

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Adds the token. Raises CredentialsMissing, PlatformError."""
        request.headers["Authorization"] = f"Bearer {self.token()}"
        return request

    def token(self) -> str:
        """One that is good as far as is known. Raises CredentialsMissing, PlatformError."""
        with self._lock:
            if not self._token or (self._can_log_in and _expires(self._token) - _EARLY < self._clock()):
                self._log_in()
            return self._token

    def user_id(self) -> int:
        """Who we are, by number; 0 where only a token was injected, which does not say. Raises as `token`."""
        with self._lock:
            if not self._user_id and self._can_log_in:
                self._log_in()
            return self._user_id

    def renew(self, request: PreparedRequest) -> bool:
        """The token of `request` was refused: it is dropped. Whether there is a way to another one."""
        refused = str(request.headers.get("Authorization", "")).removeprefix("Bearer ")
        with self._lock:
            if self._can_log_in and self._token == refused:
                self._token = ""
            return self._can_log_in

    @property
    def _can_log_in(self) -> bool:
        return bool(self._account.user and self._account.password)

    def _log_in(self) -> None:
        if not self._can_log_in:
            msg = f"target {self._target}: no credentials"
            raise CredentialsMissing(
                msg, hint=f"set {USER} and {PASSWORD}; in a workflow node {TOKEN} is there already"
            )
        body = {"username": self._account.user, "password": self._account.password}
        call = Call("log in", "POST", "/api/v1/auth/login", body=body, effect=Effect.READ)
        with before_sending():
            answer = self._open_users().call(call)
        data = answer.get("data") if isinstance(answer, dict) and answer.get("code") == 0 else None
        if not isinstance(data, dict) or not data.get("token") or not isinstance(data.get("id"), int):
            msg = f"{self._target}: log in: the answer holds no token"
            raise Unreachable(msg, hint="is the address of the user system right?")
        self._token, self._user_id = str(data["token"]), int(data["id"])


def _expires(token: str) -> float:
    """When a token says that it ends (UNIX time); never, for one that does not say."""
    parts = token.split(".")
    try:
        claims: Any = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, ValueError):
        return float("inf")
    moment = claims.get("exp") if isinstance(claims, dict) else None
    return float(moment) if isinstance(moment, int | float) else float("inf")
