"""Diagnostics as SARIF 2.1.0, which code scanners and editors read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from reconciler.model.canonical import short_digest
from reconciler.model.codes import CODES
from reconciler.model.diagnostic import Severity
from reconciler.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.diagnostic import Diagnostic

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_FINGERPRINT_LENGTH = 32


def render_sarif(diagnostics: Iterable[Diagnostic]) -> str:
    """One run of SARIF with every finding, sorted; the rules are the codes that occur. Ends in a line break."""
    found = sorted(diagnostics, key=lambda d: d.sort_key)
    codes = sorted({d.code for d in found})
    driver = {"name": "reconciler", "version": __version__, "rules": [_rule(code) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(d, codes.index(d.code)) for d in found],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, sort_keys=True) + "\n"


def _rule(code: str) -> dict[str, Any]:
    meaning, remedy = CODES.get(code, (code, ""))
    rule: dict[str, Any] = {"id": code, "shortDescription": {"text": meaning}}
    if remedy:
        rule["help"] = {"text": remedy}
    return rule


def _result(diagnostic: Diagnostic, rule: int) -> dict[str, Any]:
    text = f"{diagnostic.message} ({diagnostic.hint})" if diagnostic.hint else diagnostic.message
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": text},
        "partialFingerprints": {"finding/v1": _fingerprint(diagnostic)},
    }
    if diagnostic.source:
        uri = quote(diagnostic.source.file.encode("utf-8", "surrogateescape"))  # the bytes that it is on disk
        physical: dict[str, Any] = {"artifactLocation": {"uri": uri}}
        if diagnostic.source.line:
            column = {"startColumn": diagnostic.source.column} if diagnostic.source.column else {}
            physical["region"] = {"startLine": diagnostic.source.line, **column}
        result["locations"] = [{"physicalLocation": physical}]
    if diagnostic.address:
        result.setdefault("locations", [{}])[0]["logicalLocations"] = [{"fullyQualifiedName": str(diagnostic.address)}]
    return result


def _fingerprint(diagnostic: Diagnostic) -> str:
    """Stays the same when lines move: what is wrong, in which file, at which pointer."""
    file = diagnostic.source.file if diagnostic.source else ""
    parts = (diagnostic.code, file, diagnostic.pointer, str(diagnostic.address or ""))
    return short_digest(*parts, length=_FINGERPRINT_LENGTH)
