"""Uploads by the S3 relay (contract, 5.7), under a key that holds the digest of the content.

The key makes repeating harmless: whatever was there under it is the same content. Whether the relay overwrites or
refuses is not known; a refusal leaves the question to a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import CredentialsMissing, Unanswered
from reconciler.model.resource import Live, Phase
from reconciler.providers.aihub.addresses import Service
from reconciler.providers.exchange import Call, Form

if TYPE_CHECKING:
    from reconciler.model.resource import Desired
    from reconciler.providers.aihub.place import Place

VARIABLE = "AIHUB_RELAY_TOKEN"


class Upload:
    """The handler of the kind `Upload`."""

    def __init__(self, place: Place, token: str) -> None:
        self._place = place
        self._token = token

    def create(self, desired: Desired) -> Live:
        """Sends the file. Raises CredentialsMissing without the token of the relay, which is one of its own."""
        spec, operation = desired.spec, f"upload {desired.address.name}"
        if not self._token:
            msg = f"target {self._place.target}: no token for the S3 relay"
            raise CredentialsMissing(msg, hint=f"set {VARIABLE}; the administrator gives it out")
        place = self._place.file(operation, spec["file"])
        prefix = str(spec.get("prefix") or "").strip("/")
        key = "/".join(part for part in (prefix, str(spec["file"]["sha256"]), place.name) if part)
        query = {"bucket": str(spec["bucket"]), "key": key}
        form = Form(files={"file": (place.name, place)})
        call = Call(operation, "POST", "/upload", query=query, headers={"Token": self._token}, form=form)
        data = self._place.call(Service.RELAY, call)
        path = data.get("path") if isinstance(data, dict) else None
        if not path:
            msg = f"{self._place.target}: {operation}: the answer holds no path"
            raise Unanswered(msg, hint="sending the same content again does no harm")
        outputs = {"path": str(path), "key": key, "url": str(data.get("url") or "")}
        return Live(desired.address, str(path), {}, Phase.SUCCEEDED, desired.mark, status="stored", outputs=outputs)
