"""`$[[ ... ]]` at load time: variables are filled in, secrets and references are checked and stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.manifests.findings import Finding, suggestion
from reconciler.manifests.paths import slots
from reconciler.manifests.pointers import join
from reconciler.model.expression import PATTERN, Expression, Space, parse, strings, substitute

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.kind import FieldRule


@dataclass(frozen=True, slots=True)
class Filled:
    """A document with its variables filled in. `whole` are the pointers of values that were one variable and nothing
    else: such a value may take the type that its field wants.
    """

    value: Any
    findings: tuple[Finding, ...] = ()
    whole: frozenset[str] = frozenset()


def fill(document: Any, variables: Mapping[str, str]) -> Filled:  # noqa: ANN401 - any JSON value
    """Puts variables into every text of `document`, keys excepted. What cannot be filled is a finding."""
    findings: list[Finding] = []
    whole: set[str] = set()
    for pointer, text in strings(document):
        if "$[[" not in text:
            continue
        problems, is_whole = _look(text, pointer, variables)
        findings += dict.fromkeys(problems)
        if is_whole:
            whole.add(pointer)
    if findings:
        return Filled(document, tuple(findings))
    return Filled(substitute(document, lambda found: _value(found, variables)), (), frozenset(whole))


def _value(expression: Expression, variables: Mapping[str, str]) -> str | None:
    return variables.get(expression.name) if expression.space is Space.VARS else None


def _look(text: str, pointer: str, variables: Mapping[str, str]) -> tuple[list[Finding], bool]:
    try:
        expressions = parse(text)
    except ValueError as error:
        hint = "write $[[ vars.name ]], $[[ secrets.NAME ]] or $[[ ref.Kind/name ]]"
        return [Finding("expression.syntax", str(error), hint, pointer)], False
    findings = [
        Finding(
            "expression.unknown-variable",
            f"there is no variable `{found.name}`",
            suggestion(found.name, variables) or "declare it below `vars` in the project file, or give it with --var",
            pointer,
        )
        for found in expressions
        if found.space is Space.VARS and found.name not in variables
    ]
    findings += [
        Finding(
            "expression.syntax",
            f"`{found.text}` is no reference",
            "write $[[ ref.Kind/name ]], with the version in the name where the kind has one: ref.App/fastqc@1.0.0",
            pointer,
        )
        for found in expressions
        if found.space is Space.REF and not all(found.name.partition("/")[::2])
    ]
    if "$[[" in PATTERN.sub("", text):
        findings.append(Finding("expression.syntax", "`$[[` is opened and never closed", "close it with `]]`", pointer))
    is_whole = len(expressions) == 1 and expressions[0].text == text.strip() and expressions[0].space is Space.VARS
    return findings, is_whole


def fixed(value: Any, pointer: str) -> tuple[Finding, ...]:  # noqa: ANN401 - any JSON value
    """Findings for secrets and references in a place that must be known before anything is sent."""
    return tuple(
        Finding(
            "expression.not-here",
            f"`{found.text}` cannot stand here: names, scopes and policies must be known when planning",
            "write the value, or use a variable",
            pointer + inner,
        )
        for inner, text in strings(value)
        if "$[[" in text
        for found in parse(text)
    )


def plain_secrets(spec: Any, rules: tuple[FieldRule, ...]) -> tuple[Finding, ...]:  # noqa: ANN401 - any JSON value
    """Findings, with pointers into the spec, for secret fields that hold anything but references to secrets."""
    found = []
    for rule in rules:
        if not rule.secret:
            continue
        for container, key, way in slots(spec, rule.path):
            found += [
                Finding(
                    "expression.plain-secret",
                    "a secret stands here in plain text",
                    "write $[[ secrets.NAME ]], give it in the environment, and change it: it has been in a file",
                    join(way) + inner,
                )
                for inner, text in strings(container[key])
                if not _is_reference(text)
            ]
    return tuple(found)


def _is_reference(text: str) -> bool:
    """Only secret references, and nothing beside them that could be part of the secret."""
    return not text or (not PATTERN.sub("", text).strip() and all(f.space is Space.SECRETS for f in parse(text)))
