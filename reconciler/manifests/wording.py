"""From validation errors to sentences: what is wrong, the rule, what to do."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from reconciler.manifests.findings import Finding, did_you_mean, listed, suggestion
from reconciler.manifests.pointers import join
from reconciler.model.secret import REDACTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from jsonschema import ValidationError

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
"""Of several rules about one value the first broken one is told; the others follow from it."""


def explain(errors: Iterable[ValidationError], text_at: TextAt) -> tuple[Finding, ...]:
    """One finding per place and cause, in a stable order."""
    found: dict[tuple[str, str], tuple[int, Finding]] = {}
    for error in _leaves(errors):
        for finding in _findings(error, text_at):
            cause = "key" if finding.on_key else "value"
            cause = finding.message if finding.code == "schema.required" else cause
            rank = _RANK.index(error.validator) if error.validator in _RANK else len(_RANK)
            key = (finding.pointer, cause)
            if key not in found or rank < found[key][0]:
                found[key] = (rank, finding)
    return tuple(found[key][1] for key in sorted(found))


def _leaves(errors: Iterable[ValidationError]) -> Iterator[ValidationError]:
    """The errors themselves; for a choice of schemas, those of the alternative the author most likely meant."""
    for error in errors:
        if error.validator in {"anyOf", "oneOf"} and error.context and not _lacks_one_of(error):
            yield from _leaves(_likeliest(error))
        else:
            yield error


def _likeliest(error: ValidationError) -> list[ValidationError]:
    """The branch whose errors lie deepest: it got furthest. Among equals the one with fewest, then the first."""
    branches: dict[int, list[ValidationError]] = defaultdict(list)
    for inner in error.context or ():
        branches[int(inner.schema_path[0])].append(inner)

    def distance(index: int) -> tuple[int, int, int]:
        depth = min(len(inner.absolute_path) for inner in branches[index])
        return (-depth, len(branches[index]), index)

    return branches[min(branches, key=distance)]


def _lacks_one_of(error: ValidationError) -> bool:
    """A choice of required fields: `anyOf: [{required: [a]}, {required: [b]}]`."""
    return all(inner.validator == "required" for inner in error.context or ())


def _findings(error: ValidationError, text_at: TextAt) -> Iterator[Finding]:
    path = list(error.absolute_path)
    if "propertyNames" in error.absolute_schema_path:
        yield _bad_key(error, path)
        return
    match str(error.validator):
        case "additionalProperties":
            yield from _unknown_keys(error, path)
        case "required":
            yield _missing(error, path)
        case "anyOf" | "oneOf":
            yield _missing_choice(error, path)
        case "type":
            yield _wrong_type(error, path, text_at)
        case "enum" | "const":
            yield _wrong_choice(error, path)
        case _:
            yield _out_of_bounds(error, path)


def _bad_key(error: ValidationError, path: list[str | int]) -> Finding:
    rule = error.schema.get("patternErrorMessage") or "must be shorter or longer"
    key = str(error.instance)
    return Finding("schema.key", f"the name `{_short(key)}` {rule}", pointer=join([*path, key]), on_key=True)


def _unknown_keys(error: ValidationError, path: list[str | int]) -> Iterator[Finding]:
    known = error.schema.get("properties", {})
    for key in error.instance:
        if key in known:
            continue
        where = f"in `{dotted(path)}`" if path else "at the top of the document"
        hint = _belongs_below(key, known) or suggestion(key, set(known) - set(error.instance) or known)
        yield Finding(
            "schema.unknown-key", f"unknown key `{_short(key)}` {where}", hint, join([*path, key]), on_key=True
        )


def _belongs_below(key: str, known: dict[str, Any]) -> str:
    """A right word at the wrong level."""
    if did_you_mean(key, known):
        return ""
    for name, schema in known.items():
        if key in schema.get("properties", {}):
            return f"it belongs below `{name}`; check the indentation"
    return ""


def _missing(error: ValidationError, path: list[str | int]) -> Finding:
    name = next(
        field for field in error.validator_value if field not in error.instance and f"'{field}'" in error.message
    )
    what = error.schema.get("properties", {}).get(name, {}).get("description", "")
    where = f"`{dotted(path)}`" if path else "the document"
    return Finding("schema.required", f"{where} lacks `{name}`", what, join(path), on_key=True)


def _missing_choice(error: ValidationError, path: list[str | int]) -> Finding:
    names = sorted({name for inner in error.context or () for name in inner.validator_value})
    where = f"`{dotted(path)}`" if path else "the document"
    return Finding("schema.required", f"{where} needs one of {listed(names)}", pointer=join(path), on_key=True)


def _wrong_type(error: ValidationError, path: list[str | int], text_at: TextAt) -> Finding:
    wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    wanted = [name for name in wanted if name != "null"]
    words = " or ".join(_TYPE_WORDS[name] for name in wanted)
    pointer = join(path)
    value, text = error.instance, text_at(pointer)
    message = f"`{dotted(path)}` must be {words}, not {_kind_of(value)}{_shown(error, text)}"
    return Finding("schema.type", message, _type_hint(wanted, value, text), pointer)


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


def _shown(error: ValidationError, text: str | None = None) -> str:
    """The offending scalar with a space before it, or nothing for lists and mappings."""
    value = error.instance
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(error.schema, dict) and "x-secret" in error.schema:
        return f" {REDACTED}"
    return (
        f" {_short(text if text is not None and not isinstance(value, str) else json.dumps(value, ensure_ascii=False))}"
    )


def _wrong_choice(error: ValidationError, path: list[str | int]) -> Finding:
    choices = error.validator_value if error.validator == "enum" else [error.validator_value]
    words = [choice for choice in choices if isinstance(choice, str) and choice.strip()]
    optional = " or left out" if None in choices else ""
    value = error.instance
    given = " empty" if value is None else _shown(error) or " a list or a mapping"
    message = f"`{dotted(path)}` must be {_alternatives(words)}{optional}, not{given}"
    close = did_you_mean(value, words) if isinstance(value, str) else ""
    hint = f"did you mean `{close}`?" if close else str(error.schema.get("description", ""))
    return Finding("schema.choice", message, hint, join(path))


def _alternatives(words: list[str]) -> str:
    return listed(words).replace(" and ", " or ") if len(words) > 1 else f"`{words[0]}`" if words else "something else"


def _out_of_bounds(error: ValidationError, path: list[str | int]) -> Finding:
    code, message = _bound(error, f"`{dotted(path)}`" if path else "the document")
    hint = "" if error.validator == "pattern" else str(error.schema.get("description", ""))
    return Finding(code, message, hint, join(path))


def _bound(error: ValidationError, name: str) -> tuple[str, str]:
    limit, value = error.validator_value, error.instance
    match str(error.validator):
        case "pattern":
            rule = error.schema.get("patternErrorMessage", "is not written as it must be")
            return "schema.pattern", f"{name} {rule}; it is{_shown(error)}"
        case "minimum":
            return "schema.range", f"{name} must be at least {limit}; it is {value}"
        case "maximum":
            return "schema.range", f"{name} must be at most {limit}; it is {value}"
        case "minLength":
            return "schema.length", f"{name} must have at least {_count(limit, 'character')}; it has {len(value)}"
        case "maxLength":
            return "schema.length", f"{name} must have at most {_count(limit, 'character')}; it has {len(value)}"
        case "minItems":
            return "schema.length", f"{name} must have at least {_count(limit, 'item')}; it has {len(value)}"
        case "maxItems":
            return "schema.length", f"{name} must have at most {_count(limit, 'item')}; it has {len(value)}"
        case "minProperties":
            return (
                "schema.length",
                f"{name} must have at least {_count(limit, 'entry', 'entries')}; it has {len(value)}",
            )
        case _:
            return "schema.rule", f"{name} breaks a rule of its schema: {_short(error.message)}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one}" if number == 1 else f"{number} {many or one + 's'}"


def dotted(path: Iterable[str | int]) -> str:
    """`app.inputs[0].name`: a path as people write it."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "..."
