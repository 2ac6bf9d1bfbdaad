"""What is known of one address: what the manifest says, what was last done, what is live, and why it is as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.errors import UsageError
from reconciler.operations.plan import Wish, look
from reconciler.operations.selection import matches, no_such_address
from reconciler.operations.validate import declare
from reconciler.operations.wiring import open_store

if TYPE_CHECKING:
    from reconciler.model.address import Address
    from reconciler.model.change import Change
    from reconciler.model.manifest import Manifest
    from reconciler.model.resource import Recorded
    from reconciler.operations.workspace import Say, Workspace


@dataclass(frozen=True, slots=True)
class Known:
    """Everything known of an address."""

    address: Address
    manifest: Manifest | None
    recorded: Recorded | None
    change: Change | None
    needs: tuple[Address, ...]

    def document(self) -> dict[str, Any]:
        """The same as JSON values; secrets are references in all of it."""
        from reconciler.state.encoding import recorded_to_json

        return {
            "address": str(self.address),
            "desired": dict(self.manifest.spec) if self.manifest else None,
            "source": str(self.manifest.source) if self.manifest else "",
            "recorded": recorded_to_json(self.recorded) if self.recorded else None,
            "needs": [str(address) for address in self.needs],
            "action": self.change.action.value if self.change else "",
            "why": self.change.why if self.change else "",
            "phase": self.change.phase.value if self.change and self.change.phase else None,
        }


def show(workspace: Workspace, name: str, say: Say) -> Known:
    """Everything known of the one address that `name` means. Raises UsageError when it means none or several."""
    declared = declare(workspace).required()
    recorded = open_store(workspace).read(workspace.environment.name).resources
    manifests = {manifest.address: manifest for manifest in declared.manifests}
    found = sorted(address for address in {*manifests, *recorded} if matches(address, name))
    if len(found) != 1:
        if not found:
            hint = "Give a saved plan, or an address of `status`."
            raise no_such_address(name, {*manifests, *recorded}, "nothing is known of", hint)
        msg = f"{len(found)} addresses match {name!r}"
        raise UsageError(msg, hint="One of: " + ", ".join(map(str, found[:9])))
    changes = {change.address: change for change in look(workspace, Wish(), say, declared).plan.changes}
    address = found[0]
    return Known(
        address,
        manifests.get(address),
        recorded.get(address),
        changes.get(address),
        declared.edges.dependencies(address),
    )
