"""Data jobs (section 10): the records of copies, deletions and imports.

The work itself is done before the answer goes out; how long the record says that it is under way is a switch.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.clock import utc_text
from reconciler.localplatform.face import Refusal, Reply, Route
from reconciler.localplatform.platforms.ai4s_users import caller
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
    texts,
)
from reconciler.localplatform.store import Entity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.localplatform.face import Call
    from reconciler.localplatform.store import Span

DATA_JOB_SECONDS = "data_job_seconds"
"""Switch: how long a data job says that it is running."""
SUCCEEDED, RUNNING, FAILED, CANCELLED = "SUCCEED", "RUNNING", "FAILED", "CANCELLED"
"""The spellings of the newer sources; nothing tells that of the last one."""
_LIMIT = 10
_SORTS = ("create_time", "end_time", "name", "status", "type", "creator")
ONE = f"{SPACE}/data-jobs/<job_id>"


def record(  # noqa: PLR0913 - the members of a record
    call: Call,
    space: Entity,
    kind: str,
    *,
    sources: list[str],
    destinations: list[str],
    done: Sequence[str] | None = None,
    failed_reason: str = "",
    sums: Sequence[str] = (),
) -> Entity:
    """Writes down that something was done to data, or why it could not be: all of `sources`, or those in `done`. `sums`
    are checksums that were asked for.
    """
    body = {
        "type": kind,
        "sources": sources,
        "destinations": destinations,
        "done": list(sources if done is None else done),
        "failed_reason": failed_reason,
        "since": call.now,
        "cancelled": None,
        "sums": list(sums),
    }
    job = Entity(
        PLATFORM,
        "DataJob",
        space.id,
        str(uuid.uuid4()),
        f"{kind.lower().replace('_', '-')}-{uuid.uuid4().hex[:8]}",
        body,
        owner=caller(call).name,
        created=call.now,
        updated=call.now,
    )
    call.services.store.insert(job)
    return job


def list_data_jobs(call: Call) -> Reply:
    """The records of a space. What depends on the clock is filtered and ordered here."""
    order(call, dict.fromkeys(_SORTS, "created"))
    wanted = {status.upper() for status in texts(call, "status")}
    kinds, finished = texts(call, "type"), span(call, "finish_from_time", "finish_to_time")
    criteria: dict[str, Any] = {
        "scopes": (space_of(call).id,),
        "name_part": text(call, "name"),
        "owner": text(call, "creator"),
        "created": span(call, "from_time", "to_time"),
    }
    found = call.services.store.find(query(call, "DataJob", **criteria)).entities
    chosen = [
        job
        for job in found
        if (not kinds or job.body["type"] in kinds)
        and (not wanted or _status(call, job) in wanted)
        and _within(finished, _end(call, job))
    ]
    rows = [_row(call, job) for job in _ordered(call, chosen)]
    page = paging(call, _LIMIT)
    return Reply({"data_jobs": rows[page["offset"] :][: page["limit"]], "count": len(rows)})


def _ordered(call: Call, jobs: list[Entity]) -> list[Entity]:
    key, backwards = text(call, "sort_key").lower() or "create_time", text(call, "sort_dir").lower() != "asc"
    # They come newest first, and sorting keeps the order of what is equal.
    jobs = jobs if backwards else jobs[::-1]
    return sorted(jobs, key=lambda job: (str(_row(call, job).get(key, "")), job.created), reverse=backwards)


def show_data_job(call: Call) -> Reply:
    """One record, with what was read and written."""
    job = in_space(call, "DataJob", "job_id")
    sources, status = job.body["sources"], _status(call, job)
    return Reply(
        {
            **_row(call, job),
            "sources": sources,
            "destinations": job.body["destinations"],
            "complete_data": _done(job) if status in {SUCCEEDED, FAILED} else [],
            "running_data": sources if status == RUNNING else [],
            "source_project_id": job.scope,
            "source_project_name": space_of(call).name,
        }
    )


def delete_data_job(call: Call) -> Reply:
    """Forgets a record."""
    call.services.store.delete(in_space(call, "DataJob", "job_id"), call.now)
    return Reply(status=202)


def to_retry(call: Call) -> Entity:
    """The record that is to be run again. Raises Refusal for one that runs, or has succeeded."""
    job = in_space(call, "DataJob", "job_id")
    if (status := _status(call, job)) not in {FAILED, CANCELLED}:
        raise Refusal(400, WRONG_STATE, f"the data job is {status}")
    return job


def begin_again(call: Call, job: Entity, done: Sequence[str] | None = None, failed_reason: str = "") -> None:
    """Says that it runs from now on, and how it will end: as before, or with these `done`."""
    members: dict[str, Any] = {} if done is None else {"done": list(done), "failed_reason": failed_reason}
    _keep(call, job, {"since": call.now, "cancelled": None, **members})


def cancel_data_job(call: Call) -> Reply:
    """Stops one that is running; what it has copied stays."""
    job = in_space(call, "DataJob", "job_id")
    if (status := _status(call, job)) != RUNNING:
        raise Refusal(400, WRONG_STATE, f"the data job has ended: {status}")
    _keep(call, job, {"cancelled": call.now})
    return Reply(status=202)


def _keep(call: Call, job: Entity, members: dict[str, Any]) -> None:
    call.services.store.update(replace(job, body={**job.body, **members}, updated=call.now))


def _status(call: Call, job: Entity) -> str:
    if job.body["cancelled"] is not None:
        return CANCELLED
    if _end(call, job) is None:
        return RUNNING
    return FAILED if job.body["failed_reason"] else SUCCEEDED


def _done(job: Entity) -> list[str]:
    """What was copied in the end; records of older releases say it only of all."""
    return list(job.body.get("done", [] if job.body["failed_reason"] else job.body["sources"]))


def _end(call: Call, job: Entity) -> float | None:
    """When it ended, None while it runs. UNIX seconds."""
    if job.body["cancelled"] is not None:
        return float(job.body["cancelled"])
    end = float(job.body["since"]) + int(call.services.switches[DATA_JOB_SECONDS])
    return end if call.now >= end else None


def _within(bounds: Span, moment: float | None) -> bool:
    if moment is None:
        return bounds.start is None and bounds.end is None
    return (bounds.start is None or moment >= bounds.start) and (bounds.end is None or moment <= bounds.end)


def _row(call: Call, job: Entity) -> dict[str, Any]:
    total, status, end = len(job.body["sources"]), _status(call, job), _end(call, job)
    return {
        "id": job.id,
        "name": job.name,
        "type": job.body["type"],
        "status": status,
        "creator": job.owner,
        "create_time": utc_text(job.created),
        "end_time": "" if end is None else utc_text(end),
        "finish_count": len(_done(job)) if status in {SUCCEEDED, FAILED} else 0,
        "total_count": total,
        "failed_reason": job.body["failed_reason"] if status == FAILED else "",
        "additions": "",
    }


ROUTES = (
    Route("GET", f"{SPACE}/data-jobs", "ListDataJob", list_data_jobs),
    Route("GET", ONE, "ShowDataJob", show_data_job),
    Route("DELETE", ONE, "DeleteDataJob", delete_data_job),
    Route("POST", f"{ONE}/cancel", "CancelDataJob", cancel_data_job),
)
