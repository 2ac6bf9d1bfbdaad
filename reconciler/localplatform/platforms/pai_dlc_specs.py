"""The instance types on offer (platform contract, section 7). This machine has none of them; the figures are made up
but plausible, so that whoever plans against it can be told what real ones tell.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from reconciler.localplatform.face import Reply, Route
from reconciler.localplatform.platforms.pai_dlc_words import ROOT, direction, fine, invalid, number, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.localplatform.face import Call

_DRIVERS = ["470.199.02", "535.54.03", "550.127.08"]
_PAGES = 1000


def _cpu(name: str, cores: int, memory: int, *, spot: float = 0.0) -> dict[str, Any]:
    return _spec(name, cores, memory, spot=spot)


def _gpu(name: str, cores: int, memory: int, gpus: tuple[int, str, int], *, spot: float = 0.0) -> dict[str, Any]:
    count, model, each = gpus
    return {
        **_spec(name, cores, memory, spot=spot),
        "AcceleratorType": "GPU",
        "Gpu": count,
        "GpuType": model,
        "GpuMemory": each,
        "DefaultGPUDriver": _DRIVERS[1],
        "SupportedGPUDrivers": list(_DRIVERS),
    }


def _spec(name: str, cores: int, memory: int, *, spot: float) -> dict[str, Any]:
    return {
        "InstanceType": name,
        "AcceleratorType": "CPU",
        "Cpu": cores,
        "Gpu": 0,
        "GpuType": "",
        "Memory": memory,
        "GpuMemory": 0,
        "IsAvailable": True,
        "ResourceType": "ECS",
        "DefaultGPUDriver": "",
        "SupportedGPUDrivers": [],
        "SpotStockStatus": "WithStock" if spot else "NoStock",
        "NonProtectSpotDiscount": spot,
        "PaymentTypes": ["PostPaid", "Spot"] if spot else ["PostPaid"],
    }


_OFFER = (
    _cpu("ecs.g6.large", 2, 8, spot=0.2),
    _cpu("ecs.g6.xlarge", 4, 16, spot=0.2),
    _cpu("ecs.g6.2xlarge", 8, 32),
    _cpu("ecs.g7.4xlarge", 16, 64, spot=0.35),
    _gpu("ecs.gn6i-c4g1.xlarge", 4, 15, (1, "T4", 16), spot=0.3),
    _gpu("ecs.gn6v-c8g1.2xlarge", 8, 32, (1, "V100", 16), spot=0.4),
    _gpu("ecs.gn7i-c8g1.2xlarge", 8, 30, (1, "A10", 24)),
    {**_gpu("ecs.gn7e-c16g1.16xlarge", 64, 480, (8, "A100", 80)), "IsAvailable": False},
)
TYPES: Mapping[str, Mapping[str, Any]] = {spec["InstanceType"]: spec for spec in _OFFER}
"""By name."""


class Request(NamedTuple):
    """What all pods of a job ask for together; memory in GiB."""

    cpu: float
    gpu: float
    memory: float


def requested(body: Mapping[str, Any]) -> Request:
    """By the machines of its roles, or by their shares of a quota."""
    found = [0.0, 0.0, 0.0]
    for role in body["JobSpecs"]:
        each = requested_by(role)
        found = [total + int(role.get("PodCount") or 1) * one for total, one in zip(found, each, strict=True)]
    return Request(*found)


def requested_by(role: Mapping[str, Any]) -> Request:
    """What each pod of a role asks for."""
    share, machine = role.get("ResourceConfig") or {}, TYPES.get(role.get("EcsSpec") or "", {})
    return Request(*(float(machine.get(name) or _amount(share.get(other))) for name, other in _REQUESTED))


def _amount(text: object) -> float:
    """`16Gi` is 16, what is no number nothing."""
    number = re.match(r"\d+(?:\.\d+)?", str(text or ""))
    return float(number[0]) if number else 0.0


_REQUESTED = (("Cpu", "CPU"), ("Gpu", "GPU"), ("Memory", "Memory"))
_SORTS = {"CPU": "Cpu", "Cpu": "Cpu", "GPU": "Gpu", "Gpu": "Gpu", "Memory": "Memory", "InstanceType": "InstanceType"}


def list_ecs_specs(call: Call) -> Reply:
    """A page of what is on offer."""
    accelerator, resource = text(call, "AcceleratorType"), text(call, "ResourceType")
    names = {name for name in text(call, "InstanceTypes").split(",") if name}
    rows = [
        spec
        for spec in TYPES.values()
        if accelerator in {"", spec["AcceleratorType"]}
        and resource in {"", spec["ResourceType"]}
        and (not names or spec["InstanceType"] in names)
    ]
    sort = text(call, "SortBy")
    if sort and sort not in {*_SORTS, "GmtCreateTime", "GpuType", "AcceleratorType", "ResourceType"}:
        raise invalid(f"SortBy: {sort!r} is none")
    rows.sort(
        key=lambda spec: spec[_SORTS.get(sort, "InstanceType")], reverse=bool(text(call, "Order")) and direction(call)
    )
    size = number(call, "PageSize", _PAGES, 1, _PAGES)
    first = (number(call, "PageNumber", 1, 1, _PAGES) - 1) * size
    return fine(call, EcsSpecs=rows[first : first + size], TotalCount=len(rows))


ROUTES = (Route("GET", f"{ROOT}/ecsspecs", "ListEcsSpecs", list_ecs_specs),)
