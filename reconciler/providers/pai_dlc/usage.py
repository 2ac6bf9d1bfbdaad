"""What jobs may use up, told before they are submitted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.model.address import Address
    from reconciler.model.manifest import Manifest, Spec
    from reconciler.providers.facilities import MachineType


def gpu_hours(manifests: Iterable[Manifest], machines: Mapping[str, MachineType] | None = None) -> dict[Address, float]:
    """The most accelerator hours that each job can take: accelerators of all its pods, as many as it may be scaled to,
    times its time limit and the time its resources are held afterwards; infinite without a limit.

    `machines` are the instance types on offer by name. A job is missing when nobody can tell: without `machines` each
    that names an instance type, since neither its name nor the contract says what is inside.
    """
    found = {}
    for manifest in manifests:
        if manifest.address.kind == "Job" and (hours := _hours(manifest.spec, machines or {})) is not None:
            found[manifest.address] = hours
    return found


def named_machines(role: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """(pointer, instance type) for each that the pods of a role may run on, as far as it is written out."""
    several = enumerate(role.get("ElasticSpotSpecs") or ())
    named = [("/EcsSpec", role.get("EcsSpec"))]
    named += [(f"/ElasticSpotSpecs/{index}/InstanceType", each.get("InstanceType")) for index, each in several]
    return tuple((pointer, str(name)) for pointer, name in named if name and "$[[" not in str(name))


def _hours(spec: Spec, machines: Mapping[str, MachineType]) -> float | None:
    counts = [_accelerators(role, machines) for role in spec.get("JobSpecs") or ()]
    at_least = math.fsum(count for count in counts if count is not None)
    limit = _minutes(spec)
    if at_least and limit is not None and math.isinf(limit):
        return math.inf  # whatever the other roles have
    if not counts or None in counts:
        return None
    if not at_least:
        return 0.0
    return None if limit is None else at_least * limit / 60


def _accelerators(role: Mapping[str, Any], machines: Mapping[str, MachineType]) -> float | None:
    """Of all pods of a role, None when that is not known."""
    each: float | None
    if role.get("EcsSpec") or role.get("ElasticSpotSpecs"):
        each = _largest(role, machines)
    else:
        share = role.get("ResourceConfig")
        each = _number(share.get("GPU") or "0") if share else None
    pods = _pods(role)
    if each == 0:
        return 0.0
    return None if each is None or pods is None else each * pods


def _largest(role: Mapping[str, Any], machines: Mapping[str, MachineType]) -> float | None:
    """Of the instance types that a pod may run on, the one with the most."""
    names = [name for _, name in named_machines(role)]
    asked = bool(role.get("EcsSpec")) + len(role.get("ElasticSpotSpecs") or ())
    if len(names) < asked or any(name not in machines for name in names):
        return None
    return float(max(machines[name].gpu for name in names))


def _pods(role: Mapping[str, Any]) -> int | None:
    """As many as there may ever be."""
    wanted = role.get("PodCount", 1)
    scaling = role.get("AutoScalingSpec")
    most = scaling.get("MaxReplicas") if scaling else wanted
    return max(wanted, most) if isinstance(wanted, int) and isinstance(most, int) else None


def _minutes(spec: Spec) -> float | None:
    """How long accelerators may be held, infinite without a limit, None when that is not known."""
    limit, held = spec.get("JobMaxRunningTimeMinutes"), (spec.get("Settings") or {}).get("JobReservedMinutes") or 0
    if limit is None:
        return math.inf
    return limit + held if isinstance(limit, int) and isinstance(held, int) else None


def _number(text: object) -> float | None:
    """A count written as text; shares of a device are written with a fraction."""
    written = str(text)
    return float(written) if written.replace(".", "", 1).isdecimal() and written.isascii() else None
