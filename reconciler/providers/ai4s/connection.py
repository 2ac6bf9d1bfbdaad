"""Opening a target of AI4S: endpoint, credentials, project."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from reconciler.errors import CredentialsMissing, UsageError
from reconciler.providers.ai4s.app import App
from reconciler.providers.ai4s.faults import fault
from reconciler.providers.ai4s.job import Job
from reconciler.providers.ai4s.place import Place
from reconciler.providers.ai4s.workflow import Workflow
from reconciler.providers.errors import nested_fault
from reconciler.providers.exchange import Dialect
from reconciler.providers.huawei_iam import TokenSignIn, User, endpoint_of, project_of_region
from reconciler.providers.huawei_signing import AccessKey, KeySigner
from reconciler.providers.session import Credentials, Session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.model.target import Target
    from reconciler.providers.protocol import Creates, Transport

KEY_VARIABLES = ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK")
USER_VARIABLES = ("HW_DOMAIN_NAME", "HW_USER_NAME", "HW_USER_PASSWORD")
_SECRETS = ("access_key", "secret_key", "security_token", "password")
_JSON = {"Content-Type": "application/json"}


class Ai4sConnection:
    """An open target."""

    def __init__(self, place: Place, sessions: tuple[Session, ...]) -> None:
        self._sessions = sessions
        self._handlers: dict[str, Creates] = {"App": App(place), "Workflow": Workflow(place), "Job": Job(place)}

    def handler(self, kind: str) -> Creates:
        """The handler of a kind. Raises KeyError for a kind the platform does not have."""
        return self._handlers[kind]

    def close(self) -> None:
        """Frees sockets. Safe to call twice."""
        for session in self._sessions:
            session.close()


def connect(target: Target, credentials: Mapping[str, str], transport: Transport) -> Ai4sConnection:
    """Opens a target, sending nothing yet. With both an access key and a user's password, the key is used.

    Raises CredentialsMissing when there is neither, UsageError when it is not clear where the platform is.
    """
    given = {name: value for name, value in credentials.items() if value}
    if given.get("access_key") and given.get("secret_key"):
        return _with_key(target, given, transport)
    if all(given.get(name) for name in ("domain_name", "user_name", "password")):
        return _with_user(target, given, transport)
    needed = f"{' and '.join(KEY_VARIABLES)}, or {', '.join(USER_VARIABLES)}"
    msg = f"target {target.name}: no credentials"
    raise CredentialsMissing(msg, hint=f"set {needed}")


def _with_key(target: Target, given: Mapping[str, str], transport: Transport) -> Ai4sConnection:
    key = AccessKey(given["access_key"], given["secret_key"], given.get("security_token", ""))
    secrets = _secrets(given)
    signed = Credentials(KeySigner(key, transport.clock), secrets)
    session = Session(target.name, _endpoint(target), transport, _dialect(KEY_VARIABLES), signed)
    known = given.get("project_id") or target.settings.get("project_id", "")
    if known:
        return Ai4sConnection(Place(target.name, session, lambda: known), (session,))
    iam = _iam_session(target, transport, KEY_VARIABLES, signed)
    look_up = _once(lambda: project_of_region(iam, target.region))
    return Ai4sConnection(Place(target.name, session, look_up), (session, iam))


def _with_user(target: Target, given: Mapping[str, str], transport: Transport) -> Ai4sConnection:
    secrets = _secrets(given)
    iam = _iam_session(target, transport, USER_VARIABLES, Credentials(secrets=secrets))
    user = User(given["domain_name"], given["user_name"], given["password"], target.region)
    sign_in = TokenSignIn(iam, user, transport.clock)
    session = Session(
        target.name,
        _endpoint(target),
        transport,
        _dialect(USER_VARIABLES),
        Credentials(sign_in, secrets, renew=sign_in.renew),
    )
    known = given.get("project_id") or target.settings.get("project_id", "")
    project_id = (lambda: known) if known else sign_in.project_id
    return Ai4sConnection(Place(target.name, session, project_id), (session, iam))


def _iam_session(target: Target, transport: Transport, variables: tuple[str, ...], credentials: Credentials) -> Session:
    endpoint = target.settings.get("iam_endpoint", "") or (endpoint_of(target.region) if target.region else "")
    if not target.region or not endpoint:
        msg = f"target {target.name}: whose project? Neither a project id nor a region is given"
        raise UsageError(msg, hint="set HUAWEICLOUD_SDK_PROJECT_ID, or write `region:` in the target")
    return Session(target.name, endpoint, transport, Dialect(nested_fault, variables), credentials)


def _endpoint(target: Target) -> str:
    if target.endpoint and not target.is_local:
        return target.endpoint
    if target.region and not target.is_local:
        return f"https://ai4sservice.{target.region}.myhuaweicloud.com"
    msg = f"target {target.name}: where is it? Neither a region nor an endpoint is given"
    raise UsageError(msg, hint="write `region: cn-north-4`, or `endpoint: local` for the embedded platform")


def _dialect(variables: tuple[str, ...]) -> Dialect:
    return Dialect(fault, variables, headers=_JSON)


def _secrets(given: Mapping[str, str]) -> frozenset[str]:
    return frozenset(given[name] for name in _SECRETS if name in given)


def _once(look_up: Callable[[], str]) -> Callable[[], str]:
    """`look_up`, called at first use and then remembered; a failed one is tried again."""
    lock = threading.Lock()
    found: list[str] = []

    def project_id() -> str:
        with lock:
            if not found:
                found.append(look_up())
            return found[0]

    return project_id
