"""What a document that has errors surely declares, so that everything else can still be checked against it."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from reconciler.manifests import interpolation
from reconciler.manifests.addressing import choose_target, identity
from reconciler.manifests.assembling import Draft, translated
from reconciler.manifests.coercion import as_wanted, settled
from reconciler.manifests.contents import digested
from reconciler.manifests.findings import Finding
from reconciler.manifests.pointers import path_in
from reconciler.manifests.positions import locate
from reconciler.manifests.recognition import Recognised, recognise
from reconciler.manifests.validation import wrong_parts
from reconciler.model.address import NO_SCOPE, Address
from reconciler.model.diagnostic import Diagnostic, errors
from reconciler.model.manifest import Manifest
from reconciler.model.unsound import ANY_KIND, ANYTHING, Partial, Unsound, member, members, sound, without

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.manifests.assembling import Surroundings
    from reconciler.manifests.reader import Document
    from reconciler.model.unsound import Path

_FILLED_BEFORE: Final = "expression."


@dataclass(frozen=True, slots=True)
class Salvaged:
    """`manifest` has the right address, and a spec without what is wrong: reading that raises Unsound. It is None where
    nobody can tell the address; `kind` is then what the document would be one of. `diagnostics` are further findings
    about sound parts.
    """

    manifest: Manifest | None = None
    kind: str = ANY_KIND
    diagnostics: tuple[Diagnostic, ...] = ()


def salvage(document: Document, around: Surroundings, problems: Iterable[Diagnostic]) -> Salvaged:
    """What is left of a document when `problems`, which were found when it was assembled, are taken away."""
    recognised = recognise(document.value, around.catalogue, around.environment)
    if isinstance(recognised, Finding):
        return Salvaged()
    value = _sound_part(document.value, recognised, around, errors(problems))
    draft = _draft(value, recognised)
    try:
        address = _address(value, draft, recognised, around)
    except Unsound:
        return Salvaged(kind=recognised.kind.name)
    rules = recognised.kind.rules
    draft.note_in_spec(*interpolation.plain_secrets(draft.spec, rules))
    if around.root is not None:
        draft.note_in_spec(*sound(digested(draft.spec, rules, around.root)))
    for part in ("metadata", "lifecycle"):
        draft.note(*interpolation.fixed(member(value, part), f"/{part}"))
    spec = settled(draft.spec, rules, around.catalogue.integer_texts[recognised.kind.platform, recognised.kind.name])
    manifest = Manifest(address, recognised.kind.platform, spec, document.source, pointers=draft.pointers)
    places = locate(document.chunk)
    return Salvaged(manifest, diagnostics=tuple(finding.placed(places) for finding in draft.findings))


def _sound_part(
    document: dict[str, Any], recognised: Recognised, around: Surroundings, problems: Iterable[Diagnostic]
) -> dict[str, Any]:
    """The document with its variables filled in, without what its schema does not accept, or else without the places
    of the `problems`.
    """
    unfilled = [d for d in problems if d.code.startswith(_FILLED_BEFORE)]
    places = {path_in(document, d.pointer) for d in unfilled}
    filled = interpolation.fill(_blanked(document, places), around.variables)
    validator = around.catalogue.validator(recognised.kind.platform, recognised.kind.name, recognised.form)
    value = as_wanted(validator, filled.value, filled.whole)
    wrong = places | wrong_parts(validator, value)
    wrong = wrong or {path_in(document, d.pointer) for d in problems}
    return Partial({}, frozenset({ANYTHING})) if () in wrong else without(value, wrong)


def _blanked(value: dict[str, Any], places: Iterable[Path]) -> dict[str, Any]:
    """A copy in which texts that cannot be filled in are empty."""
    blank = copy.deepcopy(value)
    for *way, last in places:
        holder: Any = blank
        for step in way:
            holder = holder[step]
        holder[last] = ""
    return blank


def _draft(value: dict[str, Any], recognised: Recognised) -> Draft:
    """The spec, or of one that cannot be translated what names it."""
    try:
        return translated(value, recognised)
    except Unsound:
        named = recognised.kind.identity
    try:
        body = members(recognised.body(value))
    except Unsound:
        body = ()
    kept = {key: each for key, each in body if key in named}
    return Draft(recognised.body_pointer, Partial(kept, frozenset({ANYTHING})))


def _address(value: Mapping[str, Any], draft: Draft, recognised: Recognised, around: Surroundings) -> Address:
    """Raises Unsound when it depends on what is wrong."""
    kind = recognised.kind
    given = value.get("metadata")
    metadata = {} if given is None else given
    wrong: list[Finding] = []
    name = identity(draft.spec, kind, metadata.get("name"), draft.native, wrong.append)
    target = choose_target(around.environment, kind.platform, metadata.get("target"), draft.body)
    if isinstance(target, Finding) or wrong:
        raise Unsound
    scope = NO_SCOPE if kind.account_wide else metadata.get("scope") or target.scope or NO_SCOPE
    return Address(target.name, kind.name, scope, name)
