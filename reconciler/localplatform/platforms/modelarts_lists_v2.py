"""The search for v2 jobs, and their tags (contract, sections 7.1 and 7.4)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Reply, Route
from reconciler.localplatform.platforms.modelarts_jobs_v2 import found, sweep
from reconciler.localplatform.platforms.modelarts_views_v2 import glance, shown_job
from reconciler.localplatform.platforms.modelarts_words import INVALID, JOB_V2, PLATFORM, V2, no_v2, number
from reconciler.localplatform.store import Query

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.localplatform.face import Call
    from reconciler.localplatform.store import Entity

_LIMIT_MOST = 50
_SORTS = {"create_time": "created", "name": "name"}
_TAGS_MOST = 20
_KEY_MOST, _VALUE_MOST = 128, 255
_OPERATORS: Mapping[str, Callable[[Any, list[Any]], bool]] = {
    "like": lambda value, wanted: any(str(each).lower() in str(value).lower() for each in wanted),
    "in": lambda value, wanted: str(value) in {str(each) for each in wanted},
    "not": lambda value, wanted: str(value) not in {str(each) for each in wanted},
    "between": lambda value, wanted: str(wanted[0]).zfill(20) <= str(value).zfill(20) <= str(wanted[-1]).zfill(20),
}
_TAGGED = f"{V2}/modelarts-training-job/<job_id>/tags"


def search_jobs(call: Call) -> Reply:
    """A page of the jobs that match. `offset` counts pages; `total` is of all jobs and `count` of the matches."""
    sweep(call)
    body = call.body_or_empty()
    page, limit = _whole(body, "offset", 0, 0, 10**6), _whole(body, "limit", 10, 1, _LIMIT_MOST)
    sort, order = body.get("sort_by") or "create_time", body.get("order") or "desc"
    if not isinstance(sort, str) or sort not in _SORTS or order not in ("asc", "desc"):
        raise no_v2(INVALID, f"sort_by must be one of {', '.join(_SORTS)}, order asc or desc")
    wanted = _filters(body.get("filters"))
    scope = body.get("workspace_id")
    everything = call.services.store.find(
        Query(PLATFORM, JOB_V2, sort=_SORTS[sort], descending=order == "desc", as_of=call.as_of)
    ).entities
    matches = [
        shown
        for job in everything
        if scope in (None, "", job.scope)
        for shown in [shown_job(call, job, glance(call, job.id))]
        if all(_OPERATORS[operator](_value(shown, job, key), values) for key, operator, values in wanted)
    ]
    items = matches[page * limit : (page + 1) * limit]
    answer = {"total": len(everything), "count": len(matches), "limit": limit, "offset": page, "items": items}
    return Reply(answer)


def _whole(body: Mapping[str, Any], name: str, default: int, low: int, high: int) -> int:
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise no_v2(INVALID, f"{name} must be a number from {low} to {high}")
    return value


def _filters(rows: Any) -> list[tuple[str, str, list[Any]]]:  # noqa: ANN401 - any JSON value
    if rows is None:
        return []
    wanted = []
    for row in rows if isinstance(rows, list) else [None]:
        values = row.get("value") if isinstance(row, dict) else None
        if not isinstance(row, dict) or str(row.get("operator")) not in _OPERATORS or not isinstance(values, list):
            raise no_v2(INVALID, "filters must be a list of objects with key, operator and value")
        if values:
            wanted.append((str(row.get("key")), str(row["operator"]), values))
    return wanted


def _value(shown: Mapping[str, Any], job: Entity, key: str) -> Any:  # noqa: ANN401 - any JSON value
    return {
        "name": job.name,
        "phase": shown["status"]["phase"],
        "create_time": shown["metadata"]["create_time"],
        "kind": shown["kind"],
        "user_id": job.owner,
        "algorithm_name": shown["algorithm"].get("name", ""),
    }.get(key, "")


def show_tags(call: Call) -> Reply:
    """The tags of a job."""
    tags = found(call).body["tags"]
    return Reply({"tags": [{"key": key, "value": value} for key, value in sorted(tags.items())]})


def create_tags(call: Call) -> Reply:
    """Puts tags on; a key that is there gets another value."""
    job, given = found(call), _tags(call)
    return _store(call, job, {**job.body["tags"], **given})


def delete_tags(call: Call) -> Reply:
    """Takes tags off: a DELETE that has a body."""
    job, given = found(call), _tags(call)
    return _store(call, job, {key: value for key, value in job.body["tags"].items() if key not in given})


def _store(call: Call, job: Entity, tags: dict[str, str]) -> Reply:
    if len(tags) > _TAGS_MOST:
        raise no_v2(INVALID, f"a job has at most {_TAGS_MOST} tags")
    call.services.store.update(replace(job, body={**job.body, "tags": tags}, updated=call.now))
    return Reply(None, 204)


def _tags(call: Call) -> dict[str, str]:
    rows = call.body().get("tags")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise no_v2(INVALID, "tags must be a list of objects")
    tags = {row.get("key"): row.get("value") or "" for row in rows if isinstance(row.get("key"), str)}
    if any(not key or len(key) > _KEY_MOST for key in tags) or len(tags) != len(rows):
        raise no_v2(INVALID, "each tag must have a key of its own")
    if any(not isinstance(value, str) or len(value) > _VALUE_MOST for value in tags.values()):
        raise no_v2(INVALID, f"the value of a tag must be a text of at most {_VALUE_MOST} characters")
    return {str(key): str(value) for key, value in tags.items()}


def all_tags(call: Call) -> Reply:
    """Every key in use, with its values."""
    limit, offset = number(call, "limit", 100, 1, 1000), number(call, "offset", 0, 0, 10**6)
    values: dict[str, set[str]] = {}
    for job in call.services.store.find(Query(PLATFORM, JOB_V2)).entities:
        for key, value in job.body["tags"].items():
            values.setdefault(key, set()).add(value)
    rows = [{"key": key, "values": sorted(values[key])} for key in sorted(values)]
    return Reply({"tags": rows[offset : offset + limit], "total_count": len(rows)})


ROUTES = (
    Route("POST", f"{V2}/training-job-searches", "ListTrainingJobs", search_jobs),
    Route("GET", _TAGGED, "ShowTrainJobTags", show_tags),
    Route("POST", f"{_TAGGED}/create", "CreateTrainJobTags", create_tags),
    Route("DELETE", f"{_TAGGED}/delete", "DeleteTrainJobTags", delete_tags),
    Route("GET", f"{V2}/modelarts-training-job/tags", "ListTrainJobTags", all_tags),
)
