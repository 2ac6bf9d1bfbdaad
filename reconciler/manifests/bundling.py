"""Making a schema self-contained. Editors and validators then need no file but one, and no look-up while checking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urldefrag, urljoin

if TYPE_CHECKING:
    from collections.abc import Mapping

Schema = dict[str, Any]

MAPS: Final = frozenset({"properties", "patternProperties", "$defs"})
LISTS: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_SINGLES: Final = frozenset({"items", "additionalProperties", "propertyNames", "if", "then", "else", "not", "contains"})
_ANNOTATIONS: Final = frozenset({"title", "description", "examples", "default", "$comment", "deprecated"})


def bundle(schema: Schema, library: Mapping[str, Schema]) -> Schema:
    """A copy of `schema` whose references to other schemas of `library` (by `$id`) are replaced by what they name;
    references within it stay. Raises ValueError for one that leads nowhere.
    """
    return {keyword: _bundled(keyword, value, schema, library) for keyword, value in schema.items()}


def definition(schema: Schema, name: str) -> Schema:
    """`$defs/<name>` of a self-contained schema with every reference replaced. Schemas here are never recursive.
    Raises KeyError when there is none.
    """
    return resolved(schema["$defs"][name], schema, {schema["$id"]: schema})


def resolved(schema: Schema, root: Schema, library: Mapping[str, Schema]) -> Schema:
    """`schema`, a part of `root`, with every reference in it replaced."""
    own = {keyword: _resolved(keyword, value, root, library) for keyword, value in schema.items() if keyword != "$ref"}
    reference = schema.get("$ref")
    return _merged(_target(reference, root, library), own) if reference else own


def _bundled(keyword: str, value: Any, root: Schema, library: Mapping[str, Schema]) -> Any:  # noqa: ANN401 - JSON
    def step(part: Any) -> Any:  # noqa: ANN401 - JSON
        if not isinstance(part, dict):
            return part
        reference = part.get("$ref", "#")
        if reference.startswith("#"):
            return {name: _bundled(name, item, root, library) for name, item in part.items()}
        return resolved(part, root, library)

    return _each(keyword, value, step)


def _resolved(keyword: str, value: Any, root: Schema, library: Mapping[str, Schema]) -> Any:  # noqa: ANN401 - JSON
    def step(part: Any) -> Any:  # noqa: ANN401 - JSON
        return resolved(part, root, library) if isinstance(part, dict) else part

    return _each(keyword, value, step)


def _each(keyword: str, value: Any, step: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
    """`value` of a keyword, with `step` done to every schema directly below it."""
    if keyword in MAPS:
        return {name: step(part) for name, part in value.items()}
    if keyword in LISTS:
        return [step(part) for part in value]
    return step(value) if keyword in _SINGLES else value


def _target(reference: str, root: Schema, library: Mapping[str, Schema]) -> Schema:
    base, fragment = urldefrag(urljoin(root["$id"], reference))
    home: Any = library.get(base)
    part = home
    for step in fragment.split("/")[1:]:
        part = part.get(step) if isinstance(part, dict) else None
    if not isinstance(part, dict):
        msg = f"{root['$id']}: the reference {reference} leads nowhere"
        raise ValueError(msg)  # noqa: TRY004 - the schema is wrong, not the call
    return resolved(part, home, library)


def _merged(target: Schema, own: Schema) -> Schema:
    """The target of a reference with what stands beside the reference. Words beside it replace the target's words;
    rules beside it are added, so both must hold.
    """
    words = {keyword: value for keyword, value in own.items() if keyword in _ANNOTATIONS or keyword.startswith("x-")}
    rules = {keyword: value for keyword, value in own.items() if keyword not in words}
    merged = {**target, **words}
    for keyword, value in rules.items():
        if keyword == "properties":
            merged["properties"] = {**target.get("properties", {}), **value}
        elif keyword in target:
            merged["allOf"] = [*merged.get("allOf", []), {keyword: value}]
        else:
            merged[keyword] = value
    return merged
