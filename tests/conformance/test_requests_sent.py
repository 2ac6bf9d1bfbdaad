"""What our client sends is what the vendor's client was recorded to send for the same thing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.model.address import Address
from reconciler.model.mark import Mark
from reconciler.model.resource import Desired
from reconciler.model.target import Target
from reconciler.providers.ai4s import PROVIDER
from reconciler.providers.protocol import Transport
from tests.providers.loopback import reply, routed, serving

if TYPE_CHECKING:
    from tests.providers.loopback import Seen

RECORDS = json.loads((Path(__file__).parents[1] / "data" / "ai4s" / "sdk_requests.json").read_text("utf-8"))
TRANSPORT = Transport(connect_timeout=2, read_timeout=2, deadline=5, backoff=0.001)
KEYS = {"access_key": "FAKEACCESSKEYEXAMPLE", "secret_key": "FAKESECRETKEYEXAMPLEDONOTUSE0000000000"}
MARK = Mark("0123abcd", "0123456789abcdef0123")
APP = Address("prod", "App", "demo-space", "demo-app@1.0.0")
WORKFLOW = Address("prod", "Workflow", "demo-space", "demo-workflow@1.0.0")
JOB = Address("prod", "Job", "demo-space", "demo-job")
PLACE = {
    "{project_id}": "0fakeproject",
    "{eihealth_project_id}": "sp1",
    "{app_id}": "a1",
    "{workflow_id}": "w1",
    "{job_id}": "j1",
    "{task_name}": "app1-1",
}
FILTERS = {
    "name": "demo-job",
    "tool": "demo-workflow",
    "user": "u",
    "status": "Failed",
    "labels": "b,a",
    "created-after": "1700000000000",
    "created-before": "1800000000000",
    "finished-after": "1700000000000",
    "finished-before": "1800000000000",
    "sort": "create_time",
    "order": "desc",
}
SHOWN_JOB = {"id": "j1", "tasks": [{"task_name": "app1-1"}]}
Doing = Callable[[Any, dict[str, Any]], object]

DOINGS: dict[str, Doing] = {
    "iam_keystone_list_projects": lambda c, _: list(c.handler("App").list("demo-space")),
    "list_project": lambda c, _: list(c.handler("App").list("demo-space")),
    "list_app": lambda c, _: c.handler("App").find(APP, MARK),
    "list_app nofilter": lambda c, _: list(c.handler("App").list("demo-space")),
    "create_app": lambda c, body: c.handler("App").create(Desired(APP, body, MARK)),
    "create_app empty-values": lambda c, body: c.handler("App").create(Desired(APP, body, MARK)),
    "show_app": lambda c, _: c.handler("App").read(APP, "a1"),
    "update_app": lambda c, body: c.handler("App").update("a1", Desired(APP, body, MARK)),
    "delete_app": lambda c, _: c.handler("App").delete(APP, "a1"),
    "list_workflow": lambda c, _: c.handler("Workflow").find(WORKFLOW, MARK),
    "create_workflow": lambda c, body: c.handler("Workflow").create(Desired(WORKFLOW, body, MARK)),
    "show_workflow": lambda c, _: c.handler("Workflow").read(WORKFLOW, "w1"),
    "update_workflow": lambda c, body: c.handler("Workflow").update("w1", Desired(WORKFLOW, body, MARK)),
    "delete_workflow": lambda c, _: c.handler("Workflow").delete(WORKFLOW, "w1"),
    "list_job": lambda c, _: list(c.handler("Job").browse("demo-space", FILTERS, 100)),
    "list_job nofilter": lambda c, _: list(c.handler("Job").browse("demo-space", {}, 100)),
    "execute_job": lambda c, body: c.handler("Job").create(Desired(JOB, body, MARK)),
    "show_job": lambda c, _: c.handler("Job").read(JOB, "j1"),
    "cancel_job": lambda c, _: c.handler("Job").stop(JOB, "j1", force=True),
    "retry_job": lambda c, _: c.handler("Job").retry(JOB, "j1"),
    "delete_job": lambda c, _: c.handler("Job").delete(JOB, "j1"),
    "show_job_event": lambda c, _: list(c.handler("Job").events(JOB, "j1")),
    "show_job_log": lambda c, _: list(c.handler("Job").logs(JOB, "j1")),
    "show_task_events": lambda c, _: list(c.handler("Job").events(JOB, "j1", task="app1-1")),
}
EXPECTED_QUERY = {
    # We say which page we want; the platform's defaults are the same.
    "list_job nofilter": "limit=100&offset=0",
    # Events of the task, not of one of its instances.
    "show_task_events": "",
}


def name_of(record: dict[str, Any]) -> str:
    """Operation and variant."""
    return " ".join(part for part in (record["operation"], record.get("variant")) if part)


def sent_for(name: str, body: dict[str, Any], path: str, method: str) -> Seen:
    """The one request to `path` that our client sends when it does `name`."""
    answers = {
        "GET /v3/projects": reply(200, {"projects": [{"id": "0fakeproject"}]}),
        "GET /v1/0fakeproject/eihealth-projects": reply(200, {"projects": [{"id": "sp1", "name": "demo-space"}]}),
    }
    in_space = "/v1/0fakeproject/eihealth-projects/sp1"
    for plural, identifier in (("apps", "a1"), ("workflows", "w1"), ("jobs", "j1")):
        answers[f"GET {in_space}/{plural}"] = reply(200, {plural: [], "count": 0})
        answers[f"POST {in_space}/{plural}"] = reply(200, {"id": identifier})
        for verb in ("GET", "PUT", "DELETE"):
            answers[f"{verb} {in_space}/{plural}/{identifier}"] = reply(200, SHOWN_JOB)
    answers[f"POST {in_space}/jobs/j1/terminate"] = answers[f"POST {in_space}/jobs/j1/retry"] = reply(202)
    for events in ("events", "tasks/app1-1/events"):
        answers[f"GET {in_space}/jobs/j1/{events}"] = reply(200, {"events": []})
    answers[f"GET {in_space}/jobs/j1/logs"] = reply(200, {"logs": []})
    with serving(routed(answers)) as server:
        target = Target("prod", "ai4s", server.url, "cn-north-4", settings={"iam_endpoint": server.url})
        connection = PROVIDER.connect(target, KEYS, TRANSPORT)
        DOINGS[name](connection, body)
        connection.close()
        (found,) = [s for s in server.seen if (s.method, s.path.partition("?")[0]) == (method, path)]
        return found


def test_every_record_is_compared() -> None:
    """A record without a comparison would be one nobody looks at."""
    assert {name_of(record) for record in RECORDS} == set(DOINGS)


@pytest.mark.parametrize("record", RECORDS, ids=name_of)
def test_same_request(record: dict[str, Any]) -> None:
    """Method, path, query in the same order, body but for our mark, and the headers of the operation."""
    name = name_of(record)
    path = record["path_template"]
    for placeholder, value in PLACE.items():
        path = path.replace(placeholder, value)
    body = record.get("body_example")
    sent = sent_for(name, body or {}, path, record["method"])
    assert sent.path.partition("?")[2] == EXPECTED_QUERY.get(name, record.get("raw_query_example", ""))
    if body is None:
        assert sent.body == b""
    elif "name" in body:
        assert sent.json() == {**body, "labels": [*body["labels"], str(MARK)]}
    else:
        assert sent.json() == body
    if name == "show_job_event":
        assert sent.headers["X-Language"] == record["extra_headers_example"]["X-Language"]
    assert ("X-Project-Id" in sent.headers) is not name.startswith("iam")
    assert ("Content-Type" in sent.headers) is not name.startswith("iam")
    assert "X-Sdk-Date" in sent.headers
