"""Opening a target of HAI: an endpoint and one token, which travels in the query of every call."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from requests.auth import AuthBase

from reconciler.errors import CredentialsMissing, UsageError
from reconciler.model.secret import Redactor
from reconciler.providers.exchange import Dialect
from reconciler.providers.hai.cluster import Cluster
from reconciler.providers.hai.faults import fault
from reconciler.providers.hai.place import Place
from reconciler.providers.hai.task import Task
from reconciler.providers.hai.times import Clock
from reconciler.providers.session import Credentials, Session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests import PreparedRequest

    from reconciler.model.target import Target
    from reconciler.providers.facilities import Allowance, ClusterNode, Identity
    from reconciler.providers.protocol import Creates, Transport

VARIABLE = "MARSV2_USER_TOKEN"
_TOKEN = re.compile(r"[A-Za-z0-9._~+/:@!$*,;-]{8,}")
"""The server cuts the token out of the raw query at `&` and `=` and decodes nothing, so it must need no encoding; and
one of fewer characters could not be masked without shredding ordinary text."""


class QueryToken(AuthBase):
    """Puts the token into the query, as it is."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Adds it at the end."""
        joint = "&" if "?" in str(request.url) else "?"
        request.url = f"{request.url}{joint}token={self._token}"
        return request


class HaiConnection:
    """An open target."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.cluster = Cluster(place)
        self._handlers: dict[str, Creates] = {"Task": Task(place)}

    def handler(self, kind: str) -> Creates:
        """The handler of a kind. Raises KeyError for a kind the platform does not have."""
        return self._handlers[kind]

    def nodes(self) -> tuple[ClusterNode, ...]:
        """See ShowsNodes."""
        return self.cluster.nodes()

    def whoami(self) -> Identity:
        """See Identifies."""
        return self.cluster.whoami()

    def quota(self) -> tuple[Allowance, ...]:
        """See LimitsUse."""
        return self.cluster.quota()

    def set_quota(self, name: str, amount: int) -> None:
        """See LimitsUse."""
        self.cluster.set_quota(name, amount)

    def close(self) -> None:
        """Frees sockets. Safe to call twice."""
        self._place.session.close()


def connect(target: Target, credentials: Mapping[str, str], transport: Transport) -> HaiConnection:
    """Opens a target, sending nothing. Raises CredentialsMissing without a usable token, UsageError without an
    endpoint: every installation has its own.
    """
    if not target.endpoint or target.is_local:
        msg = f"target {target.name}: where is it? No endpoint is given"
        hint = "write `endpoint: http://host` (what `hai-cli init --url` got), or `endpoint: local`"
        raise UsageError(msg, hint=hint)
    token = credentials.get("secret_key", "")
    if not token:
        msg = f"target {target.name}: no credentials"
        raise CredentialsMissing(msg, hint=f"set {VARIABLE}")
    if not _TOKEN.fullmatch(token):
        msg = f"target {target.name}: the token in {VARIABLE} cannot be one of this platform"
        raise CredentialsMissing(msg, hint="at least 8 letters, digits and signs, none of them `=`, `&` or `#`")
    signed = Credentials(QueryToken(token), frozenset({token}))
    session = Session(target.name, target.endpoint, transport, Dialect(fault, (VARIABLE,)), signed)
    clock = Clock.at(target.name, target.settings.get("utc_offset", ""))
    return HaiConnection(Place(target.name, session, clock, Redactor(frozenset({token}))))
