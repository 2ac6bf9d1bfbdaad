"""Training job configurations: known by their name, replaced as a whole, running nothing (contract, section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.errors import NotFound
from reconciler.model.address import NO_SCOPE, Address
from reconciler.model.resource import Listed, Live, Phase
from reconciler.providers.errors import before_sending
from reconciler.providers.exchange import Call
from reconciler.providers.modelarts import listing_v1
from reconciler.providers.modelarts.listing_v1 import SAMPLE
from reconciler.providers.modelarts.marks import stamp, taken_apart
from reconciler.providers.modelarts.numbers import numbered
from reconciler.providers.modelarts.place import path_to
from reconciler.providers.modelarts.shapes_v1 import CONFIG_FIELDS, NAMES, fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.manifest import Spec
    from reconciler.model.mark import Mark
    from reconciler.model.resource import Desired
    from reconciler.providers.modelarts.offers import Offers
    from reconciler.providers.modelarts.place import Place
    from reconciler.providers.protocol import RunSummary

_CLEARED: dict[str, Any] = {"parameter": []}
"""Empty forms of fields that are not text."""
_KIND = "TrainingJobConfig"


class TrainingJobConfig:
    """The handler of the kind `TrainingJobConfig`. A remote id is a name."""

    def __init__(self, place: Place, offers: Offers) -> None:
        self._place = place
        self._offers = offers

    def create(self, desired: Desired) -> Live:
        """Makes one. The platform answers no more than that it did."""
        name = desired.address.name
        with before_sending():
            body = {"config_name": name, **self._body(desired)}
        self._place.v1(Call(f"create configuration {name}", "POST", path_to(listing_v1.CONFIGS), body=body))
        return Live(desired.address, name, {}, Phase.READY, desired.mark)

    def read(self, address: Address, remote_id: str) -> Live | None:
        """The configuration, or None when there is none. The platform's own samples are never meant."""
        try:
            row = self._row(remote_id)
        except NotFound:
            return None
        return Live(address, remote_id, _spec(row), Phase.READY, taken_apart(row.get("config_desc")).mark)

    def describe(self, address: Address, remote_id: str) -> Spec:  # noqa: ARG002 - the id is the name
        """A manifest of a configuration, or of a sample of the platform: `sample:` and its name. Raises NotFound."""
        name = remote_id.removeprefix(SAMPLE)
        spec = _spec(self._row(name, samples=name != remote_id))
        head = {"apiVersion": "modelarts/v1", "kind": _KIND, "metadata": {"name": spec.pop("config_name")}}
        return {**head, "spec": spec}

    def list(self, scope: str) -> Iterator[Listed]:
        """All of the account, without their definitions."""
        for row in listing_v1.configs(self._place):
            name = str(row.get("config_name"))
            address = Address(self._place.target, _KIND, scope or NO_SCOPE, name)
            yield Listed(address, name, taken_apart(row.get("config_desc")).mark)

    def browse(self, scope: str, filters: Mapping[str, str], limit: int) -> Iterator[RunSummary]:  # noqa: ARG002 - of all
        """Rows of configurations; the filters are those of `listing_v1.CONFIG_FILTERS`."""
        return listing_v1.browse_configs(self._place, filters, limit)

    def find(self, address: Address, mark: Mark) -> tuple[Live, ...]:
        """What has the name of `address`, if it carries `mark`."""
        live = self.read(address, address.name)
        return (live,) if live is not None and live.mark == mark else ()

    def update(self, remote_id: str, desired: Desired) -> None:
        """One PUT of the whole: what is left out may be cleared or kept, so what has to go is sent empty (trap 16)."""
        shown = fields_of(self._row(remote_id), CONFIG_FIELDS)
        gone = {
            name: _CLEARED.get(name, "")
            for name in shown
            if name not in desired.spec and isinstance(shown[name], str | list)
        }
        body = {
            "config_desc": "",
            **{name: value for name, value in gone.items() if name != "data_source"},
            **self._body(desired),
        }
        path = path_to(listing_v1.CONFIGS, remote_id)
        self._place.v1(Call(f"update configuration {remote_id}", "PUT", path, body=body))

    def delete(self, address: Address, remote_id: str) -> None:
        """Removes it; one that is gone is no error."""
        path = path_to(listing_v1.CONFIGS, remote_id)
        try:
            self._place.v1(Call(f"delete configuration {address.name}", "DELETE", path))
        except NotFound:
            return

    def _row(self, name: str, *, samples: bool = False) -> dict[str, Any]:
        path = path_to(listing_v1.CONFIGS, name)
        query = {"config_type": "sample" if samples else "custom"}
        call = Call(f"read configuration {name}", "GET", path, query=query)
        row = self._place.v1(call)
        if row.get("config_name") != name:
            raise self._place.unreadable(call, "the answer is not the configuration that was asked for")
        return row

    def _body(self, desired: Desired) -> dict[str, Any]:
        """What create and update have in common: all but the name. Raises Refused."""
        spec = numbered(desired.spec, self._offers)
        given = {name: spec[name] for name in CONFIG_FIELDS if spec.get(name) not in (None, "", [])}
        return {**given, "config_desc": stamp(str(spec.get("config_desc") or ""), desired.mark)}


def _spec(row: Mapping[str, Any]) -> dict[str, Any]:
    description = taken_apart(row.get("config_desc")).description
    said = {"config_desc": description} if description else {}
    return {"config_name": str(row.get("config_name")), **fields_of(row, (*CONFIG_FIELDS, *NAMES)), **said}
