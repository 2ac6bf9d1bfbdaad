"""What the cluster can tell of tasks before they are submitted (contract, trap 13): beyond quota or too large for their
group, they would be accepted and wait for ever.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, cast

from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.providers.hai.cluster import PRIORITIES
from reconciler.providers.hai.usage import gpu_hours

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.address import Address
    from reconciler.model.manifest import Manifest
    from reconciler.providers.facilities import Allowance
    from reconciler.providers.hai.connection import HaiConnection
    from reconciler.providers.protocol import Connection

_DEFAULT = "default"
_AUTO = -1
_READY = "Ready"


def foresee(connection: Connection, manifests: tuple[Manifest, ...]) -> Iterator[Diagnostic]:
    """Findings about tasks that are about to be submitted. Raises PlatformError."""
    cluster = cast("HaiConnection", connection).cluster
    ready: Counter[str] = Counter()
    for node in cluster.nodes():
        if node.status == _READY:
            ready.update(_with_parents(node.group))
    limits = {allowance.name: allowance for allowance in cluster.quota() if allowance.limit is not None}
    groups = {*ready, *(name.rpartition("/")[0] for name in limits)}
    for manifest in manifests:
        yield from _task(manifest, ready, limits, groups)


def gpu_hours_there(connection: Connection, manifests: tuple[Manifest, ...]) -> dict[Address, float]:
    """The most accelerator hours of each task, by the nodes of the cluster. Raises PlatformError."""
    return gpu_hours(manifests, cast("HaiConnection", connection).cluster.nodes())


def _task(
    manifest: Manifest, ready: Mapping[str, int], limits: Mapping[str, Allowance], groups: set[str]
) -> Iterator[Diagnostic]:
    resource = manifest.spec.get("resource") or {}
    group = str(resource.get("group") or _DEFAULT).partition("#")[0]
    count = int(resource.get("node_count") or 1)
    if "$[[" in group or group == _DEFAULT:
        return
    if groups and group not in groups:
        message = f"the cluster has no group {group!r}"
        yield _finding(manifest, Severity.ERROR, "capacity.unknown-group", "/resource/group", message, _known(groups))
        return
    if ready and count > ready.get(group, 0):
        message = f"{count} nodes of {group} are wanted, and {ready.get(group, 0)} are ready"
        hint = "it would wait until there are enough: ask for fewer, or for another group"
        yield _finding(manifest, Severity.WARNING, "capacity.too-few-nodes", "/resource/node_count", message, hint)
    priority = int(manifest.spec.get("priority", _AUTO))
    limit = _limit(group, priority, limits)
    if limit is not None and count > limit:
        level = PRIORITIES.get(priority, str(priority))
        message = f"{count} nodes of {group} are wanted at priority {level}, and the quota is {limit}"
        hint = "it would wait for ever: ask for fewer, for another priority, or for more quota"
        yield _finding(manifest, Severity.WARNING, "capacity.over-quota", "/resource/node_count", message, hint)


def _limit(group: str, priority: int, limits: Mapping[str, Allowance]) -> int | None:
    """The quota at a priority; AUTO takes the best of all. None where the account gets no figures."""
    if not limits:
        return None
    if priority == _AUTO:
        return max((a.limit or 0 for name, a in limits.items() if name.rpartition("/")[0] == group), default=0)
    allowance = limits.get(f"{group}/{PRIORITIES.get(priority, '')}")
    return allowance.limit if allowance and allowance.limit is not None else 0


def _with_parents(group: str) -> list[str]:
    """`a.b.c` is in `a.b.c`, `a.b` and `a`."""
    parts = group.split(".")
    return [".".join(parts[: length + 1]) for length in range(len(parts))]


def _known(groups: set[str]) -> str:
    return f"there is {', '.join(sorted(groups)[:8])}"


def _finding(manifest: Manifest, severity: Severity, code: str, pointer: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(severity, code, message, pointer=pointer, hint=hint, address=manifest.address)
