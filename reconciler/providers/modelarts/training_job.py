"""Training jobs of the legacy API: a job is a name, and each run is a version of it (contract, section 4).

The first submission makes the job, a later one derives a version from the newest there is. Both calls carry the
description, and with it our mark and what the version was derived from; that pair tells which version is ours, for a
version has no text of its own. A version can be created twice, so nothing is ever repeated here.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.errors import NotFound, Refused
from reconciler.model.resource import Live, Phase
from reconciler.providers.errors import before_sending
from reconciler.providers.exchange import Call, Effect
from reconciler.providers.modelarts import listing_v1, story_v1
from reconciler.providers.modelarts.listing_v1 import JOBS, earlier, mark_of, run_id
from reconciler.providers.modelarts.logs import whole_log
from reconciler.providers.modelarts.marks import Stamped, stamp, taken_apart
from reconciler.providers.modelarts.numbers import numbered
from reconciler.providers.modelarts.phases import of_v1
from reconciler.providers.modelarts.place import path_to, whole, workspace_of
from reconciler.providers.modelarts.shapes_v1 import config_of
from reconciler.providers.modelarts.times import ended, utc
from reconciler.providers.protocol import LogLine, Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.address import Address
    from reconciler.model.manifest import Spec
    from reconciler.model.mark import Mark
    from reconciler.model.resource import Desired
    from reconciler.providers.facilities import Series
    from reconciler.providers.modelarts.offers import Offers
    from reconciler.providers.modelarts.place import Place
    from reconciler.providers.protocol import RunSummary


@dataclass(frozen=True, slots=True)
class _Chain:
    """A job that exists, and its versions, oldest first."""

    job_id: str
    description: Stamped
    versions: list[dict[str, Any]]

    def with_mark(self, mark: Mark) -> list[dict[str, Any]]:
        """The versions that were submitted with this mark: several only when something went wrong twice."""
        return [row for row in self.versions if mark_of(row, self.description) == mark]


class TrainingJob:
    """The handler of the kind `TrainingJob`. A remote id is `<job>/<version>`."""

    def __init__(self, place: Place, offers: Offers) -> None:
        self._place = place
        self._offers = offers

    def create(self, desired: Desired) -> Live:
        """Submits the run, once: as a new job, or as one more version of ours."""
        with before_sending():
            chain = self._chain(desired.address)
            if chain is None or chain.description.mark is None or chain.description.mark.owner != desired.mark.owner:
                # Where somebody else's job has the name the platform refuses, which is what has to be told.
                path, body = path_to(JOBS), self._first(desired)
            elif made := chain.with_mark(desired.mark):
                return self._live(desired.address, chain.job_id, made[0], desired.mark)
            else:
                path, body = path_to(JOBS, chain.job_id, "versions"), self._following(desired, chain)
        return self._submit(desired, path, body)

    def read(self, address: Address, remote_id: str) -> Live | None:
        """The version, or None when the platform has none."""
        try:
            row = self._row(address, remote_id)
        except NotFound:
            return None
        return self._live(address, remote_id.partition("/")[0], row, mark_of(row, taken_apart(row.get("job_desc"))))

    def find(self, address: Address, mark: Mark) -> tuple[Live, ...]:
        """Every version of the job of this name that was submitted with exactly this mark."""
        chain = self._chain(address)
        if chain is None:
            return ()
        ids = [run_id(chain.job_id, row.get("version_id")) for row in chain.with_mark(mark)]
        found = (self.read(address, remote_id) for remote_id in ids)
        return tuple(live for live in found if live is not None and live.mark == mark)

    def update(self, remote_id: str, desired: Desired) -> None:
        """Another description, the one thing that can change in place; no version is made."""
        address = desired.address
        job_id = remote_id.partition("/")[0]
        after = earlier(self._row(address, remote_id))
        body = {"job_desc": stamp(_text(desired), desired.mark, after)}
        self._place.v1(Call(f"describe training job {address.name}", "PUT", path_to(JOBS, job_id), body=body))

    def stop(self, address: Address, remote_id: str, *, force: bool = False) -> None:  # noqa: ARG002 - there is one way
        """Ends the version; it goes on for a while. One that has ended, or is gone, is no error."""
        path = self._path(remote_id, "stop")
        try:
            self._place.v1(Call(f"stop training job {address.name}", "POST", path, effect=Effect.REPEATABLE))
        except NotFound:
            return
        except Refused:
            live = self.read(address, remote_id)
            if live is not None and not live.phase.ended and live.phase is not Phase.STOPPING:
                raise

    def delete(self, address: Address, remote_id: str) -> None:
        """Removes the version, and with its last one the job, which takes the platform a while: earlier versions are
        runs of their own. One that is gone is no error.
        """
        path, (job_id, _, version_id) = self._path(remote_id), remote_id.partition("/")
        try:
            _, versions = listing_v1.versions(self._place, job_id)
            others = [row for row in versions if str(row.get("version_id")) != version_id]
            if others and len(others) == len(versions):
                return
            self._place.v1(
                Call(f"delete training job {address.name}", "DELETE", path if others else path_to(JOBS, job_id))
            )
        except NotFound:
            return

    def logs(self, address: Address, remote_id: str, *, task: str = "", index: int | None = None) -> Iterator[LogLine]:
        """The output of every machine, or of the file or machine asked for."""
        call = Call(f"list log files of {address.name}", "GET", self._path(remote_id, "log", "file-names"))
        listed = self._place.v1(call).get("log_file_list")
        files = listed if isinstance(listed, list) else [listed] if listed else []
        for position, name in enumerate(map(str, files)):
            if task in ("", name) and index in (None, position):
                for line in whole_log(self._fetch(remote_id, name)):
                    yield LogLine(line, task=name, index=position)

    def parts(self, address: Address, remote_id: str) -> tuple[Part, ...]:
        """One per machine, all with the status of the version: the platform tells no other."""
        row = self._row(address, remote_id)
        phase, word = of_v1(row.get("status"))
        started = row.get("start_time") or row.get("create_time")
        over = ended(started, row.get("duration")) if phase.ended else ""
        machines = range(whole(row.get("worker_server_num")) or 1)
        return tuple(Part("worker", index, word, utc(started), over) for index in machines)

    def metrics(self, address: Address, remote_id: str, *, name: str = "", minutes: int = 60) -> tuple[Series, ...]:
        """See Measures: what the machines used together, and what the model was found to be worth."""
        found = story_v1.measurements(self._row(address, remote_id), time.time(), minutes)
        return tuple(series for series in found if name in ("", series.metric))

    def detail(self, address: Address, remote_id: str) -> Spec:
        """See Details: the record of the version. Raises NotFound."""
        row = self._row(address, remote_id)
        return {key: value for key, value in row.items() if key != "is_success"}

    def browse(self, scope: str, filters: Mapping[str, str], limit: int) -> Iterator[RunSummary]:
        """Rows of jobs with their newest version; the filters are those of `listing_v1.FILTERS`."""
        return listing_v1.browse(self._place, scope, filters, limit)

    def _first(self, desired: Desired) -> dict[str, Any]:
        return {
            "job_name": desired.address.name,
            "job_desc": stamp(_text(desired), desired.mark),
            "config": numbered(desired.spec["config"], self._offers),
            "workspace_id": workspace_of(desired.address.scope),
        }

    def _following(self, desired: Desired, chain: _Chain) -> dict[str, Any]:
        """The body of one more version. Raises Refused for what a version cannot have (trap 3)."""
        config = numbered(desired.spec["config"], self._offers)
        name = desired.address.name
        if not chain.versions:
            msg = f"training job {name} has no version to derive another from"
            raise Refused(msg, hint="delete the job, or submit under another name")
        if config.get("volumes"):
            msg = f"training job {name} exists, and a further version of it cannot mount volumes"
            raise Refused(msg, hint="submit under another name, or take `volumes` away")
        if not config.get("train_url"):
            msg = f"training job {name} exists, and a further version of it needs `train_url`"
            raise Refused(msg, hint="set config.train_url")
        newest = chain.versions[-1]["version_id"]
        config["pre_version_id"] = whole(newest)
        return {"job_desc": stamp(_text(desired), desired.mark, str(newest)), "config": config}

    def _submit(self, desired: Desired, path: str, body: dict[str, Any]) -> Live:
        address = desired.address
        call = Call(f"submit training job {address.name}", "POST", path, body=body)
        answer = self._place.v1(call)
        job_id, version_id = whole(answer.get("job_id")), whole(answer.get("version_id"))
        if job_id is None or version_id is None:
            raise self._place.unreadable(call, "the answer holds no id of a version")
        return Live(address, run_id(job_id, version_id), {}, Phase.PENDING, desired.mark)

    def _chain(self, address: Address) -> _Chain | None:
        row = listing_v1.job_named(self._place, address.scope, address.name)
        if row is None:
            return None
        job_id = str(whole(row.get("job_id")) or "")
        try:
            job, versions = listing_v1.versions(self._place, job_id)
        except NotFound:  # deleted since it was listed
            return None
        return _Chain(job_id, taken_apart(job.get("job_desc")), versions)

    def _row(self, address: Address, remote_id: str) -> dict[str, Any]:
        call = Call(f"read training job {address.name}", "GET", self._path(remote_id))
        row = self._place.v1(call)
        job_id, _, version_id = remote_id.partition("/")
        if (whole(row.get("job_id")), whole(row.get("version_id"))) != (whole(job_id), whole(version_id)):
            raise self._place.unreadable(call, "the answer is not the version that was asked for")
        return row

    def _live(self, address: Address, job_id: str, row: Mapping[str, Any], mark: Mark | None) -> Live:
        phase, word = of_v1(row.get("status"))
        config = config_of(row)
        description = taken_apart(row.get("job_desc")).description
        return Live(
            address=address,
            remote_id=run_id(job_id, row.get("version_id")),
            spec={
                "job_name": address.name,
                **({"job_desc": description} if description else {}),
                "config": config,
            },
            phase=phase,
            mark=mark,
            status=word,
            detail=str(row.get("version_name") or ""),
            outputs={name: config[name] for name in ("train_url", "log_url") if name in config},
            started=utc(row.get("start_time")),
        )

    def _fetch(self, remote_id: str, name: str) -> Any:  # noqa: ANN401 - a function
        path = self._path(remote_id, "aom-log")
        call = Call(f"read log {name}", "GET", path)
        return lambda query: self._place.v1(Call(call.operation, "GET", path, query={"log_file": name, **query}))

    def _path(self, remote_id: str, *parts: str) -> str:
        """Below a version. Raises Refused for what is no id of one."""
        job_id, _, version_id = remote_id.partition("/")
        return path_to(JOBS, job_id, "versions", version_id, *parts)


def _text(desired: Desired) -> str:
    return str(desired.spec.get("job_desc") or "")
