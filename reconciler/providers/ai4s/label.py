"""Labels of the account's library (ai4s contract, section 5). They have no update, and their names may repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.model.address import NO_SCOPE
from reconciler.model.resource import Listed, Live, Phase
from reconciler.providers.ai4s import standing_rows
from reconciler.providers.ai4s.marks import mark_of, with_footer, without_mark
from reconciler.providers.ai4s.shapes import without_nulls
from reconciler.providers.exchange import Call, segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.model.address import Address
    from reconciler.model.mark import Mark
    from reconciler.model.resource import Desired
    from reconciler.providers.ai4s.place import Place
    from reconciler.providers.protocol import RunSummary

LONGEST_DESCRIPTION = 255
_PATH = "/system/labels"


class Label:
    """The handler of the kind `Label`."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def create(self, desired: Desired) -> Live:
        """Adds one to the library."""
        body = with_footer(without_nulls(dict(desired.spec)), desired.mark, longest_description=LONGEST_DESCRIPTION)
        remote_id = self._place.created(Call(f"create label {desired.address.name}", "POST", _PATH, body=body))
        return Live(desired.address, remote_id, {}, Phase.READY, desired.mark)

    def read(self, address: Address, remote_id: str) -> Live | None:
        """The label, looked up in the library: the platform shows none by itself."""
        return next((_live(address, row) for row in self._rows() if str(row["id"]) == remote_id), None)

    def list(self, _scope: str) -> Iterator[Listed]:
        """The whole library."""
        for row in self._rows():
            address = self._place.address("Label", NO_SCOPE, str(row["name"]))
            yield Listed(address, str(row["id"]), mark_of(row), _live(address, row))

    def browse(self, _scope: str, filters: Mapping[str, str], limit: int) -> Iterator[RunSummary]:
        """Rows for people; every column is a filter."""
        return standing_rows.browse(standing_rows.label, self._rows(), filters, limit)

    def find(self, address: Address, mark: Mark) -> tuple[Live, ...]:
        """Those that carry `mark`."""
        return tuple(_live(address, row) for row in self._rows() if mark_of(row) == mark)

    def delete(self, address: Address, remote_id: str) -> None:
        """Takes it out of the library; what carries its text keeps it."""
        self._place.removed(Call(f"delete label {address.name}", "DELETE", f"{_PATH}/{segment(remote_id)}"))

    def _rows(self) -> Sequence[dict[str, Any]]:
        return self._place.items(Call("list labels", "GET", _PATH), "labels")


def _live(address: Address, row: Mapping[str, Any]) -> Live:
    plain = without_mark(row)
    spec = {name: plain[name] for name in ("name", "description", "level") if plain.get(name) is not None}
    return Live(address, str(row["id"]), spec, Phase.READY, mark_of(row))
