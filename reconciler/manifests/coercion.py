"""The few places where a value takes the type its field wants, because nothing can be lost by it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from reconciler.manifests.paths import slots
from reconciler.manifests.pointers import join
from reconciler.manifests.scalars import Refusal, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jsonschema.protocols import Validator

    from reconciler.model.kind import FieldRule


def as_wanted(validator: Validator, document: Any, whole: frozenset[str]) -> Any:  # noqa: ANN401 - any JSON value
    """`document` with those variables typed whose field refuses text: `timeout: $[[ vars.timeout ]]` is a number.

    Variables are text. Only a value that is one variable and nothing else (`whole`) is touched, and only when it reads
    as what the field wants.
    """
    if not whole:
        return document
    wrong = [
        list(error.absolute_path)
        for error in validator.iter_errors(document)
        if error.validator == "type" and join(error.absolute_path) in whole
    ]
    if not wrong:
        return document
    typed = copy.deepcopy(document)
    for path in wrong:
        holder = typed
        for step in path[:-1]:
            holder = holder[step]
        value = resolve(str(holder[path[-1]]))
        if not isinstance(value, Refusal):
            holder[path[-1]] = value
    return typed


def settled(spec: dict[str, Any], rules: Iterable[FieldRule], integer_texts: Iterable[str]) -> dict[str, Any]:
    """`spec` with whole numbers as text where the platform wants text, and, where empty means absent, blank text as
    empty text and without nulls: a null is never sent. Changes `spec`.
    """
    for path in integer_texts:
        for container, key, _ in slots(spec, path):
            if isinstance(container[key], int):
                container[key] = str(container[key])
    for rule in rules:
        if rule.empty_is_absent:
            _settle_empty(spec, rule.path)
    return spec


def _settle_empty(spec: dict[str, Any], path: str) -> None:
    for container, key, _ in list(slots(spec, path)):
        value = container[key]
        if value is None and isinstance(container, dict):
            del container[key]
        elif isinstance(value, str) and value.isspace():
            container[key] = ""
