"""How things are called: by ids there, by names here; and those that are called otherwise on their platform.

The latter were moved, and cannot be renamed.

They are compared without their identity, which is the address. What is sent keeps their own name, in them and in what
refers to them; what comes back is read under the declared one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from reconciler.planning.forms import form_of
from reconciler.planning.normalise import Place, normalise_by

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.address import Address
    from reconciler.model.change import FieldChange
    from reconciler.model.kind import Kind
    from reconciler.model.resource import Live
    from reconciler.planning.references import Kinds
    from reconciler.planning.rules import Rules


@dataclass(slots=True)
class OwnNames:
    """By target, in the platform's own form behind `Kind/`: how such a thing is called there, by its declared name.
    Almost always empty.
    """

    there: dict[str, dict[str, str]] = field(default_factory=dict)

    def note(self, live: Live, kind: Kind, form: str) -> tuple[str, str] | None:
        """Takes `live` in; if it is called otherwise there, `(Kind/its own name, declared name)` in the form."""
        own = own_name(live, kind)
        parsed = form_of(form)
        if own is None or parsed is None:
            return None
        address = live.address
        declared, called = parsed.write(address), parsed.write(replace(address, name=own))
        if declared is None or called is None:
            return None
        self.there.setdefault(address.target, {})[f"{address.kind}/{declared}"] = called
        return f"{address.kind}/{called}", declared

    def sent(
        self, spec: dict[str, Any], rules: Rules, kind: Kind, address: Address, live: Live | None
    ) -> dict[str, Any]:
        """`spec`, a normal form, as the platform has to be told it."""
        names = self.there.get(address.target)
        if names and rules.refers:
            spec = normalise_by(rules, spec, Place(address.scope, names))
        if live is not None and own_name(live, kind) is not None:
            spec = {**spec, **{name: live.spec[name] for name in kind.identity if name in live.spec}}
        return spec


def own_name(live: Live, kind: Kind) -> str | None:
    """What the platform calls it, where that is not what its address says; None where it is, or does not tell."""
    if not all(isinstance(live.spec.get(name), str) for name in kind.identity):
        return None
    name = "@".join(live.spec[part] for part in kind.identity)
    return name if name != live.address.name else None


def without_identity(fields: Iterable[FieldChange], kind: Kind) -> tuple[FieldChange, ...]:
    """`fields` without those that make up the name."""
    identity = {f"/{name}" for name in kind.identity}
    return tuple(change for change in fields if change.path not in identity)


def forms_of(kinds: Kinds) -> dict[tuple[str, str], str]:
    """How each kind is named in text, by whoever refers to it: the first form in the order of kinds and fields."""
    found: dict[tuple[str, str], str] = {}
    for (platform, _), facts in sorted(kinds.items(), key=lambda each: each[0]):
        for rule in facts.rules:
            if rule.refers_to is not None and rule.refers_to.form:
                for kind in rule.refers_to.kinds:
                    found.setdefault((platform, kind), rule.refers_to.form)
    return found


def remote_names(kinds: Kinds, objects: Iterable[tuple[str, Address, str]]) -> dict[str, dict[str, str]]:
    """What remote ids are called in manifests, by target (`Place.names`). `objects` are platform, address and id."""
    forms = forms_of(kinds)
    found: dict[str, dict[str, str]] = {}
    for platform, address, remote_id in objects:
        form = form_of(forms.get((platform, address.kind), ""))
        if form is not None and (text := form.write(address)):
            found.setdefault(address.target, {})[f"{address.kind}/{remote_id}"] = text
    return found
