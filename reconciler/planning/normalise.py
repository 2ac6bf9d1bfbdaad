"""One shape for one meaning: what an author wrote and what a platform answers become comparable.

The normal form of a spec depends on nothing but the spec, the rules of its kind and the names of other resources; it
is its own normal form, and the order of keys, of unordered and of keyed lists in the input leaves no trace in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from reconciler.model import expression
from reconciler.model.address import NO_SCOPE
from reconciler.model.canonical import canonical_json, digest
from reconciler.model.change import ABSENT
from reconciler.planning.forms import form_of
from reconciler.planning.rules import Rules, is_semantic, rules_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.kind import FieldRule, Kind, Life, Reference
    from reconciler.model.manifest import Spec

_NUMBER = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]+))?")
_EXACT = 2.0**53
_NO_NAMES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a spec stands: the scope that short references are completed with, and the `names` by which reference
    fields write what may be written otherwise: `Kind/remote id`, a bare remote id or an expression, to the text in the
    platform's own form.
    """

    scope: str
    names: Mapping[str, str] = field(default_factory=lambda: _NO_NAMES)


_NOWHERE = Place(NO_SCOPE)


def normalise(kind: Kind, spec: Spec, *, scope: str, names: Mapping[str, str] = _NO_NAMES) -> dict[str, Any]:
    """The normal form of `spec`. `names`: see `Place`.

    - what the platform fills in is filled in where its object is there (`has_server_default`)
    - empties are dropped where they mean absence (`empty_is_absent`)
    - quantities lose their spelling: `1.0C`, `01C` -> `1C`, without losing a digit of their value
    - unordered lists are sorted without repetitions, keyed lists are sorted by key
    - references are complete (`name::version` gets the scope) and known remote ids become names
    - numbers that are whole are integers, expressions are written `$[[ space.name ]]`
    """
    return normalise_by(rules_of(kind), spec, Place(scope, names))


def normalise_by(rules: Rules, spec: Spec, place: Place) -> dict[str, Any]:
    """`normalise` for a caller who keeps the rules of the kind."""
    return _object(spec, rules, place)


def spec_digest(kind: Kind, normalised: Spec) -> str:
    """What identifies a meaning. `normalised` is a normal form.

    Left out: cosmetic and computed fields, fields of a run that may change in place, values that the platform would
    fill in anyway, and the identity, which is the address already: a renamed run is the same run.
    """
    return digest_by(rules_of(kind), kind, normalised)


def digest_by(rules: Rules, kind: Kind, normalised: Spec) -> str:
    """`spec_digest` for a caller who keeps the rules of the kind."""
    meaning = {
        name: kept
        for name, value in normalised.items()
        if name not in kind.identity
        and (kept := _meaning(value, rules.within(name, normalised), kind.life)) is not ABSENT
    }
    return digest(meaning)


def default_of(rules: Rules) -> Any:  # noqa: ANN401 - any JSON value, or ABSENT
    """What the platform fills in here, in normal form; `ABSENT` when it fills in nothing."""
    return _value(rules.rule.server_default, rules, _NOWHERE) if rules.rule.has_server_default else ABSENT


def same(one: Any, other: Any) -> bool:  # noqa: ANN401 - any JSON value, or ABSENT
    """Equality of normal forms. Unlike `==` it tells `true` from `1`."""
    return type(one) is type(other) and one == other and (isinstance(one, str) or shows(one, other))


def shows(found: Any, wanted: Any) -> bool:  # noqa: ANN401 - any JSON values, or ABSENT
    """Whether `found` is `wanted`, or that and more: members of objects that `wanted` does not name."""
    if type(found) is not type(wanted):
        return False
    if isinstance(wanted, dict):
        return all(name in found and shows(found[name], item) for name, item in wanted.items())
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(shows, found, wanted))
    return bool(found == wanted)


def arranged(normal: Any, authored: Any, rules: Rules) -> Any:  # noqa: ANN401 - any JSON values
    """`normal` with its keyed and unordered lists in the order they have in `authored`: people wrote it with a reason,
    and platforms show it. What `authored` does not have comes last.
    """
    if isinstance(normal, dict) and isinstance(authored, dict):
        return {name: arranged(item, authored.get(name), rules.at(name)) for name, item in normal.items()}
    if not isinstance(normal, list) or not isinstance(authored, list):
        return normal
    if key := rules.rule.list_key:
        theirs = {key_of(item, key): (number, item) for number, item in enumerate(authored)}
        last = (len(authored), None)
        order = sorted(normal, key=lambda item: theirs.get(key_of(item, key), last)[0])
        return [arranged(item, theirs.get(key_of(item, key), last)[1], rules.items) for item in order]
    if rules.rule.unordered:
        places = {canonical_json(item): number for number, item in reversed(list(enumerate(authored)))}
        return sorted(normal, key=lambda item: places.get(canonical_json(item), len(authored)))
    if len(normal) != len(authored):
        return normal
    return [arranged(mine, theirs, rules.items) for mine, theirs in zip(normal, authored, strict=True)]


def _value(value: Any, rules: Rules, place: Place) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return _text(value, rules.rule, place) if rules.texts or "$[[" in value else value
    if isinstance(value, dict):
        return _object(value, rules, place)
    if isinstance(value, list):
        return _list(value, rules, place)
    return _number(value) if isinstance(value, float) else value


def _object(value: Mapping[str, Any], rules: Rules, place: Place) -> dict[str, Any]:
    result = {}
    for name, item in value.items():
        there = rules.at(name)
        normal = _value(item, there, place)
        if not (there.rule.empty_is_absent and _is_empty(normal)):
            result[name] = normal
    for name in rules.defaults:
        if name not in result:
            result[name] = _value(rules.fields[name].rule.server_default, rules.fields[name], place)
    return result


def _list(value: list[Any], rules: Rules, place: Place) -> list[Any]:
    there = rules.items
    items = [_value(item, there, place) for item in value]
    if key := rules.rule.list_key:
        return _sorted_by(key, items)
    if rules.rule.unordered:
        unique = {canonical_json(item): item for item in items}
        return [unique[text] for text in sorted(unique)]
    return items


def _sorted_by(key: str, items: list[Any]) -> list[Any]:
    keyed = {key_of(item, key) or "": item for item in items}
    if len(keyed) == len(items):
        return [keyed[name] for name in sorted(keyed)]
    # Something is wrong with the list, but not so wrong that its order may begin to count.
    return sorted(items, key=lambda item: (key_of(item, key) or "", canonical_json(item)))


def key_of(item: Any, key: str) -> str | None:  # noqa: ANN401 - any JSON value
    """What a list item is matched by, None when it has no such member."""
    found = item.get(key) if isinstance(item, dict) else None
    return None if found is None else str(found)


def _text(text: str, rule: FieldRule, place: Place) -> str:
    if rule.refers_to is not None:
        return _reference(text, rule.refers_to, place)
    if "$[[" in text:
        return _tidy(text)
    if rule.quantity and text.endswith(rule.quantity):
        return _quantity(text, rule.quantity)
    return text


def _tidy(text: str) -> str:
    """Expressions in one spelling. What is malformed stays: reading the manifests reports it."""
    try:
        return str(expression.substitute(text, lambda found: f"$[[ {found.space}.{found.name} ]]"))
    except ValueError:
        return text


def _reference(text: str, reference: Reference, place: Place) -> str:
    form = form_of(reference.form)
    if form is None:
        return _tidy(text)
    for kind in reference.kinds:
        if name := place.names.get(f"{kind}/{text}"):
            return name
    if name := place.names.get(text):
        return name
    if "$[[" in text:
        return _tidy(text)
    address = form.read(text, NO_SCOPE, reference.kind, place.scope)
    return (form.write(address) if address else None) or text


def _quantity(text: str, unit: str) -> str:
    """`+01.50C` -> `1.5C`. Text, not arithmetic: no digit can be lost."""
    match = _NUMBER.fullmatch(text.removesuffix(unit))
    if match is None:
        return text
    whole = match[2].lstrip("0") or "0"
    fraction = (match[3] or "").rstrip("0")
    number = f"{whole}.{fraction}" if fraction else whole
    return f"{'-' if match[1] == '-' and number != '0' else ''}{number}{unit}"


def _number(value: float) -> float | int:
    """`1.0` is `1` in JSON. Beyond 2**53 a float stands for many integers, and stays what it is."""
    return int(value) if value.is_integer() and abs(value) < _EXACT else value


def _is_empty(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    return value is None or (isinstance(value, str | list | dict) and not value)


def _meaning(value: Any, rules: Rules, life: Life) -> Any:  # noqa: ANN401 - any JSON value, or ABSENT
    if life not in rules.meaning or same(value, default_of(rules)):
        return ABSENT
    if isinstance(value, dict) and value:
        kept = {n: k for n, v in value.items() if (k := _meaning(v, rules.within(n, value), life)) is not ABSENT}
        return kept or ABSENT
    semantic = is_semantic(rules.rule, life)
    if isinstance(value, list):
        items = [_meaning(item, rules.items, life) for item in value]
        # An item that says nothing of its own still counts, unless the list itself says nothing.
        kept_items = [{} if item is ABSENT else item for item in items if semantic or item is not ABSENT]
        return sorted(kept_items, key=canonical_json) if rules.rule.unordered else kept_items
    return value if semantic else ABSENT
