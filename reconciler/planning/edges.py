"""Who refers to whom.

Three ways to refer to another resource make an edge:

- a field whose rule says so, holding the platform's own form (`fastqc::1.0.0`, the scope may be left out) or, where
  the rule has no form, a bare name
- an expression, anywhere in a spec: `$[[ ref.Kind/name ]]` means the resource of that kind and name at the same
  target: the one in the own scope, else the only one. `$[[ ref.target/Kind/scope/name ]]`, a full address, means any
  other. `.output` may follow; without one it is the remote id.

- standing in a scope that is itself declared as a resource

A remote id is none of these: it names something that need not be declared.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from reconciler.model import expression
from reconciler.model.address import NO_SCOPE, Address
from reconciler.model.expression import Space
from reconciler.model.unsound import Partial, Unsound, members
from reconciler.planning.forms import form_of
from reconciler.planning.rules import ANY, ITEM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.model.expression import Expression
    from reconciler.model.kind import Reference
    from reconciler.model.manifest import Manifest
    from reconciler.planning.rules import Rules

_FULL = 4
_MEMBER = re.compile(r"\{([a-z_]+)\}")


class Via(StrEnum):
    """How a reference is written."""

    FORM = "form"
    EXPRESSION = "expression"
    SCOPE = "scope"


@dataclass(frozen=True, slots=True)
class Mention:
    """`text`, at the JSON pointer `pointer` of a spec, refers to something: to one of `candidates`, none of which
    need be declared when it is written in a form. `whole` is the string that `text` is in; `tidy` is how a normal form
    spells `text`; `output` is what an expression asks for, "" for the remote id; `reference` is that of the field, if
    the field is one.
    """

    pointer: str
    text: str
    whole: str
    tidy: str
    via: Via
    candidates: tuple[Address, ...]
    output: str = ""
    reference: Reference | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """`dependent` needs `dependency`, because of `mention`."""

    dependent: Address
    dependency: Address
    mention: Mention


@dataclass(frozen=True, slots=True)
class Edges:
    """Every edge between declared resources, by dependent. `dangling` are the mentions by form of something that is
    not declared; it may exist on the platform all the same.
    """

    of: Mapping[Address, tuple[Edge, ...]] = field(default_factory=dict)
    dangling: tuple[Edge, ...] = ()

    def dependencies(self, address: Address) -> tuple[Address, ...]:
        """What `address` needs directly, each once, sorted."""
        return tuple(sorted({edge.dependency for edge in self.of.get(address, ())}))


@dataclass(frozen=True, slots=True)
class Known:
    """The addresses that expressions may refer to, findable by their short names."""

    by_name: Mapping[tuple[str, str, str], tuple[Address, ...]]

    @classmethod
    def of(cls, addresses: Iterable[Address]) -> Known:
        """Of all `addresses`, in any order."""
        found: defaultdict[tuple[str, str, str], list[Address]] = defaultdict(list)
        for address in sorted(set(addresses)):
            found[address.target, address.kind, address.name].append(address)
        return cls({name: tuple(those) for name, those in found.items()})

    def __contains__(self, address: Address) -> bool:
        return address in self.by_name.get((address.target, address.kind, address.name), ())

    def find(self, name: str, here: Address) -> tuple[Address, ...]:
        """What `name` (`Kind/name` or a full address) may mean to the resource at `here`."""
        parts = name.split("/")
        if len(parts) == _FULL and all(parts) and (address := Address.parse(name)) in self:
            return (address,)
        kind, _, short = name.partition("/")  # a name may hold slashes: demo/busybox@1.36
        found = self.by_name.get((here.target, kind, short), ())
        return tuple(address for address in found if address.scope == here.scope) or found


def locate(found: Expression, here: Address, known: Known) -> tuple[tuple[Address, ...], str]:
    """What a `ref` expression in the spec of `here` means: `(candidates, output)`. One candidate: it is clear. None:
    unknown. Several: the short name does not tell which. This is the one place that knows.
    """
    name, output = found.split_output(lambda text: bool(known.find(text, here)))
    return known.find(name, here), output


def mentions(manifest: Manifest, rules: Rules, known: Known) -> tuple[Mention, ...]:
    """Every reference in a manifest, in the order of its spec, reference fields first."""
    fields = dict(_reference_fields(manifest.spec, rules, "", manifest.spec))
    found = [m for pointer, (text, there) in fields.items() if (m := _by_form(pointer, text, there, manifest, known))]
    # Most specs hold no expression: one pass in C is cheaper than looking at each string.
    if "$[[" in str(manifest.spec):
        for pointer, text in expression.strings(manifest.spec):
            reference = fields[pointer][1] if pointer in fields else None
            found += _by_expression(pointer, text, reference, manifest.address, known)
    return tuple(found)


def by_scope(address: Address, holder: str, known: Known) -> Mention | None:
    """That `address` stands in a scope which is declared: a resource of the kind `holder`."""
    scope = Address(address.target, holder, NO_SCOPE, address.scope)
    if address.scope == NO_SCOPE or scope not in known:
        return None
    return Mention("", address.scope, address.scope, address.scope, Via.SCOPE, (scope,))


def _by_form(pointer: str, text: str, reference: Reference, manifest: Manifest, known: Known) -> Mention | None:
    if "$[[" in text:
        return None
    here = manifest.address
    form = form_of(reference.form)
    if reference.pattern:
        return _by_pattern(pointer, text, reference, here, known)
    if form is not None:
        named = [form.read(text, here.target, kind, here.scope) for kind in reference.kinds]
        if reference.here:
            named = [
                *(replace(each, scope=here.scope) for each in named if each and _stands_here(each, here, known)),
                *named,
            ]
        address = next((each for each in named if each is not None and each in known), named[0])
    else:
        bare = (Address(here.target, kind, here.scope, text) for kind in reference.kinds)
        address = next((each for each in bare if text and each in known), None)
    return Mention(pointer, text, text, text, Via.FORM, (address,), "", reference) if address else None


def _stands_here(named: Address, here: Address, known: Known) -> bool:
    """Whether what is named came from another scope and is declared in the own one."""
    return named.scope != here.scope and replace(named, scope=here.scope) in known


def _by_pattern(pointer: str, text: str, reference: Reference, here: Address, known: Known) -> Mention | None:
    match = re.fullmatch(reference.pattern, text)
    if match is None:
        return None
    parts = match.groupdict()
    address = Address(here.target, reference.kind, parts.get("scope") or here.scope, parts.get("name") or "")
    return Mention(pointer, text, text, text, Via.FORM, (address,), "", reference) if address in known else None


def _by_expression(
    pointer: str, whole: str, reference: Reference | None, here: Address, known: Known
) -> Iterator[Mention]:
    if "$[[" not in whole:
        return
    try:
        parsed = expression.parse(whole)
    except ValueError:
        return  # reported where manifests are read
    for found in parsed:
        if found.space is Space.REF:
            candidates, output = locate(found, here, known)
            tidy = f"$[[ {found.space}.{found.name} ]]"
            yield Mention(pointer, found.text, whole, tidy, Via.EXPRESSION, candidates, output, reference)


def _reference_fields(
    value: Any,  # noqa: ANN401 - any JSON value
    rules: Rules,
    pointer: str,
    root: Mapping[str, Any],
) -> Iterator[tuple[str, tuple[str, Reference]]]:
    """Each string in a reference field, and the text of each object that is one, by its pointer. Looks only where a
    reference can be, and passes over what is known to be wrong. `root` is the whole spec.
    """
    reference = rules.rule.refers_to
    if reference is not None:
        try:
            text = value if isinstance(value, str) else _composed(value, reference.text, root)
            found = (text, reference.among(root)) if text or isinstance(value, str) else None
        except Unsound:
            found = None
        if found:
            yield pointer, found
    if not rules.refers:
        return
    if isinstance(value, list):
        for index, item in enumerate(list.__iter__(value)):
            yield from _reference_fields(item, rules.items, f"{pointer}/{index}", root)
    elif isinstance(value, dict):
        held = dict(members(value)) if isinstance(value, Partial) else value
        names = held if ANY in rules.fields else [name for name in rules.fields if name in held and name != ITEM]
        for name in names:
            step = name.replace("~", "~0").replace("/", "~1")
            yield from _reference_fields(held[name], rules.at(name), f"{pointer}/{step}", root)


def _composed(value: Any, template: str, root: Mapping[str, Any]) -> str:  # noqa: ANN401 - any JSON value
    """The text that an object stands for; "" when a part of it is missing, and for what is no object."""
    if not template or not isinstance(value, dict):
        return ""
    parts = {name: value.get(name) or root.get(name) for name in _MEMBER.findall(template)}
    if not all(isinstance(part, str) for part in parts.values()):
        return ""
    return _MEMBER.sub(lambda match: str(parts[match[1]]), template)
