"""What jobs may use up, told before they are submitted: accelerators by what the platform's machines have.

machines                              accelerators of each
------------------------------------  ------------------------------------------------------------
a flavor of v2                        what the platform says of it
a specification of v1                 its `gpu_num`; where that is 0, what v2 says of the same name
a share of a dedicated pool           what its name says (contract, section 7.2)
whole machines of a dedicated pool    what the platform says of the pool's flavor, where it has one
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from reconciler.providers.modelarts.place import part

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.model.address import Address
    from reconciler.model.manifest import Manifest, Spec
    from reconciler.providers.facilities import MachineType
    from reconciler.providers.modelarts.offers import Offers

_SHARES = {f"modelarts.pool.visual.{name}xlarge": n for name, n in (("", 1), ("2", 2), ("4", 4), ("8", 8), ("16", 16))}


def gpu_hours(manifests: Iterable[Manifest], offers: Offers) -> dict[Address, float]:
    """The most accelerator hours of each run: accelerators of all its machines times the hours after which it stops by
    itself; infinite where it does not, as every job of v1. A run is missing when nobody can tell. Raises PlatformError.
    """
    found: dict[Address, float] = {}
    for manifest in manifests:
        if manifest.address.kind == "TrainingJobV2":
            hours = _of_v2(manifest.spec, offers)
        elif manifest.address.kind == "TrainingJob":
            hours = _of_v1(part(manifest.spec, "config"), offers)
        else:
            continue
        if hours is not None:
            found[manifest.address] = hours
    return found


def _of_v2(spec: Spec, offers: Offers) -> float | None:
    around = part(spec, "spec")
    resource = part(around, "resource")
    flavor = str(resource.get("flavor_id") or "")
    if pool := str(resource.get("pool_id") or ""):
        each = _in_pool(pool, flavor, offers)
    else:
        each = _accelerators(offers.machines.get(flavor))
    stop = part(around, "auto_stop")
    return _product(each, resource.get("node_count", 1), stop.get("duration") if stop else math.inf)


def _of_v1(config: Mapping[str, Any], offers: Offers) -> float | None:
    if pool := str(config.get("pool_id") or ""):
        return _product(_in_pool(pool, "", offers), config.get("worker_server_num"), math.inf)
    number, code = config.get("spec_id"), str(config.get("spec_code") or "")
    codes = [name for name, numbers in offers.numbers("spec_code").items() if number in numbers or name == code]
    numbers = {each for name in codes for each in offers.numbers("spec_code")[name]} if number is None else {number}
    known = [offers.machines_v1[each] for each in sorted(numbers) if each in offers.machines_v1]
    most = max((machine.gpu for machine in known), default=0)
    each = most or next((_accelerators(offers.machines[name]) for name in codes if name in offers.machines), None)
    return _product(each, config.get("worker_server_num"), math.inf)


def _in_pool(pool: str, flavor: str, offers: Offers) -> int | None:
    machines = next((each.machines for each in offers.dedicated if each.name == pool), ())
    counts = {_accelerators(offers.machines.get(name)) for name, _ in machines}
    if counts == {0}:
        return 0
    if flavor:
        return _SHARES.get(flavor)
    return counts.pop() if len(counts) == 1 else None


def _accelerators(machine: MachineType | None) -> int | None:
    """None where the platform does not say: not every machine without a count is one without accelerators."""
    if machine is None:
        return None
    return machine.gpu or (0 if machine.accelerator.upper() == "CPU" else None)


def _product(each: int | None, machines: Any, hours: Any) -> float | None:  # noqa: ANN401 - any JSON values
    """Accelerators times machines times hours; nothing at all of no accelerators, however long."""
    if each == 0:
        return 0.0
    known = all(isinstance(number, int | float) and not isinstance(number, bool) for number in (each, machines, hours))
    return float(each * machines * hours) if known and each is not None else None
