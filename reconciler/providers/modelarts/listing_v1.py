"""Lists of the legacy API, page by page (contract, section 4.9). Its search is by part of a name, so every caller
compares again.
"""

from __future__ import annotations

import difflib
from fnmatch import fnmatchcase
from itertools import islice
from typing import TYPE_CHECKING, Any

from reconciler.errors import UsageError
from reconciler.providers.exchange import Call
from reconciler.providers.modelarts.marks import taken_apart
from reconciler.providers.modelarts.phases import V1, of_v1
from reconciler.providers.modelarts.place import path_to, whole, workspace_of
from reconciler.providers.modelarts.times import ended, utc
from reconciler.providers.paging import Page, every_page
from reconciler.providers.protocol import RunSummary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model.mark import Mark
    from reconciler.providers.exchange import Query
    from reconciler.providers.modelarts.marks import Stamped
    from reconciler.providers.modelarts.place import Place

PAGE_SIZE = 1000
JOBS = "training-jobs"
CONFIGS = "training-job-configs"
FILTERS = ("name", "status", "job")
"""What `browse` filters by. `status` is a number or its name; `job` shows all versions of the one job of that name."""
CONFIG_FILTERS = ("name", "type")
"""What `browse_configs` filters by. `name` is a glob, `type` `custom` (the account's own) or `sample`."""
SAMPLE = "sample:"
"""What the id of one of the platform's own configurations begins with: it is shown, and nothing else can be done."""


def jobs(place: Place, scope: str, part: str = "", query: Query | None = None) -> Iterator[dict[str, Any]]:
    """Every job of a workspace whose name contains `part`."""
    asked = {"workspace_id": workspace_of(scope), "sortBy": "create_time", "order": "desc", **(query or {})}
    if part:
        asked["search_content"] = part
    call = Call("list training jobs", "GET", path_to(JOBS), query=asked)
    return _every(place, call, "jobs", "job_total_count", "job_id")


def versions(place: Place, job_id: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The members of a job, and all its versions, oldest first. Raises NotFound when there is no such job."""
    call = Call("list versions", "GET", path_to(JOBS, job_id, "versions"))
    job: dict[str, Any] = {}

    def fetch(number: int) -> Page:
        answer = _page(place, call, number)
        job.update(answer if number == 0 else {})
        return Page(place.rows(answer, "versions", call), whole(answer.get("version_count")))

    found = every_page(fetch, key=lambda row: str(row.get("version_id")))
    return job, sorted(found, key=lambda row: whole(row.get("version_id")) or 0)


def configs(place: Place, part: str = "", *, samples: bool = False) -> Iterator[dict[str, Any]]:
    """The short records of all configurations whose name contains `part`: the account's own, or the platform's."""
    asked = {"config_type": "sample" if samples else "custom", "sortBy": "config_name", "order": "asc"}
    if part:
        asked["search_content"] = part
    call = Call("list configurations", "GET", path_to(CONFIGS), query=asked)
    return _every(place, call, "configs", "config_total_count", "config_name")


def job_named(place: Place, scope: str, name: str) -> dict[str, Any] | None:
    """The row of the one job of exactly this name, None when there is none."""
    return next((row for row in jobs(place, scope, name) if row.get("job_name") == name), None)


def browse(place: Place, scope: str, filters: Mapping[str, str], limit: int) -> Iterator[RunSummary]:
    """At most `limit` rows, newest first. Raises UsageError for a filter it does not have."""
    _known(filters, FILTERS, "filter")
    if "job" in filters:
        return islice(_versions_of(place, scope, filters), max(limit, 0))
    query = {"status": _status(filters["status"])} if "status" in filters else {}
    wanted = filters.get("name", "")
    kept = (row for row in jobs(place, scope, wanted, query) if wanted in str(row.get("job_name") or ""))
    return (_summary(row) for row in islice(kept, max(limit, 0)))


def _versions_of(place: Place, scope: str, filters: Mapping[str, str]) -> Iterator[RunSummary]:
    """Every version of a job, newest first."""
    row = job_named(place, scope, filters["job"])
    if row is None:
        return
    job, found = versions(place, str(row.get("job_id")))
    names = {str(each.get("version_id")): str(each.get("version_name") or "") for each in found}
    wanted = of_v1(_status(filters["status"]))[1] if "status" in filters else ""
    for each in reversed(found):
        phase, word = of_v1(each.get("status"))
        if wanted in ("", word) and filters.get("name", "") in filters["job"]:
            yield RunSummary(
                remote_id=run_id(row.get("job_id"), each.get("version_id")),
                name=filters["job"],
                status=word,
                created=utc(each.get("create_time")),
                started=utc(each.get("start_time")),
                finished=ended(each.get("start_time"), each.get("duration")) if phase.ended else "",
                mark=mark_of(each, taken_apart(job.get("job_desc"))),
                facts=(
                    ("version", names[str(each.get("version_id"))]),
                    ("derived from", names.get(str(each.get("pre_version_id")), "")),
                ),
            )


def earlier(row: Mapping[str, Any]) -> str:
    """The id of the version that this one was derived from, "" for a first one."""
    return str(whole(row.get("pre_version_id")) or "")


def mark_of(row: Mapping[str, Any], of_job: Stamped) -> Mark | None:
    """The mark of a version: that of its job's newest submission, if that made it."""
    return of_job.mark if of_job.mark is not None and of_job.after == earlier(row) else None


def browse_configs(place: Place, filters: Mapping[str, str], limit: int) -> Iterator[RunSummary]:
    """At most `limit` rows of configurations, by name. Raises UsageError for a filter it does not have."""
    _known(filters, CONFIG_FILTERS, "filter")
    kind = filters.get("type", "custom")
    _known((kind,), ("custom", "sample"), "type")
    samples, wanted = kind == "sample", filters.get("name", "*")
    kept = (row for row in configs(place, samples=samples) if fnmatchcase(str(row.get("config_name")), wanted))
    return (_config_summary(row, samples=samples) for row in islice(kept, max(limit, 0)))


def run_id(job_id: Any, version_id: Any) -> str:  # noqa: ANN401 - numbers, which may come as texts
    """`10/20`: the remote id of a version."""
    return f"{job_id}/{version_id}"


def _every(place: Place, call: Call, key: str, total: str, identity: str) -> Iterator[dict[str, Any]]:
    def fetch(number: int) -> Page:
        answer = _page(place, call, number)
        return Page(place.rows(answer, key, call), whole(answer.get(total)))

    return every_page(fetch, key=lambda row: str(row.get(identity)))


def _page(place: Place, call: Call, number: int) -> dict[str, Any]:
    """One page, counted from 0. The platform counts from 1; without a number some lists are not paged at all."""
    asked = {**call.query, "per_page": str(PAGE_SIZE), "page": str(number + 1)}
    return place.v1(Call(call.operation, call.method, call.path, query=asked))


def _known(words: Iterable[str], known: Sequence[str], what: str) -> None:
    """Raises UsageError for the first word that is not known."""
    for word in words:
        if word not in known:
            near = difflib.get_close_matches(word, known, n=1)
            meant = f"did you mean {near[0]!r}? " if near else ""
            msg = f"there is no {what} {word!r}"
            raise UsageError(msg, hint=f"{meant}known: {', '.join(known)}")


def _status(text: str) -> str:
    names = {status.name: str(number) for number, status in V1.items()}
    names |= {name.removeprefix("JOBSTAT_"): number for name, number in names.items()}
    if not text.isdigit():
        _known((text.upper(),), tuple(names), "status")
    return names.get(text.upper(), text)


def _summary(row: Mapping[str, Any]) -> RunSummary:
    phase, word = of_v1(row.get("status"))
    user = row.get("user")
    count = whole(row.get("version_count"))
    return RunSummary(
        remote_id=run_id(row.get("job_id"), row.get("version_id") or "-"),
        name=str(row.get("job_name") or ""),
        status=word,
        created=utc(row.get("create_time")),
        finished=ended(row.get("create_time"), row.get("duration")) if phase.ended else "",
        user=str(user.get("name") or "") if isinstance(user, dict) else "",
        mark=taken_apart(row.get("job_desc")).mark,
        facts=(("versions", "" if count is None else str(count)),),
    )


def _config_summary(row: Mapping[str, Any], *, samples: bool) -> RunSummary:
    name = str(row.get("config_name"))
    return RunSummary(
        remote_id=f"{SAMPLE}{name}" if samples else name,
        name=name,
        status="sample" if samples else "",
        created=utc(row.get("create_time")),
        mark=taken_apart(row.get("config_desc")).mark,
        facts=(
            ("engine", str(row.get("engine_version") or "")),
            ("image", str(row.get("user_image_url") or "")),
            ("description", taken_apart(row.get("config_desc")).description),
        ),
    )
