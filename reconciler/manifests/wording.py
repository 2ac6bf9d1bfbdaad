"""From broken rules to sentences: what is wrong, the rule, what to do."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from reconciler.manifests.findings import Finding, listed, suggestion
from reconciler.manifests.pointers import join
from reconciler.model.secret import REDACTED
from reconciler.model.spelling import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    TextAt = Callable[[str], str | None]

_LONGEST_SHOWN: Final = 60
_NUMBER = re.compile(r"[-+]?[0-9][0-9_]*(?:\.[0-9]+)?")
_TYPE_WORDS: Final = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "empty",
}
_RANK: Final = ("type", "const", "enum", "minLength", "maxLength", "pattern")
"""Of several broken rules about one value the first is told; the others follow from it."""
_RANGES: Final = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
}
_LENGTHS: Final = {
    "minLength": ("at least", "character"),
    "maxLength": ("at most", "character"),
    "minItems": ("at least", "item"),
    "maxItems": ("at most", "item"),
    "minProperties": ("at least", "entry"),
    "maxProperties": ("at most", "entry"),
}
_PLURALS: Final = {"entry": "entries"}


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule of a schema that a value breaks: `rule` is the keyword, `limit` its value, `schema` what it stands in.

    `branches` are, for a choice of schemas, the broken rules of each alternative. `names_key`: the value is a key of
    the mapping at `path`. `message` is the validator's own, for rules nobody has put into words.
    """

    path: tuple[str | int, ...]
    rule: str
    limit: Any
    value: Any
    schema: dict[str, Any]
    branches: tuple[tuple[Broken, ...], ...] = ()
    names_key: bool = False
    message: str = ""


def explain(broken: Iterable[Broken], text_at: TextAt) -> tuple[Finding, ...]:
    """One finding per place and cause, in a stable order. `text_at` gives the scalar at a JSON pointer as written."""
    found: dict[tuple[str, str], tuple[int, Finding]] = {}
    for one in _leaves(broken):
        rank = _RANK.index(one.rule) if one.rule in _RANK else len(_RANK)
        for finding in _findings(one, text_at):
            cause = finding.message if finding.on_key else ""
            key = (finding.pointer, cause)
            if key not in found or rank < found[key][0]:
                found[key] = (rank, finding)
    return tuple(found[key][1] for key in sorted(found))


def _leaves(broken: Iterable[Broken]) -> Iterator[Broken]:
    """The rules themselves; for a choice of schemas, those of the alternative the author most likely meant."""
    for one in broken:
        if one.branches and not _lacks_one_of(one):
            yield from _leaves(_likeliest(one.branches))
        else:
            yield one


def _likeliest(branches: tuple[tuple[Broken, ...], ...]) -> tuple[Broken, ...]:
    """The branch whose rules break deepest got furthest; among equals the one that breaks fewest."""
    return min(branches, key=lambda branch: (-min(len(one.path) for one in branch), len(branch)))


def _lacks_one_of(one: Broken) -> bool:
    """A choice of required fields: `anyOf: [{required: [a]}, {required: [b]}]`."""
    return all(inner.rule == "required" and inner.path == one.path for branch in one.branches for inner in branch)


def _findings(one: Broken, text_at: TextAt) -> Iterator[Finding]:
    if one.names_key:
        yield _bad_key(one)
        return
    match one.rule:
        case "additionalProperties":
            yield from _unknown_keys(one)
        case "required":
            yield from _missing(one)
        case "anyOf" | "oneOf":
            yield _missing_choice(one)
        case "type":
            yield _wrong_type(one, text_at(join(one.path)))
        case "enum" | "const":
            yield _wrong_choice(one)
        case _:
            yield _out_of_bounds(one)


def _bad_key(one: Broken) -> Finding:
    key = str(one.value)
    _, message = _bound(one, f"the name `{_short(key)}`")
    return Finding("schema.key", message, pointer=join([*one.path, key]), on_key=True)


def _unknown_keys(one: Broken) -> Iterator[Finding]:
    known = one.schema.get("properties", {})
    for key in one.value:
        if key in known:
            continue
        where = f"in `{dotted(one.path)}`" if one.path else "at the top of the document"
        hint = _belongs_below(key, known) or suggestion(key, set(known) - set(one.value) or known)
        yield Finding(
            "schema.unknown-key", f"unknown key `{_short(key)}` {where}", hint, join([*one.path, key]), on_key=True
        )


def _belongs_below(key: str, known: dict[str, Any]) -> str:
    """A right word at the wrong level."""
    if did_you_mean(key, known):
        return ""
    for name, schema in known.items():
        if key in schema.get("properties", {}):
            return f"it belongs below `{name}`; check the indentation"
    return ""


def _missing(one: Broken) -> Iterator[Finding]:
    where = _name(one)
    for name in one.limit:
        if name not in one.value:
            what = one.schema.get("properties", {}).get(name, {}).get("description", "")
            yield Finding("schema.required", f"{where} lacks `{name}`", what, join(one.path), on_key=True)


def _missing_choice(one: Broken) -> Finding:
    names = sorted({name for branch in one.branches for inner in branch for name in inner.limit})
    where = _name(one)
    return Finding("schema.required", f"{where} needs one of {listed(names)}", pointer=join(one.path), on_key=True)


def _wrong_type(one: Broken, text: str | None) -> Finding:
    wanted = one.limit if isinstance(one.limit, list) else [one.limit]
    wanted = [name for name in wanted if name != "null"]
    words = " or ".join(_TYPE_WORDS[name] for name in wanted)
    where = _name(one)
    message = f"{where} must be {words}, not {_kind_of(one.value)}{_shown(one, text)}"
    return Finding("schema.type", message, _type_hint(wanted, one.value, text), join(one.path))


def _type_hint(wanted: list[str], value: Any, text: str | None) -> str:  # noqa: ANN401 - any JSON value
    if value is None:
        return "write a value, or remove the line when the field is optional"
    if "string" in wanted and not isinstance(value, dict | list):
        written = text if text is not None else json.dumps(value)
        return f'put it in quotes, so that every reader takes it as written: "{written}"'
    if isinstance(value, str) and {"integer", "number"} & set(wanted):
        number = _NUMBER.fullmatch(value.strip())
        return "write a plain decimal number without quotes" + (f", such as {_plain(value)}" if number else "")
    if wanted == ["boolean"]:
        return "write true or false, in lower case and without quotes"
    if wanted == ["array"]:
        return "write one item per line, each after `- `"
    return "write `key: value` lines, indented below it" if wanted == ["object"] else ""


def _plain(text: str) -> str:
    """A number as this program reads it: `010` is `10`."""
    digits = text.strip().lstrip("+").replace("_", "")
    sign, digits = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
    whole, point, rest = digits.partition(".")
    return f"{sign}{whole.lstrip('0') or '0'}{point}{rest}"


def _kind_of(value: Any) -> str:  # noqa: ANN401 - any JSON value
    match value:
        case bool():
            return "the truth value"
        case int() | float():
            return "the number"
        case str():
            return "the text"
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return "empty"


def _shown(one: Broken, text: str | None = None) -> str:
    """The offending scalar with a space before it, or nothing for lists and mappings."""
    value = one.value
    if value is None or isinstance(value, dict | list):
        return ""
    if "x-secret" in one.schema:
        return f" {REDACTED}"
    return (
        f" {_short(text if text is not None and not isinstance(value, str) else json.dumps(value, ensure_ascii=False))}"
    )


def _wrong_choice(one: Broken) -> Finding:
    choices = one.limit if one.rule == "enum" else [one.limit]
    texts = [choice for choice in choices if isinstance(choice, str) and choice.strip()]
    words = texts or [json.dumps(choice) for choice in choices if choice]
    optional = " or left out" if None in choices and words else ""
    given = " empty" if one.value is None else _shown(one) or " a list or a mapping"
    message = f"{_name(one)} must be {_alternatives(words)}{optional}, not{given}"
    close = did_you_mean(one.value, texts) if isinstance(one.value, str) else ""
    hint = f"did you mean `{close}`?" if close else str(one.schema.get("description", ""))
    return Finding("schema.choice", message, hint, join(one.path))


def _alternatives(words: list[str]) -> str:
    return listed(words, "or") if words else "left out"


def _out_of_bounds(one: Broken) -> Finding:
    code, message = _bound(one, _name(one))
    hint = "" if one.rule == "pattern" else str(one.schema.get("description", ""))
    return Finding(code, message, hint, join(one.path))


def _bound(one: Broken, name: str) -> tuple[str, str]:
    limit, value = one.limit, one.value
    if one.rule == "pattern":
        rule = one.schema.get("patternErrorMessage", "is not written as it must be")
        return "schema.pattern", f"{name} {rule}; it is{_shown(one)}"
    if one.rule in _RANGES:
        return "schema.range", f"{name} must be {_RANGES[one.rule]} {limit}; it is {value}"
    if one.rule in _LENGTHS:
        words, unit = _LENGTHS[one.rule]
        return "schema.length", f"{name} must have {words} {_count(limit, unit)}; it has {len(value)}"
    return "schema.rule", f"{name} breaks a rule of its schema: {_short(one.message)}"


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {_PLURALS.get(unit, unit + 's')}"


def _name(one: Broken) -> str:
    return f"`{dotted(one.path)}`" if one.path else "the document"


def dotted(path: Iterable[str | int]) -> str:
    """`app.inputs[0].name`: a path as people write it."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "..."
