"""Where access keys come from: given ones, or the vendor's own chain (contract, section 2.2)."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from reconciler.errors import CredentialsMissing

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLES = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET")
_EXTRA = "gitops-reconciler[alibaba]"


@dataclass(frozen=True, slots=True)
class Key:
    """An access key pair; `token` only with temporary ones."""

    access: str
    secret: str = field(repr=False)
    token: str = field(default="", repr=False)


class KeySource(Protocol):
    """Gives a key that is valid now."""

    def key(self) -> Key:
        """Raises CredentialsMissing. Safe from any thread."""


@dataclass(frozen=True, slots=True)
class Given:
    """A key that does not change."""

    given: Key

    def key(self) -> Key:
        """The key."""
        return self.given


class Chain:
    """The vendor's default chain: OIDC in CI, the profile of its command line tool, its own file, the role of the
    machine. It renews temporary keys by itself.
    """

    def __init__(self, target: str, client: Any) -> None:  # noqa: ANN401 - the vendor's client is not typed
        self._target = target
        self._client = client
        self._lock = threading.Lock()

    def key(self) -> Key:
        """See KeySource."""
        from alibabacloud_credentials.exceptions import CredentialException

        with self._lock:
            try:
                found = self._client.get_credential()
            except (CredentialException, OSError, ValueError) as error:
                msg = f"target {self._target}: no credentials: {error}"
                raise CredentialsMissing(msg, hint=_hint()) from None
        return Key(found.access_key_id or "", found.access_key_secret or "", found.security_token or "")


def source_of(target: str, credentials: Mapping[str, str]) -> KeySource:
    """A given key, else the vendor's chain where its library is installed. Raises CredentialsMissing."""
    access, secret = credentials.get("access_key", ""), credentials.get("secret_key", "")
    if access and secret:
        return Given(Key(access, secret, credentials.get("security_token", "")))
    if access or secret:
        msg = f"target {target}: half an access key"
        raise CredentialsMissing(msg, hint=f"set both {' and '.join(VARIABLES)}")
    try:
        from alibabacloud_credentials.client import Client
    except ImportError:
        msg = f"target {target}: no credentials"
        raise CredentialsMissing(msg, hint=_hint(installed=False)) from None
    _keep_quiet()
    found = Chain(target, Client())
    found.key()  # what is missing is said before anything is sent
    return found


def _keep_quiet() -> None:
    """The vendor's library prints the traceback of every link of its chain that fails; the error names them all."""
    said = logging.getLogger("credentials")
    for handler in [*said.handlers]:
        said.removeHandler(handler)
    said.addHandler(logging.NullHandler())


def _hint(*, installed: bool = True) -> str:
    more = "or sign in with the vendor's command line tool, or give CI an OIDC role"
    return f"set {' and '.join(VARIABLES)}, {more}{'' if installed else f' (needs `pip install {_EXTRA}`)'}"
