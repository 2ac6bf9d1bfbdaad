"""`$[[ vars.x ]]`, `$[[ secrets.X ]]`, `$[[ ref.Kind/name ]]`, `$[[ ref.Kind/name.output ]]`.

`${...}` and `$(...)` belong to the platforms and the shell and are never touched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from reconciler.model.unsound import members

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATTERN = re.compile(r"\$\[\[(?P<body>.*?)\]\]", re.DOTALL)
_BODY = re.compile(r"^(?P<space>vars|secrets|ref)\.(?P<rest>\S(?:.*\S)?)$", re.DOTALL)


class Space(StrEnum):
    """Where the value comes from."""

    VARS = "vars"
    SECRETS = "secrets"
    REF = "ref"


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression. For `ref`, `name` is `Kind/name` or a full address `target/Kind/scope/name`, with `.output` after
    it where an output is meant and not the remote id.

    A name may itself hold dots (`fastqc@1.0.0`), so the output is split off only by `.` after the last `/name`
    when written with a colon-free identifier and the caller knows the outputs: see `split_output`.
    """

    space: Space
    name: str
    text: str

    def split_output(self, known: Callable[[str], bool]) -> tuple[str, str]:
        """`(Kind/name, output)`; the whole text wins when `known` says it is a resource, so dots in names are safe."""
        if known(self.name) or "." not in self.name:
            return self.name, ""
        head, _, tail = self.name.rpartition(".")
        return (head, tail) if known(head) else (self.name, "")


def parse(text: str) -> list[Expression]:
    """Every expression in `text`. Raises ValueError with a sentence on a malformed one."""
    found = []
    for match in PATTERN.finditer(text):
        body = _BODY.match(match["body"].strip())
        if body is None:
            msg = f"not an expression: {match.group()!r} (want vars.NAME, secrets.NAME or ref.Kind/name)"
            raise ValueError(msg)
        found.append(Expression(Space(body["space"]), body["rest"], match.group()))
    return found


def strings(value: Any, pointer: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON value
    """Every string in a JSON value with its JSON pointer (RFC 6901), in document order; wrong parts are passed over."""
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, dict):
        for key, item in members(value):
            yield from strings(item, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for index, item in enumerate(list.__iter__(value)):
            yield from strings(item, f"{pointer}/{index}")


def substitute(value: Any, resolve: Callable[[Expression], str | None]) -> Any:  # noqa: ANN401 - any JSON value
    """A copy of `value` with each expression replaced by what `resolve` returns; None leaves it as it is."""
    if isinstance(value, str):
        return _fill(value, resolve) if "$[[" in value else value
    if isinstance(value, dict):
        return {key: substitute(item, resolve) for key, item in value.items()}
    if isinstance(value, list):
        return [substitute(item, resolve) for item in value]
    return value


def _fill(text: str, resolve: Callable[[Expression], str | None]) -> str:
    """One pass, so that a value which itself looks like an expression is never evaluated again."""
    pieces, end = [], 0
    for expression, match in zip(parse(text), PATTERN.finditer(text), strict=True):
        found = resolve(expression)
        pieces += [text[end : match.start()], expression.text if found is None else found]
        end = match.end()
    return "".join([*pieces, text[end:]])
