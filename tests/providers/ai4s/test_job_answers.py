"""What jobs make of answers that the local platform never gives: the ones nobody has promised not to give."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from reconciler.errors import NotFound, PlatformError, Refused, Unanswered, UsageError
from reconciler.model.address import Address
from reconciler.model.mark import Mark
from reconciler.model.resource import Desired, Phase
from reconciler.model.target import Target
from reconciler.providers.ai4s import PROVIDER
from reconciler.providers.protocol import Transport
from tests.providers.loopback import Behaviour, Loopback, in_turn, reply, routed, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

QUICK = Transport(connect_timeout=2, read_timeout=2, deadline=5, backoff=0.001)
KEYS = {"access_key": "FAKE-ACCESS-KEY", "secret_key": "FAKE-SECRET-KEY", "project_id": "p"}
MARK = Mark("0123abcd", "0123456789abcdef0123")
RUN = Address("prod", "Job", "demo", "run")
ROOT = "/v1/p/eihealth-projects"
JOBS = f"{ROOT}/s1/jobs"
SPACES = reply(200, {"projects": [{"id": "s1", "name": "demo"}], "count": 1})
DONE = reply(200, {})


@contextmanager
def jobs(routes: dict[str, Behaviour]) -> Iterator[tuple[Any, Loopback]]:
    """The handler of jobs on a server with these answers."""
    with serving(routed({f"GET {ROOT}": SPACES, **routes})) as server:
        connection = PROVIDER.connect(Target("prod", "ai4s", server.url), KEYS, QUICK)
        yield connection.handler("Job"), server
        connection.close()


def shown(**members: Any) -> Behaviour:
    """A shown job."""
    return reply(200, {"id": "j1", "name": "run", **members})


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        ({}, Unanswered, "no id"),
        (None, Unanswered, "no id"),
        ([], Unanswered, "no id"),
        ({"id": ""}, Unanswered, "no id"),
        ({"max_platform_flavor": {"cpu": "4C", "gpu": ""}}, Refused, "largest node cpu 4C"),
        (
            {"app_infos": [{"app_name": "align"}], "job_info": {"job_node_labels": ["x"]}},
            Refused,
            "apps align; node labels x",
        ),
    ],
)
def test_submission_without_an_id(body: Any, kind: type, says: str) -> None:
    """Without an id it is no success: refused when the answer says what does not fit, else to be settled."""
    with jobs({f"POST {JOBS}": reply(200, body)}) as (handler, server):
        with pytest.raises(PlatformError, match=says) as caught:
            handler.create(Desired(RUN, {"name": "run"}, MARK))
        assert type(caught.value) is kind
        assert [seen.method for seen in server.seen] == ["GET", "POST"]


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        ("SUCCEEDED", Phase.SUCCEEDED),
        ("Running", Phase.RUNNING),
        ("pending", Phase.PENDING),
        ("FAILED", Phase.FAILED),
        ("Cancelling", Phase.STOPPING),
        ("CANCELLED", Phase.CANCELLED),
        ("Unknown", Phase.UNKNOWN),
        ("HIBERNATING", Phase.UNKNOWN),
        (None, Phase.UNKNOWN),
    ],
)
def test_statuses_in_any_case(status: str | None, phase: Phase) -> None:
    """Every spelling of the contract is understood; an unknown one counts as active, not as ended."""
    with jobs({f"GET {JOBS}/j1": shown(status=status)}) as (handler, _):
        live = handler.read(RUN, "j1")
    assert live.phase is phase
    assert live.status == (status or "")


def test_failure_reason_and_outputs() -> None:
    """Why it failed is for people; where it wrote is for other manifests."""
    answer = shown(status="FAILED", failed_reason="OOM", failed_message="task t killed", output_dir="/run-1")
    with jobs({f"GET {JOBS}/j1": answer}) as (handler, _):
        live = handler.read(RUN, "j1")
    assert (live.detail, live.outputs) == ("OOM: task t killed", {"output_dir": "/run-1"})


GONE = reply(404, {"error_code": "eihealth.01050001", "error_msg": "job does not exist"})


def test_forgotten_job() -> None:
    """After the platform's retention a job is not there, and stopping or deleting it is no error."""
    routes = {f"GET {JOBS}/j1": GONE, f"DELETE {JOBS}/j1": GONE, f"POST {JOBS}/j1/terminate": GONE}
    with jobs(routes) as (handler, _):
        assert handler.read(RUN, "j1") is None
        handler.delete(RUN, "j1")
        handler.stop(RUN, "j1")
        for ask in (handler.logs, handler.events, handler.parts):
            with pytest.raises(NotFound):
                ask(RUN, "j1")


@pytest.mark.parametrize("body", [None, "<html>not found</html>", {"error_code": "APIGW.0101", "error_msg": "no API"}])
def test_404_of_anybody_else_is_not_absence(body: Any) -> None:
    """A gateway or a proxy that knows no such path says nothing about the job."""
    routes = {f"GET {JOBS}/j1": reply(404, body)}
    with jobs(routes) as (handler, _), pytest.raises(Refused, match="nothing is served at this path") as caught:
        handler.read(RUN, "j1")
    assert not isinstance(caught.value, NotFound)


@pytest.mark.parametrize("body", [None, {}, [], {"name": "run"}])
def test_shown_job_without_an_id(body: Any) -> None:
    """An answer that is not the object is no object with everything missing."""
    with jobs({f"GET {JOBS}/j1": reply(200, body)}) as (handler, _), pytest.raises(Unanswered, match="not the object"):
        handler.read(RUN, "j1")


NOT_NOW = reply(400, {"error_code": "eihealth.01050009", "error_msg": "job cannot be cancelled in this state"})


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "CANCELLED", "CANCELLING"])
def test_stopping_what_has_ended(status: str) -> None:
    """The platform refuses to cancel an ended run; for us that is what was wanted."""
    with jobs({f"POST {JOBS}/j1/terminate": NOT_NOW, f"GET {JOBS}/j1": shown(status=status)}) as (handler, _):
        handler.stop(RUN, "j1")


def test_stopping_that_is_really_refused() -> None:
    """A running run that cannot be cancelled is an error."""
    routes = {f"POST {JOBS}/j1/terminate": NOT_NOW, f"GET {JOBS}/j1": shown(status="RUNNING")}
    with jobs(routes) as (handler, _), pytest.raises(Refused, match="cannot be cancelled"):
        handler.stop(RUN, "j1")


def test_stopping_is_repeated_and_retrying_is_not() -> None:
    """A second cancel does no harm, a second retry might."""
    routes = {
        f"POST {JOBS}/j1/terminate": in_turn(reply(502), DONE),
        f"POST {JOBS}/j1/retry": in_turn(reply(502), DONE),
    }
    with jobs(routes) as (handler, server):
        handler.stop(RUN, "j1", force=True)
        assert [seen.json() for seen in server.seen[1:]] == [{"force": True}] * 2
        with pytest.raises(Unanswered):
            handler.retry(RUN, "j1")
        assert [seen.path for seen in server.seen].count(f"{JOBS}/j1/retry") == 1


def listing(*rows: dict[str, Any]) -> Behaviour:
    """A server that pages, filters labels by substring and names fuzzily: as unhelpful as allowed."""

    def act(handler: Any) -> None:
        query = {key: values[0] for key, values in parse_qs(urlsplit(handler.path).query).items()}
        offset, limit = int(query["offset"]), min(int(query["limit"]), 2)
        reply(200, {"jobs": list(rows[offset : offset + limit]), "count": len(rows)})(handler)

    return act


def test_find_compares_exactly_over_every_page() -> None:
    """Found by label and by footer, on late pages, each once; near misses are not."""
    other = Mark("0123abcd", "ffffffffffffffffffff")
    rows = [
        {"id": "j0", "name": "run", "labels": [str(other)]},
        {"id": "j1", "name": "run", "labels": ["a", str(MARK)]},
        {"id": "j2", "name": "run-2", "labels": [], "description": f"about {MARK}"},
        {"id": "j3", "name": "run", "labels": list("abcde"), "description": f"d [{MARK}]"},
        {"id": "j4", "name": "run", "labels": [f"{MARK}0"]},
        {"id": "j5", "name": "run", "labels": [str(MARK)]},
    ]
    by_id = {f"GET {JOBS}/{row['id']}": reply(200, {**row, "status": "RUNNING"}) for row in rows[:5]}
    with jobs({f"GET {JOBS}": listing(*rows), **by_id, f"GET {JOBS}/j5": GONE}) as (handler, server):
        found = handler.find(RUN, MARK)
        assert sorted(live.remote_id for live in found) == ["j1", "j3"]
        assert all(live.mark == MARK and str(MARK) not in str(live.spec) for live in found)
        lists = [parse_qs(urlsplit(seen.path).query) for seen in server.seen if seen.path.startswith(f"{JOBS}?")]
    assert {query["limit"][0] for query in lists} == {"1000"}
    assert [query["offset"][0] for query in lists if query.get("labels") == [str(MARK)]] == ["0", "2", "4"]
    assert [query["offset"][0] for query in lists if query.get("job_name") == ["run"]] == ["0", "2", "4"]


def test_browse_sends_every_filter_and_stops_at_the_limit() -> None:
    """Each filter in the platform's own words; no page is asked for beyond the limit."""
    tool = {"tool_name": "wf", "tool_version": "1.0.0"}
    row = {"name": "r", "status": "FAILED", "create_time": "2026-01-01T00:00:00Z", "user_name": "u", "tool_info": tool}
    rows = [{**row, "id": f"j{number}"} for number in range(9)]
    filters = {
        "name": "r",
        "status": "failed",
        "labels": "a, b,",
        "user": "u",
        "workflow": "wf",
        "created-after": "2026-01-01",
        "created-before": "1767225600000",
        "finished-after": "2026-01-01T00:00:00+08:00",
        "finished-before": "1767225600",
        "sort": "status",
        "order": "ASC",
    }
    with jobs({f"GET {JOBS}": listing(*rows)}) as (handler, server):
        found = list(handler.browse("demo", filters, 3))
        queries = [parse_qs(urlsplit(seen.path).query) for seen in server.seen[1:]]
    assert [summary.remote_id for summary in found] == ["j0", "j1", "j2"]
    assert (found[0].detail, found[0].user, found[0].created) == ("wf::1.0.0", "u", "2026-01-01T00:00:00Z")
    assert queries[0] == {
        "job_name": ["r"],
        "status": ["Failed"],
        "labels": ["a", "b"],
        "user_name": ["u"],
        "tool_name": ["wf"],
        "start_time": ["1767225600000"],
        "end_time": ["1767225600000"],
        "finish_start_time": ["1767196800000"],
        "finish_end_time": ["1767225600000"],
        "sort_key": ["status"],
        "sort_dir": ["asc"],
        "limit": ["3"],
        "offset": ["0"],
    }
    assert len(queries) == 2


@pytest.mark.parametrize(
    ("filters", "hint"),
    [
        ({"stauts": "x"}, "did you mean 'status'?"),
        ({"status": "Suceeded"}, "did you mean 'Succeeded'?"),
        ({"order": "up"}, "known: asc, desc"),
        ({"created-after": "yesterday"}, "2026-01-31T12:00:00Z"),
    ],
)
def test_browse_refuses_what_it_does_not_know(filters: dict[str, str], hint: str) -> None:
    """A misspelt filter must not silently list everything."""
    with jobs({}) as (handler, _), pytest.raises(UsageError) as caught:
        handler.browse("demo", filters, 10)
    assert hint in caught.value.hint


def test_browse_nothing() -> None:
    """A limit of nothing is nothing."""
    with jobs({f"GET {JOBS}": listing({"id": "1"})}) as (handler, _):
        assert list(handler.browse("demo", {}, 0)) == []


INSTANCES = {
    "tasks": [{"task_name": "align"}, {"task_name": "sort"}, {"task_name": "report"}],
    "task_runtime_info": [
        {
            "task_name": "sort",
            "status": "RUNNING",
            "sub_tasks": [
                {"status": "FAILED", "job_failed_times": 2, "pod_start_time": "2026-01-01T00:00:01Z"},
                {"status": "RUNNING", "finish_time": ""},
            ],
        },
        {"task_name": "align", "status": "SUCCEEDED", "finish_time": "2026-01-01T00:00:00Z"},
    ],
}


def test_parts() -> None:
    """Tasks in their order, instances counted from 0, what has not started is pending."""
    with jobs({f"GET {JOBS}/j1": shown(**INSTANCES)}) as (handler, _):
        parts = handler.parts(RUN, "j1")
    assert [(part.name, part.index, part.status) for part in parts] == [
        ("align", 0, "SUCCEEDED"),
        ("sort", 0, "FAILED"),
        ("sort", 1, "RUNNING"),
        ("report", 0, "PENDING"),
    ]
    assert (parts[0].finished, parts[1].started, parts[1].detail) == (
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:01Z",
        "failed 2 times",
    )


def log_answers(handler: Any) -> None:
    """Logs by task and index; the last task has no instance yet."""
    query = {key: values[0] for key, values in parse_qs(urlsplit(handler.path).query).items()}
    chunks = {
        ("align", "0"): [{"collect_time": "2026-01-01T00:00:01Z", "content": "a1\na2\n"}],
        ("sort", "0"): [
            {"collect_time": "2026-01-01T00:00:00Z", "content": "s1"},
            {"collect_time": "2026-01-01T00:00:02Z", "content": "s2"},
            {"collect_time": "", "content": "s2 goes on"},
        ],
        ("sort", "1"): [],
    }.get((query["task_name"], query["task_index"]))
    (GONE if chunks is None else reply(200, {"logs": chunks, "count": len(chunks)}))(handler)


def test_logs_of_everything_are_merged_by_time() -> None:
    """Every task and instance, oldest first, lines that belong together together."""
    with jobs({f"GET {JOBS}/j1": shown(**INSTANCES), f"GET {JOBS}/j1/logs": log_answers}) as (handler, _):
        lines = list(handler.logs(RUN, "j1"))
        one = list(handler.logs(RUN, "j1", task="sort", index=1))
        with pytest.raises(NotFound) as caught:
            handler.logs(RUN, "j1", task="aling")
        with pytest.raises(NotFound, match="instance 5"):
            handler.logs(RUN, "j1", task="sort", index=5)
    assert [(line.task, line.index, line.text) for line in lines] == [
        ("sort", 0, "s1"),
        ("align", 0, "a1"),
        ("align", 0, "a2"),
        ("sort", 0, "s2"),
        ("sort", 0, "s2 goes on"),
    ]
    assert one == []
    assert "did you mean 'align'?" in caught.value.hint


def test_events_of_job_and_tasks() -> None:
    """The run's own and its tasks', oldest first, asked for in English; a task that has none is no error."""
    own = {
        "action_name": "create",
        "message": "linked",
        "first_timestamp": "2026-01-01T00:00:01Z",
        "count": 3,
        "type": "N",
    }
    pod = {"reason": "SuccessfulCreate", "message": "pod", "first_timestamp": "2026-01-01T00:00:00Z", "type": "Normal"}
    routes = {
        f"GET {JOBS}/j1": shown(**INSTANCES),
        f"GET {JOBS}/j1/events": reply(200, {"events": [own], "count": 1}),
        f"GET {JOBS}/j1/tasks/align/events": reply(200, {"events": [pod]}),
        f"GET {JOBS}/j1/tasks/sort/events": GONE,
        f"GET {JOBS}/j1/tasks/report/events": reply(200, {"events": [], "count": 0}),
    }
    with jobs(routes) as (handler, server):
        events = list(handler.events(RUN, "j1"))
        only = list(handler.events(RUN, "j1", task="align"))
        languages = [seen.headers.get("X-Language") for seen in server.seen if seen.path == f"{JOBS}/j1/events"]
    assert [(event.task, event.reason, event.message, event.count) for event in events] == [
        ("align", "SuccessfulCreate", "pod", 1),
        ("", "create", "linked", 3),
    ]
    assert only == events[:1]
    assert languages == ["en_us"]


@pytest.mark.parametrize("remote_id", ["", ".", ".."])
def test_id_that_would_lead_elsewhere(remote_id: str) -> None:
    """An id that is a step in a path never becomes one."""
    with jobs({}) as (handler, server):
        with pytest.raises(Refused, match="no id"):
            handler.delete(RUN, remote_id)
        assert all(seen.method == "GET" for seen in server.seen)


def test_id_with_reserved_characters_stays_one_segment() -> None:
    """Whatever an id holds, it is one segment of the path, and the signature still holds."""
    with jobs({f"DELETE {JOBS}/a%2Fb%3F": DONE}) as (handler, server):
        handler.delete(RUN, "a/b?")
        assert server.seen[-1].path == f"{JOBS}/a%2Fb%3F"
