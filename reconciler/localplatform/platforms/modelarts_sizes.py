"""What machines there are to ask for: flavors of v2, specifications of v1, the dedicated pool (contract, 6, 7.1 and 8).

Nothing of it is here: the figures are made up but plausible. A cluster is asked for what they say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from reconciler.localplatform.platforms.modelarts_words import PLATFORM
from reconciler.localplatform.work import Limits, Size

if TYPE_CHECKING:
    from collections.abc import Mapping

FLAVORS = {
    "modelarts.vm.cpu.2u": ("CPU", 2, 8, 0),
    "modelarts.vm.cpu.8u": ("CPU", 8, 32, 0),
    "modelarts.p3.large.public": ("GPU", 8, 64, 1),
    "modelarts.p3.8xlarge.public": ("GPU", 64, 512, 8),
    "modelarts.kat1.8xlarge": ("Ascend", 96, 720, 8),
}
"""Type, cores, gigabytes and cards of each flavor, by its name."""
SPECS = {
    1: ("modelarts.vm.cpu.2u", "2", "8", 0, ""),
    2: ("modelarts.vm.cpu.8u", "8", "32", 0, ""),
    3: ("modelarts.p3.large.public", "8", "64", 1, "nvidia-v100"),
}
"""Code, cores, gigabytes, cards and their type of each specification, by its id."""
POOL_SPEC = 2
"""What a machine of the dedicated pool is, shown beside the pool."""
POOL, POOL_FLAVOR = "pool-local", SPECS[POOL_SPEC][0]
"""The one dedicated pool there is, and what its machines are."""
_GIB = 1024**3
_POWERS = (("", 1), ("2", 2), ("4", 4), ("8", 8), ("16", 16))
_SHARES = {f"modelarts.pool.visual.{power}xlarge": cards for power, cards in _POWERS}
"""So many cards of a machine of a pool, and as much of the rest as belongs to them."""
_CORES_OF_A_CARD, _GIGABYTES_OF_A_CARD = 8, 64


class Machine(NamedTuple):
    """What was chosen, and how large it is, None where that is not known here."""

    size: Size
    limits: Limits | None


def machine_v2(resource: Mapping[str, Any]) -> Machine:
    """By the flavor, else by the pool."""
    return _machine(str(resource.get("flavor_id") or resource.get("pool_id") or ""))


def machine_v1(config: Mapping[str, Any]) -> Machine:
    """By the specification, else by the pool."""
    if config.get("pool_id"):
        return _machine(config["pool_id"])
    number = config.get("spec_id")
    if number is None:
        return _machine("")
    return _machine(SPECS[number][0] if number in SPECS else f"{PLATFORM}/spec-{number}")


def _machine(name: str) -> Machine:
    if cards := _SHARES.get(name, 0):
        return Machine(Size(name), Limits(cards * _CORES_OF_A_CARD, cards * _GIGABYTES_OF_A_CARD * _GIB, cards))
    row = FLAVORS.get(POOL_FLAVOR if name == POOL else name)
    if row is None:
        return Machine(Size(name), None)
    _, cores, gigabytes, cards = row
    return Machine(Size(name), Limits(cores, gigabytes * _GIB, cards))
