"""The field rules of one kind as a tree, so that a walk over a spec meets each rule once and in passing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from reconciler.model.kind import Ability, FieldRule, Life, OnFieldChange

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.kind import Kind

ITEM = "[]"
ANY = "*"
Path: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """What is true of one place in a spec, and of the places below it.

    `rule` is complete: what a longer path leaves unsaid is taken over from the shorter one. A list key, the order of
    a list, a server default and the meaning of empties belong to one place alone and are not taken over: `env: {}`
    may mean no `env`, while `A: ""` inside of it is a variable with an empty value.
    `fields` are the members that have rules at or below them, `[]` standing for any item of a list and `*` for any
    member of a map; every other place below has the rules `member` or, in a list, `item` (None: the same as here).
    `texts`: texts here have more than one spelling.
    `defaults` are the members that the server fills in. `refers`: a reference stands here or below.
    `meaning`: for which lives of a kind something here or below is part of the digest. `secrets`: something here or
    below is a secret.
    """

    rule: FieldRule
    fields: dict[str, Rules] = field(default_factory=dict)
    member: Rules | None = None
    item: Rules | None = None
    defaults: tuple[str, ...] = ()
    refers: bool = False
    meaning: frozenset[Life] = frozenset(Life)
    secrets: bool = False
    texts: bool = False

    def at(self, name: str) -> Rules:
        """The rules of the member `name`."""
        return self.fields.get(name) or self.member or self

    def within(self, name: str, beside: Any) -> Rules:  # noqa: ANN401 - any JSON value
        """The rules of the member `name` of this very object: what holds only under a condition holds, or is unsaid."""
        there = self.at(name)
        if there.rule.where is None or _holds(there.rule.where, beside):
            return there
        return replace(there, rule=replace(there.rule, on_change=None, because="", where=None), meaning=frozenset(Life))

    @property
    def items(self) -> Rules:
        """The rules of any item of the list that stands here."""
        return self.item or self

    def references(self, path: Path = ()) -> Iterator[tuple[Path, FieldRule]]:
        """Every place that names another resource, in the order of the schema."""
        if self.rule.refers_to is not None:
            yield path, self.rule
        for name, child in self.fields.items():
            if child.refers:
                yield from child.references((*path, name))


def rules_of(kind: Kind) -> Rules:
    """The tree of `kind`. Costs up to milliseconds: make it once per kind, not once per resource (see `Trees`)."""
    return _grow(FieldRule("", ""), {_split(rule.path): rule for rule in kind.rules})


class Trees(dict[tuple[str, str], Rules]):
    """The trees of `kinds` by platform and kind, each made when it is asked for first: few projects have every kind."""

    def __init__(self, kinds: Mapping[tuple[str, str], Kind]) -> None:
        super().__init__()
        self._kinds = kinds

    def __missing__(self, name: tuple[str, str]) -> Rules:
        """Raises KeyError for a kind that is none of them."""
        self[name] = rules_of(self._kinds[name])
        return self[name]


def forces(rule: FieldRule, life: Life, can: frozenset[Ability]) -> OnFieldChange:
    """What a change at a place with this rule asks for.

    rule says        standing thing                     run
    ---------------  ---------------------------------  ---------------------------------
    computed         nothing                            nothing
    cosmetic         update, or nothing if it cannot    update, or nothing if it cannot
    nothing          nothing                            nothing
    update           update, or replace if it cannot    update, or nothing if it cannot
    replace          replace                            new run
    new run          replace                            new run
    (unsaid)         update, or replace if it cannot    new run
    """
    asked = _asked(rule, life)
    if asked is not OnFieldChange.UPDATE or able(can, Ability.UPDATE):
        return asked
    return OnFieldChange.NOTHING if rule.cosmetic or life is Life.RUN else OnFieldChange.REPLACE


def _asked(rule: FieldRule, life: Life) -> OnFieldChange:
    """What a change asks for, whether or not the platform can do it."""
    if rule.computed:
        return OnFieldChange.NOTHING
    if rule.cosmetic:
        return OnFieldChange.UPDATE
    asked = rule.on_change or (OnFieldChange.NEW_RUN if life is Life.RUN else OnFieldChange.UPDATE)
    if asked in {OnFieldChange.NOTHING, OnFieldChange.UPDATE}:
        return asked
    return OnFieldChange.NEW_RUN if life is Life.RUN else OnFieldChange.REPLACE


def is_semantic(rule: FieldRule, life: Life) -> bool:
    """Whether the digest covers a place with this rule: what may change in place on a run is not part of which run
    it is, and what is cosmetic or computed is not part of what anything means.
    """
    if rule.cosmetic or rule.computed or rule.on_change is OnFieldChange.NOTHING:
        return False
    return life is Life.STANDING or rule.on_change is not OnFieldChange.UPDATE


def able(can: frozenset[Ability], ability: Ability) -> bool:
    """Whether a handler has `ability`. Every handler can create, so an empty set means that none is known yet, and
    then nothing is ruled out.
    """
    return not can or ability in can


def _split(path: str) -> Path:
    """`tasks[].resources.cpu` -> ("tasks", "[]", "resources", "cpu")."""
    parts: list[str] = []
    for word in path.split("."):
        name = word
        depth = 0
        while name.endswith(ITEM):
            name, depth = name.removesuffix(ITEM), depth + 1
        parts += [name, *([ITEM] * depth)] if name else [ITEM] * depth
    return tuple(parts)


def _grow(rule: FieldRule, written: Mapping[Path, FieldRule]) -> Rules:
    """The tree of a place with this rule; `written` are the rules below it by the rest of their path."""
    below: dict[str, dict[Path, FieldRule]] = {}
    for (name, *rest), each in written.items():
        below.setdefault(name, {})[tuple(rest)] = each
    as_member, as_item = _inherit(rule, is_item=False), _inherit(rule, is_item=True)
    fields: dict[str, Rules] = {}
    for name, those in below.items():
        here = _overlay(as_item if name == ITEM else as_member, those.pop((), None))
        fields[name] = _grow(here, those)
    own = frozenset(life for life in Life if is_semantic(rule, life))
    member = Rules(as_member, meaning=own, secrets=rule.secret, texts=bool(rule.quantity))
    refers = rule.refers_to is not None
    item = replace(member, rule=as_item, member=member, refers=refers, texts=_spelled(rule))
    return Rules(
        rule,
        fields,
        fields.get(ANY, member),
        fields.get(ITEM, item),
        tuple(name for name, child in fields.items() if child.rule.has_server_default),
        refers or any(child.refers for child in fields.values()),
        own.union(*(child.meaning for child in fields.values())),
        rule.secret or any(child.secrets for child in fields.values()),
        _spelled(rule),
    )


def _spelled(rule: FieldRule) -> bool:
    return bool(rule.quantity) or rule.refers_to is not None


def _inherit(rule: FieldRule, *, is_item: bool) -> FieldRule:
    """What of `rule` holds below its own place. A reference holds for the items of a list, not for members."""
    return replace(
        rule,
        has_server_default=False,
        server_default=None,
        list_key="",
        unordered=False,
        empty_is_absent=False,
        after_create=False,
        made_with=False,
        on_change=None if rule.where else rule.on_change,
        where=None,
        refers_to=rule.refers_to if is_item else None,
    )


def _holds(where: tuple[str, str], beside: Any) -> bool:  # noqa: ANN401 - any JSON value
    path, wanted = where
    for step in path.split("."):
        beside = beside.get(step) if isinstance(beside, dict) else None
    return bool(beside == wanted)


def _because(rule: FieldRule) -> str:
    """What of a rule's own reason explains what a change forces."""
    return rule.because or (rule.reason if rule.on_change is not None or rule.computed or rule.cosmetic else "")


def _overlay(inherited: FieldRule, own: FieldRule | None) -> FieldRule:
    """`own` on top of what is inherited: flags add up; a change rule of its own ends an inherited cosmetic, and a
    cosmetic of its own an inherited change rule.
    """
    if own is None:
        return inherited
    return replace(
        own,
        on_change=own.on_change or (None if own.cosmetic else inherited.on_change),
        write_only=own.write_only or inherited.write_only,
        computed=own.computed or inherited.computed,
        secret=own.secret or inherited.secret,
        cosmetic=own.cosmetic or (inherited.cosmetic and own.on_change is None),
        quantity=own.quantity or inherited.quantity,
        refers_to=own.refers_to or inherited.refers_to,
        because=_because(own) or inherited.because,
    )
