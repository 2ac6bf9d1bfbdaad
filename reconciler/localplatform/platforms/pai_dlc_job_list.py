"""ListJobs with its traps: a window of seven days, only one's own, ten a page, names found inside others (5.7)."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.platforms.pai_dlc_specs import requested
from reconciler.localplatform.platforms.pai_dlc_views import job_row
from reconciler.localplatform.platforms.pai_dlc_words import (
    JOB,
    PLATFORM,
    WEEK,
    direction,
    fine,
    flag,
    instant,
    invalid,
    number,
    page_of,
    tags,
    text,
)
from reconciler.localplatform.store import Query, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.localplatform.face import Call, Reply
    from reconciler.localplatform.platforms.pai_dlc_specs import Request
    from reconciler.localplatform.store import Entity

_SORTS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "GmtCreateTime": lambda row: row["GmtCreateTime"],
    "GmtFinishTime": lambda row: row["GmtFinishTime"],
    "DisplayName": lambda row: row["DisplayName"],
    "JobType": lambda row: row["JobType"],
    "Status": lambda row: row["Status"],
}
_EXACT = ("JobType", "Status", "ResourceId", "Accessibility")
_EXACT_SETTINGS = ("BusinessUserId", "Caller", "PipelineId")
_WHOLE_MODES: dict[str, Callable[[str, str], bool]] = {"term": operator.eq, "prefix": str.startswith}
_NUMBERS: dict[str, Callable[[Request], float]] = {
    "RequestCPU": lambda asked: asked.cpu,
    "RequestGPU": lambda asked: asked.gpu,
    "RequestMemory": lambda asked: asked.memory,
}
_HUGE = 10**9
_LONGEST = {"DisplayName": 1024, "JobType": 32, "Status": 200}


def list_jobs(call: Call) -> Reply:
    """One page, newest first unless asked otherwise."""
    call.services.runs.look_at_active(PLATFORM)
    for name, most in _LONGEST.items():
        if len(text(call, name)) > most:
            raise invalid(f"{name} has more than {most} characters")
    sort = text(call, "SortBy") or "GmtCreateTime"
    if sort not in _SORTS:
        raise invalid(f"SortBy must be one of {', '.join(_SORTS)}")
    labels = tags(call)
    rows = [row for job in _jobs(call) if _wanted(call, job, row := _row(call, job), labels)]
    # Jobs come oldest first, and the sort is stable: those of one second keep their order.
    ordered = sorted(rows, key=_SORTS[sort])
    if direction(call):
        ordered.reverse()
    return fine(call, Jobs=page_of(call, ordered), TotalCount=len(rows))


def _jobs(call: Call) -> Iterator[Entity]:
    by_finish = text(call, "TimeRangeField") == "GmtFinishTime"
    span = Span(instant(call, "StartTime", call.now - WEEK), instant(call, "EndTime", call.now))
    workspace = text(call, "WorkspaceId")
    own = flag(call, "ShowOwn", default=True)
    wide = flag(call, "FromAllWorkspaces", default=False)
    if wide and not own:
        raise invalid("FromAllWorkspaces works only with ShowOwn=true")
    query = Query(
        PLATFORM,
        JOB,
        scopes=(workspace,) if workspace and not wide else None,
        name_part=text(call, "DisplayName"),
        owner=call.services.account.user if own else "",
        created=Span() if by_finish else span,
        finished=span if by_finish else Span(),
        as_of=call.as_of,
    )
    yield from call.services.store.find(query).entities


def _row(call: Call, job: Entity) -> dict[str, Any]:
    return {
        name: value for name, value in job_row(call, job, call.services.runs.look(job.id)).items() if value is not None
    }


def _wanted(call: Call, job: Entity, row: dict[str, Any], labels: dict[str, str]) -> bool:
    """Whether every filter lets it through; several tags must all be there."""
    settings = row.get("Settings") or {}
    has = settings.get("Tags") or {}
    checks = (
        all(has.get(name) == value for name, value in labels.items()),
        all(text(call, name) in {"", row.get(name)} for name in _EXACT),
        all(text(call, name) in {"", settings.get(name)} for name in _EXACT_SETTINGS),
        _identified(call, job),
        _named(call, job),
        text(call, "Username").lower() in job.owner.lower(),
        text(call, "UserCommandSearch").lower() in str(row.get("UserCommand", "")).lower(),
        text(call, "ReasonSearch").lower() in f"{row['ReasonCode']} {row['ReasonMessage']}".lower(),
        any(text(call, "ImageSearch") in str(role.get("Image", "")) for role in row["JobSpecs"]),
        text(call, "PaymentType") in {"", _payment(row)},
        text(call, "TemplateId") in {"", row.get("TemplateId")},
        text(call, "UserIdForFilter") in {"", row["UserId"]},
        text(call, "ResourceQuotaName").lower() in str(row.get("ResourceQuotaName", "")).lower(),
        text(call, "OversoldInfo").removesuffix("-false") in {"", settings.get("OversoldType")},
        text(call, "EnableAssignNode") in {"", _assigned(row)},
        _in_range(call, job),
    )
    return all(checks)


def _identified(call: Call, job: Entity) -> bool:
    one, several = text(call, "JobId"), text(call, "JobIds")
    if one:
        return job.id == one.lower()
    return not several or job.id in several.split(",")


def _named(call: Call, job: Entity) -> bool:
    """What the search has found inside a name may have to be all of it, or its beginning."""
    matches = _WHOLE_MODES.get(text(call, "DisplayNameSearchMode"))
    name = text(call, "DisplayName")
    return not name or matches is None or bool(matches(job.name.lower(), name.lower()))


def _assigned(row: dict[str, Any]) -> str:
    """Whether it names its nodes."""
    return str(any((role.get("AssignNodeSpec") or {}).get("EnableAssignNode") for role in row["JobSpecs"])).lower()


def _in_range(call: Call, job: Entity) -> bool:
    field = text(call, "NumericRangeField")
    if not field:
        return True
    if field not in _NUMBERS:
        raise invalid(f"NumericRangeField must be one of {', '.join(_NUMBERS)}")
    value = _NUMBERS[field](requested(job.body))
    return number(call, "NumericRangeMin", 0, 0, _HUGE) <= value <= number(call, "NumericRangeMax", _HUGE, 0, _HUGE)


def _payment(row: dict[str, Any]) -> str:
    if row.get("ResourceId"):
        return "PrePaid"
    return "Spot" if any(role["UseSpotInstance"] for role in row["JobSpecs"]) else "PostPaid"
