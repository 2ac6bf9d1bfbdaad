"""Between manifests and the platform: numbers, texts with our mark, times, statuses (contract, sections 5 and 6)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reconciler.errors import Refused
from reconciler.model.mark import Mark
from reconciler.model.resource import Live, Phase

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.model.address import Address
    from reconciler.model.manifest import Spec

_NUMBER = re.compile(r"([0-9]+)(?:/.*)?")
STATUSES: Mapping[int, tuple[str, Phase]] = {
    1: ("waiting", Phase.PENDING),
    2: ("running", Phase.RUNNING),
    3: ("succeeded", Phase.SUCCEEDED),
    4: ("failed", Phase.FAILED),
    5: ("stopped", Phase.CANCELLED),
    6: ("stopping", Phase.STOPPING),
}
"""The numbers mean the same wherever they occur; not every kind has each."""


def status_of(row: Mapping[str, Any]) -> tuple[str, Phase]:
    """The word and the phase of an object. A number that nobody has documented is unknown, not guessed at."""
    number = row.get("status")
    known = STATUSES.get(number) if isinstance(number, int) else None
    return known or (str(number), Phase.UNKNOWN)


def number(field: str, value: object) -> int:
    """A field that takes an id, as the number that is sent: references are texts until now. Raises Refused."""
    match = _NUMBER.fullmatch(str(value).strip())
    if match is None:
        msg = f"{field}: {value!r} is no id, so nothing was sent"
        raise Refused(msg)
    return int(match[1])


def is_number(value: object) -> bool:
    """Whether a field that takes a name or an id holds an id."""
    return str(value).isascii() and str(value).isdigit()


def marked(text: object, mark: Mark) -> str:
    """A text for people with our mark at its end."""
    return f"{text or ''} [{mark}]".lstrip()


def described(row: Mapping[str, Any]) -> tuple[dict[str, Any], Mark | None]:
    """The description of an object as its author wrote it, absent where there is none, and the mark that was in it."""
    text = str(row.get("description") or "")
    plain = Mark.strip(text).strip()
    return ({"description": plain} if plain else {}), Mark.find(text)


def body_of(spec: Spec, mark: Mark, *, numbers: Iterable[str] = (), without: Iterable[str] = ()) -> dict[str, Any]:
    """The create body of a spec: the mark in its description, ids as numbers, our own words and nulls left out."""
    left_out = set(without)
    body = {field: value for field, value in spec.items() if value is not None and field not in left_out}
    body |= {field: number(field, body[field]) for field in numbers if field in body}
    return {**body, "description": marked(spec.get("description"), mark)}


def live_of(address: Address, remote_id: str, row: Mapping[str, Any], spec: Spec) -> Live:
    """An object as it was read: `spec` and its description without our mark; its status; its id as an output."""
    status, phase = status_of(row)
    description, mark = described(row)
    return Live(
        address=address,
        remote_id=remote_id,
        spec={**spec, **description},
        phase=phase,
        mark=mark,
        status=status,
        detail=str(row.get("message") or ""),
        outputs={"id": remote_id},
        started=utc(row.get("started_at")),
    )


def shown(row: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    """The fields of an object that say something."""
    return {field: row[field] for field in fields if row.get(field) not in (None, "", [])}


def utc(millis: object) -> str:
    """A time of the platform as UTC ISO 8601; "" for none. Where its unit is not stated, milliseconds by analogy."""
    if isinstance(millis, bool) or not isinstance(millis, int | float) or millis <= 0:
        return ""
    try:
        moment = datetime.fromtimestamp(millis / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
