"""TensorBoards: create, start, stop, change a little, delete (platform contract, section 6).

None really runs here: its state, its time limit and what it is made of are kept, and its URL leads nowhere.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.clock import utc_text
from reconciler.localplatform.face import Refusal, Reply, Route
from reconciler.localplatform.platforms.pai_dlc_shapes import TENSORBOARD as SHAPE
from reconciler.localplatform.platforms.pai_dlc_shapes import wrong
from reconciler.localplatform.platforms.pai_dlc_words import (
    JOB,
    NOT_FOUND,
    PLATFORM,
    ROOT,
    TENSORBOARD,
    WEEK,
    direction,
    fine,
    flag,
    found,
    instant,
    invalid,
    number,
    page_of,
    text,
    wrong_state,
)
from reconciler.localplatform.store import Entity, Query, Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.localplatform.face import Call

RUNNING, STOPPED = "Running", "Stopped"
_BOARD = f"{ROOT}/tensorboards/<board>"
_HIDDEN = ("DataSources", "SourceType", "SourceId", "Uri", "state", "started", "stopped", "WorkspaceId")
_SORTS = ("DisplayName", "GmtCreateTime")
_MINUTES_MOST = 10**7
_SHARED_MOST = 604_800
_DEFAULT_WORKSPACE = "default"


def create_tensorboard(call: Call) -> Reply:
    """Makes one that runs at once. No name is taken."""
    body = call.body()
    if why := next(wrong(body, SHAPE), ""):
        raise invalid(why)
    job = str(body.get("JobId") or (body.get("SourceId") if body.get("SourceType") == "job" else "") or "")
    if job and call.services.store.get(PLATFORM, JOB, job) is None:
        raise Refusal(404, NOT_FOUND, f"the job {job} does not exist")
    sources = [name for name in ("DataSourceId", "Uri", "DataSources", "TensorboardDataSources") if body.get(name)]
    if body.get("JobId") and sources:
        raise invalid(f"JobId and {sources[0]} exclude each other")
    if not job and not sources:
        raise invalid("a job or a data source is required")
    _check_limits(body)
    board = Entity(
        platform=PLATFORM,
        kind=TENSORBOARD,
        scope=str(body.get("WorkspaceId") or _DEFAULT_WORKSPACE),
        id=f"tb{secrets.token_hex(8)}",
        name=str(body.get("DisplayName") or ""),
        body={**body, "state": RUNNING, "started": call.now, "stopped": None},
        owner=call.services.account.user,
        created=call.now,
        updated=call.now,
    )
    call.services.store.insert(board)
    return fine(call, TensorboardId=board.id, JobId=job, DataSourceId=body.get("DataSourceId", ""))


def _check_limits(body: Mapping[str, Any]) -> None:
    priority = body.get("Priority", "1")
    if not isinstance(priority, str) or priority not in set("123456789"):
        raise invalid("Priority must be a text from 1 to 9")
    minutes = body.get("MaxRunningTimeMinutes", 1)
    if not isinstance(minutes, int) or isinstance(minutes, bool) or minutes < 1:
        raise invalid("MaxRunningTimeMinutes must be a number of at least 1")
    if body.get("Accessibility", "PRIVATE") not in {"PUBLIC", "PRIVATE"}:
        raise invalid("Accessibility must be PUBLIC or PRIVATE")


def get_tensorboard(call: Call) -> Reply:
    """One of them."""
    return fine(call, **_shown(call, found(call, TENSORBOARD, "board")))


def list_tensorboards(call: Call) -> Reply:
    """A page; of the last seven days and of one's own unless told otherwise. There is no filter by tags."""
    own, job = flag(call, "ShowOwn", default=True), text(call, "JobId") or text(call, "SourceId")
    workspace = text(call, "WorkspaceId")
    query = Query(
        PLATFORM,
        TENSORBOARD,
        scopes=(workspace,) if workspace else None,
        ids=(text(call, "TensorboardId"),) if text(call, "TensorboardId") else None,
        name_part=text(call, "DisplayName"),
        owner=call.services.account.user if own else "",
        created=Span(instant(call, "StartTime", call.now - WEEK), instant(call, "EndTime", call.now)),
        sort="name" if text(call, "SortBy") == "DisplayName" else "created",
        descending=direction(call),
        as_of=call.as_of,
    )
    if text(call, "SortBy") not in {"", *_SORTS}:
        raise invalid(f"SortBy must be one of {', '.join(_SORTS)}")
    boards = call.services.store.find(query).entities
    rows = [
        shown
        for board in boards
        if job in {"", board.body.get("JobId"), board.body.get("SourceId")}
        and _matches(call, shown := _shown(call, board))
    ]
    return fine(call, Tensorboards=page_of(call, rows), TotalCount=len(rows))


def _matches(call: Call, shown: Mapping[str, Any]) -> bool:
    checks = (
        text(call, "Status").lower() in {"", str(shown["Status"]).lower()},
        text(call, "Accessibility") in {"", shown["Accessibility"]},
        text(call, "QuotaId") in {"", shown.get("QuotaId")},
    )
    return all(checks)


def update_tensorboard(call: Call) -> Reply:
    """Three fields, all in the query; a body is not looked at (trap 24)."""
    board = found(call, TENSORBOARD, "board")
    new: dict[str, Any] = {name: text(call, name) for name in ("Accessibility", "Priority") if text(call, name)}
    if text(call, "MaxRunningTimeMinutes"):
        new["MaxRunningTimeMinutes"] = number(call, "MaxRunningTimeMinutes", 1, 1, _MINUTES_MOST)
    _check_limits(new)
    _save(call, board, new)
    return fine(call, TensorboardId=board.id)


def start_tensorboard(call: Call) -> Reply:
    """Starts one that is stopped; one that runs goes on."""
    board = found(call, TENSORBOARD, "board")
    if _state(board, call.now)[0] == STOPPED:
        _save(call, board, {"state": RUNNING, "started": call.now, "stopped": None})
    return fine(call, TensorboardId=board.id)


def stop_tensorboard(call: Call) -> Reply:
    """Stops one that runs."""
    board = found(call, TENSORBOARD, "board")
    if _state(board, call.now)[0] == RUNNING:
        _save(call, board, {"state": STOPPED, "stopped": call.now})
    return fine(call, TensorboardId=board.id)


def delete_tensorboard(call: Call) -> Reply:
    """Removes one that is stopped."""
    board = found(call, TENSORBOARD, "board")
    if _state(board, call.now)[0] != STOPPED:
        raise wrong_state("the TensorBoard runs: stop it first")
    call.services.store.delete(board, call.now)
    return fine(call, TensorboardId=board.id)


def shared_url(call: Call) -> Reply:
    """The shape of a way in without a login. Its token opens nothing here, least of all the account."""
    board = found(call, TENSORBOARD, "board")
    number(call, "ExpireTimeSeconds", _SHARED_MOST, 1, _SHARED_MOST)
    return fine(call, TensorboardSharedUrl=f"{_url(call, board)}?token={secrets.token_urlsafe(24)}")


def _save(call: Call, board: Entity, new: Mapping[str, Any]) -> None:
    call.services.store.update(replace(board, body={**board.body, **new}, updated=call.now))


def _state(board: Entity, now: float) -> tuple[str, float | None]:
    """Its status, and when it ended: its time limit stops it by itself."""
    body, minutes = board.body, board.body.get("MaxRunningTimeMinutes")
    if body["state"] == RUNNING and minutes and now >= body["started"] + minutes * 60:
        return STOPPED, float(body["started"] + minutes * 60)
    return str(body["state"]), body["stopped"]


def _shown(call: Call, board: Entity) -> dict[str, Any]:
    state, ended = _state(board, call.now)
    kept = {name: value for name, value in board.body.items() if name not in _HIDDEN}
    return {
        **kept,
        "TensorboardId": board.id,
        "DisplayName": board.name,
        "WorkspaceId": board.scope,
        "Status": state,
        "TensorboardUrl": _url(call, board),
        "Duration": str(int((ended or call.now) - board.body["started"])),
        "Priority": str(board.body.get("Priority") or "1"),
        "Accessibility": board.body.get("Accessibility") or "PRIVATE",
        "GmtCreateTime": utc_text(board.created),
        "GmtModifyTime": utc_text(board.updated),
        "GmtFinishTime": utc_text(ended),
        "UserId": call.services.account.user_id,
        "Username": board.owner,
        "ReasonCode": "",
        "ReasonMessage": "",
    }


def _url(call: Call, board: Entity) -> str:
    return f"http://{call.request.host}/tensorboards/{board.id}/"


ROUTES = (
    Route("POST", f"{ROOT}/tensorboards", "CreateTensorboard", create_tensorboard),
    Route("GET", f"{ROOT}/tensorboards", "ListTensorboards", list_tensorboards),
    Route("GET", _BOARD, "GetTensorboard", get_tensorboard),
    Route("PUT", _BOARD, "UpdateTensorboard", update_tensorboard),
    Route("DELETE", _BOARD, "DeleteTensorboard", delete_tensorboard),
    Route("PUT", f"{_BOARD}/start", "StartTensorboard", start_tensorboard),
    Route("PUT", f"{_BOARD}/stop", "StopTensorboard", stop_tensorboard),
    Route("GET", f"{_BOARD}/sharedurl", "GetTensorboardSharedUrl", shared_url),
)
