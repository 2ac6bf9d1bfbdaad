"""From a live object to the manifest that declares it: nothing that the platform only adds, nothing that is lost."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from reconciler.manifests.assembling import Surroundings, assemble
from reconciler.manifests.reader import Reader
from reconciler.manifests.schemas import Form
from reconciler.manifests.writing import dump
from reconciler.model.address import NO_SCOPE
from reconciler.model.change import ABSENT
from reconciler.model.expression import strings
from reconciler.model.kind import Life
from reconciler.model.manifest import DEFAULT_LIFECYCLE
from reconciler.planning.normalise import Place, default_of, normalise_by, same
from reconciler.planning.rules import rules_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.manifests.schemas import Catalogue
    from reconciler.model.address import Address
    from reconciler.model.kind import Kind
    from reconciler.model.manifest import Lifecycle, Manifest, Spec
    from reconciler.model.project import Environment
    from reconciler.planning.rules import Rules

_NO_NAME: Final = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Exported:
    """A manifest as text. `secrets` are the names of those it refers to now; `problem` says why there is no manifest,
    "" when there is one. `hidden` are the fields of a run that the platform takes and does not show: nobody can tell
    whether they were set.
    """

    text: str = ""
    secrets: tuple[str, ...] = ()
    problem: str = ""
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exporter:
    """Writes manifests for one environment. `names` are what remote ids are called, as in `Place.names`."""

    catalogue: Catalogue
    environment: Environment
    names: Mapping[str, str] = field(default_factory=dict)
    _trees: dict[str, Rules] = field(default_factory=dict, init=False, repr=False, compare=False)

    def export(self, address: Address, kind: Kind, spec: Mapping[str, Any], form: Form) -> Exported:
        """The manifest of a live object whose spec is in manifest shape.

        In the platform's own format where that is asked for, exists, and says all of it; else in the envelope. What was
        written is read again before it is believed.
        """
        if any("$[[" in text for _, text in strings(dict(spec))):
            return Exported(problem="it holds a text with $[[, which a manifest would take for an expression")
        rules = self._rules(kind)
        tidying = _Tidying(address, self.names)
        plain = tidying.object(dict(spec), rules)
        problem = ""
        for each in dict.fromkeys((form, Form.ENVELOPE)):
            document = _document(address, kind, plain, each, self.environment)
            text = dump(document) if document is not None else ""
            problem = self._problem(text, address, plain, rules)
            if not problem:
                return Exported(text, tuple(tidying.secrets), hidden=tuple(_hidden(kind, spec)))
        return Exported(problem=problem)

    def rewrite(self, address: Address, kind: Kind, specs: Sequence[Spec], authored: Manifest) -> Exported:
        """The manifest, in the envelope, of what a person declared otherwise in `authored`, whose labels and policy are
        kept. The attempt is not, for this was never submitted.

        `specs` are ways to write the same, the last one with variables filled in: the first that reads back as that is
        taken.
        """
        problem = ""
        for spec in specs:
            document = _document(address, kind, spec, Form.ENVELOPE, self.environment) or {}
            body = document.pop("spec")
            if authored.labels:
                document["metadata"]["labels"] = dict(authored.labels)
            if policy := _policy(authored.lifecycle):
                document["lifecycle"] = policy
            text = dump({**document, "spec": body})
            problem = self._problem(text, address, specs[-1], self._rules(kind))
            if not problem:
                return Exported(text)
        return Exported(problem=problem)

    def _rules(self, kind: Kind) -> Rules:
        if kind.schema_id not in self._trees:
            self._trees[kind.schema_id] = rules_of(kind)
        return self._trees[kind.schema_id]

    def _problem(self, text: str, address: Address, wanted: Mapping[str, Any], rules: Rules) -> str:
        """Why `text` does not declare `wanted` at `address`, "" when it does."""
        read = Reader().read(text.encode(), "imported")
        if read.diagnostics or len(read.documents) != 1:
            return "; ".join(found.message for found in read.diagnostics) or "it has no such form"
        manifest, findings = assemble(
            read.documents[0], Surroundings(self.catalogue, self.environment, self.environment.vars)
        )
        if manifest is None:
            return "; ".join(found.message for found in findings)
        place = Place(address.scope)
        alike = same(normalise_by(rules, manifest.spec, place), normalise_by(rules, wanted, place))
        return "" if alike and manifest.address == address else "what would be written does not read back as it is"


def _document(
    address: Address, kind: Kind, spec: Mapping[str, Any], form: Form, environment: Environment
) -> dict[str, Any] | None:
    target = environment.targets[address.target]
    alone = sum(each.platform == target.platform for each in environment.targets.values()) == 1
    where = {} if address.scope in {target.scope, NO_SCOPE} else {"scope": address.scope}
    where |= {} if alone else {"target": address.target}
    if form is Form.ENVELOPE:
        first, *_ = kind.identity
        body = {name: value for name, value in spec.items() if name != first}
        head = {"apiVersion": f"{kind.platform}/{kind.api_version}", "kind": kind.word}
        return {**head, "metadata": {"name": spec.get(first, ""), **where}, "spec": body}
    if not kind.native_key:
        return None
    body = dict(spec) if kind.native_whole else {kind.native_key: dict(spec)}
    return {"metadata": where, **body} if where else body


def _policy(lifecycle: Lifecycle) -> dict[str, Any]:
    """What of a policy is no default, in the words of a manifest."""
    written = {
        "onFailure": lifecycle.on_failure.value,
        "onChange": lifecycle.on_change.value,
        "onRemove": lifecycle.on_remove.value if lifecycle.on_remove else None,
        "protect": lifecycle.protect,
    }
    usual = {"onFailure": DEFAULT_LIFECYCLE.on_failure, "onChange": DEFAULT_LIFECYCLE.on_change, "protect": False}
    return {word: value for word, value in written.items() if value is not None and value != usual.get(word)}


def _hidden(kind: Kind, spec: Mapping[str, Any]) -> Iterator[str]:
    """The write-only fields that a live object lacks, and that it would lack when it is made anew; but for those that
    say only how it came about. Those of list items are the business of the list, and of a standing thing those of a
    part are told only where it has that part.
    """
    for rule in kind.rules:
        asked = rule.write_only and not rule.secret and not rule.made_with and rule.path not in kind.identity
        if not asked or "[" in rule.path or "*" in rule.path:
            continue
        *parts, last = rule.path.split(".")
        holder: Any = spec
        for step in parts:
            holder = holder.get(step) if isinstance(holder, dict) else None
        there = isinstance(holder, dict)
        if (there and holder.get(last) is None) or (not there and kind.life is Life.RUN):
            yield rule.path


class _Tidying:
    """Takes out empties and defaults that say nothing and what nobody can declare; ids become names, secrets become
    references, which are collected in `secrets`.
    """

    def __init__(self, address: Address, names: Mapping[str, str]) -> None:
        self._address = address
        self._names = names
        self.secrets: list[str] = []

    def object(self, spec: dict[str, Any], rules: Rules, path: str = "") -> dict[str, Any]:
        """A mapping, tidied; its members in their order."""
        kept = ((name, self._value(value, rules.at(name), f"{path}/{name}")) for name, value in spec.items())
        return {name: value for name, value in kept if value is not ABSENT}

    def _value(self, value: Any, rules: Rules, path: str) -> Any:  # noqa: ANN401 - any JSON value, or ABSENT
        rule = rules.rule
        if rule.computed or value is None:
            return ABSENT
        if rule.secret:
            return self._secret(path)
        if isinstance(value, dict):
            value = self.object(value, rules, path)
        elif isinstance(value, list):
            items = (self._value(item, rules.items, f"{path}/{index}") for index, item in enumerate(value))
            value = [{} if item is ABSENT else item for item in items]
        elif isinstance(value, str) and rule.refers_to is not None:
            value = next((n for k in rule.refers_to.kinds if (n := self._names.get(f"{k}/{value}"))), value)
        if (rule.empty_is_absent and value in ("", [], {})) or (
            rule.has_server_default and same(value, default_of(rules))
        ):
            return ABSENT
        return value

    def _secret(self, path: str) -> str:
        name = _NO_NAME.sub("_", f"{self._address.name}{path}").strip("_")
        self.secrets.append(name)
        return f"$[[ secrets.{name} ]]"
