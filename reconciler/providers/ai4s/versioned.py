"""What apps and workflows have in common: a definition under a name and a version that are unique in their space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.errors import NotFound
from reconciler.model.resource import Listed, Live, Phase
from reconciler.providers.ai4s.marks import mark_of, with_mark
from reconciler.providers.ai4s.place import Place, created_id, items, shown
from reconciler.providers.ai4s.shapes import without_nulls
from reconciler.providers.exchange import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from reconciler.model.address import Address
    from reconciler.model.mark import Mark
    from reconciler.model.resource import Desired

LONGEST_DESCRIPTION = 65535


@dataclass(frozen=True, slots=True)
class Versioned:
    """The operations of one such kind. `to_spec` turns a shown object of a space into manifest shape; `complete`
    adds to a body what clears the optional fields that a manifest leaves out.
    """

    place: Place
    kind: str
    plural: str
    to_spec: Callable[[Mapping[str, Any], str], dict[str, Any]]
    complete: Callable[[Mapping[str, Any]], dict[str, Any]]

    @property
    def noun(self) -> str:
        """The kind in the words of a sentence."""
        return self.kind.lower()

    def create(self, desired: Desired) -> Live:
        """One POST."""
        address = desired.address
        call = Call(
            f"create {self.noun} {address.name}",
            "POST",
            self.place.path(address.scope, self.plural),
            body=_marked(desired),
        )
        remote_id = created_id(self.place.call(call), self.place.target, call)
        return Live(address, remote_id, {}, Phase.READY, desired.mark)

    def read(self, address: Address, remote_id: str) -> Live | None:
        """One GET."""
        path = self.place.path(address.scope, self.plural, remote_id)
        call = Call(f"read {self.noun} {address.name}", "GET", path)
        try:
            answer = self.place.call(call)
        except NotFound:
            return None
        item = shown(answer, self.place.target, call)
        return Live(address, remote_id, self.to_spec(item, address.scope), Phase.READY, mark_of(item))

    def list(self, scope: str) -> Iterator[Listed]:
        """One GET, for the platform does not page here; definitions are not in it."""
        for item in self._listed(scope, {}):
            address = self.place.address(self.kind, scope, f"{item.get('name')}@{item.get('version')}")
            yield Listed(address, str(item["id"]), mark_of(item))

    def find(self, address: Address, mark: Mark) -> tuple[Live, ...]:
        """What stands under the name and version of `address`, if it carries `mark`. The platform may filter
        fuzzily, so both are compared again.
        """
        name, _, version = address.name.rpartition("@")
        candidates = (
            str(item["id"])
            for item in self._listed(address.scope, {"name": name, "version": version})
            if (item.get("name"), item.get("version")) == (name, version)
        )
        found = (self.read(address, remote_id) for remote_id in candidates)
        return tuple(live for live in found if live is not None and live.mark == mark)

    def update(self, remote_id: str, desired: Desired) -> None:
        """One PUT of the complete object: the platform does not promise to clear what is left out."""
        address = desired.address
        path = self.place.path(address.scope, self.plural, remote_id)
        body = self.complete(_marked(desired))
        self.place.call(Call(f"update {self.noun} {address.name}", "PUT", path, body=body))

    def delete(self, address: Address, remote_id: str) -> None:
        """One DELETE."""
        path = self.place.path(address.scope, self.plural, remote_id)
        try:
            self.place.call(Call(f"delete {self.noun} {address.name}", "DELETE", path))
        except NotFound:
            return

    def _listed(self, scope: str, query: Mapping[str, str]) -> Sequence[dict[str, Any]]:
        call = Call(f"list {self.plural} of {scope}", "GET", self.place.path(scope, self.plural), query=query)
        return items(self.place.call(call), self.plural, self.place.target, call)


def _marked(desired: Desired) -> dict[str, Any]:
    return with_mark(without_nulls(dict(desired.spec)), desired.mark, longest_description=LONGEST_DESCRIPTION)
