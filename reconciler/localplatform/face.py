"""What a platform is to the server: its routes, how a caller signs in, how it says no, how its runs become work.

A platform is one module in `platforms/` with a constant `FACE`; nothing else knows about it. All faces live at the
root of one port, because clients of some platforms drop the path prefix of an endpoint; their paths must not clash,
and `server.make_application` refuses when they do.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from reconciler.localplatform.services import Services
    from reconciler.localplatform.store import Entity
    from reconciler.localplatform.work import Run

JSON_LIMIT = 12 * 1024 * 1024
"""Largest body that is read as JSON, in bytes."""


@dataclass(frozen=True, slots=True)
class Account:
    """The one customer of this platform. Everything in it is invented on first start; nothing is worth stealing
    elsewhere, and still it is only shown to who can read the folder.
    """

    access_key: str
    secret_key: str
    project_id: str
    admin_token: str
    domain: str = "local"
    user: str = "local"
    user_id: str = "user-local"
    password: str = ""


class Problem(StrEnum):
    """What the server itself has to say no to, in neutral words; each face has its own codes for them."""

    UNKNOWN_PATH = "unknown_path"
    UNKNOWN_METHOD = "unknown_method"
    BAD_BODY = "bad_body"
    TOO_LARGE = "too_large"
    THROTTLED = "throttled"
    BROKEN = "broken"


class Refusal(Exception):
    """The platform answers no. `status` is the HTTP status, `code` the platform's own; nothing was changed."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


class Rejected(Exception):
    """The server itself answers no, before any face has a say; `problem` says why.

    `status` takes the place of the one a face has for the problem.
    """

    def __init__(
        self, problem: Problem, message: str, *, status: int | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.problem = problem
        self.message = message
        self.status = status
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `body` is a JSON value and None means an empty body, unless `raw` holds the bytes."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way through a handler.

    `arguments` are the variable parts of the path. `now` is the platform's time, `as_of` the instant a stale list
    shows, None when lists are fresh.
    """

    request: Request
    arguments: Mapping[str, str]
    services: Services
    request_id: str
    now: float
    as_of: float | None = None

    def body(self) -> dict[str, Any]:
        """The body as a JSON object. Raises Rejected when it is none."""
        return json_object(self.request.get_data(cache=True))

    def body_or_empty(self) -> dict[str, Any]:
        """The body as a JSON object, `{}` when there is none."""
        return self.body() if self.request.get_data(cache=True).strip() else {}


Handler = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """`path` is a werkzeug rule: `/v1/<project>/things/<id>`. `operation` is the platform's name for the call; fault
    rules and the request log use it. `signed` is False only where a caller cannot have signed in yet.
    """

    method: str
    path: str
    operation: str
    handle: Handler
    signed: bool = True


@dataclass(frozen=True, slots=True)
class Face:
    """One platform.

    `owns` tells from a path whether an unknown one is answered in this dialect. `sign_in` raises Refusal unless the
    caller may go on. `problems` gives status and code for what the server itself refuses, `render` the body of a
    refusal. `first_start` makes what a new account has. `work` translates the object of a run into something an
    engine can run, from what is stored in the object alone,
    so that it can be done again after a restart; None where nothing runs.
    `switches` are behaviours an administrator may turn, with their defaults. `space` tells which space a call is about,
    "" when none; None where roles are not told by spaces, or the face looks after them itself. `signatures`: callers
    may sign instead of bringing a token. `owner_of_token` tells whose a token is that the platform itself has made for
    its own calls, "" for nobody's.
    """

    name: str
    routes: tuple[Route, ...]
    owns: Callable[[str], bool]
    sign_in: Callable[[Call], None]
    problems: Mapping[Problem, tuple[int, str]]
    render: Callable[[Refusal, str], Reply]
    first_start: Callable[[Services], None] | None = None
    work: Callable[[Services, Entity], Run] | None = None
    switches: Mapping[str, bool | int | str] = field(default_factory=dict)
    space: Callable[[Call], str] | None = None
    signatures: bool = True
    owner_of_token: Callable[[Services, str], str] | None = None


def json_object(raw: bytes) -> dict[str, Any]:
    """`raw` as a JSON object. Raises Rejected when it is too long, or none."""
    if len(raw) > JSON_LIMIT:
        raise Rejected(Problem.TOO_LARGE, f"the body has {len(raw)} bytes, at most {JSON_LIMIT} are taken")
    try:
        value = json.loads(raw, parse_constant=_refuse_constant, parse_float=_finite)
        # A lone surrogate is legal in JSON and in no file name, database or terminal.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise Rejected(Problem.BAD_BODY, "the body is not valid JSON") from error
    if not isinstance(value, dict):
        raise Rejected(Problem.BAD_BODY, "the body is not a JSON object")
    return value


def _refuse_constant(name: str) -> float:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
