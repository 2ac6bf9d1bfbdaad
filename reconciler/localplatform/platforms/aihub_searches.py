"""Searches (platform contract, 5.1). What is found is found when it is asked for; the engine says when that is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Reply, Route
from reconciler.localplatform.platforms.aihub_bodies import (
    Wrong,
    at_least,
    listed,
    name,
    one_of,
    record,
    taken,
    text,
    whole,
)
from reconciler.localplatform.platforms.aihub_warehouse import (
    AREA,
    LIBRARIES,
    SearchFailed,
    alike,
    select,
    table_of,
)
from reconciler.localplatform.platforms.aihub_words import (
    MISSING,
    PLATFORM,
    SEARCH,
    WRONG,
    fine,
    found,
    insert,
    millis,
    no,
)
from reconciler.localplatform.platforms.aihub_work import pretence
from reconciler.localplatform.work import Status

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call
    from reconciler.localplatform.store import Entity

_ROOT = "/data-warehouse/api/v1/searches"
_FILES = "/data-warehouse/files/searches"
_SQL, _BY_IMAGE, _BY_TEXT = 1, 2, 3
_WAITING, _RUNNING, _SUCCEEDED, _FAILED = 1, 2, 3, 4
_STATUS = {Status.PENDING: _WAITING, Status.RUNNING: _RUNNING, Status.SUCCEEDED: _SUCCEEDED}
_MOST = 1000
_ASKED = ("type", "description", "sql", "feature_lib_id", "images", "keywords", "top_k")


def _box(value: Any) -> list[int]:  # noqa: ANN401 - any JSON value
    corners = listed(whole)(value)
    if len(corners) != 4:  # noqa: PLR2004 - x1, y1, x2, y2
        raise Wrong("must be four whole numbers")
    return corners


_FIELDS = {
    "type": one_of(_SQL, _BY_IMAGE, _BY_TEXT),
    "name": name,
    "description": text,
    "sql": text,
    "feature_lib_id": whole,
    "images": listed(record({"url": text, "box": _box})),
    "keywords": text,
    "top_k": at_least(1, _MOST),
}
_NEEDED = {
    _SQL: ("sql",),
    _BY_IMAGE: ("feature_lib_id", "images", "top_k"),
    _BY_TEXT: ("feature_lib_id", "keywords", "top_k"),
}


def create(call: Call) -> Reply:
    """Takes a search. One that cannot be carried out is taken too, and fails."""
    body = taken(call, _FIELDS, ("type", "name"))
    for member in _NEEDED[body["type"]]:
        if not body.get(member):
            raise no(call, WRONG, f"{member} is required for type {body['type']}")
    message, results, file = "", [], ""
    try:
        results = alike(call.services.data, body) if body["type"] != _SQL else []
        file = table_of(results).csv if body["type"] != _SQL else select(call.services.data, body["sql"]).csv
    except SearchFailed as error:
        message = str(error)
    kept = {member: body[member] for member in _ASKED if member in body}
    search = insert(call, SEARCH, body["name"], {**kept, "message": message, "results": results})
    if not message:
        place = call.services.data.locate(AREA, f"results/{search.body['id']}.csv")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(file, encoding="utf-8")
    call.services.runs.open(search.id, PLATFORM, SEARCH)
    call.services.runs.start(pretence(search, fails=bool(message)))
    return fine({"id": search.body["id"]})


def read(call: Call) -> Reply:
    """A search as it is now."""
    search = found(call, SEARCH, "search")
    status = _STATUS.get(call.services.runs.look(search.id).status, _FAILED)
    shown: dict[str, Any] = {
        "id": search.body["id"],
        "name": search.name,
        **{member: search.body[member] for member in _ASKED if member in search.body},
        "status": status,
        "message": search.body["message"] if status == _FAILED else "",
        "created_at": millis(search.created),
        "username": search.owner,
    }
    if search.body["type"] != _SQL:
        shown["feature_lib_name"] = LIBRARIES.get(search.body["feature_lib_id"], "")
    if status == _SUCCEEDED:
        shown["result_url"] = f"{call.request.host_url.rstrip('/')}{_FILES}/{search.body['id']}.csv"
        if search.body["type"] != _SQL:
            shown["results"] = search.body["results"]
    return fine(shown)


def download(call: Call) -> Reply:
    """The file of a search. Whoever knows its address may have it, as with the links of the real platform."""
    search = found(call, SEARCH, "search")
    place = call.services.data.locate(AREA, f"results/{search.body['id']}.csv")
    if _finished(call, search) and place.is_file():
        return Reply(raw=place.read_bytes(), content_type="text/csv; charset=utf-8")
    raise no(call, MISSING, "the search has no result")


def _finished(call: Call, search: Entity) -> bool:
    return call.services.runs.state(search.id) is Status.SUCCEEDED


ROUTES = (
    Route("POST", _ROOT, "createSearch", create),
    Route("GET", f"{_ROOT}/<id>", "getSearch", read),
    Route("GET", f"{_FILES}/<id>.csv", "downloadSearch", download, signed=False),
)
