"""Data jobs (section 10): the records of copies and deletions. Here the work is done before the answer goes out."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.clock import utc_text
from reconciler.localplatform.face import Refusal, Reply, Route
from reconciler.localplatform.platforms.ai4s_words import (
    PLATFORM,
    SPACE,
    WRONG_STATE,
    in_space,
    order,
    paging,
    query,
    space_of,
    span,
    text,
)
from reconciler.localplatform.store import Entity

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call

SUCCEEDED = "SUCCEED"
"""The spelling of the newer sources."""
_LIMIT = 10
_SORTS = {
    "create_time": "created",
    "end_time": "updated",
    "name": "name",
    "status": "created",
    "type": "created",
    "creator": "created",
}
_ONE = f"{SPACE}/data-jobs/<job_id>"


def record(call: Call, space: Entity, kind: str, *, sources: list[str], destinations: list[str]) -> Entity:
    """Writes down that something was done to data."""
    body = {"type": kind, "status": SUCCEEDED, "sources": sources, "destinations": destinations}
    job = Entity(
        PLATFORM,
        "DataJob",
        space.id,
        str(uuid.uuid4()),
        f"{kind.lower().replace('_', '-')}-{uuid.uuid4().hex[:8]}",
        body,
        owner=call.services.account.user,
        created=call.now,
        updated=call.now,
    )
    call.services.store.insert(job)
    return job


def list_data_jobs(call: Call) -> Reply:
    """The records of a space."""
    equals = {name: value for name in ("type", "status") if (value := text(call, name))}
    criteria: dict[str, Any] = {
        "scopes": (space_of(call).id,),
        "name_part": text(call, "name"),
        "owner": text(call, "creator"),
        "equals": equals,
        "created": span(call, "from_time", "to_time"),
        "updated": span(call, "finish_from_time", "finish_to_time"),
        **order(call, _SORTS),
        **paging(call, _LIMIT),
    }
    page = call.services.store.find(query(call, "DataJob", **criteria))
    return Reply({"data_jobs": [_row(job) for job in page.entities], "count": page.count})


def show_data_job(call: Call) -> Reply:
    """One record, with what was read and written."""
    job = in_space(call, "DataJob", "job_id")
    body = job.body
    lists = {"sources": body["sources"], "destinations": body["destinations"]}
    return Reply({**_row(job), **lists, "complete_data": body["sources"], "running_data": []})


def delete_data_job(call: Call) -> Reply:
    """Forgets a record."""
    call.services.store.delete(in_space(call, "DataJob", "job_id"), call.now)
    return Reply(status=202)


def change_data_job(call: Call) -> Reply:
    """Retry and cancel: what has succeeded can be neither."""
    job = in_space(call, "DataJob", "job_id")
    raise Refusal(400, WRONG_STATE, f"the data job has ended: {job.body['status']}")


def _row(job: Entity) -> dict[str, Any]:
    total = len(job.body["sources"])
    return {
        "id": job.id,
        "name": job.name,
        "type": job.body["type"],
        "status": job.body["status"],
        "creator": job.owner,
        "create_time": utc_text(job.created),
        "end_time": utc_text(job.updated),
        "finish_count": total,
        "total_count": total,
        "failed_reason": "",
        "additions": "",
    }


ROUTES = (
    Route("GET", f"{SPACE}/data-jobs", "ListDataJob", list_data_jobs),
    Route("GET", _ONE, "ShowDataJob", show_data_job),
    Route("DELETE", _ONE, "DeleteDataJob", delete_data_job),
    Route("POST", f"{_ONE}/retry", "RetryDataJob", change_data_job),
    Route("POST", f"{_ONE}/cancel", "CancelDataJob", change_data_job),
)
