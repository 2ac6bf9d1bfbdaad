"""What apps and workflows have in common: a definition under a name and a version that are unique in their space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.errors import NotFound, Refused
from reconciler.model.resource import Listed, Live, Phase
from reconciler.providers.ai4s import standing_rows
from reconciler.providers.ai4s.marks import mark_of, with_mark
from reconciler.providers.ai4s.place import Place, created_id, items, shown
from reconciler.providers.ai4s.shapes import imported, without_nulls
from reconciler.providers.errors import before_sending
from reconciler.providers.exchange import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from reconciler.model.address import Address
    from reconciler.model.mark import Mark
    from reconciler.model.resource import Desired
    from reconciler.providers.protocol import RunSummary

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

    import_call: Callable[[Place, Desired, str], Call]
    """The call that imports one, given the id it has in the space it comes from."""

    @property
    def noun(self) -> str:
        """The kind in the words of a sentence."""
        return self.kind.lower()

    def create(self, desired: Desired) -> Live:
        """One POST, which imports where the manifest says whence."""
        address = desired.address
        if "from" in desired.spec:
            return self._imported(desired)
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
        spec = _link(item) if imported(item, address.scope) else self.to_spec(item, address.scope)
        return Live(address, remote_id, spec, Phase.READY, mark_of(item))

    def detail(self, address: Address, remote_id: str) -> dict[str, Any]:
        """All that the platform shows of it. Raises NotFound."""
        path = self.place.path(address.scope, self.plural, remote_id)
        call = Call(f"read {self.noun} {address.name}", "GET", path)
        return shown(self.place.call(call), self.place.target, call)

    def list(self, scope: str) -> Iterator[Listed]:
        """One GET, for the platform does not page here; definitions are not in it."""
        for item in self._listed(scope, {}):
            address = self.place.address(self.kind, scope, f"{item.get('name')}@{item.get('version')}")
            yield Listed(address, str(item["id"]), mark_of(item))

    def browse(self, scope: str, filters: Mapping[str, str], limit: int) -> Iterator[RunSummary]:
        """Rows for people, filtered here: the platform filters by name and version only."""
        return standing_rows.browse(standing_rows.tool, self._listed(scope, {}), filters, limit)

    def find(self, address: Address, mark: Mark) -> tuple[Live, ...]:
        """What stands under the name and version of `address`, if it carries `mark`, or is imported: a link can carry
        none.
        """
        found = (self.read(address, remote_id) for remote_id in self._ids(address.scope, address.name))
        return tuple(live for live in found if live is not None and (live.mark == mark or "from" in live.spec))

    def update(self, remote_id: str, desired: Desired) -> None:
        """One PUT of the complete object: the platform does not promise to clear what is left out."""
        address = desired.address
        if "from" in desired.spec:
            msg = f"{self.noun} {address.name} is imported: its definition belongs to where it comes from"
            raise Refused(msg, hint="change it there")
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

    def _imported(self, desired: Desired) -> Live:
        address, source = desired.address, desired.spec["from"]
        name, _, version = address.name.rpartition("@")
        wanted = f"{source.get('name') or name}@{source.get('version') or version}"
        with before_sending():
            ids = self._ids(source["space"], wanted)
            if not ids:
                msg = f"the space {source['space']} has no {self.noun} {wanted}"
                raise Refused(msg, hint="make it there first, or correct `from`")
            call = self.import_call(self.place, desired, ids[0])
        answer = self.place.call(call)
        # A list answer tells of each item how it went (ai4s contract, trap 18).
        told = answer[0] if isinstance(answer, list) and answer else answer or {}
        remote_id = told.get("destination_app_id") or told.get("id")
        if "FAIL" in str(told.get("status") or told.get("import_workflow_status")):
            why = told.get("message") or told.get("import_app_results")
            raise Refused(
                f"{self.place.target}: {call.operation}: {why}", hint="what is itself imported cannot be imported"
            )
        return Live(address, str(remote_id or created_id({}, self.place.target, call)), {}, Phase.READY)

    def _ids(self, scope: str, name: str) -> Sequence[str]:
        """The ids of what is called `name@version` in a space. The platform may filter fuzzily."""
        wanted = tuple(name.rpartition("@")[::2])
        query = dict(zip(("name", "version"), wanted, strict=True))
        rows = self._listed(scope, query)
        return [str(item["id"]) for item in rows if (item.get("name"), item.get("version")) == wanted]

    def _listed(self, scope: str, query: Mapping[str, str]) -> Sequence[dict[str, Any]]:
        call = Call(f"list {self.plural} of {scope}", "GET", self.place.path(scope, self.plural), query=query)
        return items(self.place.call(call), self.plural, self.place.target, call)


def _link(item: Mapping[str, Any]) -> dict[str, Any]:
    """A link as its manifest says it: the definition is not its own, and what it was called there is not told."""
    return {"name": item["name"], "version": item["version"], "from": {"space": item["source_project_name"]}}


def _marked(desired: Desired) -> dict[str, Any]:
    return with_mark(without_nulls(dict(desired.spec)), desired.mark, longest_description=LONGEST_DESCRIPTION)
