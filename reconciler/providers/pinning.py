"""Trust in exactly one certificate: for a service whose certificate nobody has signed."""

from __future__ import annotations

import re
from typing import Any

from reconciler.errors import UsageError
from reconciler.providers.connecting import Adapter

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


class PinnedAdapter(Adapter):
    """The network adapter of a target whose certificate has this SHA-256 fingerprint. No other certificate will do,
    whoever has signed it; the name in it and its dates do not count.
    """

    def __init__(self, connections: int, fingerprint: str) -> None:
        self._fingerprint = fingerprint
        super().__init__(connections)

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:  # noqa: ANN401 - as inherited
        """As inherited, with the fingerprint in the place of authorities. Plain HTTP is left as it is."""
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        if host["scheme"] != "https":
            return host, pool
        return host, {**pool, "cert_reqs": "CERT_NONE", "assert_fingerprint": self._fingerprint}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:  # noqa: ANN401, ARG002 - as inherited
        """As inherited, without authorities: the fingerprint decides when the connection is made."""
        super().cert_verify(conn, url, False, cert)  # type: ignore[no-untyped-call]  # requests has no types there
        conn.assert_fingerprint = self._fingerprint


def fingerprint_of(target: str, text: str) -> str:
    """64 hexadecimal digits of a SHA-256 fingerprint, however it is written. Raises UsageError."""
    digits = text.replace(":", "").replace(" ", "").lower().removeprefix("sha256")
    if not _FINGERPRINT.fullmatch(digits):
        msg = f"target {target}: {text!r} is no SHA-256 fingerprint"
        raise UsageError(msg, hint="`openssl x509 -noout -fingerprint -sha256 -in FILE` prints one")
    return digits
