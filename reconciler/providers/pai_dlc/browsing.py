"""Lists of jobs: every page of a search, and rows for people (contract, 5.7; traps 4 to 8)."""

from __future__ import annotations

import difflib
import json
from itertools import islice
from typing import TYPE_CHECKING, Any

from reconciler.errors import UsageError
from reconciler.providers.pai_dlc.marks import TAG
from reconciler.providers.pai_dlc.place import workspace_of
from reconciler.providers.pai_dlc.rows import summary_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.mark import Mark
    from reconciler.providers.pai_dlc.place import Place
    from reconciler.providers.protocol import RunSummary

EVERYBODY = {"ShowOwn": "false"}
"""Left out, a list holds only what these very credentials made: not what a person made before CI did."""
_FIELDS = {
    "name": "DisplayName",
    "status": "Status",
    "type": "JobType",
    "quota": "ResourceId",
    "user": "Username",
    "user-id": "UserIdForFilter",
    "quota-name": "ResourceQuotaName",
    "oversold": "OversoldInfo",
    "on-nodes": "EnableAssignNode",
    "payment": "PaymentType",
    "accessibility": "Accessibility",
    "pipeline": "PipelineId",
    "caller": "Caller",
    "business-user": "BusinessUserId",
    "reason": "ReasonSearch",
    "command": "UserCommandSearch",
    "image": "ImageSearch",
    "created-after": "StartTime",
    "created-before": "EndTime",
}
_RANGE = {"min-gpus": "NumericRangeMin", "max-gpus": "NumericRangeMax"}
FILTERS = (*_FIELDS, *_RANGE, "tag", "mine")
"""What `browse` filters by. `tag` is KEY:VALUE, `mine` and `on-nodes` true or false; `name` is part of a name."""


def tagged(place: Place, scope: str, mark: Mark) -> Iterator[dict[str, Any]]:
    """Every job of the workspace that the platform's filter finds by our mark."""
    return _every(place, {**workspace_of(scope), "Tags": tags_text({TAG: str(mark)})})


def named(place: Place, scope: str, name: str) -> Iterator[dict[str, Any]]:
    """Every job of the workspace with exactly this name; the platform's own search finds it inside others, too."""
    rows = _every(place, {**workspace_of(scope), "DisplayName": name})
    return (row for row in rows if row.get("DisplayName") == name)


def browse(place: Place, scope: str, filters: Mapping[str, str], limit: int) -> Iterator[RunSummary]:
    """At most `limit` rows, newest first. Raises UsageError for a filter it does not have."""
    query = {**workspace_of(scope), **_query(filters), "Order": "desc"}
    rows = (row for row in _every(place, query) if not row.get("IsDeleted"))
    return (summary_of(row) for row in islice(rows, max(limit, 0)))


def tags_text(tags: Mapping[str, str]) -> str:
    """Tags as one parameter: compact JSON."""
    return json.dumps(tags, ensure_ascii=False, separators=(",", ":"))


def _every(place: Place, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    return place.listed("ListJobs", "/api/v1/jobs", "Jobs", {**EVERYBODY, **query}, "JobId")


def _query(filters: Mapping[str, str]) -> dict[str, str]:
    query: dict[str, str] = {}
    tags: dict[str, str] = {}
    for name, value in filters.items():
        if name == "tag":
            key, _, text = value.partition(":")
            tags[key] = text
        elif name == "mine":
            query["ShowOwn"] = value.lower()
        elif name in _RANGE:
            query |= {"NumericRangeField": "RequestGPU", _RANGE[name]: value}
        elif name in _FIELDS:
            query[_FIELDS[name]] = value
        else:
            near = difflib.get_close_matches(name, FILTERS, n=1)
            meant = f"did you mean {near[0]!r}? " if near else ""
            msg = f"there is no filter {name!r}"
            raise UsageError(msg, hint=f"{meant}known: {', '.join(sorted(FILTERS))}")
    return {**query, **({"Tags": tags_text(tags)} if tags else {})}
