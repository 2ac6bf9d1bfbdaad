"""The instances of a task, in the shapes that a cluster may send them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import NotFound, Unanswered
from reconciler.model.address import Address
from reconciler.model.target import Target
from reconciler.providers.ai4s import PROVIDER
from reconciler.providers.facilities import Details, ShowsInstances, Summarises
from tests.providers.ai4s.opened import KEYS, QUICK
from tests.providers.loopback import Behaviour, reply, routed, serving
from tests.support.local_platform import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator

AT = Address("t", "Job", "demo", "nightly")
BASE = f"GET /v1/{ACCOUNT.project_id}/eihealth-projects"
JOB = {
    "id": "j1",
    "name": "nightly",
    "status": "RUNNING",
    "tool_info": {"tool_name": "qc", "tool_version": "1.0.0"},
    "labels": ["a"],
    "tasks": [{"task_name": "align"}],
    "task_runtime_info": [{"task_name": "align", "status": "RUNNING", "sub_tasks": [{}, {}]}],
}
POD = {
    "metadata": {"name": "align-0-x"},
    "spec": {
        "containers": [
            {"resources": {"limits": {"cpu": "2", "memory": "4G"}, "requests": {"cpu": "1", "memory": "4G"}}},
            {"resources": {}},
        ]
    },
    "status": {
        "phase": "Running",
        "pod_ip": "10.0.0.1",
        "host_name": "node-7",
        "start_time": "2026-01-01T08:00:00+08:00",
        "container_statuses": [{"restart_count": 2}, {"restart_count": 1}],
    },
}


@contextmanager
def _job(**routes: Behaviour) -> Iterator[Any]:
    """The handler of jobs on a platform with one job; `routes` answer below it."""
    below = {f"{BASE}/s1/jobs/j1{path}": each for path, each in routes.items()}
    known = {
        BASE: reply(200, {"projects": [{"id": "s1", "name": "demo"}], "count": 1}),
        f"{BASE}/s1/jobs/j1": reply(200, JOB),
        **below,
    }
    with serving(routed(known)) as server:
        yield PROVIDER.connect(Target("t", "ai4s", server.url, "", "demo"), KEYS, QUICK).handler("Job")


def test_abilities() -> None:
    """Commands find out by asking for the protocol."""
    handler = PROVIDER.kinds["Job"]
    assert all(issubclass(handler, protocol) for protocol in (ShowsInstances, Details, Summarises))


def test_a_pod_in_a_row() -> None:
    """Name, node, address, restarts of all its containers, what the first one asks for and may use; UTC."""
    with _job(**{"/tasks/align/instances": reply(200, {"instances": [POD], "count": 1})}) as job:
        first, second = job.instances(AT, "j1", task="align")
    assert (first.name, first.index, second.index) == ("align-0-x", 0, 1)
    assert (first.node, first.ip, first.restarts) == ("node-7", "10.0.0.1", 3)
    assert (first.cpu, first.memory, first.started) == ("1/2", "4G/4G", "2026-01-01T00:00:00Z")


def test_an_index_is_asked_for_by_itself() -> None:
    """One call for one instance; an index that will never be is told without one."""
    with _job(**{"/tasks/align/instances": reply(200, {"instances": [POD]})}) as job:
        (only,) = job.instances(AT, "j1", task="align", index=1)
        assert only.index == 1
        with pytest.raises(NotFound, match="no instance 2"):
            job.instances(AT, "j1", task="align", index=2)
        with pytest.raises(NotFound, match="no task 'algn'"):
            job.instances(AT, "j1", task="algn")


def test_nothing_has_started() -> None:
    """The platform has no pod before it is scheduled, which is no error; nor is a pod that says little."""
    missing = reply(404, {"error_code": "eihealth.01050222", "error_msg": "the instance does not exist"})
    with _job(**{"/tasks/align/instances": missing}) as job:
        assert job.instances(AT, "j1", task="align") == ()
    with _job(**{"/tasks/align/instances": reply(200, {"instances": [{}]})}) as job:
        (bare, _) = job.instances(AT, "j1", task="align")
    assert (bare.name, bare.restarts, bare.cpu, bare.started) == ("", None, "", "")


@pytest.mark.parametrize("text", ['{"kind": "Pod"}', "kind: Pod\n"])
def test_the_document_of_a_pod(text: str) -> None:
    """It comes as a text inside JSON: JSON or YAML."""
    with _job(**{"/tasks/align/instances/x/pod": reply(200, {"metadata": text})}) as job:
        assert job.instance(AT, "j1", task="align", name="x") == {"kind": "Pod"}


@pytest.mark.parametrize("answer", [{"metadata": "just words"}, {"metadata": ": ["}, {}, []])
def test_what_is_no_document(answer: Any) -> None:
    """It must not pass for an empty one."""
    with _job(**{"/tasks/align/instances/x/pod": reply(200, answer)}) as job, pytest.raises(Unanswered):
        job.instance(AT, "j1", task="align", name="x")


def test_events_of_one_pod() -> None:
    """Its own, with those that its index has in the task; each once, oldest first."""
    own = {"type": "Normal", "reason": "Pulled", "message": "m", "first_timestamp": "2026-01-01T00:02:00Z"}
    made = {"type": "Normal", "reason": "Created", "message": "m", "first_timestamp": "2026-01-01T00:01:00Z"}
    routes = {
        "/tasks/align/instances/x/events": reply(200, {"events": [own]}),
        "/tasks/align/events": reply(200, {"events": [own, made]}),
    }
    with _job(**routes) as job:
        with_index = [e.reason for e in job.instance_events(AT, "j1", task="align", name="x", index=0)]
        alone = [e.reason for e in job.instance_events(AT, "j1", task="align", name="x")]
    assert (with_index, alone) == (["Created", "Pulled"], ["Pulled"])


def test_a_row_of_one_job() -> None:
    """As the list gives it, without a search."""
    with _job() as job:
        row = job.summary(AT, "j1")
        assert job.detail(AT, "j1")["task_runtime_info"]
    assert (row.name, row.status, dict(row.facts)) == (
        "nightly", "RUNNING", {"workflow": "qc", "version": "1.0.0", "labels": "a"},
    )  # fmt: skip
