"""Opening a service of Huawei Cloud: endpoint, access key or password, and the cloud project they are for."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.errors import CredentialsMissing, UsageError
from reconciler.providers.errors import nested_fault
from reconciler.providers.exchange import Dialect
from reconciler.providers.huawei_credentials import KEY_VARIABLES, USER_VARIABLES
from reconciler.providers.huawei_iam import TokenSignIn, User, endpoint_of, project_of_region
from reconciler.providers.huawei_signing import AccessKey, KeySigner
from reconciler.providers.session import Credentials, Session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.model.target import Target
    from reconciler.providers.exchange import Answer, Fault
    from reconciler.providers.protocol import Transport

_SECRETS = ("access_key", "secret_key", "security_token", "password")
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Service:
    """One service: the first label of its host name, and how it says that something is wrong."""

    host: str
    fault: Callable[[Answer], Fault | None]


@dataclass(frozen=True, slots=True)
class Access:
    """An open line to a service. `project_id` gives the id of the cloud project, asking for it at first use; `sessions`
    are all that have to be closed.

    `user` is who signs in with a password, `access_key` what signs instead; the other one is "". `iam` is a line to the
    identity service that is signed with that key. `project_of_region` asks which project the region of the target has,
    whatever project id is given; None where no region is known.
    """

    session: Session
    project_id: Callable[[], str]
    sessions: tuple[Session, ...]
    user: str = ""
    access_key: str = ""
    iam: Session | None = None
    project_of_region: Callable[[], str] | None = None


def open_access(target: Target, credentials: Mapping[str, str], transport: Transport, service: Service) -> Access:
    """Opens a target, sending nothing yet. With both an access key and a user's password, the key is used.

    Raises CredentialsMissing when there is neither, UsageError when it is not clear where the service is.
    """
    given = {name: value for name, value in credentials.items() if value}
    if given.get("access_key") and given.get("secret_key"):
        return _with_key(target, given, transport, service)
    if all(given.get(name) for name in ("domain_name", "user_name", "password")):
        return _with_user(target, given, transport, service)
    needed = f"{' and '.join(KEY_VARIABLES)}, or {', '.join(USER_VARIABLES)}"
    msg = f"target {target.name}: no credentials"
    raise CredentialsMissing(msg, hint=f"set {needed}")


def _with_key(target: Target, given: Mapping[str, str], transport: Transport, service: Service) -> Access:
    key = AccessKey(given["access_key"], given["secret_key"], given.get("security_token", ""))
    signed = Credentials(KeySigner(key, transport.clock), _secrets(given))
    dialect = _dialect(service, KEY_VARIABLES)
    session = Session(target.name, _endpoint(target, service), transport, dialect, signed)
    known = given.get("project_id") or target.settings.get("project_id", "")
    if known and not target.region:
        return Access(session, lambda: known, (session,), access_key=key.access)
    iam = _iam_session(target, transport, KEY_VARIABLES, signed)
    look_up = _once(lambda: project_of_region(iam, target.region))
    project_id = (lambda: known) if known else look_up
    return Access(session, project_id, (session, iam), "", key.access, iam, look_up)


def _with_user(target: Target, given: Mapping[str, str], transport: Transport, service: Service) -> Access:
    secrets = _secrets(given)
    iam = _iam_session(target, transport, USER_VARIABLES, Credentials(secrets=secrets))
    user = User(given["domain_name"], given["user_name"], given["password"], target.region)
    sign_in = TokenSignIn(iam, user, transport.clock, transport.tokens)
    signed = Credentials(sign_in, secrets, renew=sign_in.renew)
    dialect = _dialect(service, USER_VARIABLES)
    session = Session(target.name, _endpoint(target, service), transport, dialect, signed)
    known = given.get("project_id") or target.settings.get("project_id", "")
    project_id = (lambda: known) if known else sign_in.project_id
    who = f"{user.name} of {user.domain}"
    return Access(session, project_id, (session, iam), who, project_of_region=sign_in.project_id)


def _iam_session(target: Target, transport: Transport, variables: tuple[str, ...], credentials: Credentials) -> Session:
    endpoint = target.settings.get("iam_endpoint", "") or (endpoint_of(target.region) if target.region else "")
    if not target.region or not endpoint:
        msg = f"target {target.name}: whose project? Neither a project id nor a region is given"
        raise UsageError(msg, hint="set HUAWEICLOUD_SDK_PROJECT_ID, or write `region:` in the target")
    return Session(target.name, endpoint, transport, Dialect(nested_fault, variables), credentials)


def _endpoint(target: Target, service: Service) -> str:
    if target.endpoint and not target.is_local:
        return target.endpoint
    if target.region and not target.is_local:
        return f"https://{service.host}.{target.region}.myhuaweicloud.com"
    msg = f"target {target.name}: where is it? Neither a region nor an endpoint is given"
    raise UsageError(msg, hint="write `region: cn-north-4`, or `endpoint: local` for the embedded platform")


def _dialect(service: Service, variables: tuple[str, ...]) -> Dialect:
    return Dialect(service.fault, variables, headers=_JSON)


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
