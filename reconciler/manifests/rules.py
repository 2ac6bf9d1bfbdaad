"""From the facts in a schema (`x-...` keywords) to the field rules that planning reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reconciler.model.kind import FieldRule, Life, OnFieldChange, Reference

if TYPE_CHECKING:
    from collections.abc import Iterator

Schema = dict[str, Any]

_FACTS: Final = (
    "x-immutable",
    "x-in-place",
    "x-computed",
    "x-write-only",
    "x-secret",
    "x-server-default",
    "x-cosmetic",
    "x-list-key",
    "x-unordered",
    "x-quantity",
    "x-empty-is-absent",
    "x-content-digest",
    "x-after-create",
    "x-made-with",
    "x-refers-to",
)


_FORCING: Final = ("x-immutable", "x-in-place", "x-computed", "x-cosmetic")
"""The facts that say what a change of the field asks for."""


def field_rules(spec: Schema, life: Life) -> tuple[FieldRule, ...]:
    """One rule per field of `spec` (references replaced) that has facts, outer fields first."""
    return tuple(_rule(path, schema, life) for path, schema in fields(spec) if any(fact in schema for fact in _FACTS))


def fields(spec: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Every field below an object schema with its dotted path: `[]` for list items, `*` for the members of a map:
    `tasks[].resources.cpu`, `env.*`.
    """
    members = dict(spec.get("properties", {}))
    if isinstance(spec.get("additionalProperties"), dict):
        members["*"] = spec["additionalProperties"]
    for name, schema in members.items():
        inner = f"{path}.{name}" if path else name
        yield inner, schema
        yield from fields(schema, inner)
        yield from _items(schema, inner)


def _items(schema: Schema, path: str) -> Iterator[tuple[str, Schema]]:
    items = schema.get("items")
    if isinstance(items, dict):
        yield f"{path}[]", items
        yield from fields(items, f"{path}[]")
        yield from _items(items, f"{path}[]")


def _rule(path: str, schema: Schema, life: Life) -> FieldRule:
    default = schema.get("x-server-default")
    refers = schema.get("x-refers-to")
    return FieldRule(
        path=path,
        reason="; ".join(_reason(schema[fact]) for fact in _FACTS if fact in schema),
        on_change=_on_change(schema, life),
        has_server_default=default is not None,
        server_default=default["value"] if default else None,
        write_only="x-write-only" in schema,
        computed="x-computed" in schema,
        secret="x-secret" in schema,
        cosmetic="x-cosmetic" in schema,
        list_key=schema.get("x-list-key", {}).get("key", ""),
        unordered="x-unordered" in schema,
        quantity=schema.get("x-quantity", {}).get("unit", ""),
        empty_is_absent="x-empty-is-absent" in schema,
        refers_to=_reference(refers) if refers else None,
        content_digest=schema.get("x-content-digest", {}).get("member", ""),
        after_create="x-after-create" in schema,
        made_with="x-made-with" in schema,
        where=_where(schema.get("x-in-place")),
        because="; ".join(_reason(schema[fact]) for fact in _FORCING if fact in schema),
    )


def _reference(refers: Schema) -> Reference:
    kinds = [refers["kind"]] if isinstance(refers["kind"], str) else refers["kind"]
    text, pattern = refers.get("text", ""), refers.get("pattern", "")
    by = refers.get("by", {"field": "", "kinds": {}})
    return Reference(
        kinds[0],
        refers.get("form", ""),
        tuple(kinds[1:]),
        text,
        pattern,
        refers.get("here", False),
        by["field"],
        tuple(by["kinds"].items()),
    )


def _where(fact: Any) -> tuple[str, str] | None:  # noqa: ANN401 - a sentence, or an object
    return (fact["where"]["member"], fact["where"]["is"]) if isinstance(fact, dict) else None


def _on_change(schema: Schema, life: Life) -> OnFieldChange | None:
    if "x-in-place" in schema:
        return OnFieldChange.UPDATE
    if "x-immutable" not in schema:
        return None
    return OnFieldChange.REPLACE if life is Life.STANDING else OnFieldChange.NEW_RUN


def _reason(fact: Any) -> str:  # noqa: ANN401 - a sentence, or an object with one
    return str(fact["reason"]) if isinstance(fact, dict) else str(fact)
