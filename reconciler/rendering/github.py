"""Diagnostics as GitHub workflow commands, which show up at the line in the pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.diagnostic import Severity
from reconciler.rendering.words import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.diagnostic import Diagnostic

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render_annotations(diagnostics: Iterable[Diagnostic]) -> str:
    """One `::error file=...,line=...,col=...,title=...::message` a finding; "" for none."""
    return "".join(_annotation(d) + "\n" for d in sorted(diagnostics, key=lambda d: d.sort_key))


def _annotation(diagnostic: Diagnostic) -> str:
    properties = {}
    if diagnostic.source:
        properties["file"] = diagnostic.source.file
        if diagnostic.source.line:
            properties["line"] = str(diagnostic.source.line)
        if diagnostic.source.column:
            properties["col"] = str(diagnostic.source.column)
    properties["title"] = diagnostic.code
    joined = ",".join(f"{key}={_escaped_property(text)}" for key, text in properties.items())
    where = f"{diagnostic.address}: " if diagnostic.address and not diagnostic.source else ""
    hint = f" ({diagnostic.hint})" if diagnostic.hint else ""
    return f"::{_LEVELS[diagnostic.severity]} {joined}::{_escaped(where + diagnostic.message + hint)}"


def _escaped(text: str) -> str:
    """Message text as the runner decodes it. Line breaks stay line breaks; other control characters are spelled out."""
    lines = [printable(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return "%0A".join(line.replace("%", "%25") for line in lines)


def _escaped_property(text: str) -> str:
    """Property text: besides what a message needs, `:` and `,` would end it."""
    return printable(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")


def neutral_line(text: str) -> str:
    """A printable line of foreign output that the runner will not read as a command of its own."""
    stripped = text.lstrip()
    return f"| {text}" if stripped.startswith("::") or "##[" in text else text
