"""Which kind a document declares, and in which form."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Final

from reconciler.manifests.findings import Finding, listed, suggestion
from reconciler.manifests.schemas import LANGUAGE_VERSION, Form
from reconciler.model.spelling import did_you_mean
from reconciler.model.unsound import like, members

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.manifests.schemas import Catalogue
    from reconciler.model.kind import Kind
    from reconciler.model.project import Environment

_SIBLINGS: Final = ("metadata", "lifecycle")
_ENVELOPE_KEYS: Final = ("apiVersion", "kind", "metadata", "spec", "lifecycle")


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a document is, before it is checked."""

    kind: Kind
    form: Form

    @property
    def body_pointer(self) -> str:
        """Where the definition stands in the document."""
        if self.form is Form.ENVELOPE:
            return "/spec"
        return "" if self.kind.native_whole else f"/{self.kind.native_key}"

    def body(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """The definition in a document that its schema has accepted, but for parts that are known to be wrong."""
        if self.body_pointer:
            body: dict[str, Any] = document[self.body_pointer[1:]]
            return like(body, dict(members(body)))
        return like(document, {key: value for key, value in members(document) if key not in _SIBLINGS})


def recognise(document: Any, catalogue: Catalogue, environment: Environment) -> Recognised | Finding:  # noqa: ANN401 - any JSON value
    """The kind and form of a document, or why it is no manifest. `environment` decides where platforms share a word."""
    if not isinstance(document, dict):
        hint = "begin with `apiVersion:`, or with the platform's own key"
        return Finding("manifest.not-a-mapping", "a manifest is a mapping, and this document is not", hint)
    if "apiVersion" in document or "kind" in document:
        return _envelope(document, catalogue)
    return _native(document, catalogue, environment)


def _envelope(document: Mapping[str, Any], catalogue: Catalogue) -> Recognised | Finding:
    for key in ("apiVersion", "kind"):
        if not isinstance(document.get(key), str):
            hint = f"write for instance `{key}: {_example(key, catalogue)}`"
            return Finding("manifest.unknown-kind", f"the document has no `{key}`", hint, f"/{key}", on_key=True)
    platform, slash, version = document["apiVersion"].partition("/")
    if platform == "reconciler":
        hint = "a project file is called reconciler.yaml and stands at the top of the project"
        return Finding("manifest.unknown-kind", "this is a project file, not a manifest", hint, "/apiVersion")
    if platform not in catalogue.platforms():
        hint = suggestion(platform, catalogue.platforms())
        message = f"there is no platform `{platform}`"
        return Finding("manifest.unknown-platform", message, hint, "/apiVersion")
    kinds = [kind for (owner, _), kind in catalogue.kinds.items() if owner == platform]
    versions = sorted({kind.api_version for kind in kinds})
    if not slash or version not in versions:
        message = f"`{document['apiVersion']}` is no version of the manifest language"
        written = " or ".join(f"{platform}/{known}" for known in versions)
        return Finding("manifest.unknown-version", message, f"write {written}", "/apiVersion")
    return _kind(kinds, version, document["kind"])


def _kind(kinds: list[Kind], version: str, word: str) -> Recognised | Finding:
    """The kind of this word in this version of the platform's API."""
    for kind in kinds:
        if (kind.api_version, kind.word) == (version, word):
            return Recognised(kind, Form.ENVELOPE)
    platform = kinds[0].platform
    elsewhere = sorted(kind.api_version for kind in kinds if kind.word == word)
    if elsewhere:
        message = f"{platform}/{version} has no kind `{word}`"
        hint = f"write `apiVersion: {platform}/{elsewhere[0]}`"
        return Finding("manifest.unknown-kind", message, hint, "/apiVersion")
    known = [kind.word for kind in kinds if kind.api_version == version]
    message = f"platform {platform} has no kind `{word}`"
    return Finding("manifest.unknown-kind", message, suggestion(word, known), "/kind")


def _example(key: str, catalogue: Catalogue) -> str:
    platform, kind = next(iter(catalogue.kinds), ("platform", "Kind"))
    return f"{platform}/{LANGUAGE_VERSION}" if key == "apiVersion" else kind


def _native(document: Mapping[str, Any], catalogue: Catalogue, environment: Environment) -> Recognised | Finding:
    known = sorted({kind.native_key for kind in catalogue.kinds.values() if kind.native_key})
    first: dict[tuple[str, ...], str] = {}  # of several keys of one file format the first is enough
    for key in document:
        if kinds := catalogue.native_kinds(key):
            first.setdefault(tuple(kind.schema_id for kind in kinds), key)
    keys = list(first.values())
    if len(keys) > 1:
        hint = "put each into a document of its own, with a line `---` between them"
        message = f"one document declares one resource, and this has {listed(keys)}"
        return Finding("manifest.several-kinds", message, hint, f"/{keys[1]}", on_key=True)
    if not keys:
        return _unrecognised(document, known)
    kinds = _possible(catalogue.native_kinds(keys[0]), document, environment)
    if len(kinds) > 1:
        hint = "say which target is meant with a sibling key `metadata: {target: ...}`"
        message = f"`{keys[0]}` is a word of {listed(sorted(kind.platform for kind in kinds))}"
        return Finding("manifest.ambiguous", message, hint, f"/{keys[0]}", on_key=True)
    return Recognised(kinds[0], Form.NATIVE)


def _possible(kinds: tuple[Kind, ...], document: Mapping[str, Any], environment: Environment) -> tuple[Kind, ...]:
    """Those of the named target's platform, else those of platforms the environment has, else all."""
    if len(kinds) == 1:
        return kinds
    metadata = document.get("metadata")
    name = str(metadata.get("target")) if isinstance(metadata, dict) else ""
    targets = [environment.targets[name]] if name in environment.targets else list(environment.targets.values())
    platforms = {target.platform for target in targets}
    return tuple(kind for kind in kinds if kind.platform in platforms) or kinds


def _unrecognised(document: Mapping[str, Any], native_keys: list[str]) -> Finding:
    words = [*_ENVELOPE_KEYS[:2], *native_keys]
    meant = {key: close for key in document if (close := did_you_mean(key, words))}
    if meant:
        key = max(meant, key=lambda key: SequenceMatcher(None, key, meant[key]).ratio())
        return Finding(
            "manifest.unrecognised",
            f"the document is no manifest: `{key}` is not a word of any platform",
            f"did you mean `{meant[key]}`?",
            f"/{key}",
            on_key=True,
        )
    return Finding(
        "manifest.unrecognised",
        f"the document is no manifest: it has neither `apiVersion` and `kind` nor one of {listed(native_keys)}",
        "if it belongs to another program, list the manifest folders under `manifests` in the project file",
    )
