"""What our client sends when somebody only looks, or acts by hand, is what the vendor's client was recorded to send."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.model.address import NO_SCOPE, Address
from reconciler.model.target import Target
from reconciler.providers.ai4s import PROVIDER
from reconciler.providers.protocol import Transport
from tests.providers.loopback import Behaviour, reply, serving

if TYPE_CHECKING:
    from tests.providers.loopback import Seen

RECORDS = json.loads((Path(__file__).parents[1] / "data" / "ai4s" / "sdk_operations.json").read_text("utf-8"))
TRANSPORT = Transport(connect_timeout=2, read_timeout=2, deadline=5, backoff=0.001)
KEYS = {
    "access_key": "FAKEACCESSKEYEXAMPLE",
    "secret_key": "FAKESECRETKEYEXAMPLEDONOTUSE0000000000",
    "project_id": "0fakeproject",
}
PLACE = {
    "{project_id}": "0fakeproject",
    "{eihealth_project_id}": "sp1",
    "{job_id}": "j1",
    "{task_name}": "app1-1",
    "{instance_name}": "pod-0",
    "{data_job_id}": "d1",
    "{notebook_id}": "n1",
    "{label_id}": "l1",
}
JOB = Address("prod", "Job", "demo-space", "demo-job")
DATA_JOB = Address("prod", "DataJob", "demo-space", "copy")
NOTEBOOK = Address("prod", "Notebook", "demo-space", "nb")
SPACE = Address("prod", "Space", NO_SCOPE, "demo-space")
LABEL = Address("prod", "Label", NO_SCOPE, "night")
FILTERS = {
    "user": "u",
    "finished-after": "1700000000000",
    "finished-before": "1800000000000",
    "created-after": "1700000000000",
    "created-before": "1800000000000",
    "name": "n",
    "order": "desc",
    "sort": "create_time",
    "status": "RUNNING",
    "type": "CLONE_DATA",
}
Doing = Callable[[Any], object]
DOINGS: dict[str, Doing] = {
    "show_project": lambda c: c.handler("Space").detail(SPACE, "sp1"),
    "list_user": lambda c: c.whoami(),
    "list_label": lambda c: list(c.handler("Label").browse(NO_SCOPE, {}, 10)),
    "delete_label": lambda c: c.handler("Label").delete(LABEL, "l1"),
    "list_image": lambda c: list(c.handler("Image").browse("demo-space", {"name": "busybox", "type": "APP"}, 10)),
    "show_task_instances": lambda c: c.handler("Job").instances(JOB, "j1", task="app1-1", index=0),
    "show_task_instance_events": lambda c: list(
        c.handler("Job").instance_events(JOB, "j1", task="app1-1", name="pod-0", index=0)
    ),
    "show_task_instance_pod": lambda c: c.handler("Job").instance(JOB, "j1", task="app1-1", name="pod-0", index=0),
    "list_data_job": lambda c: list(c.handler("DataJob").browse("demo-space", FILTERS, 10)),
    "show_data_job": lambda c: c.handler("DataJob").detail(DATA_JOB, "d1"),
    "retry_data_job": lambda c: c.handler("DataJob").retry(DATA_JOB, "d1"),
    "cancel_data_job": lambda c: c.handler("DataJob").stop(DATA_JOB, "d1"),
    "delete_data_job": lambda c: c.handler("DataJob").delete(DATA_JOB, "d1"),
    "show_notebook": lambda c: c.handler("Notebook").detail(NOTEBOOK, "n1"),
    "stop_or_start_notebook": lambda c: c.handler("Notebook").resume(NOTEBOOK, "n1"),
    "show_notebook_token": lambda c: c.handler("Notebook").links(NOTEBOOK, "n1", shared=True),
    "list_performance_resources": lambda c: list(c.handler("PerformanceResource").browse(NO_SCOPE, {}, 10)),
    "list_quota": lambda c: c.quota(),
    "show_vendor": lambda c: c.handler("VendorConfig").read(Address("prod", "VendorConfig", NO_SCOPE, "default"), ""),
}
EXPECTED_QUERY = {
    # The platform filters images fuzzily by name, and nothing else by anything: those are filtered here.
    "list_image": "show_empty=true",
}
ANSWERS: dict[str, Any] = {
    "eihealth-projects": {"projects": [{"id": "sp1", "name": "demo-space"}]},
    "j1": {"id": "j1", "tasks": [{"task_name": "app1-1"}]},
    "pod": {"metadata": "{}"},
    "credentials": {"credential": {"user_id": "u1"}},
}


def _answer(handler: Any) -> None:
    """Something that can be read, whatever was asked."""
    last = handler.path.partition("?")[0].rpartition("/")[2]
    empty: dict[str, Any] = {
        name: []
        for name in ("users", "labels", "images", "instances", "events", "data_jobs", "resources", "quotas", "projects")
    }
    key = "credentials" if "OS-CREDENTIAL" in handler.path else last
    made: Behaviour = reply(200, ANSWERS.get(key, {"id": last, "url": "https://n", "token": "t", **empty}))
    made(handler)


def sent_for(name: str, path: str, method: str) -> Seen:
    """The one request to `path` that our client sends when it does `name`."""
    with serving(_answer) as server:
        target = Target("prod", "ai4s", server.url, "cn-north-4", settings={"iam_endpoint": server.url})
        connection = PROVIDER.connect(target, KEYS, TRANSPORT)
        DOINGS[name](connection)
        connection.close()
        (found,) = [s for s in server.seen if (s.method, s.path.partition("?")[0]) == (method, path)]
        return found


def test_every_record_is_compared() -> None:
    """A record without a comparison would be one nobody looks at."""
    assert {record["operation"] for record in RECORDS} == set(DOINGS)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: str(record["operation"]))
def test_same_request(record: dict[str, Any]) -> None:
    """Method, path, query in the same order, body, and the headers of the operation."""
    name, path = record["operation"], record["path_template"]
    for placeholder, value in PLACE.items():
        path = path.replace(placeholder, value)
    sent = sent_for(name, path, record["method"])
    assert sent.path.partition("?")[2] == EXPECTED_QUERY.get(name, record.get("raw_query_example", ""))
    assert sent.body == b"" if "body_example" not in record else sent.json() == record["body_example"]
    for header, value in record.get("extra_headers_example", {}).items():
        assert sent.headers[header] == value
    assert sent.headers["X-Project-Id"] == "0fakeproject"
    assert sent.headers["Content-Type"] == "application/json"
