"""The vendor's name and logo, of which the account has one (ai4s contract, section 12). It is set, and never unset."""

from __future__ import annotations

import base64
import binascii
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.errors import Refused
from reconciler.model.address import NO_SCOPE
from reconciler.model.resource import Listed, Live, Phase
from reconciler.providers.exchange import Call, Form
from reconciler.providers.facilities import StoredFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.address import Address
    from reconciler.model.mark import Mark
    from reconciler.model.resource import Desired
    from reconciler.providers.ai4s.place import Place

_PATH = "/system/vendor-config"
PROFILE = "default"
_ENDINGS = {b"\x89PNG": ".png", b"\xff\xd8": ".jpg", b"GIF8": ".gif", b"<svg": ".svg"}
"""How files of images begin."""


class VendorConfig:
    """The handler of the kind `VendorConfig`. `root` is the folder from which the logo's path starts."""

    def __init__(self, place: Place, root: str) -> None:
        self._place = place
        self._root = root

    def create(self, desired: Desired) -> Live:
        """Sets it for the first time."""
        self.update(PROFILE, desired)
        return Live(desired.address, PROFILE, {}, Phase.READY)

    def read(self, address: Address, remote_id: str) -> Live | None:  # noqa: ARG002 - there is one
        """What is set, or None as long as nothing is."""
        shown = self._place.call(Call("read vendor config", "GET", _PATH)) or {}
        name, logo = str(shown.get("name") or ""), _decoded(str(shown.get("logo") or ""))
        if not name and not logo:
            return None
        spec: dict[str, Any] = {"profile": PROFILE, "name": name}
        if logo:
            spec["logo"] = {"sha256": hashlib.sha256(logo).hexdigest()}
        return Live(address, PROFILE, spec, Phase.READY)

    def list(self, _scope: str) -> Iterator[Listed]:
        """The one there is, or none."""
        live = self.read(self._place.address("VendorConfig", NO_SCOPE, PROFILE), PROFILE)
        if live is not None:
            yield Listed(live.address, live.remote_id, None, live)

    def find(self, address: Address, mark: Mark) -> tuple[Live, ...]:  # noqa: ARG002 - it carries no mark
        """The one there is, or none."""
        live = self.read(address, PROFILE)
        return () if live is None else (live,)

    def update(self, remote_id: str, desired: Desired) -> None:  # noqa: ARG002 - there is one
        """Sets name and logo: the platform takes both or nothing."""
        logo = desired.spec["logo"]
        if not logo.get("path"):
            msg = f"{self._place.target}: the platform wants the logo with every change, and no file is named"
            raise Refused(msg, hint="write its `path` beside `sha256`")
        form = Form({"name": desired.spec["name"]}, {"file": (Path(logo["path"]).name, self._file(logo))})
        self._place.call(Call("set vendor config", "PUT", _PATH, form=form))

    def files(self, address: Address, remote_id: str) -> tuple[StoredFile, ...]:  # noqa: ARG002 - there is one
        """The logo that is set, none where none is."""
        shown = self._place.call(Call("read vendor config", "GET", _PATH)) or {}
        logo = _decoded(str(shown.get("logo") or ""))
        ending = next((ending for start, ending in _ENDINGS.items() if logo.startswith(start)), "")
        return (StoredFile(f"logo{ending}", logo),) if logo else ()

    def _file(self, logo: dict[str, Any]) -> Path:
        """The file, whose content is what was reviewed. Raises Refused: nothing is sent."""
        place = Path(self._root) / str(logo["path"])
        try:
            found = hashlib.sha256(place.read_bytes()).hexdigest()
        except OSError as error:
            msg = f"{self._place.target}: the logo {logo['path']} cannot be read: {error.strerror}; nothing was sent"
            raise Refused(msg, hint="its path starts at the folder of the project file") from error
        if found != logo["sha256"]:
            msg = f"{self._place.target}: the logo {logo['path']} is not the file that was declared; nothing was sent"
            raise Refused(msg, hint=f"if it is the right one, write `sha256: {found}`")
        return place


def _decoded(text: str) -> bytes:
    """The bytes of a base64 text, which may stand in a data URI; empty for anything else."""
    try:
        return base64.b64decode(text.rpartition(",")[2], validate=True)
    except (binascii.Error, ValueError):
        return b""
