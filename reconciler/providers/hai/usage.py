"""What tasks may use up, told before they are submitted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.address import Address
    from reconciler.model.manifest import Manifest, Spec
    from reconciler.providers.facilities import ClusterNode

_ANY_GROUP = "default"


def gpu_hours(manifests: Iterable[Manifest], nodes: Iterable[ClusterNode] = ()) -> dict[Address, float]:
    """The most accelerator hours that each task can take from one start to the next suspension: accelerators of its
    nodes times `options.timeout`; infinite without one.

    The platform starts the clock anew when a suspended task goes on (contract, section 4), so a task that gives way
    may use that much again. A node is counted whole, by the largest one of its group. A task is missing when nobody
    can tell: without `nodes`, or where none is in its group.
    """
    known = tuple(nodes)
    found = {}
    for manifest in manifests:
        each = _accelerators(manifest.spec, known)
        if each is not None:
            found[manifest.address] = _count(manifest.spec) * each * _hours(manifest.spec) if each else 0.0
    return found


def _accelerators(spec: Spec, nodes: tuple[ClusterNode, ...]) -> int | None:
    """The most that one node of the task has."""
    group = str((spec.get("resource") or {}).get("group") or _ANY_GROUP).partition("#")[0]
    if "$[[" in group:
        return None
    inside = [node.gpu for node in nodes if group == _ANY_GROUP or f"{node.group}.".startswith(f"{group}.")]
    return max(inside, default=None)


def _count(spec: Spec) -> int:
    return int((spec.get("resource") or {}).get("node_count") or 1)


def _hours(spec: Spec) -> float:
    """Of one life; -1 is never."""
    seconds = (spec.get("options") or {}).get("timeout")
    return seconds / 3600 if isinstance(seconds, int) and seconds > 0 else math.inf
