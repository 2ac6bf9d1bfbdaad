"""Lists of jobs: every page of a search, and rows for people."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from reconciler.providers.ai4s.filters import ORDERS, Filters, labels, unknown
from reconciler.providers.ai4s.marks import mark_of
from reconciler.providers.ai4s.place import items
from reconciler.providers.ai4s.times import utc
from reconciler.providers.exchange import Call
from reconciler.providers.paging import Page, every_item
from reconciler.providers.protocol import RunSummary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.providers.ai4s.place import Place
    from reconciler.providers.exchange import Query

_MOST_A_PAGE = 1000
_STATUSES = ("Succeeded", "Running", "Pending", "Failed", "Cancelling", "Cancelled", "Unknown")
_FILTERS = Filters(
    texts={
        "name": "job_name",
        "order": "sort_dir",
        "sort": "sort_key",
        "status": "status",
        "tool": "tool_name",
        "user": "user_name",
        "workflow": "tool_name",
    },
    times={
        "created-after": "start_time",
        "created-before": "end_time",
        "finished-after": "finish_start_time",
        "finished-before": "finish_end_time",
    },
    choices={"order": ORDERS, "status": _STATUSES},
)
FILTERS = ("labels", *_FILTERS.names)
"""What `browse` filters by. `labels` takes several separated by commas; `order` is `asc` or `desc`, `sort` one of the
platform's sort keys; times are ISO 8601 in UTC, or UNIX seconds or milliseconds."""


def every(place: Place, scope: str, query: Query, size: int = _MOST_A_PAGE, start: int = 0) -> Iterator[dict[str, Any]]:
    """Every job that the platform lists for `query`, page by page, each once, but for the first `start`."""
    path = place.path(scope, "jobs")

    def fetch(offset: int) -> Page:
        paged = {**query, "limit": str(size), "offset": str(offset)}
        call = Call(f"list jobs of {scope}", "GET", path, query=paged)
        answer = place.call(call)
        rows = items(answer, "jobs", place.target, call)
        count = answer.get("count")
        return Page(rows, count if isinstance(count, int) else None)

    return every_item(fetch, key=lambda row: str(row["id"]), start=start)


def browse(place: Place, scope: str, filters: Mapping[str, str], limit: int, offset: int = 0) -> Iterator[RunSummary]:
    """At most `limit` rows after the first `offset`, newest first unless sorted otherwise. Raises UsageError for a
    filter it does not have.
    """
    query = _query(filters)
    rows = every(place, scope, query, size=max(1, min(limit, _MOST_A_PAGE)), start=offset)
    return (summary(row) for row in islice(rows, max(limit, 0)))


def _query(filters: Mapping[str, str]) -> dict[str, str | list[str]]:
    rest = {name: value for name, value in filters.items() if name != "labels"}
    if wrong := sorted(set(rest) - set(_FILTERS.names)):
        raise unknown("filter", wrong[0], FILTERS)
    query: dict[str, str | list[str]] = {**_FILTERS.query(rest)}
    if "labels" in filters:
        query["labels"] = labels(filters["labels"])
    return query


def summary(row: Mapping[str, Any]) -> RunSummary:
    """One row of a list, or one shown job, for people."""
    tool = row.get("tool_info") or {}
    mark = mark_of(row)
    return RunSummary(
        remote_id=str(row["id"]),
        name=str(row.get("name") or ""),
        status=str(row.get("status") or ""),
        created=utc(row.get("create_time")),
        started=utc(row.get("start_time")),
        finished=utc(row.get("finish_time")),
        user=str(row.get("user_name") or ""),
        detail="::".join(str(tool[key]) for key in ("tool_name", "tool_version") if tool.get(key)),
        mark=mark,
        facts=(
            ("workflow", str(tool.get("tool_name") or "")),
            ("version", str(tool.get("tool_version") or "")),
            ("labels", ", ".join(str(label) for label in row.get("labels") or () if label != str(mark))),
        ),
    )
