"""The values of one exchange with a platform: what is asked, what is answered, what the platform complains about.

No HTTP library is imported here, so that handlers can be loaded without paying for one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from reconciler.errors import Refused

if TYPE_CHECKING:
    from pathlib import Path

Query = Mapping[str, str | Sequence[str]]


class Effect(StrEnum):
    """What sending a call twice would mean. Only `READ` and `REPEATABLE` are ever repeated by the session."""

    READ = "read"
    REPEATABLE = "repeatable"
    ONCE = "once"


_EFFECT_OF_METHOD = {
    "GET": Effect.READ,
    "HEAD": Effect.READ,
    "PUT": Effect.REPEATABLE,
    "DELETE": Effect.REPEATABLE,
}


def segment(text: str) -> str:
    """`text` as one segment of a path. Raises Refused for what a URL would take as a step to another place: an empty id
    on a DELETE above all.
    """
    if text in {"", ".", ".."}:
        msg = f"{text!r} is no id of an object"
        raise Refused(msg)
    return quote(text, safe="~")


@dataclass(frozen=True, slots=True)
class Form:
    """A multipart form: text fields, and files as (name sent with it, path on this machine) by field. Files are read
    while they are sent, and never held in memory.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[str, Path]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """One thing to ask of a platform.

    `operation` is for people ("create app fastqc@1.0.0"); `path` starts with `/` and is percent-encoded already;
    a sequence in `query` becomes repeated keys; `body` is any JSON value, None for no body. `effect` "" follows the
    method: GET reads, PUT and DELETE may be repeated, everything else must not be. `form` is sent instead of `body`.
    """

    operation: str
    method: str
    path: str
    query: Query = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    effect: Effect | None = None
    form: Form | None = None

    @property
    def meaning(self) -> Effect:
        """`effect`, or what the method implies."""
        return self.effect or _EFFECT_OF_METHOD.get(self.method, Effect.ONCE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 are replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:  # noqa: ANN401 - any JSON value
        """The body as a JSON value, None when it is empty. Raises ValueError when it is anything else."""
        if not self.body.strip():
            return None
        try:
            return json.loads(self.body, parse_constant=_refuse_constant)
        except RecursionError:
            msg = "nested too deeply"
            raise ValueError(msg) from None


def _refuse_constant(name: str) -> None:
    msg = f"{name} is not JSON"
    raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Fault:
    """What the platform says is wrong, in its own words.

    `status` is the HTTP status that says what it means, where that differs from the one it was sent with (a refusal
    inside a 200, a throttle dressed as 403); 0 keeps the one sent. `retry_after` is in seconds.
    """

    code: str = ""
    message: str = ""
    status: int = 0
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a session must know of a platform to understand its answers.

    `fault` reads any answer, success included, and returns None when nothing is wrong. `variables` are the environment
    variables that hold the credentials, named when the platform does not accept them. `request_id` is the reply
    header that its support asks for. `headers` go with every request.
    """

    fault: Callable[[Answer], Fault | None]
    variables: tuple[str, ...] = ()
    request_id: str = "x-request-id"
    headers: Mapping[str, str] = field(default_factory=dict)
