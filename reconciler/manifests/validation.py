"""Checking a document against the schema of its kind."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from reconciler.manifests.wording import Broken, explain
from reconciler.model.unsound import ANYTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jsonschema.protocols import Validator

    from reconciler.manifests.findings import Finding
    from reconciler.model.unsound import Path

    Schema = dict[str, Any]


_RULES_OF_SPELLING: Final = frozenset({"pattern", "minLength", "maxLength", "enum", "const", "format"})


def compiled(schema: Schema) -> Validator:
    """A validator to be used many times, for a schema that meta.schema.json accepts. Stricter than the standard in two
    points: a pattern's `$` is the end of the text, and 1440.0 is no integer.
    """
    return _StrictValidator(schema)


def violations(validator: Validator, document: Any, text_at: Callable[[str], str | None]) -> tuple[Finding, ...]:  # noqa: ANN401 - any JSON value
    """Every way in which `document` breaks the schema, in people's words, one finding per place.

    `text_at` gives the scalar at a JSON pointer as the author wrote it, and is asked only when something is wrong.
    """
    broken = (_broken(error) for error in validator.iter_errors(document))
    return explain([one for one in broken if not _is_unknown_yet(one)], text_at)


def wrong_parts(validator: Validator, document: Any) -> frozenset[Path]:  # noqa: ANN401 - any JSON value
    """Where `document` breaks the schema: the paths of values that are wrong or missing. () is all of it."""
    return frozenset(path for error in validator.iter_errors(document) for path in _paths(error))


def _paths(error: ValidationError) -> Iterator[Path]:
    here, value, limit = tuple(error.absolute_path), error.instance, error.validator_value
    if error.validator == "required" and isinstance(limit, list) and isinstance(value, dict):
        yield from ((*here, name) for name in limit if name not in value)
    elif error.validator == "additionalProperties" and isinstance(error.schema, dict) and isinstance(value, dict):
        yield from ((*here, key) for key in value if key not in error.schema.get("properties", {}))
        yield (*here, ANYTHING)
    elif "propertyNames" in error.absolute_schema_path:
        yield from ((*here, str(value)), (*here, ANYTHING))
    elif error.context and all(_lacks_a_member(inner, here) for inner in error.context):
        yield from (path for inner in error.context for path in _paths(inner))
    else:
        yield here


def _lacks_a_member(error: ValidationError, path: Path) -> bool:
    return error.validator == "required" and tuple(error.absolute_path) == path


def _is_unknown_yet(broken: Broken) -> bool:
    """How a text must be written cannot be judged while a secret or a reference in it is still to be filled in."""
    return isinstance(broken.value, str) and "$[[" in broken.value and broken.rule in _RULES_OF_SPELLING


def _broken(error: ValidationError) -> Broken:
    """The library's error as a value of our own."""
    branches: dict[Any, list[Broken]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.schema_path[0], []).append(_broken(inner))
    return Broken(
        path=tuple(error.absolute_path),
        rule=str(error.validator),
        limit=error.validator_value,
        value=error.instance,
        schema=error.schema if isinstance(error.schema, dict) else {},
        branches=tuple(tuple(branch) for branch in branches.values()),
        names_key="propertyNames" in error.absolute_schema_path,
        message=error.message,
    )


@lru_cache(maxsize=512)
def _pattern(pattern: str) -> re.Pattern[str]:
    """In JSON Schema a final `$` is the end of the text; in Python a line break may follow it."""
    if pattern.endswith("$") and not pattern.endswith(r"\$"):
        pattern = pattern[:-1] + r"\Z"
    return re.compile(pattern)


def _check_pattern(
    validator: Validator,
    pattern: str,
    instance: Any,  # noqa: ANN401 - any JSON value
    schema: Schema,
) -> Iterator[ValidationError]:
    del validator, schema
    if isinstance(instance, str) and not _pattern(pattern).search(instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _is_integer(checker: Any, instance: Any) -> bool:  # noqa: ANN401 - the library's signature
    """What is sent must be what was written."""
    del checker
    return isinstance(instance, int) and not isinstance(instance, bool)


_StrictValidator: Callable[[Schema], Validator] = extend(  # type: ignore[no-untyped-call]  # not typed there
    Draft202012Validator,
    validators={"pattern": _check_pattern},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)
