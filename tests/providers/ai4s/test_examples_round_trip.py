"""Apply every example, read it back: nothing differs, for the eyes that planning looks with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.model.kind import Life
from reconciler.planning.diff import Sides, Terms, differences
from reconciler.planning.normalise import normalise
from reconciler.planning.rules import rules_of
from reconciler.providers.protocol import abilities
from tests.providers.ai4s.opened import catalogue, desired, examples, make

if TYPE_CHECKING:
    from reconciler.model.address import Address
    from reconciler.providers.ai4s.connection import Ai4sConnection


def apply_all(connection: Ai4sConnection) -> dict[Address, str]:
    """Creates every example; their ids."""
    ids: dict[Address, str] = {}
    for manifest in examples():
        wanted = desired(manifest.address, manifest.spec, ids)
        ids[manifest.address] = connection.handler(manifest.address.kind).create(wanted).remote_id
    return ids


def normal_forms(kind: str, spec: Any, live: Any, ids: dict[Address, str]) -> tuple[Any, Any]:
    """Both sides as planning sees them."""
    names = {
        f"{address.kind}/{remote_id}": f"{address.name.replace('@', '::')}::{address.scope}"
        for address, remote_id in ids.items()
    }
    rules = catalogue().kinds["ai4s", kind]
    return (normalise(rules, spec, scope="demo", names=names), normalise(rules, live, scope="demo", names=names))


def difference(kind: str, spec: Any, live: Any, ids: dict[Address, str]) -> Any:
    """What planning would change if `spec` was just applied and `live` read."""
    wanted, found = normal_forms(kind, spec, live, ids)
    terms = Terms(Life.STANDING, frozenset(), reads_live=True, remembers=True)
    return differences(rules_of(catalogue().kinds["ai4s", kind]), Sides(wanted, wanted, found), terms)


def test_there_are_examples_of_every_kind() -> None:
    """Without examples the tests below would pass for nothing."""
    kinds = [manifest.address.kind for manifest in examples()]
    assert all(kinds.count(kind) >= 3 for kind in ("App", "Workflow", "Job"))


def test_read_gives_back_what_was_created(connection: Ai4sConnection) -> None:
    """Every example of every kind, with its mark, and without it in the spec."""
    ids = apply_all(connection)
    for manifest in examples():
        address = manifest.address
        live = connection.handler(address.kind).read(address, ids[address])
        assert live.mark == desired(address, manifest.spec, ids).mark
        assert str(live.mark) not in str(live.spec)
        spec = desired(address, manifest.spec, ids).spec
        if address.kind == "Job":
            assert is_within(*normal_forms("Job", spec, live.spec, ids)), address
        else:
            assert difference(address.kind, spec, live.spec, ids) == (), address


def is_within(named: Any, shown: Any) -> bool:
    """Whether all that is named is shown. A job shows every task with what it inherited; its manifest names only what
    it overrides.
    """
    if isinstance(named, dict):
        return isinstance(shown, dict) and all(key in shown and is_within(named[key], shown[key]) for key in named)
    if isinstance(named, list) and all(isinstance(item, dict) for item in named):
        return all(any(is_within(item, other) for other in shown) for item in named)
    return bool(named == shown)


def test_update_with_the_same_changes_nothing(connection: Ai4sConnection) -> None:
    """Sending the complete object again, explicit empties included, reads back the same, mark included."""
    ids = apply_all(connection)
    for manifest in examples():
        address = manifest.address
        if "update" not in abilities(type(connection.handler(address.kind))):
            continue
        handler: Any = connection.handler(address.kind)
        before = handler.read(address, ids[address])
        handler.update(ids[address], desired(address, manifest.spec, ids))
        assert handler.read(address, ids[address]) == before


def test_list_has_every_example_under_its_address(connection: Ai4sConnection) -> None:
    """Addresses, ids and marks come from the list alone."""
    ids = apply_all(connection)
    for kind in ("App", "Workflow"):
        handler: Any = connection.handler(kind)
        listed = {row.address: (row.remote_id, row.mark) for row in handler.list("demo")}
        assert listed == {
            manifest.address: (ids[manifest.address], desired(manifest.address, manifest.spec, ids).mark)
            for manifest in examples()
            if manifest.address.kind == kind
        }


def test_find_finds_every_example_by_its_mark(connection: Ai4sConnection) -> None:
    """One each, and nothing for a mark nobody carries."""
    ids = apply_all(connection)
    for manifest in examples():
        address = manifest.address
        handler: Any = connection.handler(address.kind)
        wanted = desired(address, manifest.spec, ids)
        assert [live.remote_id for live in handler.find(address, wanted.mark)] == [ids[address]]
        other = (
            desired(address, {"name": "other"}).mark if address.kind == "Job" else type(wanted.mark)("0" * 8, "0" * 20)
        )
        assert handler.find(address, other) == ()


def test_imported_spec_is_its_own_manifest(connection: Ai4sConnection) -> None:
    """What a read gives back can be created again elsewhere, and reads back the same: import loses nothing."""
    ids = apply_all(connection)
    for manifest in examples():
        address = manifest.address
        if address.kind == "Job":
            continue
        live = connection.handler(address.kind).read(address, ids[address])
        copy = {**live.spec, "version": "9.9.9"}
        wanted, remote_id = make(connection, address.kind, copy)
        again = connection.handler(address.kind).read(wanted.address, remote_id)
        assert {**again.spec, "version": ""} == {**live.spec, "version": ""}
