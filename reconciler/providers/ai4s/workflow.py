"""Workflows: tasks that run apps, wired by their values (ai4s contract, section 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.providers.ai4s.shapes import workflow_spec
from reconciler.providers.ai4s.versioned import Versioned
from reconciler.providers.exchange import Call

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.address import Address
    from reconciler.model.mark import Mark
    from reconciler.model.resource import Desired, Listed, Live
    from reconciler.providers.ai4s.place import Place
    from reconciler.providers.protocol import RunSummary

_CLEARED: dict[str, Any] = {"summary": "", "description": "", "labels": [], "timeout": 1440, "output_dir": ""}


class Workflow:
    """The handler of the kind `Workflow`."""

    def __init__(self, place: Place) -> None:
        self._workflows = Versioned(place, "Workflow", "workflows", workflow_spec, _complete, _import)

    def create(self, desired: Desired) -> Live:
        """Makes one, or imports it and its apps from another space."""
        return self._workflows.create(desired)

    def read(self, address: Address, remote_id: str) -> Live | None:
        """The workflow with its apps named by name, version and space, or None when there is none."""
        return self._workflows.read(address, remote_id)

    def list(self, scope: str) -> Iterator[Listed]:
        """All workflows of a space, without their tasks."""
        return self._workflows.list(scope)

    def detail(self, address: Address, remote_id: str) -> dict[str, Any]:
        """All that the platform shows of it. Raises NotFound."""
        return self._workflows.detail(address, remote_id)

    def browse(self, scope: str, filters: Mapping[str, str], limit: int) -> Iterator[RunSummary]:
        """Rows for people; every column is a filter."""
        return self._workflows.browse(scope, filters, limit)

    def find(self, address: Address, mark: Mark) -> tuple[Live, ...]:
        """The workflow under this name and version, if it carries `mark`."""
        return self._workflows.find(address, mark)

    def update(self, remote_id: str, desired: Desired) -> None:
        """Replaces the definition."""
        self._workflows.update(remote_id, desired)

    def delete(self, address: Address, remote_id: str) -> None:
        """Removes it; one that is gone is no error."""
        self._workflows.delete(address, remote_id)


def _import(place: Place, desired: Desired, source_id: str) -> Call:
    name, _, version = desired.address.name.rpartition("@")
    body = {
        "source_project_id": place.space_id(desired.spec["from"]["space"]),
        "source_workflow_id": source_id,
        "destination_workflow_name": name,
        "destination_workflow_version": version,
    }
    path = place.path(desired.address.scope, "workflows", "import")
    return Call(f"import workflow {desired.address.name}", "POST", path, body=body)


def _complete(body: Mapping[str, Any]) -> dict[str, Any]:
    return {**_CLEARED, **body}
