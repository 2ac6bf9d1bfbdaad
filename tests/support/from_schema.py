"""Values made from a schema of ours: whatever it lets an author write, for laws that must hold for all of it.

Of JSON Schema it knows what our schemas use for shapes. What a schema cannot say (what excludes what, what exists on a
platform) is for whoever asks: `overrides` gives other values for a place, by its dotted path, `[]` standing for items
and `*` for any member of a map; None leaves the place out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypothesis.strategies import SearchStrategy

    Schema: TypeAlias = Mapping[str, Any]
    Overrides: TypeAlias = Mapping[str, SearchStrategy[Any] | None]

_CHARACTERS = st.characters(categories=("L", "N", "P", "S", "Zs"), exclude_characters="[\u00a0\ufeff")
"""Whatever is printed, without the beginning of an expression of ours."""
_ANYTHING = st.integers(0, 9) | st.text("ab", max_size=3)
_MOST_ITEMS, _MOST_NUMBER, _MOST_TEXT = 2, 40, 12


class Generator:
    """Makes values of one schema, whose definitions are those of `root`."""

    def __init__(self, root: Schema, overrides: Overrides) -> None:
        self._definitions: Schema = root["$defs"]
        self._overrides = overrides

    def resolved(self, schema: Schema) -> Schema:
        """Without references."""
        if "$ref" not in schema:
            return schema
        there = self._definitions[schema["$ref"].removeprefix("#/$defs/")]
        return self.resolved({**there, **{name: value for name, value in schema.items() if name != "$ref"}})

    def values(self, schema: Schema, path: str = "") -> SearchStrategy[Any]:
        """Valid ones. Raises KeyError for a schema that says too little."""
        schema = self.resolved(schema)
        if path in self._overrides and (given := self._overrides[path]) is not None:
            return given
        if "x-secret" in schema:
            return st.just("$[[ secrets.generated ]]")
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        kinds = {
            "object": self._objects,
            "array": self._arrays,
            "string": _texts,
            "boolean": lambda *_: st.booleans(),
            "integer": _whole,
            "number": _fractions,
        }
        return kinds[schema["type"]](schema, path) if "type" in schema else _ANYTHING

    def _objects(self, schema: Schema, path: str) -> SearchStrategy[dict[str, Any]]:
        members = {
            name: self.values(below, there)
            for name, below in (schema.get("properties") or {}).items()
            if self._overrides.get(there := f"{path}.{name}".lstrip("."), ...) is not None
        }
        required = {name: members.pop(name) for name in schema.get("required", ()) if name in members}
        known = st.fixed_dictionaries(required, optional=members)
        free = schema.get("additionalProperties")
        if not isinstance(free, dict):
            return known
        names = _texts({"minLength": 1, **(schema.get("propertyNames") or {})})
        return st.dictionaries(names, self.values(free, f"{path}.*"), max_size=_MOST_ITEMS)

    def _arrays(self, schema: Schema, path: str) -> SearchStrategy[list[Any]]:
        items = self.values(schema["items"], f"{path}[]")
        key = (schema.get("x-list-key") or {}).get("key", "")
        least = schema.get("minItems", 0)
        most = max(least, _MOST_ITEMS)
        if key:
            return st.lists(items, min_size=least, max_size=most, unique_by=lambda item: str(item.get(key)))
        return st.lists(items, min_size=least, max_size=most, unique_by=repr if "x-unordered" in schema else None)


def _texts(schema: Schema, _: str = "") -> SearchStrategy[str]:
    least, most = schema.get("minLength", 0), min(schema.get("maxLength", _MOST_TEXT), _MOST_TEXT)
    if "pattern" not in schema and "x-integer-as-text" in schema:
        return st.integers(1, _MOST_NUMBER).map(str)
    if "pattern" not in schema:
        return st.text(_CHARACTERS, min_size=least, max_size=most)
    matching = st.from_regex(schema["pattern"], alphabet=st.sampled_from("abcXYZ019_-./ ü中"))
    return matching.filter(lambda text: least <= len(text) <= 2 * most and "\n" not in text)


def _whole(schema: Schema, _: str) -> SearchStrategy[int]:
    least = schema.get("minimum", 0)
    return st.integers(least, schema.get("maximum", least + _MOST_NUMBER))


def _fractions(schema: Schema, _: str) -> SearchStrategy[float]:
    least = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    most = schema.get("maximum", least + _MOST_NUMBER)
    return st.integers(1, 100).map(lambda share: round(least + (most - least) * share / 100, 4))
