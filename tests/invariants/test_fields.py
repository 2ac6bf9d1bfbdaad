"""Invariant 11, no field is dropped silently: for every leaf of every manifest of every example, another value plans to
exactly that leaf.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.model.change import Action
from reconciler.model.kind import Ability, Life
from reconciler.model.plan import Verb
from reconciler.operations.plan import Wish, inputs_of, read_live, wants_of
from reconciler.operations.validate import declare
from reconciler.operations.wiring import connected, open_store
from reconciler.planning.planner import make_plan
from reconciler.planning.references import check
from tests.invariants.world import World, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.manifest import Manifest
    from reconciler.planning.planner import PlanInputs

_OTHER = {"gpu_type": "GPU", "cpu_type": "ARM", "type": "DIRECTORY", "concurrent": "", "tool_type": "app"}
"""Other values for fields that take words only."""


def leaves(value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    """Every scalar of a JSON value with its JSON pointer."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        yield pointer, value
        return
    for key, item in items:
        yield from leaves(item, f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}")


def plain(part: str) -> str:
    """A part of a JSON pointer as the key it stands for."""
    return part.replace("~1", "/").replace("~0", "~")


def other(name: str, value: Any) -> Any:
    """A value that means something else, of the same sort."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if name in {"cpu", "memory"}:
        return f"7{value[-1:] or ('C' if name == 'cpu' else 'G')}"
    if name == "gpu":
        return "2" if value != "2" else "4"
    if name in _OTHER:
        return _OTHER[name] if value != _OTHER[name] else "STRING"
    return f"{value or ''}x"


def changed(manifest: Manifest, pointer: str) -> Manifest:
    """`manifest` with the leaf at `pointer` replaced."""
    spec = copy.deepcopy(dict(manifest.spec))
    at: Any = spec
    *way, last = pointer.split("/")[1:]
    for part in way:
        at = at[int(part)] if isinstance(at, list) else at[plain(part)]
    key: Any = int(last) if isinstance(at, list) else plain(last)
    name = last if not isinstance(at, list) else way[-1]
    at[key] = other(name, at[key])
    return replace(manifest, spec=spec)


def read_once(world: World) -> PlanInputs:
    """What a plan is made from, read once."""
    workspace = world.workspace()
    declared, state = declare(workspace), open_store(workspace).read(workspace.environment.name)
    wanted = wants_of(workspace, declared, state, Wish())
    with connected(workspace, {want.address.target for want in wanted}, world.said.append) as connections:
        reading = read_live(workspace, wanted, connections)
    return inputs_of(workspace, declared, state, Wish(), reading)


def keyed(spec: Any, pointer: str, kind_keys: dict[str, str]) -> str:
    """`pointer` as plans write it: items of lists that have a key under that key."""
    at, found, path = spec, "", ""
    for part in pointer.split("/")[1:]:
        if isinstance(at, list):
            key = kind_keys.get(path, "")
            item = at[int(part)]
            found += f"/[{item[key]}]" if key and isinstance(item, dict) else f"/{part}"
            at, path = item, f"{path}[]"
        else:
            found += f"/{part}"
            at, path = at[plain(part)], f"{path}.{part}" if path else part
    return found


def test_every_field_is_seen(world: World) -> None:
    """A changed leaf shows up under its own path, or that of the plain list it is in, and nothing else does."""
    inputs = read_once(world.applied())
    assert make_plan(inputs).is_empty
    edges, _ = check(inputs.manifests, inputs.kinds)
    tried = 0
    for index, manifest in enumerate(inputs.manifests):
        kind = inputs.kinds[manifest.platform, manifest.address.kind]
        list_keys = {rule.path.removesuffix("[]"): rule.list_key for rule in kind.rules if rule.list_key}
        cosmetic = {rule.path.removesuffix("[]") for rule in kind.rules if rule.cosmetic}
        for pointer, _ in leaves(dict(manifest.spec)):
            parts = [part for part in pointer.split("/")[1:] if not part.isdigit()]
            if parts[0] in kind.identity or parts[-1] in list_keys.values():
                continue  # another name is another thing: not a change of this one
            altered = (*inputs.manifests[:index], changed(manifest, pointer), *inputs.manifests[index + 1 :])
            planned = make_plan(replace(inputs, manifests=altered))
            tried += 1
            path = ".".join(parts)
            fixed = kind.life is Life.STANDING and not kind.can & {Ability.UPDATE, Ability.DELETE}
            if (kind.life is Life.RUN or fixed) and any(path == c.replace("[]", "") for c in cosmetic):
                # What stands and cannot be changed is at most remembered anew.
                remembered = {Verb.ADOPT} if fixed else set()
                assert {step.verb for step in planned.steps} <= remembered, (manifest.address, pointer)
                continue
            change, *others = sorted(shown(planned), key=lambda found: found.address != manifest.address)
            # A new run has a new id, which moves whatever is built on it; and nothing else.
            assert all(manifest.address in edges.dependencies(each.address) for each in others)
            wanted = keyed(manifest.spec, pointer, list_keys)
            assert change.address == manifest.address
            shows = {Action.REFUSE} if fixed else {Action.UPDATE, Action.CREATE, Action.REPLACE}
            assert change.action in shows, (pointer, change.why)
            plain_list = wanted.rpartition("/")[0] if wanted.rpartition("/")[2].isdigit() else wanted
            assert [found.path for found in change.fields] in ([wanted], [plain_list])
    assert tried > len(inputs.manifests)
