"""Checking a document against the schema of its kind."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from reconciler.manifests.wording import explain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jsonschema.protocols import Validator

    from reconciler.manifests.findings import Finding

    Schema = dict[str, Any]


def compiled(schema: Schema) -> Validator:
    """A validator to be used many times. Raises nothing for a schema that meta.schema.json accepts."""
    validator: Validator = _StrictValidator(schema)
    return validator


def violations(validator: Validator, document: Any, text_at: Callable[[str], str | None]) -> tuple[Finding, ...]:  # noqa: ANN401 - any JSON value
    """Every way in which `document` breaks the schema, in people's words, one finding per place.

    `text_at` gives the scalar at a JSON pointer as the author wrote it, and is asked only when something is wrong.
    """
    return explain(tuple(validator.iter_errors(document)), text_at)


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
    """1440.0 is no integer here: what is sent must be what was written."""
    del checker
    return isinstance(instance, int) and not isinstance(instance, bool)


_StrictValidator = extend(
    Draft202012Validator,
    validators={"pattern": _check_pattern},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)
