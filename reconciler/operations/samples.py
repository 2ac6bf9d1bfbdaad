"""A manifest to fill in: every field of a kind with what it means, those that must be there ready to be written."""

from __future__ import annotations

import json
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.kind import Kind

_WIDTH: Final = 110
_DEEPEST: Final = 6
_BLANKS: Final[Mapping[str, Any]] = {"string": "...", "integer": 1, "number": 1, "boolean": False, "null": None}
_Schema = dict[str, Any]


def sample(kind: Kind, schema: _Schema) -> str:
    """YAML in the platform's own file format where it has one, else in our envelope. `schema` is that of `kind`.

    What must be there stands as it is, with `...` where only the author knows; what may be left out is commented out.
    """
    definitions: _Schema = schema.get("$defs", {})
    head = [f"# {line}" for line in wrap(str(schema.get("description", "")), _WIDTH)]
    native = definitions.get("native") if kind.native_key else None
    if native is not None:
        inner = native["properties"][kind.native_key]
        whole = native if kind.native_whole else {"type": "object", "properties": {kind.native_key: inner}}
        required = {"required": [kind.native_key]} if not kind.native_whole else {}
        body = list(_members({**whole, **required}, definitions, 0))
        return "\n".join([*head, *body]) + "\n"
    first, *_ = kind.identity
    spec = _resolved(definitions["spec"], definitions)
    rest = {name: each for name, each in spec.get("properties", {}).items() if name != first}
    named = _resolved(spec.get("properties", {}).get(first, {}), definitions)
    lines = [
        *head,
        f"apiVersion: {kind.platform}/{kind.api_version}",
        f"kind: {kind.word}",
        "metadata:",
        *_comment(named, 2, required=True),
        f"  name: {_scalar(named)}",
        "spec:",
        *_members({**spec, "properties": rest}, definitions, 2),
    ]
    return "\n".join(lines) + "\n"


def _members(schema: _Schema, definitions: _Schema, indent: int, depth: int = 0) -> Iterator[str]:
    """The properties of an object, those that must be there first."""
    needed = [*schema.get("required", ()), *_needed_usually(schema)]
    properties: Mapping[str, _Schema] = schema.get("properties", {})
    for name in sorted(properties, key=lambda each: each not in needed):
        inner = _resolved(properties[name], definitions)
        required = name in needed
        yield from _comment(inner, indent, required=required)
        lines = list(_entry(name, inner, definitions, indent, depth))
        yield from lines if required else (f"{' ' * indent}# {line[indent:]}" for line in lines)


def _needed_usually(schema: _Schema) -> list[str]:
    """What must be there unless an exceptional field is: the `else` of a condition."""
    found = schema.get("else", {})
    return list(found.get("required", ())) if isinstance(found, dict) else []


def _entry(name: str, schema: _Schema, definitions: _Schema, indent: int, depth: int) -> Iterator[str]:
    blank, kind = " " * indent, _type(schema)
    if depth >= _DEEPEST:
        yield f"{blank}{name}: {{}}"
    elif kind == "object" and schema.get("properties"):
        yield f"{blank}{name}:"
        yield from _members(schema, definitions, indent + 2, depth + 1)
    elif kind == "array":
        yield f"{blank}{name}:"
        yield from _item(_resolved(schema.get("items", {}), definitions), definitions, indent + 2, depth + 1)
    else:
        yield f"{blank}{name}: {_scalar(schema)}"


def _item(schema: _Schema, definitions: _Schema, indent: int, depth: int) -> Iterator[str]:
    if _type(schema) != "object" or not schema.get("properties") or depth >= _DEEPEST:
        yield f"{' ' * indent}- {_scalar(schema)}"
        return
    lines = list(_members(schema, definitions, indent + 2, depth))
    begun = False
    for line in lines:
        plain = line.lstrip().startswith("#")
        yield line if begun or plain else f"{' ' * indent}- {line[indent + 2 :]}"
        begun = begun or not plain
    if not begun:
        yield f"{' ' * indent}- {{}}"


def _comment(schema: _Schema, indent: int, *, required: bool) -> Iterator[str]:
    told = str(schema.get("description", ""))
    words = [value for value in schema.get("enum", ()) if value is not None and str(value).strip()]
    told += f" One of {', '.join(map(str, words))}." if len(words) > 1 else ""
    default = schema.get("x-server-default", {}).get("value", schema.get("default"))
    told += "" if required or default in (None, "", [], {}) else f" Default: {json.dumps(default, ensure_ascii=False)}."
    for line in wrap(told.strip(), _WIDTH - indent):
        yield f"{' ' * indent}# {line}"


def _scalar(schema: _Schema) -> str:
    """A value on one line, as JSON where a plain word would not do."""
    default = schema.get("x-server-default", {}).get("value", schema.get("default"))
    words = [value for value in schema.get("enum", ()) if value is not None and str(value).strip()]
    kind = _type(schema)
    value: Any = _BLANKS.get(kind, {} if kind == "object" else "...")
    if "const" in schema:
        value = schema["const"]
    elif default not in (None, "", [], {}):
        value = default
    elif words:
        value = words[0]
    elif kind in {"integer", "number"}:
        usual = max(schema.get("minimum", 1), min(1, schema.get("maximum", 1)))
        value = next(iter(schema.get("examples", ())), usual)
    return "..." if value == "..." else json.dumps(value, ensure_ascii=False)


def _type(schema: _Schema) -> str:
    kinds = schema.get("type", "object" if "properties" in schema else "string")
    return next((kind for kind in kinds if kind != "null"), "null") if isinstance(kinds, list) else str(kinds)


def _resolved(schema: _Schema, definitions: _Schema) -> _Schema:
    """`schema` with what it points to in its own file; the first form where it allows several."""
    for _ in range(_DEEPEST):
        pointer = str(schema.get("$ref", ""))
        if pointer.startswith("#/$defs/"):
            beside = {key: value for key, value in schema.items() if key != "$ref"}
            schema = {**definitions.get(pointer.removeprefix("#/$defs/"), {}), **beside}
            continue
        several = schema.get("oneOf") or schema.get("anyOf")
        if not several or "type" in schema or "properties" in schema:
            break
        beside = {key: value for key, value in schema.items() if key not in {"oneOf", "anyOf"}}
        schema = {**next((each for each in several if each.get("type") != "null"), {}), **beside}
    return schema
