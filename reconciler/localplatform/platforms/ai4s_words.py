"""The dialect of AI4S: error codes, how parameters are written, how times are read, where things live.

Section numbers are those of the platform contract. Codes `eihealth.010590xx` are this server's own: the contract does
not know the real ones of these cases (section 16).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Refusal
from reconciler.localplatform.store import Entity, Query, Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.localplatform.face import Call

PLATFORM = "ai4s"
ROOT = "/v1/<project_id>"
SPACES = f"{ROOT}/eihealth-projects"
SPACE = f"{SPACES}/<space>"

INVALID = "eihealth.01059001"
DUPLICATE = "eihealth.01059002"
UNKNOWN_REFERENCE = "eihealth.01059003"
NOT_FOUND = "eihealth.01059004"
IN_USE = "eihealth.01059005"
WRONG_STATE = "eihealth.01059006"
FORBIDDEN = "eihealth.01059007"
NO_ASSET = "eihealth.01080002"
"""Of the contract: the asset market of this server is empty."""
NO_INSTANCE = "eihealth.01050222"
"""The one code of this group that the contract has."""

LIMIT_DEFAULT = 100
LIMIT_MOST = 1000
OFFSET_MOST = 100_000_000
_LATEST = 10**14
_DIGITS_MOST = 18
_ENTRIES_MOST = 1000


def invalid(message: str) -> Refusal:
    """400: the body or a parameter breaks a rule of the contract."""
    return Refusal(400, INVALID, message)


def missing(what: str, identifier: str) -> Refusal:
    """404: there is no such thing."""
    return Refusal(404, NOT_FOUND, f"the {what} {identifier} does not exist")


def space_of(call: Call) -> Entity:
    """The space in the path. Raises Refusal 404."""
    return found(call, "Space", call.arguments["space"])


def found(call: Call, kind: str, identifier: str, space: Entity | None = None) -> Entity:
    """The object of that id, in `space` where one is given. Raises Refusal 404."""
    entity = call.services.store.get(PLATFORM, kind, identifier)
    if entity is None or (space is not None and entity.scope != space.id):
        raise missing(kind.lower(), identifier)
    return entity


def in_space(call: Call, kind: str, argument: str) -> Entity:
    """The object whose id is the path's `argument`, in the path's space. Raises Refusal 404."""
    return found(call, kind, call.arguments[argument], space_of(call))


def query(call: Call, kind: str, **criteria: Any) -> Query:  # noqa: ANN401 - the members of Query
    """A query over one kind, newest first, that respects how stale this call's lists are."""
    return Query(PLATFORM, kind, **{"descending": True, "as_of": call.as_of, **criteria})


def text(call: Call, name: str) -> str:
    """A text parameter, "" when absent."""
    return call.request.args.get(name, "")


def texts(call: Call, name: str) -> tuple[str, ...]:
    """A list parameter: repeated, separated by commas, or both (section 3). Raises Refusal 400 for far too many."""
    parts = (part.strip() for value in call.request.args.getlist(name) for part in value.split(","))
    found = tuple(part for part in parts if part)
    if len(found) > _ENTRIES_MOST:
        raise invalid(f"{name} must have at most {_ENTRIES_MOST} entries")
    return found


def number(call: Call, name: str, default: int, low: int, high: int) -> int:
    """A whole number parameter. Raises Refusal 400 for anything else, or out of range."""
    raw = text(call, name)
    if not raw:
        return default
    if not (raw.isascii() and raw.isdigit() and len(raw) <= _DIGITS_MOST and low <= int(raw) <= high):
        raise invalid(f"{name} must be a number from {low} to {high}")
    return int(raw)


def paging(call: Call, default: int = LIMIT_DEFAULT) -> dict[str, int]:
    """`limit` and `offset` of a list (section 3)."""
    return {
        "limit": number(call, "limit", default, 1, LIMIT_MOST),
        "offset": number(call, "offset", 0, 0, OFFSET_MOST),
    }


def span(call: Call, start: str, end: str) -> Span:
    """Two parameters in UNIX milliseconds (section 16: the likely unit) as a span of seconds."""
    bounds = [number(call, name, -1, 0, _LATEST) for name in (start, end)]
    return Span(*(None if bound < 0 else bound / 1000 for bound in bounds))


def flag(call: Call, header: str) -> bool:
    """A boolean header, in any case (section 3). Absent is false."""
    return call.request.headers.get(header, "").strip().lower() == "true"


def order(call: Call, keys: dict[str, str], *, key: str = "sort_key") -> dict[str, Any]:
    """Sort key and direction of a list: `keys` maps the words of the wire to columns. Newest first by default."""
    wanted, direction = text(call, key).lower() or "create_time", text(call, "sort_dir").lower() or "desc"
    if wanted not in keys:
        raise invalid(f"{key} must be one of {', '.join(keys)}")
    if direction not in {"asc", "desc"}:
        raise invalid("sort_dir must be asc or desc")
    return {"sort": keys[wanted], "descending": direction == "desc"}


def batch(call: Call, act: Callable[[str], None]) -> tuple[list[dict[str, str]], int]:
    """Runs `act` for each of the body's `ids`; the items of the answer, and 200, or 207 when some failed (9)."""
    ids = call.body().get("ids")
    if not isinstance(ids, list) or not 1 <= len(ids) <= _ENTRIES_MOST or not all(isinstance(i, str) for i in ids):
        raise invalid(f"ids must be a list of 1 to {_ENTRIES_MOST} ids")
    items = []
    for identifier in ids:
        try:
            act(identifier)
        except Refusal as refusal:
            items.append({"id": identifier, "status": "FAILED", "message": refusal.message})
        else:
            items.append({"id": identifier, "status": "SUCCEEDED", "message": ""})
    return items, 207 if any(item["status"] == "FAILED" for item in items) else 200
