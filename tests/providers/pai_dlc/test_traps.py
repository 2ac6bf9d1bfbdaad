"""A job that was submitted is found again, however the platform's lists hide it: nothing is ever submitted twice."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from urllib3 import HTTPResponse

from reconciler.errors import NotFound, Refused, Unanswered, Unauthenticated, UsageError
from reconciler.localplatform.store import Query
from reconciler.model.mark import Owner
from reconciler.model.target import Target
from reconciler.providers.exchange import Answer
from reconciler.providers.pai_dlc.browsing import named
from reconciler.providers.pai_dlc.connection import connect
from reconciler.providers.pai_dlc.faults import fault
from reconciler.providers.pai_dlc.place import Place, stamp
from reconciler.providers.pai_dlc.story import logs
from reconciler.providers.protocol import Transport
from tests.providers.pai_dlc.opened import WORKSPACE, at, board, desired, opened, spec
from tests.support.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    import requests

    from reconciler.localplatform.assembly import Platform
    from reconciler.providers.exchange import Call
    from reconciler.providers.pai_dlc.connection import PaiDlcConnection

DAY = 86_400.0


def test_older_than_a_week(platform: Platform, connection: PaiDlcConnection) -> None:
    """The platform's own window is seven days; ours has no beginning."""
    handler: Any = connection.handler("Job")
    wanted = desired(spec())
    job = handler.create(wanted).remote_id
    platform.services.clock.advance(400 * DAY)
    assert [live.remote_id for live in handler.find(wanted.address, wanted.mark)] == [job]
    assert [row.remote_id for row in handler.browse(WORKSPACE, {}, 10)] == [job]
    assert handler.read(wanted.address, job).mark == wanted.mark


def test_beyond_the_first_pages(platform: Platform, connection: PaiDlcConnection) -> None:
    """Among 230 jobs of the same tag, all but one of another value, on the last page by name."""
    handler: Any = connection.handler("Job")
    first = desired(spec(seconds="0"))
    job = handler.create(first).remote_id
    entity = platform.services.store.get("pai-dlc", "Job", job)
    assert entity is not None
    copies = [replace(entity, id=f"dlc{number:05}", body={**entity.body, "Settings": {}}) for number in range(230)]
    for copy in copies:
        platform.services.runs.open(copy.id, "pai-dlc", "Job")
    platform.services.store.insert_many(tuple(copies))
    last = desired(spec(seconds="0"), attempt=2)
    mine = handler.create(last).remote_id
    assert [live.remote_id for live in handler.find(last.address, last.mark)] == [mine]
    assert len(list(handler.browse(WORKSPACE, {}, 1000))) == 232
    assert len(list(handler.browse(WORKSPACE, {}, 150))) == 150


def say(answer: requests.Response, body: Any) -> None:
    """Puts another body in the place of what the platform said."""
    answer.raw = HTTPResponse(io.BytesIO(json.dumps(body).encode()), status=200, preload_content=False)


class Blind(WsgiAdapter):
    """A platform whose filter of tags finds nothing, or only what was not asked for."""

    shown: tuple[dict[str, str], ...] = ()

    def send(self, request: requests.PreparedRequest, *rest: Any, **more: Any) -> requests.Response:
        """Replaces the answer of a search by tags."""
        answer = super().send(request, *rest, **more)
        if "Tags=" in str(request.url):
            say(answer, {"Jobs": self.shown, "TotalCount": len(self.shown)})
        return answer


@pytest.mark.parametrize("shown", [(), ({"JobId": "dlcother", "DisplayName": "t"},)])
def test_a_filter_of_tags_that_lags_behind(platform: Platform, shown: tuple[dict[str, str], ...]) -> None:
    """Where it does not show it, the name is looked for, and the mark is read from what is found."""
    adapter = Blind(platform.application)
    adapter.shown = shown
    with opened(platform, adapter=adapter) as connection:
        handler: Any = connection.handler("Job")
        wanted, other = desired(spec()), desired(spec(), attempt=2)
        job = handler.create(wanted).remote_id
        assert [live.remote_id for live in handler.find(wanted.address, wanted.mark)] == [job]
        assert handler.find(other.address, other.mark) == ()


def test_names_inside_names(connection: PaiDlcConnection) -> None:
    """The platform finds `t` in `train-t2`; we do not take one for the other, nor another owner's of the same name."""
    handler: Any = connection.handler("Job")
    for name in ("train-t2", "T", "t.old"):
        handler.create(desired(spec(name)))
    foreign = desired(spec(), owner=Owner("others", "dev"))
    handler.create(foreign)
    ours = desired(spec())
    assert handler.find(ours.address, ours.mark) == ()
    job = handler.create(ours).remote_id
    assert [live.remote_id for live in handler.find(ours.address, ours.mark)] == [job]


def test_what_another_identity_made(platform: Platform, connection: PaiDlcConnection) -> None:
    """A job that CI submitted is seen by a person's key, and the other way round."""
    handler: Any = connection.handler("Job")
    wanted = desired(spec())
    job = handler.create(wanted).remote_id
    platform.services.store.database.execute("UPDATE objects SET owner = 'somebody else'")
    assert [live.remote_id for live in handler.find(wanted.address, wanted.mark)] == [job]
    assert list(handler.browse(WORKSPACE, {"mine": "true"}, 10)) == []


class Endless:
    """A session whose platform always has another full page."""

    def __init__(self) -> None:
        self.page = 0

    def call(self, _: Any) -> Any:
        """A hundred new jobs."""
        self.page += 1
        return {"Jobs": [{"JobId": f"{self.page}-{n}"} for n in range(100)], "TotalCount": 10**6}


def test_a_list_that_ends_before_its_end() -> None:
    """A thousand pages are not all there is: that must not pass for absence."""
    session: Any = Endless()
    with pytest.raises(Unanswered, match="no more than"):
        list(named(Place("prod", session), WORKSPACE, "y"))
    assert session.page == 1000


class Talkative:
    """A session whose platform holds more lines of a pod than it gives at once: the last ones of a window."""

    def __init__(self, begun: int) -> None:
        self.lines = [(begun + number // 150, f"line {number}") for number in range(250_000)]

    def call(self, call: Call) -> Any:
        """Those of the window that was asked for."""
        start, end = (datetime.fromisoformat(str(call.query[name])).timestamp() for name in ("StartTime", "EndTime"))
        return {"Logs": [text for at, text in self.lines if start <= at <= end][-int(str(call.query["MaxLines"])) :]}


@pytest.mark.parametrize("kind", ["Job", "Tensorboard"])
@pytest.mark.parametrize("bad", ["", ".", ".."])
def test_an_id_that_is_none_goes_nowhere(platform: Platform, connection: PaiDlcConnection, kind: str, bad: str) -> None:
    """It would be a step to another place of the service, a DELETE of which nobody wants."""
    handler: Any = connection.handler(kind)
    with pytest.raises(Refused, match="is no id of an object"):
        handler.delete(at("x"), bad)
    assert platform.log.report() == []


def test_a_log_longer_than_an_answer() -> None:
    """There is no cursor: what is cut off is read window by window, whole and in order."""
    begun = 1_800_000_000
    session: Any = Talkative(begun)
    row = {"JobId": "dlc1", "GmtCreateTime": stamp(begun), "Pods": [{"Type": "Worker", "PodId": "dlc1-worker-0"}]}
    place = Place("prod", session, clock=lambda: begun + 5000.0)
    lines = [line.text for line in logs(place, at("t"), row, "", None)]
    assert lines == [text for _, text in session.lines]


CODES = [
    (404, "InvalidAccessKeyId.NotFound", 401),
    (400, "SignatureDoesNotMatch", 401),
    (400, "InvalidTimeStamp.Expired", 401),
    (400, "Throttling.User", 429),
    (404, "InvalidAction.NotFound", 400),
    (404, "NotFound", 0),
    (403, "Forbidden.RAM", 0),
    (503, "Throttling.Api", 0),
    (500, "SignatureDoesNotMatch", 0),
]


@pytest.mark.parametrize(("status", "code", "means"), CODES)
def test_codes_count_where_statuses_mislead(status: int, code: str, means: int) -> None:
    """A key that is not known comes as 404: read as the absence of a job, everything would be made again. But a 5xx
    stays one, for the call may have had its effect.
    """
    found = fault(Answer(status, {}, f'{{"Code": "{code}", "Message": "m"}}'.encode()))
    assert found is not None
    assert (found.code, found.message, found.status) == (code, "m", means)


def test_retry_after_is_in_milliseconds() -> None:
    """As the vendor's client reads it."""
    found = fault(Answer(429, {"x-acs-retry-after": "1500"}, b'{"Code": "Throttling"}'))
    assert found is not None
    assert found.retry_after == 1.5


def test_a_wrong_key_is_no_absence(platform: Platform) -> None:
    """Nothing is read as gone because the credentials are wrong."""
    through = Transport(adapter=WsgiAdapter(platform.application), backoff=0.001)
    target = Target("prod", "pai-dlc", "http://platform.test")
    connection = connect(target, {"access_key": "LTAIunknown", "secret_key": "fake-secret-value"}, through)
    with pytest.raises(Unauthenticated):
        connection.handler("Job").read(at("t"), "dlc1")  # type: ignore[attr-defined]
    connection.close()


def test_tensorboards_are_found_without_tags(platform: Platform, connection: PaiDlcConnection) -> None:
    """By the mark in their names, after a month, beside one of another name and one that a person made."""
    handler: Any = connection.handler("Tensorboard")
    ours, other = board(), board("b2")
    identifier = handler.create(ours).remote_id
    handler.create(other)
    (entity, *_) = platform.services.store.find(Query("pai-dlc", "Tensorboard", ids=(identifier,))).entities
    platform.services.store.insert(replace(entity, id="tbperson", name="b", body=dict(entity.body)))
    platform.services.clock.advance(30 * DAY)
    assert [live.remote_id for live in handler.find(ours.address, ours.mark)] == [identifier]
    listed = {row.remote_id: (row.address.name, row.mark) for row in handler.list(WORKSPACE)}
    assert listed[identifier] == ("b", ours.mark)
    assert listed["tbperson"] == ("b", None)
    assert handler.read(ours.address, "tbperson").mark is None


class ByBeginning(WsgiAdapter):
    """A platform that finds names only by how they begin: what its search compares is not told for TensorBoards."""

    def send(self, request: requests.PreparedRequest, *rest: Any, **more: Any) -> requests.Response:
        """Leaves out what begins otherwise."""
        answer = super().send(request, *rest, **more)
        (wanted,) = parse_qs(urlsplit(str(request.url)).query).get("DisplayName", [""])
        if wanted and request.method == "GET":
            rows = [row for row in json.load(answer.raw)["Tensorboards"] if row["DisplayName"].startswith(wanted)]
            say(answer, {"Tensorboards": rows, "TotalCount": len(rows)})
        return answer


def test_tensorboards_are_found_however_names_are_compared(platform: Platform) -> None:
    """By the mark alone, which is found after a move, too; else by the whole name."""
    with opened(platform, adapter=ByBeginning(platform.application)) as connection:
        handler: Any = connection.handler("Tensorboard")
        wanted = board()
        identifier = handler.create(wanted).remote_id
        assert [live.remote_id for live in handler.find(wanted.address, wanted.mark)] == [identifier]


def test_unknown_filters_are_refused(connection: PaiDlcConnection) -> None:
    """With the name that was probably meant."""
    with pytest.raises(UsageError) as caught:
        list(connection.handler("Job").browse(WORKSPACE, {"statu": "Failed"}, 1))  # type: ignore[attr-defined]
    assert "did you mean 'status'" in caught.value.hint


def test_filters(connection: PaiDlcConnection) -> None:
    """Tags, names and statuses narrow the rows."""
    handler: Any = connection.handler("Job")
    handler.create(desired(spec("one", seconds="0", Settings={"Tags": {"team": "a b"}})))
    handler.create(desired(spec("two")))
    for filters, names in (({"tag": "team:a b"}, ["one"]), ({"status": "Running"}, ["two"]), ({"name": "T"}, ["two"])):
        assert [row.name for row in handler.browse(WORKSPACE, filters, 10)] == names
    assert list(handler.browse("elsewhere", {}, 10)) == []


def test_filters_by_what_is_asked_for(connection: PaiDlcConnection) -> None:
    """GPUs of all pods together, the quota, its idle resources, nodes by name, whose it is."""
    handler: Any = connection.handler("Job")
    gpu = {"Type": "Worker", "Image": "i", "PodCount": 3, "EcsSpec": "ecs.gn6i-c4g1.xlarge"}
    handler.create(desired(spec("gpu", seconds="0", JobSpecs=[gpu])))
    share = {**gpu, "EcsSpec": None, "ResourceConfig": {"CPU": "2", "GPU": "4", "Memory": "8Gi"}}
    share["AssignNodeSpec"] = {"EnableAssignNode": True, "NodeNames": "a"}
    idle = {"Settings": {"OversoldType": "AcceptQuotaOverSold"}}
    handler.create(desired(spec("share", seconds="0", JobSpecs=[share], ResourceId="quota7", **idle)))
    handler.create(desired(spec("cpu", seconds="0")))
    for filters, names in (
        ({"min-gpus": "1", "max-gpus": "3"}, ["gpu"]),
        ({"min-gpus": "4"}, ["share"]),
        ({"max-gpus": "0"}, ["cpu"]),
        ({"quota-name": "OTA7"}, ["share"]),
        ({"oversold": "AcceptQuotaOverSold-false"}, ["share"]),
        ({"on-nodes": "true"}, ["share"]),
        ({"user-id": "nobody"}, []),
    ):
        assert [row.name for row in handler.browse(WORKSPACE, filters, 10)] == names, filters


def test_a_pod_that_is_none(connection: PaiDlcConnection) -> None:
    """Asked for the output of a pod there is not, we say which there are."""
    handler: Any = connection.handler("Job")
    job = handler.create(desired(spec(seconds="0"))).remote_id
    with pytest.raises(NotFound) as caught:
        handler.logs(at("t"), job, task="Worker", index=7)
    assert "Worker 0" in caught.value.hint
