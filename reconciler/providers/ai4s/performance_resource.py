"""Performance resources (ai4s contract, section 12): how many jobs may use one, and whether any may.

They cost money, so they are bought and released in the console: here they are only found by name, and set.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from reconciler.errors import Refused
from reconciler.model.address import NO_SCOPE
from reconciler.model.resource import Listed, Live, Phase
from reconciler.providers.ai4s import standing_rows
from reconciler.providers.exchange import Call, segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.model.address import Address
    from reconciler.model.mark import Mark
    from reconciler.model.resource import Desired
    from reconciler.providers.ai4s.place import Place
    from reconciler.providers.protocol import RunSummary

_PATH = "/system/performance-resources"
_SET = ("job_quota", "schedulable")


class PerformanceResource:
    """The handler of the kind `PerformanceResource`."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def create(self, desired: Desired) -> Live:
        """Raises Refused: nothing is bought from a file."""
        known = [str(row["name"]) for row in self.rows()]
        near = difflib.get_close_matches(desired.address.name, known, n=1)
        meant = f"did you mean {near[0]!r}? " if near else ""
        msg = f"there is no performance resource {desired.address.name!r}"
        raise Refused(msg, hint=f"{meant}they are bought in the console, never by an apply")

    def read(self, address: Address, remote_id: str) -> Live | None:
        """The resource, or None: the platform shows none by itself."""
        return next((_live(address, row) for row in self.rows() if str(row["id"]) == remote_id), None)

    def list(self, _scope: str) -> Iterator[Listed]:
        """All of the account."""
        for row in self.rows():
            address = self._place.address("PerformanceResource", NO_SCOPE, str(row["name"]))
            yield Listed(address, str(row["id"]), None, _live(address, row))

    def browse(self, _scope: str, filters: Mapping[str, str], limit: int) -> Iterator[RunSummary]:
        """Rows for people; every column is a filter."""
        return standing_rows.browse(standing_rows.performance_resource, self.rows(), filters, limit)

    def find(self, address: Address, mark: Mark) -> tuple[Live, ...]:  # noqa: ARG002 - it carries no mark
        """The one of this name."""
        return tuple(_live(address, row) for row in self.rows() if row["name"] == address.name)

    def update(self, remote_id: str, desired: Desired) -> None:
        """Sets what is declared."""
        body = {name: desired.spec[name] for name in _SET if desired.spec.get(name) is not None}
        path = f"{_PATH}/{segment(remote_id)}"
        self._place.call(Call(f"set performance resource {desired.address.name}", "PUT", path, body=body))

    def rows(self) -> Sequence[dict[str, Any]]:
        """All of them, as the platform shows them."""
        return self._place.items(Call("list performance resources", "GET", _PATH), "resources")


def _live(address: Address, row: Mapping[str, Any]) -> Live:
    spec = {name: row[name] for name in ("name", *_SET) if row.get(name) is not None}
    return Live(address, str(row["id"]), spec, Phase.READY, status=str(row.get("status") or ""))
