"""What an account can ask for: engines, flavors, pools, and how much is left (contract, sections 6, 7.1 and 8)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from reconciler.errors import Refused, Throttled, Unauthenticated, UsageError
from reconciler.providers.exchange import Call
from reconciler.providers.facilities import Allowance, Engine, MachineType, Pool
from reconciler.providers.modelarts.place import part, path_to, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reconciler.providers.modelarts.place import Place


class Offers:
    """Reads catalogues; changes nothing."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def engines(self) -> tuple[Engine, ...]:
        """The preset engines of v2 by name and version, then those of v1 with their numbers, where there is a v1."""
        old = [
            Engine(_text(row, "engine_id"), _text(row, "engine_name"), _text(row, "engine_version"), "v1")
            for row in _if_served(lambda: self.engines_v1)
        ]
        return (*self.presets, *sorted(old, key=_by_name))

    @cached_property
    def presets(self) -> tuple[Engine, ...]:
        """Those of v2; asked for once, since whoever plans looks several times."""
        call = Call("list engines", "GET", path_to("training-job-engines"))
        rows = self._place.rows(self._place.v2(call), "items", call)
        found = [
            Engine(_text(row, "engine_id"), _text(row, "engine_name"), _text(row, "engine_version")) for row in rows
        ]
        return tuple(sorted(found, key=_by_name))

    def specs(self, *, accelerator: str = "", names: Sequence[str] = ()) -> tuple[MachineType, ...]:
        """The flavors of v2, by name; with `v1:` in front of their number those of v1, where there is a v1."""
        found = [*self.machines.values(), *map(_spec, _if_served(lambda: self.specs_v1))]
        wanted = accelerator.lower()
        return tuple(
            sorted(
                (
                    m
                    for m in found
                    if (not names or m.name in names) and (not wanted or m.accelerator.lower() == wanted)
                ),
                key=lambda machine: machine.name,
            )
        )

    @cached_property
    def machines(self) -> dict[str, MachineType]:
        """The flavors of v2 by name."""
        return {_text(row, "flavor_id"): _flavor(row) for row in self._flavors}

    @cached_property
    def machines_v1(self) -> dict[int, MachineType]:
        """The specifications of v1 by number."""
        return {number: _spec(row) for row in self.specs_v1 if (number := whole(row.get("spec_id"))) is not None}

    @cached_property
    def engines_v1(self) -> list[dict[str, Any]]:
        """The preset engines of v1, as the platform shows them."""
        call = Call("list engines of v1", "GET", "/job/ai-engines", query={"job_type": "train"})
        return self._place.rows(self._place.v1(call), "engines", call)

    @cached_property
    def specs_v1(self) -> list[dict[str, Any]]:
        """The specifications of v1, as the platform shows them."""
        call = Call("list specifications of v1", "GET", "/job/resource-specs", query={"job_type": "train"})
        return self._place.rows(self._place.v1(call), "specs", call)

    def numbers(self, name: str) -> dict[str, tuple[int, ...]]:
        """The numbers of v1 by the names that `engine_version` or `spec_code` may have."""
        rows, key = (self.engines_v1, "engine_id") if name == "engine_version" else (self.specs_v1, "spec_id")
        found: dict[str, tuple[int, ...]] = {}
        for row in rows:
            if (number := whole(row.get(key))) is not None:
                found[_text(row, name)] = (*found.get(_text(row, name), ()), number)
        return found

    def limits(self) -> dict[str, int]:
        """The most machines of each flavor that one job may have."""
        return _limits(self._flavors, "flavor_id")

    def limits_v1(self) -> dict[str, int]:
        """The same of the specifications of v1, by their number as text."""
        return _limits(self.specs_v1, "spec_id")

    def pools(self) -> tuple[Pool, ...]:
        """The dedicated pools, by name."""
        call = Call("list pools", "GET", path_to("pools"))
        rows = self._place.rows(self._place.v2(call), "items", call)
        return tuple(sorted((_pool(row) for row in rows), key=lambda pool: pool.name))

    @cached_property
    def dedicated(self) -> tuple[Pool, ...]:
        """The same, asked for once."""
        return self.pools()

    def quota(self) -> tuple[Allowance, ...]:
        """How much may be used, by name."""
        call = Call("read quotas", "GET", path_to("training-quotas"))
        rows = self._place.rows(self._place.v2(call), "quotas", call)
        found = (Allowance(_text(row, "resource"), _limit(row.get("quota")), whole(row.get("used"))) for row in rows)
        return tuple(sorted(found, key=lambda allowance: allowance.name))

    def set_quota(self, name: str, amount: int) -> None:  # noqa: ARG002 - nobody can
        """Raises UsageError: quotas are raised by the vendor, on request."""
        msg = f"the quota {name} cannot be set from here"
        raise UsageError(msg, hint="ask for more in the console of the cloud, under quotas")

    @cached_property
    def _flavors(self) -> list[dict[str, Any]]:
        call = Call("list flavors", "GET", path_to("training-job-flavors"))
        return self._place.rows(self._place.v2(call), "flavors", call)


def _if_served(rows: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Rows of the legacy API; none where a region does not serve it any more, or not to this account."""
    try:
        return rows()
    except (Unauthenticated, Throttled):
        raise
    except Refused:
        return []


def _limits(rows: Sequence[Mapping[str, Any]], key: str) -> dict[str, int]:
    found = ((_text(row, key), whole(row.get("max_num"))) for row in rows)
    return {name: most for name, most in found if most}


def _flavor(row: Mapping[str, Any]) -> MachineType:
    info = part(row, "flavor_info")
    kind = _text(row, "flavor_type")
    card = part(info, "npu") or part(info, "gpu")
    memory = part(info, "memory")
    return MachineType(
        name=_text(row, "flavor_id"),
        accelerator=kind,
        cpu=whole(part(info, "cpu").get("core_num")) or 0,
        memory=f"{memory.get('size', '')}{memory.get('unit', '')}",
        gpu=whole(card.get("unit_num")) or 0,
        gpu_type=str(card.get("product_name") or ""),
    )


def _spec(row: Mapping[str, Any]) -> MachineType:
    sold_out = row.get("no_resource")
    return MachineType(
        name=f"v1:{_text(row, 'spec_id')}",
        accelerator="GPU" if whole(row.get("gpu_num")) else "CPU",
        cpu=whole(row.get("core")) or 0,
        memory=f"{_text(row, 'cpu')}GB",
        gpu=whole(row.get("gpu_num")) or 0,
        gpu_type=_text(row, "gpu_type"),
        available=None if sold_out is None else not sold_out,
    )


def _pool(row: Mapping[str, Any]) -> Pool:
    spec, status = part(row, "spec"), part(row, "status")
    machines = tuple(
        (str(each.get("flavor") or ""), whole(each.get("count")) or 0)
        for each in spec.get("resources") or ()
        if isinstance(each, dict)
    )
    scope = tuple(str(each) for each in spec.get("scope") or ())
    return Pool(str(part(row, "metadata").get("name") or ""), str(status.get("phase") or ""), scope, machines)


def _limit(value: Any) -> int | None:  # noqa: ANN401 - any JSON value
    """A quota; a negative one is none."""
    number = whole(value)
    return None if number is None or number < 0 else number


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value)


def _by_name(engine: Engine) -> tuple[str, str]:
    return engine.name, engine.version
