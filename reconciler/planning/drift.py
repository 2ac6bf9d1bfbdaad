"""What moved on the platforms since we last wrote, apart from what anybody edited: recorded against live.

A drift plan is the ordinary plan for a world in which the memory is what is declared. So a field counts as moved by
the very rules by which it would count as different, and nothing is told twice in two ways. Runs do not drift: a run is
what was submitted.

    recorded, live            drift
    ------------------------  --------------------------------------------
    a field has another value the field
    the object is gone        missing
    another object is there   replaced: it carries no mark of ours, or another owner's
    it could not be read      unknown, and said so
    a default has another     the field: no plan would touch it, but what we made
    value than after our      does not work as it did
    last write
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from reconciler.model.change import ABSENT, Action
from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.model.kind import Life
from reconciler.model.manifest import Manifest
from reconciler.model.plan import UNREADABLE
from reconciler.model.project import Policy
from reconciler.planning.defaults import filled_in
from reconciler.planning.fingerprint import Sight
from reconciler.planning.ignoring import Ignored
from reconciler.planning.normalise import key_of
from reconciler.planning.planner import make_plan
from reconciler.planning.rules import Trees

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.model.address import Address
    from reconciler.model.change import Change, FieldChange
    from reconciler.model.kind import Kind
    from reconciler.model.resource import Listed, Live, Recorded
    from reconciler.planning.planner import PlanInputs
    from reconciler.planning.rules import Rules

_MEMORY = "(memory)"


class Whose(StrEnum):
    """Who gave a field its value. `DECLARED`: an author wrote it. `DEFAULT`: the platform fills it in where nobody
    does.
    """

    DECLARED = "declared"
    DEFAULT = "default"


class Untold(StrEnum):
    """A value of which only a digest was noted, since it may hold anything that a person wrote."""

    TEXT = "(another text)"


class Happened(StrEnum):
    """What became of an object."""

    CHANGED = "changed"
    MISSING = "missing"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class MovedField:
    """One field that moved. `declared_now` is what the manifest says today, `ABSENT` where it says nothing. `noted`: a
    default that is known from a look after our last write alone; `recorded` may be `Untold` then.
    """

    path: str
    whose: Whose
    recorded: Any
    live: Any
    secret: bool = False
    declared_now: Any = ABSENT
    noted: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """One object that is not as we left it. `live` is how it is now, None where it is gone."""

    address: Address
    platform: str
    happened: Happened
    remote_id: str = ""
    source: Source | None = None
    fields: tuple[MovedField, ...] = ()
    live: Live | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Drift:
    """Everything that moved, by address. `orphans` carry our mark and are neither declared nor recorded; `looked_at`
    is how many recorded standing things were compared; `unread` are findings about those that could not be read.
    """

    moved: tuple[Moved, ...] = ()
    orphans: tuple[Listed, ...] = ()
    unread: tuple[Diagnostic, ...] = ()
    looked_at: int = 0

    @property
    def is_empty(self) -> bool:
        """Nothing moved, as far as could be read."""
        return not self.moved and not self.orphans


def find_drift(inputs: PlanInputs, declared: Mapping[Address, Manifest]) -> Drift:
    """The drift of what is recorded in `inputs` (its manifests do not count). `declared` tells what authors wrote."""
    recorded = {address: kept for address, kept in inputs.recorded.items() if _may_drift(kept, inputs.kinds)}
    plan = make_plan(
        replace(
            inputs,
            manifests=[as_declared(kept, declared.get(address)) for address, kept in inputs.recorded.items()],
            policy=Policy(),
            destroy=False,
            selected=None,
            gpu_hours=None,
            moves=(),
            allow=(),
        )
    )
    chosen = recorded.keys() if inputs.selected is None else recorded.keys() & inputs.selected
    changes = {change.address: change for change in plan.changes if change.address in chosen}
    trees = Trees(inputs.kinds)
    found = []
    for address, change in sorted(changes.items()):
        live, rules = inputs.reading.live.get(address), trees[change.platform, address.kind]
        moved = _moved(change, declared.get(address), rules)
        if live is not None and (moved is None or moved.happened is Happened.CHANGED):
            moved = _with_defaults(moved, change, tuple(_defaults(recorded[address], live, inputs, rules)))
        if moved is not None:
            found.append(replace(moved, live=live))
    unread = tuple(d for d in plan.diagnostics if d.code == UNREADABLE and d.address in chosen)
    return Drift(tuple(found), inputs.reading.strangers, unread, len(chosen))


def as_declared(recorded: Recorded, manifest: Manifest | None = None) -> Manifest:
    """A manifest that asks for what is recorded; it stands where `manifest` does."""
    source = manifest.source if manifest else Source(_MEMORY)
    return Manifest(recorded.address, recorded.platform, recorded.spec, source, recorded.lifecycle)


def _may_drift(recorded: Recorded, kinds: Mapping[tuple[str, str], Kind]) -> bool:
    kind = kinds.get((recorded.platform, recorded.address.kind))
    return kind is not None and kind.life is Life.STANDING and bool(recorded.remote_id)


def _moved(change: Change, manifest: Manifest | None, rules: Rules) -> Moved | None:
    happened = _happened(change)
    if happened is None:
        return None
    source = manifest.source if manifest else None
    fields = () if happened is Happened.MISSING else tuple(_fields(change.fields, manifest, rules))
    return Moved(change.address, change.platform, happened, change.remote_id, source, fields)


def _with_defaults(moved: Moved | None, change: Change, defaults: tuple[MovedField, ...]) -> Moved | None:
    """`moved` with the defaults that moved as well, each place once."""
    known = [each.path for each in moved.fields] if moved else []
    new = tuple(each for each in defaults if not any(f"{each.path}/".startswith(f"{path}/") for path in known))
    if not new:
        return moved
    moved = moved or Moved(change.address, change.platform, Happened.CHANGED, change.remote_id, change.source)
    return replace(moved, fields=tuple(sorted((*moved.fields, *new), key=lambda each: each.path)))


def _defaults(recorded: Recorded, live: Live, inputs: PlanInputs, rules: Rules) -> Iterator[MovedField]:
    """The defaults that are not what they were after our last write, as far as that was noted."""
    if not recorded.defaults or recorded.remote_id != live.remote_id:
        return
    ignored = Ignored.at(recorded.address, inputs.ignore)
    now = filled_in(live.spec, recorded.spec, Sight(rules, recorded.address.scope, (recorded.spec,), inputs.key))
    for path in sorted({*recorded.defaults, *now}):
        was = recorded.defaults.get(path)
        if was != now.get(path) and not ignored.covers(path):
            yield MovedField(path, Whose.DEFAULT, _noted(was), at(live.spec, path, rules), noted=True)


def _noted(text: str | None) -> Any:  # noqa: ANN401 - any JSON value
    if text is None:
        return ABSENT
    try:
        return json.loads(text)
    except ValueError:
        return Untold.TEXT


def _happened(change: Change) -> Happened | None:
    if change.action is Action.CREATE:
        return Happened.MISSING
    if change.fields and all(field.recorded is ABSENT for field in change.fields):
        return Happened.REPLACED
    if change.fields:
        return Happened.CHANGED
    return Happened.REPLACED if change.action is Action.REFUSE else None


def _fields(changes: Iterable[FieldChange], manifest: Manifest | None, rules: Rules) -> Iterator[MovedField]:
    for change in changes:
        written = at(manifest.spec, change.path, rules) if manifest else ABSENT
        whose = Whose.DECLARED if written is not ABSENT or manifest is None else Whose.DEFAULT
        yield MovedField(change.path, whose, change.recorded, change.live, change.secret, written)


def at(spec: Any, path: str, rules: Rules) -> Any:  # noqa: ANN401 - any JSON values, or ABSENT
    """The value at `path`, as field changes write it: list items by index, or by their key in brackets."""
    for step in steps(path):
        if isinstance(spec, dict):
            spec, rules = spec.get(step, ABSENT), rules.at(step)
        elif isinstance(spec, list):
            index = index_of(spec, step, rules.rule.list_key)
            spec, rules = ABSENT if index is None else spec[index], rules.items
        else:
            return ABSENT
    return spec


def steps(path: str) -> list[str]:
    """The member names and item steps of a path."""
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]


def index_of(items: list[Any], step: str, key: str) -> int | None:
    """Which item `step` means: an index, or `[text]` for the one whose member `key` has that text; None for none."""
    if key and step.startswith("[") and step.endswith("]"):
        return next((index for index, item in enumerate(items) if key_of(item, key) == step[1:-1]), None)
    return int(step) if step.isdigit() and int(step) < len(items) else None
