"""Apps: an image, commands and parameters under a name and a version (ai4s contract, section 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.providers.ai4s.shapes import app_spec
from reconciler.providers.ai4s.versioned import Versioned
from reconciler.providers.exchange import Call

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.address import Address
    from reconciler.model.mark import Mark
    from reconciler.model.resource import Desired, Listed, Live
    from reconciler.providers.ai4s.place import Place
    from reconciler.providers.protocol import RunSummary

_DEFAULT_RESOURCES = {"cpu_type": "X86", "cpu": "1C", "memory": "1G", "gpu_type": "", "gpu": "0"}
# An icon has no empty form that is documented, so it is the one field an update cannot clear.
_CLEARED: dict[str, Any] = {
    "summary": "",
    "description": "",
    "labels": [],
    "inputs": [],
    "outputs": [],
    "node_labels": [],
}


class App:
    """The handler of the kind `App`."""

    def __init__(self, place: Place) -> None:
        self._apps = Versioned(place, "App", "apps", _spec, _complete, _import)

    def create(self, desired: Desired) -> Live:
        """Makes one, or imports it from another space."""
        return self._apps.create(desired)

    def read(self, address: Address, remote_id: str) -> Live | None:
        """The app, or None when there is none."""
        return self._apps.read(address, remote_id)

    def list(self, scope: str) -> Iterator[Listed]:
        """All apps of a space, without their definitions."""
        return self._apps.list(scope)

    def detail(self, address: Address, remote_id: str) -> dict[str, Any]:
        """All that the platform shows of it. Raises NotFound."""
        return self._apps.detail(address, remote_id)

    def browse(self, scope: str, filters: Mapping[str, str], limit: int) -> Iterator[RunSummary]:
        """Rows for people; every column is a filter."""
        return self._apps.browse(scope, filters, limit)

    def find(self, address: Address, mark: Mark) -> tuple[Live, ...]:
        """The app under this name and version, if it carries `mark`."""
        return self._apps.find(address, mark)

    def update(self, remote_id: str, desired: Desired) -> None:
        """Replaces the definition."""
        self._apps.update(remote_id, desired)

    def delete(self, address: Address, remote_id: str) -> None:
        """Removes it; one that is gone is no error."""
        self._apps.delete(address, remote_id)


def _spec(item: Mapping[str, Any], _scope: str) -> dict[str, Any]:
    return app_spec(item)


def _import(place: Place, desired: Desired, source_id: str) -> Call:
    name, _, version = desired.address.name.rpartition("@")
    wanted = {"source_app_id": source_id, "destination_app_name": name, "destination_app_version": version}
    body = {"source_project_id": place.space_id(desired.spec["from"]["space"]), "import_apps": [wanted]}
    path = place.path(desired.address.scope, "apps", "batch-import")
    return Call(f"import app {desired.address.name}", "POST", path, body=body)


def _complete(body: Mapping[str, Any]) -> dict[str, Any]:
    return {**_CLEARED, **body, "resources": {**_DEFAULT_RESOURCES, **body.get("resources", {})}}
