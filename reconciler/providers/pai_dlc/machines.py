"""The instance types on offer (contract, section 7). Stock moves by the minute: what it says is a hint, no promise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.providers.facilities import MachineType
from reconciler.providers.paging import Page, every_page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.providers.pai_dlc.place import Place

_PAGE = 100


class Machines:
    """What one region offers."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._offer: dict[str, MachineType] | None = None

    def offer(self) -> Mapping[str, MachineType]:
        """Everything by name, asked for once: whoever plans looks several times."""
        if self._offer is None:
            self._offer = {machine.name: machine for machine in self.specs()}
        return self._offer

    def specs(self, *, accelerator: str = "", names: Sequence[str] = ()) -> tuple[MachineType, ...]:
        """By name. `accelerator` is CPU or GPU, "" for both; `names` limits it to these."""
        operation = "list instance types"
        query = {"PageSize": str(_PAGE), "SortBy": "CPU", "Order": "asc"}
        if accelerator:
            query["AcceleratorType"] = accelerator.upper()
        if names:
            query["InstanceTypes"] = ",".join(names)

        def fetch(number: int) -> Page:
            asked = {**query, "PageNumber": str(number + 1)}
            answer = self._place.read("ListEcsSpecs", operation, "/api/v1/ecsspecs", asked)
            total = answer.get("TotalCount")
            return Page(self._place.rows(answer, "EcsSpecs", operation), total if isinstance(total, int) else None)

        rows = every_page(fetch, key=lambda row: str(row.get("InstanceType")))
        return tuple(sorted(map(_machine, rows), key=lambda machine: machine.name))


def _machine(row: dict[str, Any]) -> MachineType:
    payments = tuple(str(each) for each in row.get("PaymentTypes") or ())
    discount = row.get("NonProtectSpotDiscount")
    available = row.get("IsAvailable")
    return MachineType(
        name=str(row.get("InstanceType") or ""),
        accelerator=str(row.get("AcceleratorType") or ""),
        cpu=int(row.get("Cpu") or 0),
        memory=f"{row['Memory']} GiB" if row.get("Memory") else "",
        gpu=int(row.get("Gpu") or 0),
        gpu_type=str(row.get("GpuType") or ""),
        available=available if isinstance(available, bool) else None,
        spot="Spot" in payments,
        spot_discount=float(discount) if isinstance(discount, int | float) and discount > 0 else None,
        drivers=tuple(str(each) for each in row.get("SupportedGPUDrivers") or ()),
    )
