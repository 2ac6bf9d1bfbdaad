"""Where the handlers stand: one account in one region, its calls, and the reading of its answers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reconciler.errors import Unanswered
from reconciler.model.address import NO_SCOPE
from reconciler.providers.exchange import Call
from reconciler.providers.paging import Page, every_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.providers.exchange import Query
    from reconciler.providers.session import Session

PAGE_SIZE = 100
"""The platform's largest; its own default is ten (trap 6)."""
LAST_PAGE = 1000
"""No list goes beyond it, whatever it holds."""
EVER = "2020-01-01T00:00:00Z"
"""Before the platform was there. Left out, a list begins seven days ago (trap 4)."""
_AHEAD = 86_400.0
_TYPE = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Place:
    """One target as its handlers see it. `clock` returns UNIX time, `pause` lets seconds pass."""

    target: str
    session: Session
    clock: Callable[[], float] = time.time
    pause: Callable[[float], None] = time.sleep

    def call(self, action: str, call: Call) -> dict[str, Any]:
        """The answer to a call, a JSON object. `action` is the platform's name of it. Raises PlatformError."""
        headers = {"x-acs-action": action, **({} if call.body is None else _TYPE)}
        sent = Call(call.operation, call.method, call.path, call.query, call.body, headers, call.effect)
        answer = self.session.call(sent)
        if isinstance(answer, dict):
            return answer
        msg = f"{self.target}: {call.operation}: the answer is not one of this platform"
        raise Unanswered(msg, hint="is the endpoint right?")

    def read(self, action: str, operation: str, path: str, query: Query | None = None) -> dict[str, Any]:
        """A GET."""
        return self.call(action, Call(operation, "GET", path, query=query or {}))

    def listed(self, action: str, path: str, member: str, query: Query, key: str) -> Iterator[dict[str, Any]]:
        """Every row of a list, oldest first unless `query` says otherwise. Raises Unanswered where the platform ends
        a list before its end: what is not shown must not pass for absent.
        """
        operation = f"list {path.rpartition('/')[2]}"
        fixed: dict[str, str] = {
            "StartTime": EVER,
            "EndTime": stamp(self.clock() + _AHEAD),
            "SortBy": "GmtCreateTime",
            "Order": "asc",
            "PageSize": str(PAGE_SIZE),
        }

        def fetch(number: int) -> Page:
            if number >= LAST_PAGE:
                msg = f"{self.target}: {operation}: the platform lists no more than {LAST_PAGE * PAGE_SIZE}"
                raise Unanswered(msg, hint="use more workspaces, or narrower filters")
            answer = self.read(action, operation, path, {**fixed, **query, "PageNumber": str(number + 1)})
            total = answer.get("TotalCount")
            return Page(self.rows(answer, member, operation), total if isinstance(total, int) else None)

        return every_page(fetch, key=lambda row: str(row.get(key)))

    def rows(self, answer: dict[str, Any], member: str, operation: str) -> list[dict[str, Any]]:
        """A list of objects in an answer. Raises Unanswered when there is none."""
        found = answer.get(member)
        if isinstance(found, list) and all(isinstance(each, dict) for each in found):
            return found
        msg = f"{self.target}: {operation}: the answer holds no {member}"
        raise Unanswered(msg, hint="is the endpoint right?")


def workspace_of(scope: str) -> dict[str, str]:
    """The workspace as a parameter; a scope that is none leaves it to the platform."""
    return {} if scope in {"", NO_SCOPE} else {"WorkspaceId": scope}


def stamp(seconds: float) -> str:
    """UNIX seconds in the platform's spelling."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(value: object) -> str:
    """A time of an answer as UTC ISO 8601; "" for none, which the platform may write as the text `null`."""
    text = str(value or "")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at.tzinfo else ""
