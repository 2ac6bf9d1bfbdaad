"""Lists of jobs (section 9): every filter, order and paging, in one space or across them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Reply
from reconciler.localplatform.platforms.ai4s_job_views import STATES, job_row
from reconciler.localplatform.platforms.ai4s_retention import expire
from reconciler.localplatform.platforms.ai4s_tools import scopes_named
from reconciler.localplatform.platforms.ai4s_users import caller, spaces_of
from reconciler.localplatform.platforms.ai4s_words import (
    PLATFORM,
    invalid,
    order,
    paging,
    query,
    space_of,
    span,
    text,
    texts,
)
from reconciler.localplatform.store import Entity, Query
from reconciler.localplatform.work import Status

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call

_SORTS = {
    "create_time": "created",
    "start_time": "started",
    "finish_time": "finished",
    "name": "name",
    "job_name": "name",
    "status": "state",
}
_WAITING = (Status.PENDING,)
_RUNNING = (Status.RUNNING,)


def list_jobs(call: Call) -> Reply:
    """The jobs of one space."""
    space = space_of(call)
    criteria = {
        "scopes": (space.id,),
        "texts": {"tool.tool_name": tool} if (tool := text(call, "tool_name")) else {},
        "owner": text(call, "user_name"),
        "states": _states(texts(call, "status")),
        "created": span(call, "start_time", "end_time"),
        "finished": span(call, "finish_start_time", "finish_end_time"),
    }
    return _answer(call, {space.id: space}, criteria)


def list_all_jobs(call: Call) -> Reply:
    """The jobs of all my spaces."""
    spaces = {space.id: space for space in spaces_of(call)}
    kinds = texts(call, "types")
    if unknown := set(kinds) - {"workflow", "app"}:
        raise invalid(f"types has an unknown value: {min(unknown)}")
    criteria = {
        "scopes": scopes_named(spaces, texts(call, "eihealth_project_names")),
        "equals": {"tool.tool_type": kinds[0]} if len(kinds) == 1 else {},
        "owner": caller(call).name if text(call, "is_creator").lower() == "true" else "",
        "states": _states(texts(call, "status_list")),
        "created": span(call, "start_create_time", "end_create_time"),
        "finished": span(call, "start_finish_time", "end_finish_time"),
    }
    return _answer(call, spaces, criteria)


def _answer(call: Call, spaces: dict[str, Entity], criteria: dict[str, Any]) -> Reply:
    if labels := texts(call, "labels"):
        criteria["members"] = {"labels": labels}
    criteria |= {"name_part": text(call, "job_name"), **order(call, _SORTS), **paging(call)}
    services = call.services
    services.runs.look_at_active(PLATFORM)
    expire(call)
    page = services.store.find(query(call, "Job", **criteria))
    runs = services.runs.history.several(tuple(job.id for job in page.entities))
    rows = [job_row(job, runs.get(job.id), spaces[job.scope]) for job in page.entities if job.scope in spaces]
    return Reply(
        {
            "jobs": rows,
            "count": page.count,
            "running_count": _count(call, criteria["scopes"], _RUNNING),
            "waiting_count": _count(call, criteria["scopes"], _WAITING),
        }
    )


def _count(call: Call, scopes: tuple[str, ...] | None, states: tuple[Status, ...]) -> int:
    return call.services.store.find(Query(PLATFORM, "Job", scopes=scopes, states=states, limit=0)).count


def _states(words: tuple[str, ...]) -> tuple[str, ...]:
    """The statuses that words of the filter mean; the reply spells them in another case (trap 19)."""
    known = {word: tuple(str(s) for s, shown in STATES.items() if shown == word) for word in STATES.values()}
    known["UNKNOWN"] = ("unknown",)  # nothing here is ever in it
    if unknown := [word for word in words if word.upper() not in known]:
        raise invalid(f"status has an unknown value: {unknown[0]}")
    return tuple(status for word in words for status in known[word.upper()])
