"""Downloads as an object store gives them: an address that is signed beforehand, and good for an hour (section 10)."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import quote

from reconciler.localplatform.data import OutsideData
from reconciler.localplatform.face import Refusal, Reply, Route
from reconciler.localplatform.platforms.ai4s_words import FORBIDDEN, ROOT, missing, text

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call

LIFE = 3600
"""Seconds for which an address is good."""
_DIGITS_MOST = 12


def address_of(call: Call, space: str, path: str) -> str:
    """The address at which anybody can fetch a file of a space for a while."""
    expires = str(int(call.now) + LIFE)
    project = call.services.account.project_id
    where = f"{call.request.host_url}v1/{project}/downloads/{quote(space)}/{quote(path.strip('/'))}"
    return f"{where}?expires={expires}&signature={_signature(call, space, path, expires)}"


def download(call: Call) -> Reply:
    """The bytes of a file, for whoever has its address."""
    space, path = call.arguments["space_name"], "/" + call.arguments["path"]
    expires = text(call, "expires")
    known = _signature(call, space, path, expires)
    if not hmac.compare_digest(known.encode(), text(call, "signature").encode("utf-8", "replace")):
        raise Refusal(403, FORBIDDEN, "the address was not signed here")
    if not expires.isdigit() or len(expires) > _DIGITS_MOST or call.now > int(expires):
        raise Refusal(403, FORBIDDEN, "the address has expired")
    try:
        file = call.services.data.locate(space, path)
        content = file.read_bytes()
    except (OutsideData, OSError) as error:
        raise missing("data", f"{space}:{path}"[:140]) from error
    return Reply(raw=content, content_type="application/octet-stream")


def _signature(call: Call, space: str, path: str, expires: str) -> str:
    """By the administrator's token, the one secret that the service has whoever calls: who fetches says no name."""
    said = f"download\n{space}\n{path}\n{expires}".encode("utf-8", "replace")
    return hmac.new(call.services.account.admin_token.encode(), said, hashlib.sha256).hexdigest()


ROUTES = (Route("GET", f"{ROOT}/downloads/<space_name>/<path:path>", "Download", download, signed=False),)
