"""Lists of v2 jobs: every page of a search, and rows for people (contract, section 7.4).

The search is a POST that only reads. Its `offset` counts pages from 0, and `count` is how many match; `total` is how
many jobs the user has.
"""

from __future__ import annotations

import difflib
from itertools import islice
from typing import TYPE_CHECKING, Any

from reconciler.errors import UsageError
from reconciler.providers.exchange import Call, Effect
from reconciler.providers.modelarts.marks import taken_apart
from reconciler.providers.modelarts.phases import V2, of_v2
from reconciler.providers.modelarts.place import part, whole, workspace_of
from reconciler.providers.modelarts.times import ended, utc
from reconciler.providers.paging import Page, every_page
from reconciler.providers.protocol import RunSummary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.providers.modelarts.place import Place

PAGE_SIZE = 50
_OPERATION = "list training jobs"
_FILTERS = {"name": "like", "status": "in", "kind": "in", "user": "in", "algorithm": "like"}
_KEYS = {"status": "phase", "user": "user_id", "algorithm": "algorithm_name"}
FILTERS = (*_FILTERS, "created-after", "created-before")
"""What `browse` filters by. `status`, `kind` and `user` take several separated by commas; times are milliseconds."""


def named(place: Place, scope: str, name: str) -> Iterator[dict[str, Any]]:
    """Every job whose name contains `name`: the caller compares, for the platform's match is no equality."""
    return every(place, scope, [{"key": "name", "operator": "like", "value": [name]}])


def every(place: Place, scope: str, filters: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every job of a workspace that matches, newest first, each once."""

    def fetch(number: int) -> Page:
        body = {
            "offset": number,
            "limit": PAGE_SIZE,
            "sort_by": "create_time",
            "order": "desc",
            "workspace_id": workspace_of(scope),
            "filters": filters,
        }
        call = Call(_OPERATION, "POST", "/training-job-searches", body=body, effect=Effect.READ)
        answer = place.v2(call)
        return Page([row for row in place.rows(answer, "items", call) if identifier(row)], whole(answer.get("count")))

    return every_page(fetch, key=identifier)


def identifier(row: Mapping[str, Any]) -> str:
    """The id of a job in a list or an answer, "" when it has none."""
    return str(part(row, "metadata").get("id") or "")


def browse(place: Place, scope: str, filters: Mapping[str, str], limit: int) -> Iterator[RunSummary]:
    """At most `limit` rows, newest first. Raises UsageError for a filter it does not have."""
    wanted = filters.get("name", "")
    rows = every(place, scope, _query(filters))
    kept = (row for row in rows if wanted in str(row["metadata"].get("name") or ""))
    return (_summary(row) for row in islice(kept, max(limit, 0)))


def _query(filters: Mapping[str, str]) -> list[dict[str, Any]]:
    found = []
    for name, value in filters.items():
        if name in _FILTERS:
            values = (
                [value] if _FILTERS[name] == "like" else [part.strip() for part in value.split(",") if part.strip()]
            )
            if name == "status":
                values = [_status(word) for word in values]
            found.append({"key": _KEYS.get(name, name), "operator": _FILTERS[name], "value": values})
        elif name not in FILTERS:
            raise _unknown("filter", name, FILTERS)
    after, before = filters.get("created-after", ""), filters.get("created-before", "")
    if after or before:
        found.append({"key": "create_time", "operator": "between", "value": [after or "0", before or "9999999999999"]})
    return found


def _status(word: str) -> str:
    for known in V2:
        if known.lower() == word.lower():
            return known
    raise _unknown("status", word, tuple(V2))


def _unknown(what: str, value: str, known: tuple[str, ...]) -> UsageError:
    near = difflib.get_close_matches(value, known, n=1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    return UsageError(f"there is no {what} {value!r}", hint=f"{meant}known: {', '.join(sorted(known))}")


def _summary(row: Mapping[str, Any]) -> RunSummary:
    metadata: dict[str, Any] = row["metadata"]
    status = part(row, "status")
    phase, word = of_v2(status.get("phase"))
    return RunSummary(
        remote_id=str(metadata["id"]),
        name=str(metadata.get("name") or ""),
        status=word,
        created=utc(metadata.get("create_time")),
        started=utc(status.get("start_time")),
        finished=ended(status.get("start_time"), status.get("duration")) if phase.ended else "",
        user=str(metadata.get("user_name") or ""),
        detail=str(status.get("secondary_phase") or ""),
        mark=taken_apart(metadata.get("description")).mark,
        facts=(("phase within", str(status.get("secondary_phase") or "")),),
    )
