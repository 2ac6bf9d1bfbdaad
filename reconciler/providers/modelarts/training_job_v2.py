"""Training jobs of the current API: each run is a job of its own, under a name that no other job of the project has
(contract, section 7).

The first submission bears the name in its manifest. As long as a job of ours has that name, a later one gets a suffix
from its mark. Either way the platform keeps a second create of one submission out by its name.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from reconciler.errors import Conflict, NotFound, PlatformError, Unanswered
from reconciler.model.resource import Live, Phase
from reconciler.providers.errors import before_sending
from reconciler.providers.exchange import Call, Effect
from reconciler.providers.facilities import Link, Series
from reconciler.providers.modelarts import listing_v2, story_v2
from reconciler.providers.modelarts.marks import stamp, taken_apart
from reconciler.providers.modelarts.phases import of_v2
from reconciler.providers.modelarts.place import part, path_to, workspace_of
from reconciler.providers.modelarts.shapes_v2 import body_of, in_place, spec_of, tags_of
from reconciler.providers.modelarts.times import utc

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.address import Address
    from reconciler.model.manifest import Spec
    from reconciler.model.mark import Mark
    from reconciler.model.resource import Desired
    from reconciler.providers.modelarts.place import Place
    from reconciler.providers.protocol import Event, LogLine, Part, RunSummary

_JOBS = "training-jobs"
_TAGGED = "modelarts-training-job"
_NAME_MOST = 64
_SUFFIX = 8


class TrainingJobV2:
    """The handler of the kind `TrainingJobV2`."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def create(self, desired: Desired) -> Live:
        """Submits the run, once; its tags follow when it exists, for the platform has no one call for both."""
        address = desired.address
        with before_sending():
            name, made = self._free_name(desired)
        if made is not None:
            return made
        body = body_of(desired.spec, name, stamp(_text(desired.spec, "description"), desired.mark), address.scope)
        call = Call(f"submit training job {address.name}", "POST", path_to(_JOBS), body=body)
        answer = self._place.object(self._place.v2(call), call)
        remote_id = listing_v2.identifier(answer)
        if not remote_id:
            raise self._place.unreadable(call, "the answer holds no id")
        try:
            self._tag(address, remote_id, [], tags_of(desired.spec))
        except PlatformError as error:
            msg = f"submitted as {remote_id}, but its tags are not set: {error.message}"
            raise Unanswered(msg, hint=error.hint) from None
        return Live(address, remote_id, {}, Phase.PENDING, desired.mark)

    def read(self, address: Address, remote_id: str) -> Live | None:
        """The run, or None when the platform has none."""
        try:
            row = self._row(address, remote_id)
        except NotFound:
            return None
        return self._live(address, row, self._tags(address, remote_id))

    def find(self, address: Address, mark: Mark) -> tuple[Live, ...]:
        """Every run under this name, suffixed or not, that carries exactly this mark."""
        ids = [
            listing_v2.identifier(row)
            for row in listing_v2.named(self._place, address.scope, _stem(address.name))
            if _mark(row) == mark and row["metadata"].get("name") in _names(address.name, mark)
        ]
        found = (self.read(address, remote_id) for remote_id in sorted(ids))
        return tuple(live for live in found if live is not None)

    def update(self, remote_id: str, desired: Desired) -> None:
        """Description and tags, and what `in_place` tells, which are all that can change."""
        address, spec = desired.address, desired.spec
        row = self._row(address, remote_id)
        body = {"description": stamp(_text(spec, "description"), desired.mark), **in_place(spec, row)}
        operation = f"change training job {address.name}"
        self._place.v2(Call(operation, "PUT", path_to(_JOBS, remote_id), body=body))
        self._tag(address, remote_id, self._tags(address, remote_id), tags_of(spec))

    def stop(self, address: Address, remote_id: str, *, force: bool = False) -> None:  # noqa: ARG002 - there is one way
        """Ends the run; it goes on for a while. One that has ended, or is gone, is no error."""
        path = path_to(_JOBS, remote_id, "actions")
        body = {"action_type": "terminate"}
        call = Call(f"stop training job {address.name}", "POST", path, body=body, effect=Effect.REPEATABLE)
        try:
            self._place.v2(call)
        except NotFound:
            return
        except Conflict:
            live = self.read(address, remote_id)
            if live is not None and not live.phase.ended and live.phase is not Phase.STOPPING:
                raise

    def delete(self, address: Address, remote_id: str) -> None:
        """Removes the record, which takes the platform a while; one that is gone is no error."""
        try:
            self._place.v2(Call(f"delete training job {address.name}", "DELETE", path_to(_JOBS, remote_id)))
        except NotFound:
            return

    def logs(self, address: Address, remote_id: str, *, task: str = "", index: int | None = None) -> Iterator[LogLine]:
        """The output of every instance, or of those asked for."""
        row = self._row(address, remote_id)
        return story_v2.logs(self._place, remote_id, story_v2.selected(row, task, index))

    def events(self, address: Address, remote_id: str, *, task: str = "") -> Iterator[Event]:  # noqa: ARG002 - of the job
        """What happened to the job; the platform does not tell them by instance."""
        return story_v2.events(self._place, remote_id)

    def parts(self, address: Address, remote_id: str) -> tuple[Part, ...]:
        """One per machine."""
        return story_v2.parts(self._row(address, remote_id))

    def metrics(self, address: Address, remote_id: str, *, name: str = "", minutes: int = 60) -> tuple[Series, ...]:
        """See Measures. The platform tells values of each minute, newest last, without their times."""
        now = time.time()
        found: list[Series] = []
        for task in story_v2.tasks_of(self._row(address, remote_id)):
            for metric, values in story_v2.metrics(self._place, remote_id, task).items():
                if (last := values[-minutes:]) and name in ("", metric):
                    points = tuple((now - 60.0 * (len(last) - 1 - i), value) for i, value in enumerate(last))
                    found.append(Series(metric, "", points, task, story_v2.index_of(task)))
        return tuple(found)

    def links(self, address: Address, remote_id: str, *, shared: bool = False) -> tuple[Link, ...]:  # noqa: ARG002
        """See Links: what runs beside the job, and the whole output of each machine, for as long as it is kept."""
        row = self._row(address, remote_id)
        logs = (
            Link(f"log of {task}", story_v2.log_link(self._place, remote_id, task), "ends by itself", secret=True)
            for task in story_v2.tasks_of(row)
        )
        return (*story_v2.ways_in(row), *logs)

    def detail(self, address: Address, remote_id: str) -> Spec:
        """See Details: the job as the platform shows it, with its tags. Raises NotFound."""
        row = self._row(address, remote_id)
        return {**row, "endpoints": story_v2.without_tokens(row), "tags": self._tags(address, remote_id)}

    def browse(self, scope: str, filters: Mapping[str, str], limit: int) -> Iterator[RunSummary]:
        """Rows of jobs, newest first; the filters are those of `listing_v2.FILTERS`."""
        return listing_v2.browse(self._place, scope, filters, limit)

    def _free_name(self, desired: Desired) -> tuple[str, Live | None]:
        """The name to submit under, and the run when this very submission has been made already."""
        address, name = desired.address, desired.address.name
        query = {"job_name": name, "workspace_id": workspace_of(address.scope)}
        call = Call(f"ask whether {name} is free", "GET", "/training-job-names", query=query)
        if not self._place.object(self._place.v2(call), call).get("is_duplicate"):
            return name, None
        holders = [
            row
            for row in listing_v2.named(self._place, address.scope, name)
            if row["metadata"].get("name") == name and (mark := _mark(row)) and mark.owner == desired.mark.owner
        ]
        for row in holders:
            if _mark(row) == desired.mark and (made := self.read(address, listing_v2.identifier(row))):
                return name, made
        # Somebody else's job keeps its name: the platform refuses ours, which is what has to be told.
        return (_names(name, desired.mark)[1] if holders else name), None

    def _row(self, address: Address, remote_id: str) -> dict[str, Any]:
        call = Call(f"read training job {address.name}", "GET", path_to(_JOBS, remote_id))
        row = self._place.object(self._place.v2(call), call)
        if listing_v2.identifier(row) != remote_id:
            raise self._place.unreadable(call, "the answer is not the job that was asked for")
        return row

    def _live(self, address: Address, row: dict[str, Any], tags: list[dict[str, str]]) -> Live:
        status = part(row, "status")
        phase, word = of_v2(status.get("phase"))
        spec = spec_of(row, address.name)
        return Live(
            address=address,
            remote_id=listing_v2.identifier(row),
            spec={**spec, "tags": tags} if tags else spec,
            phase=phase,
            mark=_mark(row),
            status=word,
            detail=str(status.get("secondary_phase") or ""),
            outputs=_outputs(spec),
            started=utc(status.get("start_time")),
        )

    def _tags(self, address: Address, remote_id: str) -> list[dict[str, str]]:
        call = Call(f"read tags of {address.name}", "GET", path_to(_TAGGED, remote_id, "tags"))
        try:
            return tags_of(self._place.v2(call))
        except NotFound:
            return []

    def _tag(self, address: Address, remote_id: str, has: list[dict[str, str]], wanted: list[dict[str, str]]) -> None:
        """Makes the tags what is wanted, each call repeatable: those that go first, for a key has one value."""
        gone = [tag for tag in has if tag["key"] not in {each["key"] for each in wanted}]
        new = [tag for tag in wanted if tag not in has]
        for verb, method, tags in (("delete", "DELETE", gone), ("create", "POST", new)):
            if tags:
                path = path_to(_TAGGED, remote_id, "tags", verb)
                operation = f"{verb} tags of {address.name}"
                self._place.v2(Call(operation, method, path, body={"tags": tags}, effect=Effect.REPEATABLE))


def _names(name: str, mark: Mark) -> tuple[str, str]:
    """What a submission may be called: as its manifest says, or with a suffix of its own."""
    return name, f"{_stem(name)}-{mark.key[:_SUFFIX]}"


def _stem(name: str) -> str:
    return name[: _NAME_MOST - _SUFFIX - 1]


def _mark(row: Mapping[str, Any]) -> Mark | None:
    return taken_apart(part(row, "metadata").get("description")).mark


def _text(spec: Mapping[str, Any], name: str) -> str:
    return str(spec.get(name) or "")


def _outputs(spec: Mapping[str, Any]) -> dict[str, str]:
    """What other manifests may refer to: where the output named `train_url` goes, and where the logs are kept."""
    outputs = {output.get("name"): output for output in part(spec, "algorithm").get("outputs", ())}
    train = part(part(outputs.get("train_url"), "remote"), "obs")
    found = {"train_url": train.get("obs_url"), "log_url": part(part(spec, "spec"), "log_export_path").get("obs_url")}
    return {name: str(url) for name, url in found.items() if url}
