"""What runs may use up, by the estimates of their platforms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import PlatformError
from reconciler.model.kind import Life
from reconciler.planning.drift import as_declared

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.address import Address
    from reconciler.model.manifest import Manifest
    from reconciler.operations.workspace import Workspace
    from reconciler.providers.protocol import Connection
    from reconciler.state.protocol import State


def gpu_hours(
    workspace: Workspace, manifests: Sequence[Manifest], connections: Mapping[str, Connection]
) -> dict[Address, float] | None:
    """The most accelerator hours of each run, a run nobody can tell of missing; None when none of the platforms
    concerned estimates. A target of `connections` is asked what its machines have; where it does not answer, what can
    be told from the manifests alone counts.
    """
    concerned = {manifest.platform for manifest in manifests}
    providers = [(name, provider) for name, provider in workspace.providers.items() if name in concerned]
    if not any(provider.gpu_hours or provider.gpu_hours_there for _, provider in providers):
        return None
    found: dict[Address, float] = {}
    for name, provider in providers:
        if provider.gpu_hours:
            found |= provider.gpu_hours(tuple(m for m in manifests if m.platform == name))
    for target, connection in connections.items():
        theirs = tuple(manifest for manifest in manifests if manifest.address.target == target)
        found |= _asked(workspace, target, connection, theirs)
    return found


def at_risk(workspace: Workspace, state: State, connections: Mapping[str, Connection]) -> dict[Address, float] | None:
    """The same estimates for runs as they were submitted; None when all that memory knows of have ended."""
    lives = {name: kind.life for name, kind in workspace.kinds.items()}
    resources = state.resources.values()
    going = any(lives.get((r.platform, r.address.kind)) is Life.RUN and not r.phase.ended for r in resources)
    return gpu_hours(workspace, [as_declared(each) for each in resources], connections) if going else None


def _asked(
    workspace: Workspace, target: str, connection: Connection, manifests: tuple[Manifest, ...]
) -> Mapping[Address, float]:
    """What one target tells; nothing when it does not answer, which is said where it is asked for its limits."""
    provider = workspace.providers[workspace.platforms[target]]
    if provider.gpu_hours_there is None or not manifests:
        return {}
    try:
        return provider.gpu_hours_there(connection, manifests)
    except PlatformError:
        return {}
