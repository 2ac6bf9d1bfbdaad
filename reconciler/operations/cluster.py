"""The account and the machines behind the targets, where a platform tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from reconciler.errors import UsageError
from reconciler.operations.selection import no_such_target
from reconciler.operations.wiring import connected

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.operations.workspace import Say, Workspace
    from reconciler.providers.containers import Cluster, Storage
    from reconciler.providers.facilities import Allowance, ClusterNode, Engine, Identity, MachineType, Pool

_Told = TypeVar("_Told")


def nodes(workspace: Workspace, target: str, say: Say) -> dict[str, tuple[ClusterNode, ...]]:
    """The machines of each target that tells, or of `target`. Raises UsageError when none does."""
    from reconciler.providers.facilities import ShowsNodes

    return _ask(workspace, target, ShowsNodes, lambda able: able.nodes(), say)


def engines(workspace: Workspace, target: str, say: Say) -> dict[str, tuple[Engine, ...]]:
    """The frameworks that each target offers, or `target`. Raises UsageError when none does."""
    from reconciler.providers.facilities import OffersEngines

    return _ask(workspace, target, OffersEngines, lambda able: able.engines(), say)


def pools(workspace: Workspace, target: str, say: Say) -> dict[str, tuple[Pool, ...]]:
    """The pools of machines on each target that has some, or on `target`. Raises UsageError when none does."""
    from reconciler.providers.facilities import OffersPools

    return _ask(workspace, target, OffersPools, lambda able: able.pools(), say)


def clusters(workspace: Workspace, target: str, say: Say) -> dict[str, tuple[Cluster, ...]]:
    """The clusters that runs can be sent to on each target that tells, or on `target`. Raises UsageError for none."""
    from reconciler.providers.containers import OffersClusters

    return _ask(workspace, target, OffersClusters, lambda able: able.clusters(), say)


def storages(workspace: Workspace, target: str, say: Say) -> dict[str, tuple[Storage, ...]]:
    """What can be mounted on each target that tells, or on `target`. Raises UsageError when none does."""
    from reconciler.providers.containers import OffersStorages

    return _ask(workspace, target, OffersStorages, lambda able: able.storages(), say)


def whoami(workspace: Workspace, target: str, say: Say) -> dict[str, tuple[Identity, tuple[Allowance, ...]]]:
    """Whom each target that tells, or `target`, takes us for, and our limits there. Raises UsageError for none."""
    from reconciler.providers.facilities import Identifies, LimitsUse

    def tell(able: Identifies) -> tuple[Identity, tuple[Allowance, ...]]:
        return able.whoami(), able.quota() if isinstance(able, LimitsUse) else ()

    return _ask(workspace, target, Identifies, tell, say)


def quota(workspace: Workspace, target: str, say: Say) -> dict[str, tuple[Allowance, ...]]:
    """The limits on each target that tells, or on `target`. Raises UsageError when none does."""
    from reconciler.providers.facilities import LimitsUse

    return _ask(workspace, target, LimitsUse, lambda able: able.quota(), say)


def specs(
    workspace: Workspace, target: str, accelerator: str, names: Sequence[str], say: Say
) -> dict[str, tuple[MachineType, ...]]:
    """The machines one can ask for on each target that tells, or on `target`. Raises UsageError when none does."""
    from reconciler.providers.facilities import OffersMachines

    return _ask(workspace, target, OffersMachines, lambda able: able.specs(accelerator=accelerator, names=names), say)


def set_quota(workspace: Workspace, target: str, name: str, amount: int, say: Say) -> str:
    """Sets one limit, on the one target that has limits or on `target`, and returns that target. Raises UsageError."""
    from reconciler.providers.facilities import LimitsUse

    able = quota(workspace, target, say)
    if len(able) > 1:
        msg = f"several targets have limits: {', '.join(sorted(able))}"
        raise UsageError(msg, hint="Say which one with --target.")
    (chosen,) = able
    _ask(workspace, chosen, LimitsUse, lambda connection: connection.set_quota(name, amount), say)
    return chosen


def _ask(
    workspace: Workspace, target: str, ability: type[Any], act: Callable[[Any], _Told], say: Say
) -> dict[str, _Told]:
    """What `act` returns for each target that has `ability`, by its name."""
    known = workspace.environment.targets
    if target and target not in known:
        raise no_such_target(target, workspace.environment)
    chosen = [target] if target else sorted(known)
    with connected(workspace, chosen, say) as connections:
        told = {name: act(connections[name]) for name in chosen if isinstance(connections[name], ability)}
    if not told:
        msg = f"{target or 'no target of this environment'} {'does not tell' if target else 'tells'} that"
        raise UsageError(msg, hint="Not every platform has an interface for it.")
    return told
