"""The dialects of ModelArts: two error shapes, how parameters come, how callers sign in (platform contract, 2 and 3).

v1 answers 200 with `is_success: false`, or with HTTP 400 where an administrator turns that on; v2 has HTTP statuses and
`error_msg`. Codes are those of the contract, `ModelArts.0101` standing for every rule without one of its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Refusal, Reply
from reconciler.localplatform.platforms import huawei_auth

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.localplatform.face import Call
    from reconciler.localplatform.store import Entity

PLATFORM = "modelarts"
JOB_V2, JOB_V1, VERSION, CONFIG = "TrainingJobV2", "TrainingJob", "Version", "TrainingJobConfig"
V1, V2 = "/v1/<project_id>", "/v2/<project_id>"
V1_PATHS = ("training-job", "job/", "built-in-algorithms")

DELETE_SECONDS = "modelarts_delete_seconds"
"""Switch: how long a deletion takes, until when the object is still shown and its name taken."""
DRIFT = "modelarts_drift"
"""Switch: numbers, texts and empty values come back in another type than they were sent, as the platform's own do."""
FAILURES_AS_400 = "modelarts_v1_failures_as_400"
"""Switch: what v1 refuses has HTTP status 400 instead of 200."""

INVALID = "ModelArts.0101"
ABSENT = "ModelArts.0102"
EXISTS = "ModelArts.0103"
NOT_ALLOWED = "ModelArts.0105"
DUPLICATE_JOB = "ModelArts.2751"
NO_JOB = "ModelArts.2775"
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DIGITS_MOST = 18


class V1Refusal(Refusal):
    """Said in the words of v1."""


def no_v1(code: str, message: str) -> V1Refusal:
    """A refusal of v1; its HTTP status is settled when it is told."""
    return V1Refusal(200, code, message)


def no_v2(code: str, message: str, status: int = 400) -> Refusal:
    """A refusal of v2."""
    return Refusal(status, code, message)


def render(refusal: Refusal, request_id: str) -> Reply:
    """The body of a refusal, in the dialect of the API it came from."""
    if isinstance(refusal, V1Refusal):
        body: dict[str, Any] = {"is_success": False, "error_code": refusal.code, "error_message": refusal.message}
        return Reply(body, refusal.status, refusal.headers)
    body = {"error_msg": refusal.message, "error_code": refusal.code}
    if refusal.code.startswith("APIGW"):
        body["request_id"] = request_id
    return Reply(body, refusal.status, refusal.headers)


def sign_in(call: Call) -> None:
    """Lets a caller with a valid token or signature pass, for the account's own project. Raises Refusal."""
    request, project = call.request, call.services.account.project_id
    named = (call.arguments.get("project_id", project), request.headers.get("X-Project-Id", project))
    try:
        huawei_auth.sign_in(call)
    except Refusal as refusal:
        if refusal.code != huawei_auth.UNAUTHENTICATED:
            raise Refusal(403, "ModelArts.0210", "the project is not that of the credentials") from refusal
        if "Authorization" in request.headers:
            raise Refusal(403, "ModelArts.0206", refusal.message) from refusal
        code = "ModelArts.0203" if "X-Auth-Token" in request.headers else "ModelArts.0201"
        raise Refusal(401, code, refusal.message) from refusal
    if any(name != project for name in named):
        raise Refusal(403, "ModelArts.0210", "the project is not that of the credentials")


def text(call: Call, name: str, default: str = "") -> str:
    """A text parameter."""
    return call.request.args.get(name, default)


def number(call: Call, name: str, default: int, low: int, high: int) -> int:
    """A whole number parameter. Raises Refusal for anything else, or out of range."""
    raw = text(call, name)
    if not raw:
        return default
    if not (raw.isascii() and raw.isdigit() and len(raw) <= _DIGITS_MOST and low <= int(raw) <= high):
        raise refusal_of(call)(INVALID, f"{name} must be a number from {low} to {high}")
    return int(raw)


def refusal_of(call: Call) -> Any:  # noqa: ANN401 - one of two functions
    """How the API that was called says no."""
    return no_v1 if call.request.path.startswith("/v1/") else no_v2


def member(value: Any, *path: str) -> Any:  # noqa: ANN401 - any JSON value
    """What stands at `path` in a body, None when nothing does."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def milliseconds(seconds: float | None) -> int:
    """As the platform writes times; 0 for none."""
    return int(seconds * 1000) if seconds else 0


def shown_value(value: Any, *, drift: bool) -> Any:  # noqa: ANN401 - any JSON value
    """A text as it comes back: where types drift, as the number it looks like."""
    if drift and isinstance(value, str) and re.fullmatch(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{0,6}[1-9])?", value):
        return float(value) if "." in value else int(value)
    return value


def workspace(entity: Entity) -> str:
    """The workspace of an object."""
    return entity.scope


def strings(value: Any) -> Mapping[str, str]:  # noqa: ANN401 - any JSON value
    """A map of texts out of a body; what is none of these is left out."""
    if not isinstance(value, dict):
        return {}
    return {str(key): each for key, each in value.items() if isinstance(each, str)}
