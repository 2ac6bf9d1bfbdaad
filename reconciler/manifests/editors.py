"""Schemas for editors: what a person may type, expressions included.

The schemas in `schemas/` describe values. A file may hold `$[[ vars.x ]]` wherever a value stands, and an editor must
not underline it. Loading itself checks after variables are filled in, against the strict schema.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.manifests.bundling import LISTS, MAPS

Schema = dict[str, Any]

_WORDS: Final = frozenset({"title", "description", "default", "examples", "deprecated", "$comment"})
_OUTSIDE: Final = frozenset({"envelope", "native"})
_EXPRESSION: Final[Schema] = {
    "title": "Expression",
    "description": "A value filled in later: $[[ vars.name ]], $[[ secrets.NAME ]] or $[[ ref.Kind/name ]].",
    "type": "string",
    "pattern": r"\$\[\[ *(?:vars|secrets|ref)\..*\]\]",
    "patternErrorMessage": "must be written $[[ vars.name ]], $[[ secrets.NAME ]] or $[[ ref.Kind/name ]]",
}


def accepting_expressions(schema: Schema) -> Schema:
    """A copy of a self-contained document schema that takes an expression in place of every scalar of the spec."""
    definitions = {name: part if name in _OUTSIDE else _open(part) for name, part in schema["$defs"].items()}
    return {**schema, "$defs": {**definitions, "expression": _EXPRESSION}}


def _open(schema: Schema) -> Schema:
    opened = {keyword: _inside(keyword, value) for keyword, value in schema.items()}
    if not _refuses_expressions(schema):
        return opened
    words = {keyword: value for keyword, value in opened.items() if keyword in _WORDS or keyword.startswith("x-")}
    rules = {keyword: value for keyword, value in opened.items() if keyword not in words}
    return {**words, "anyOf": [rules, {"$ref": "#/$defs/expression"}]}


def _inside(keyword: str, value: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
    if keyword in MAPS:
        return {name: _open(part) for name, part in value.items()}
    if keyword in LISTS:
        return [_open(part) for part in value]
    # Not inside `if`: it tells kinds of values apart and refuses nothing.
    return _open(value) if keyword in {"items", "additionalProperties", "then", "else"} and value else value


def _refuses_expressions(schema: Schema) -> bool:
    types = schema.get("type", [])
    if "array" in types or "object" in types:
        return False
    return bool({"enum", "const", "pattern"} & schema.keys()) or ("type" in schema and "string" not in types)
