"""Lists of tasks and what is counted over them (platform contract, sections 3 and 5)."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Reply, Route
from reconciler.localplatform.platforms import hai_scheduler
from reconciler.localplatform.platforms.hai_rows import shown
from reconciler.localplatform.platforms.hai_scheduler import advance
from reconciler.localplatform.platforms.hai_tasks import mapping_of
from reconciler.localplatform.platforms.hai_words import (
    CHAIN,
    PLATFORM,
    Unprocessable,
    choice,
    fine,
    iso,
    number,
    text,
    truth,
)
from reconciler.localplatform.store import Entity, Query

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.localplatform.engines.protocol import RunSnapshot
    from reconciler.localplatform.face import Call

_PAGE_MOST = 100
_DAY = 86400.0


def list_tasks(call: Call) -> Reply:
    """One entry per chain, own tasks only, newest first; `page` and `page_size` are both wanted."""
    page, size = number(call, "page"), number(call, "page_size")
    if page < 1:
        raise Unprocessable(("query", "page"), "ensure this value is greater than or equal to 1", "value_error.number")
    if not 1 <= size <= _PAGE_MOST:
        message = f"ensure this value is from 1 to {_PAGE_MOST}"
        raise Unprocessable(("query", "page_size"), message, "value_error.number")
    looks = _looks(call)
    order = choice(call, "order_by", ("id", "first_id"), "id")
    chains = [chain for chain in _own(call) if _matches(call, chain, looks)]
    place = 0 if order == "first_id" else -1
    chains.sort(key=lambda chain: int(chain.body["rows"][place]["id"]), reverse=True)
    pods = truth(call, "select_pods", default=True)
    wanted = chains[(page - 1) * size : page * size]
    tasks = [shown(chain, looks.get(chain.id), pods=pods) for chain in wanted]
    return fine(result={"tasks": tasks, "total": len(chains)})


def _looks(call: Call) -> dict[str, RunSnapshot]:
    """A look at each life that runs, before what ended is folded in."""
    seen = {chain.id: hai_scheduler.look(call.services, chain) for chain in hai_scheduler.open_chains(call.services)}
    advance(call.services, call.now)
    still = {chain.id for chain in hai_scheduler.open_chains(call.services)}
    return {chain: snapshot for chain, snapshot in seen.items() if snapshot is not None and chain in still}


def _own(call: Call) -> tuple[Entity, ...]:
    query = Query(PLATFORM, CHAIN, owner=call.services.account.user, as_of=call.as_of)
    return call.services.store.find(query).entities


def _matches(call: Call, chain: Entity, looks: dict[str, RunSnapshot]) -> bool:
    row = shown(chain, looks.get(chain.id), pods=False)
    asked = call.request.args
    tags = set(asked.getlist("tag"))
    tests: tuple[bool, ...] = (
        _any_of(asked.getlist("task_type"), row["task_type"]),
        _any_of(asked.getlist("worker_status"), row["worker_status"]),
        _any_of(asked.getlist("queue_status"), row["queue_status"]),
        _any_of(asked.getlist("group"), row["group"]),
        not tags or not tags.isdisjoint(row["tags"]),
        set(asked.getlist("excluded_tag")).isdisjoint(row["tags"]),
        not truth(call, "only_star", default=False) or row["star"],
        asked.get("shared_task", "exclude") != "only",
        _named(asked.get("nb_name_pattern", ""), row),
        _created(call, row["created_at_list"][0]),
    )
    return all(tests)


def _any_of(wanted: list[str], value: str) -> bool:
    return not wanted or value in wanted


def _named(pattern: str, row: dict[str, Any]) -> bool:
    """SQL's LIKE: a part of the name or of the chain's id, or the beginning of a number; `%` and `_` stand for any."""
    if not pattern:
        return True
    like = "".join({"%": ".*", "_": "."}.get(sign, re.escape(sign)) for sign in pattern)
    within = re.compile(f".*{like}.*", re.DOTALL | re.IGNORECASE)
    start = re.compile(f"{like}.*", re.DOTALL)
    return bool(
        within.fullmatch(row["nb_name"]) or within.fullmatch(row["chain_id"]) or start.fullmatch(str(row["id"]))
    )


def _created(call: Call, at: str) -> bool:
    start, end = (call.request.args.get(name, "") for name in ("created_start_time", "created_end_time"))
    if bool(start) != bool(end):
        raise Unprocessable(("query", "created_end_time"), "both or none", "value_error.missing")
    return not start or start <= at <= end


def list_unfinished(call: Call) -> Reply:
    """Everybody's unfinished tasks, which are one user's here."""
    looks = _looks(call)
    types = call.request.args.getlist("task_type")
    chains = hai_scheduler.open_chains(call.services)
    rows = [shown(chain, looks.get(chain.id)) for chain in chains]
    return fine(result={"tasks": [row for row in rows if _any_of(types, row["task_type"])]})


def count_by_priority(call: Call) -> Reply:
    """How many wait and run at each priority."""
    advance(call.services, call.now)
    chains = hai_scheduler.open_chains(call.services)
    counted = Counter((chain.body["priority"], chain.body["rows"][-1]["queue"]) for chain in chains)
    found = [
        {"priority": priority, "queue_status": queue, "count": count}
        for (priority, queue), count in sorted(counted.items(), reverse=True)
    ]
    return fine(result=found)


def overview(call: Call) -> Reply:
    """How many tasks were created and finished in a span of time."""
    start, end = text(call, "start_time"), text(call, "end_time")
    advance(call.services, call.now)
    rows = [shown(chain, pods=False) for chain in _own(call)]

    def count(test: Callable[[dict[str, Any]], bool]) -> int:
        return sum(1 for row in rows if test(row))

    created = count(lambda row: bool(start <= row["created_at_list"][0] <= end))
    finished = count(lambda row: row["chain_status"] == "finished" and bool(start <= row["end_at"] <= end))
    return fine(result={"created": created, "finished": finished})


def list_by_artifact(call: Call) -> Reply:
    """The tasks that an artifact is mapped to."""
    wanted = f"{text(call, 'artifact_name')}:{text(call, 'artifact_version', 'default')}"
    page, size, days = number(call, "page", 1), number(call, "page_size", 1000), number(call, "days", 90)
    since = iso(call.now - days * _DAY)
    mapped = [
        mapping_of(chain)
        for chain in _own(call)
        if wanted in chain.body["artifacts"].values() and iso(chain.created) >= since
    ]
    return fine(msg=mapped[(page - 1) * size : page * size])


def user_tags(call: Call) -> Reply:
    """Every tag on a task of the user."""
    return fine(result=sorted({tag for chain in _own(call) for tag in chain.body["tags"] if not tag.startswith("_")}))


def delete_tags(call: Call) -> Reply:
    """Takes tags off all tasks of the user."""
    gone = set(call.request.args.getlist("tag"))
    if not gone:
        raise Unprocessable(("query", "tag"), "field required", "value_error.missing")
    with call.services.store.database.transaction():
        for chain in _own(call):
            if not gone.isdisjoint(chain.body["tags"]):
                kept = [tag for tag in chain.body["tags"] if tag not in gone]
                hai_scheduler.save(call.services, chain, call.now, tags=kept)
    return fine()


ROUTES = (
    Route("POST", "/query/task/list", "ListTasks", list_tasks),
    Route("POST", "/query/task/list_all_unfinished", "ListUnfinished", list_unfinished),
    Route("POST", "/query/task/list_all_with_priority", "CountByPriority", count_by_priority),
    Route("POST", "/query/task/time_range_overview", "TimeRangeOverview", overview),
    Route("POST", "/query/task/artifact/list", "ListTasksOfArtifact", list_by_artifact),
    Route("POST", "/query/user/tag/list", "ListUserTags", user_tags),
    Route("POST", "/operating/user/tag/delete", "DeleteUserTags", delete_tags),
)
