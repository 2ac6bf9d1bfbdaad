"""The platforms' own file formats, turned into specs.

A translation is a pure function from the body of a native file to a spec. Its schema has accepted the body before, but
for parts that are known to be wrong (`model/unsound.py`): a translation may raise Unsound.
Native words stay out of the rest of the program: findings are translated back through `Translated.pointers`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from reconciler.manifests import native_ai4s, native_hai, native_modelarts
from reconciler.model.unsound import like, members

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.manifests.findings import Finding
    from reconciler.model.kind import Kind

    Translation = Callable[[Mapping[str, Any]], "Translated"]


@dataclass(frozen=True, slots=True)
class Translated:
    """`pointers` maps pointers into the spec to pointers into the document, where more than the beginning differs.
    Findings have pointers into the body.
    """

    spec: dict[str, Any]
    pointers: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


_TRANSLATIONS: Final[Mapping[tuple[str, str], Any]] = {
    **native_ai4s.TRANSLATIONS,
    **native_hai.TRANSLATIONS,
    **native_modelarts.TRANSLATIONS,
}


def translate(kind: Kind, body: Mapping[str, Any]) -> Translated:
    """The spec that the body of a native file declares. A kind without a translation uses the API's own words."""
    translation = _TRANSLATIONS.get((kind.platform, kind.name))
    if translation is None:
        return Translated(like(body, dict(members(body))))
    spec, pointers, findings = translation(body)
    return Translated(spec, pointers, findings)
