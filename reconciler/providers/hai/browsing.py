"""Lists of tasks: every page of a search, and rows for people (contract, section 5)."""

from __future__ import annotations

import difflib
from itertools import islice
from typing import TYPE_CHECKING, Any

from reconciler.errors import UsageError
from reconciler.providers.hai.place import part, rows_of
from reconciler.providers.hai.rows import summary_of
from reconciler.providers.paging import Page, every_page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.providers.exchange import Query
    from reconciler.providers.hai.place import Place
    from reconciler.providers.protocol import RunSummary

PAGE_SIZE = 50
"""The guide allows no more; the server twice as many."""
_FIRST = "first_id"
"""The order that suspensions do not change: by its newest number a task would jump ahead of the pages still to come."""
_TYPES = ("training", "virtual", "background")
_WITHOUT_PODS = {"select_pods": "False"}
_FIELDS = {
    "tag": "tag",
    "without-tag": "excluded_tag",
    "group": "group",
    "status": "worker_status",
    "queue": "queue_status",
    "type": "task_type",
}
_TIMES = {"created-after": "created_start_time", "created-before": "created_end_time"}
FILTERS = ("name", *_FIELDS, *_TIMES)
"""What `browse` filters by. All but `name` and the times take several separated by commas; the two times, in the
platform's own zone, go together."""


def tagged(place: Place, tag: str) -> Iterator[dict[str, Any]]:
    """Every task of ours with this tag, of any type."""
    return _every(place, {"tag": tag, "order_by": _FIRST, **_WITHOUT_PODS})


def browse(place: Place, filters: Mapping[str, str], limit: int) -> Iterator[RunSummary]:
    """At most `limit` rows, newest first. Raises UsageError for a filter it does not have."""
    rows = _every(place, {"task_type": list(_TYPES), **_query(filters), **_WITHOUT_PODS})
    wanted = filters.get("name", "")
    # The platform takes `%` and `_` in a name for anything (trap 19), and also looks at ids.
    kept = (row for row in rows if wanted in str(row.get("nb_name") or ""))
    return (summary_of(row, place.clock) for row in islice(kept, max(limit, 0)))


def _every(place: Place, query: Query) -> Iterator[dict[str, Any]]:
    operation = "list tasks"

    def fetch(number: int) -> Page:
        paged = {**query, "page": str(number + 1), "page_size": str(PAGE_SIZE)}
        answer = place.ask(operation, "/query/task/list", paged)
        rows = rows_of(answer, place.target, operation, "result", "tasks")
        total = part(answer, "result", "total")
        return Page(rows, total if isinstance(total, int) else None)

    return every_page(fetch, key=lambda row: str(row.get("chain_id")))


def _query(filters: Mapping[str, str]) -> dict[str, str | list[str]]:
    query: dict[str, str | list[str]] = {}
    for name, value in filters.items():
        if name == "name":
            query["nb_name_pattern"] = value
        elif name in _FIELDS:
            query[_FIELDS[name]] = [word.strip() for word in value.split(",") if word.strip()]
        elif name in _TIMES:
            query[_TIMES[name]] = value
        else:
            near = difflib.get_close_matches(name, FILTERS, n=1)
            meant = f"did you mean {near[0]!r}? " if near else ""
            msg = f"there is no filter {name!r}"
            raise UsageError(msg, hint=f"{meant}known: {', '.join(sorted(FILTERS))}")
    if len(set(_TIMES.values()) & set(query)) == 1:
        msg = "created-after and created-before go together"
        raise UsageError(msg, hint="give both, for instance 2026-01-01T00:00:00 and 2026-02-01T00:00:00")
    return query
