"""From one document to one manifest: recognise, fill in, check, translate, name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reconciler.manifests import copied, interpolation
from reconciler.manifests.addressing import choose_target, identity
from reconciler.manifests.coercion import as_wanted, settled
from reconciler.manifests.contents import digested
from reconciler.manifests.findings import Finding
from reconciler.manifests.native import translate
from reconciler.manifests.positions import author_pointer, locate
from reconciler.manifests.recognition import Recognised, recognise
from reconciler.manifests.schemas import Form
from reconciler.model.address import NO_SCOPE, Address
from reconciler.model.diagnostic import Severity
from reconciler.model.manifest import Lifecycle, Manifest, OnChange, OnFailure, OnRemove

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.manifests.reader import Document
    from reconciler.manifests.schemas import Catalogue
    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.kind import Kind
    from reconciler.model.project import Environment


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a document is read against. `root` is the folder that files are named from; None: none is looked at."""

    catalogue: Catalogue
    environment: Environment
    variables: Mapping[str, str]
    root: Path | None = None


@dataclass(slots=True)
class Draft:
    """A document on its way to becoming a manifest. `body` is where the definition stands; `native` are the pointers
    that differ by more than that.
    """

    body: str
    spec: dict[str, Any]
    native: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def pointers(self) -> dict[str, str]:
        """For `Manifest.pointers`."""
        return {"": self.body, **self.native}

    @property
    def is_wrong(self) -> bool:
        """Whether any finding stops it."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)

    def note(self, *findings: Finding) -> None:
        """Findings whose pointers are those of the document."""
        self.findings += findings

    def note_in_spec(self, *findings: Finding) -> None:
        """Findings whose pointers lead into the spec."""
        self.findings += (
            Finding(f.code, f.message, f.hint, author_pointer(f.pointer, self.pointers), f.on_key, f.severity)
            for f in findings
        )


def assemble(document: Document, around: Surroundings) -> tuple[Manifest | None, tuple[Diagnostic, ...]]:
    """The manifest a document declares, or None, with everything there is to say about it."""
    recognised = recognise(document.value, around.catalogue, around.environment)
    if isinstance(recognised, Finding):
        return None, _placed(document, [recognised])
    value, findings = _checked(document, recognised, around)
    if findings:
        return None, _placed(document, findings)
    draft = translated(value, recognised)
    manifest = None if draft.is_wrong else _manifest(value, draft, recognised, document, around)
    return manifest, _placed(document, draft.findings)


def _placed(document: Document, findings: list[Finding]) -> tuple[Diagnostic, ...]:
    if not findings:
        return ()
    places = locate(document.chunk)
    return tuple(finding.placed(places) for finding in findings)


def _checked(document: Document, recognised: Recognised, around: Surroundings) -> tuple[Any, list[Finding]]:
    """The document with variables filled in, as its schema accepts it; or what is wrong."""
    value, whole = document.value, frozenset[str]()
    if document.may_hold_expressions:
        filled = interpolation.fill(value, around.variables)
        value, whole = filled.value, filled.whole
        if filled.findings:
            return value, list(filled.findings)
    kind = recognised.kind
    validator = around.catalogue.validator(kind.platform, kind.name, recognised.form)
    if validator.is_valid(value):
        return value, []
    from reconciler.manifests.validation import violations

    value = as_wanted(validator, value, whole)
    return value, list(violations(validator, value, locate(document.chunk).text))


def translated(value: Mapping[str, Any], recognised: Recognised) -> Draft:
    """The definition in the API's own words."""
    body = recognised.body_pointer
    if recognised.form is Form.ENVELOPE:
        return Draft(body, recognised.body(value))
    translated = translate(recognised.kind, recognised.body(value))
    native = {spec: body + author for spec, author in translated.pointers.items()}
    draft = Draft(body, translated.spec, native)
    draft.note(
        *(Finding(f.code, f.message, f.hint, body + f.pointer, f.on_key, f.severity) for f in translated.findings)
    )
    return draft


def _manifest(
    value: Mapping[str, Any], draft: Draft, recognised: Recognised, document: Document, around: Surroundings
) -> Manifest | None:
    kind = recognised.kind
    metadata = value.get("metadata") or {}
    lifecycle = value.get("lifecycle") or {}
    name = identity(draft.spec, kind, metadata.get("name"), draft.native, draft.note_in_spec)
    draft.note_in_spec(*interpolation.plain_secrets(draft.spec, kind.rules))
    if document.may_hold_marks:
        draft.note_in_spec(*copied.marks(draft.spec))
    if around.root is not None:
        draft.note_in_spec(*digested(draft.spec, kind.rules, around.root))
    draft.note(*interpolation.fixed(metadata, "/metadata"), *interpolation.fixed(lifecycle, "/lifecycle"))
    target = choose_target(around.environment, kind.platform, metadata.get("target"), draft.body)
    if isinstance(target, Finding):
        draft.note(target)
        return None
    if kind.account_wide and metadata.get("scope") not in {None, NO_SCOPE}:
        draft.note(_no_scope(kind))
    if draft.is_wrong:
        return None
    scope = NO_SCOPE if kind.account_wide else metadata.get("scope") or target.scope or NO_SCOPE
    return Manifest(
        address=Address(target.name, kind.name, scope, name),
        platform=kind.platform,
        spec=settled(draft.spec, kind.rules, around.catalogue.integer_texts[kind.platform, kind.name]),
        source=document.source,
        lifecycle=_lifecycle(lifecycle),
        labels=dict(metadata.get("labels") or {}),
        pointers=draft.pointers,
    )


def _no_scope(kind: Kind) -> Finding:
    message = f"a {kind.name} belongs to the whole account and stands in no scope"
    return Finding("manifest.scope", message, "take `scope` out of the metadata", "/metadata/scope", on_key=True)


def _lifecycle(value: Mapping[str, Any]) -> Lifecycle:
    default = Lifecycle()
    return Lifecycle(
        on_failure=OnFailure(value.get("onFailure", default.on_failure)),
        on_change=OnChange(value.get("onChange", default.on_change)),
        on_remove=OnRemove(value["onRemove"]) if "onRemove" in value else None,
        protect=value.get("protect", default.protect),
        attempt=value.get("attempt", default.attempt),
    )
