"""The dialect of PAI-DLC: how it says no, how parameters and times are written (platform contract, sections 3 to 5).

The contract has no list of error codes. Those here are the vendor's general ones, with the statuses its other products
give them, and the two the contract names (`NotFound`, `BadRequest`).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Refusal, Reply

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call
    from reconciler.localplatform.store import Entity

PLATFORM = "pai-dlc"
JOB, TENSORBOARD = "Job", "Tensorboard"
ROOT = "/api/v1"
INVALID, MISSING, NOT_FOUND, WRONG_STATE = "InvalidParameter", "MissingParameter", "NotFound", "BadRequest"
WEEK = 7 * 86_400.0
PAGE_MOST, PAGE_DEFAULT, PAGES_MOST = 100, 10, 1000
_DIGITS_MOST = 12
_TIME = "%Y-%m-%dT%H:%M:%SZ"


def invalid(message: str) -> Refusal:
    """400: something breaks a rule of the contract."""
    return Refusal(400, INVALID, message)


def wrong_state(message: str) -> Refusal:
    """400: not now."""
    return Refusal(400, WRONG_STATE, message)


def render(refusal: Refusal, request_id: str) -> Reply:
    """The error shape of section 4.2."""
    body = {"Code": refusal.code, "Message": refusal.message, "RequestId": request_id}
    return Reply(body, refusal.status, {**refusal.headers, "x-acs-request-id": request_id})


def fine(call: Call, **members: Any) -> Reply:  # noqa: ANN401 - any JSON values
    """A good answer: its members and the id of the request."""
    return Reply({**members, "RequestId": call.request_id}, headers={"x-acs-request-id": call.request_id})


def found(call: Call, kind: str, argument: str) -> Entity:
    """The object in the path. Raises Refusal 404."""
    identifier = call.arguments[argument]
    entity = call.services.store.get(PLATFORM, kind, identifier)
    if entity is None:
        raise Refusal(404, NOT_FOUND, f"the {kind.lower()} {identifier} does not exist")
    return entity


def text(call: Call, name: str) -> str:
    """A text parameter, "" when absent."""
    return call.request.args.get(name, "")


def flag(call: Call, name: str, default: bool) -> bool:  # noqa: FBT001 - the default of a parameter
    """A truth in any spelling: the vendor's client writes `True`. Raises Refusal 400 for other words."""
    raw = text(call, name).lower()
    if raw not in {"", "true", "false"}:
        raise invalid(f"{name} must be true or false")
    return raw == "true" if raw else default


def number(call: Call, name: str, default: int, low: int, high: int) -> int:
    """A whole number. Raises Refusal 400 for anything else, or out of range."""
    raw = text(call, name)
    if not raw:
        return default
    if not (raw.isascii() and raw.isdigit() and len(raw) <= _DIGITS_MOST and low <= int(raw) <= high):
        raise invalid(f"{name} must be a number from {low} to {high}")
    return int(raw)


def instant(call: Call, name: str, default: float) -> float:
    """A time in UTC as UNIX seconds. Raises Refusal 400 for any other spelling."""
    raw = text(call, name)
    if not raw:
        return default
    try:
        return datetime.strptime(raw, _TIME).replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise invalid(f"{name} must be written as yyyy-MM-ddTHH:mm:ssZ") from error


def tags(call: Call) -> dict[str, str]:
    """The filter by tags: one parameter of JSON. Raises Refusal 400."""
    raw = text(call, "Tags")
    if not raw:
        return {}
    try:
        value = json.loads(raw)
    except ValueError as error:
        raise invalid("Tags must be a JSON object") from error
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise invalid("Tags must be a JSON object of texts")
    return value


def page_of(call: Call, rows: list[Any]) -> list[Any]:
    """The page asked for; ten rows unless told otherwise."""
    size = number(call, "PageSize", PAGE_DEFAULT, 1, PAGE_MOST)
    first = (number(call, "PageNumber", 1, 1, PAGES_MOST) - 1) * size
    return rows[first : first + size]


def direction(call: Call) -> bool:
    """Whether a list runs from the newest on. Raises Refusal 400."""
    order = text(call, "Order").lower() or "desc"
    if order not in {"asc", "desc"}:
        raise invalid("Order must be asc or desc")
    return order == "desc"
