"""Lists of jobs: every page of a search, and rows for people."""

from __future__ import annotations

import difflib
from itertools import islice
from typing import TYPE_CHECKING, Any

from reconciler.errors import UsageError
from reconciler.providers.ai4s.marks import mark_of
from reconciler.providers.ai4s.place import items
from reconciler.providers.ai4s.times import milliseconds, utc
from reconciler.providers.exchange import Call
from reconciler.providers.paging import Page, every_item
from reconciler.providers.protocol import RunSummary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.providers.ai4s.place import Place
    from reconciler.providers.exchange import Query

_MOST_A_PAGE = 1000
_STATUSES = ("Succeeded", "Running", "Pending", "Failed", "Cancelling", "Cancelled", "Unknown")
_TIMES = {
    "created-after": "start_time",
    "created-before": "end_time",
    "finished-after": "finish_start_time",
    "finished-before": "finish_end_time",
}
_TEXTS = {"name": "job_name", "user": "user_name", "workflow": "tool_name", "tool": "tool_name"}
FILTERS = ("labels", "order", "sort", "status", *_TEXTS, *_TIMES)
"""What `browse` filters by. `labels` takes several separated by commas; `order` is `asc` or `desc`, `sort` one of the
platform's sort keys; times are ISO 8601 in UTC, or UNIX seconds or milliseconds."""


def every(place: Place, scope: str, query: Query, size: int = _MOST_A_PAGE) -> Iterator[dict[str, Any]]:
    """Every job that the platform lists for `query`, page by page, each once."""
    path = place.path(scope, "jobs")

    def fetch(offset: int) -> Page:
        paged = {**query, "limit": str(size), "offset": str(offset)}
        call = Call(f"list jobs of {scope}", "GET", path, query=paged)
        answer = place.call(call)
        rows = items(answer, "jobs", place.target, call)
        count = answer.get("count")
        return Page(rows, count if isinstance(count, int) else None)

    return every_item(fetch, key=lambda row: str(row["id"]))


def browse(place: Place, scope: str, filters: Mapping[str, str], limit: int) -> Iterator[RunSummary]:
    """At most `limit` rows, newest first unless sorted otherwise. Raises UsageError for a filter it does not have."""
    query = _query(filters)
    rows = every(place, scope, query, size=max(1, min(limit, _MOST_A_PAGE)))
    return (_summary(row) for row in islice(rows, max(limit, 0)))


def _query(filters: Mapping[str, str]) -> dict[str, str | list[str]]:
    query: dict[str, str | list[str]] = {}
    for name, value in filters.items():
        match name:
            case "labels":
                query["labels"] = [label.strip() for label in value.split(",") if label.strip()]
            case "status":
                query["status"] = _one_of(value, _STATUSES, "status")
            case "order":
                query["sort_dir"] = _one_of(value, ("asc", "desc"), "order")
            case "sort":
                query["sort_key"] = value
            case _ if name in _TIMES:
                query[_TIMES[name]] = _moment(name, value)
            case _ if name in _TEXTS:
                query[_TEXTS[name]] = value
            case _:
                raise _unknown("filter", name, FILTERS)
    return query


def _moment(name: str, value: str) -> str:
    try:
        return str(milliseconds(value))
    except ValueError:
        msg = f"filter {name}: {value!r} is not a point in time"
        raise UsageError(msg, hint="write it like 2026-01-31T12:00:00Z") from None


def _one_of(value: str, known: tuple[str, ...], name: str) -> str:
    for word in known:
        if word.lower() == value.lower():
            return word
    raise _unknown(name, value, known)


def _unknown(what: str, value: str, known: tuple[str, ...]) -> UsageError:
    near = difflib.get_close_matches(value, known, n=1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    return UsageError(f"there is no {what} {value!r}", hint=f"{meant}known: {', '.join(sorted(known))}")


def _summary(row: Mapping[str, Any]) -> RunSummary:
    tool = row.get("tool_info") or {}
    return RunSummary(
        remote_id=str(row["id"]),
        name=str(row.get("name") or ""),
        status=str(row.get("status") or ""),
        created=utc(row.get("create_time")),
        started=utc(row.get("start_time")),
        finished=utc(row.get("finish_time")),
        user=str(row.get("user_name") or ""),
        detail="::".join(str(tool[key]) for key in ("tool_name", "tool_version") if tool.get(key)),
        mark=mark_of(row),
    )
