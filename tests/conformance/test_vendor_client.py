"""The vendor's own client works on our local platform, and sees what our client made, and the other way round."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from reconciler.model.address import Address
from reconciler.model.resource import Phase
from reconciler.model.target import Target
from reconciler.providers.ai4s import PROVIDER
from reconciler.providers.protocol import Transport
from tests.providers.ai4s.opened import KEYS, desired
from tests.support.local_platform import ACCOUNT, local_platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.localplatform.assembly import Platform

vendor = pytest.importorskip(
    "huaweicloudsdkeihealth.v1", reason="the vendor's SDK is not installed: pip install .[conformance]"
)

APP = {
    "name": "say",
    "version": "1.0.0",
    "summary": "short",
    "description": "Grüße",
    "labels": ["a", "基因"],
    "image": "demo/busybox:1.36",
    "commands": ["echo ${word}"],
    "resources": {"cpu_type": "X86", "cpu": "0.5C", "memory": "1G", "gpu_type": "", "gpu": "0"},
    "inputs": [{"name": "word", "type": "STRING", "required": True, "values": ["hello"], "concurrent": "vars_iter"}],
    "outputs": [{"name": "out", "type": "FILE", "required": True, "values": ["/out.txt"]}],
    "node_labels": [],
}
WORKFLOW = {
    "name": "talk",
    "version": "1.0.0",
    "timeout": 60,
    "output_dir": "/talk",
    "labels": [],
    "tasks": [{"task_name": "say", "app_id": "say::1.0.0::demo", "display_name": "Say", "location": {"x": 1, "y": 2}}],
}
JOB = {
    "name": "run",
    "tool_id": "talk::1.0.0::demo",
    "tool_type": "workflow",
    "priority": 3,
    "labels": ["b c", "z"],
    "tasks": [{"task_name": "say", "inputs": [{"name": "word", "values": ["one", "two"]}]}],
}


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - as inherited
        """Nothing."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Platform, str]]:
    """A local platform on a real port of this machine."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with local_platform(tmp_path_factory.mktemp("platform")) as platform:
        server = make_server("127.0.0.1", 0, platform.application, threaded=True, request_handler=_Quiet)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield platform, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
        server.server_close()


class Vendor:
    """The vendor's client: `do("create_app", body=...)` builds the request class of an operation and sends it."""

    def __init__(self, url: str, project: str = ACCOUNT.project_id) -> None:
        from huaweicloudsdkcore.auth.credentials import BasicCredentials

        credentials = BasicCredentials(ACCOUNT.access_key, ACCOUNT.secret_key, project)
        builder = vendor.EiHealthClient.new_builder().with_credentials(credentials).with_endpoint(url)
        self._client = builder.build()
        self.space = next(
            p.id for p in self._client.list_project(vendor.ListProjectRequest()).projects if p.name == "demo"
        )

    def do(self, operation: str, **members: Any) -> Any:
        """Sends one operation in the space `demo`."""
        name = "".join(part.capitalize() for part in operation.split("_")) + "Request"
        request = getattr(vendor, name)(eihealth_project_id=self.space, **members)
        return getattr(self._client, operation)(request)


@pytest.fixture
def sdk(served: tuple[Platform, str]) -> Iterator[Vendor]:
    """The vendor's client on an empty space."""
    client = Vendor(served[1])
    yield client
    for job in client.do("list_job", limit=1000).jobs:
        client.do("delete_job", job_id=job.id)
    for workflow in client.do("list_workflow").workflows:
        client.do("delete_workflow", workflow_id=workflow.id)
    for app in client.do("list_app").apps:
        client.do("delete_app", app_id=app.id)


@pytest.fixture
def ours(served: tuple[Platform, str]) -> Iterator[Any]:
    """Our client on the same port."""
    connection = PROVIDER.connect(Target("ai4s", "ai4s", served[1]), KEYS, Transport(backoff=0.01, deadline=20))
    yield connection
    connection.close()


def prepare(sdk: Vendor) -> tuple[str, str, str]:
    """An app, a workflow and a job made by the vendor's client; their ids."""
    return (
        sdk.do("create_app", body=APP).id,
        sdk.do("create_workflow", body=WORKFLOW).id,
        sdk.do("execute_job", body=JOB).id,
    )


def as_values(answer: Any) -> Any:
    """What the vendor's client understood, as plain values."""
    from huaweicloudsdkcore.utils.http_utils import sanitize_for_serialization

    return sanitize_for_serialization(answer)


def test_apps(sdk: Vendor) -> None:
    """Create, list with filters, show, update, delete."""
    app_id = sdk.do("create_app", body=APP).id
    shown = as_values(sdk.do("show_app", app_id=app_id))
    assert {name: shown[name] for name in ("name", "version", "labels", "commands", "resources", "description")} == {
        name: APP[name] for name in ("name", "version", "labels", "commands", "resources", "description")
    }
    assert [app.id for app in sdk.do("list_app", name="say", version="1.0.0").apps] == [app_id]
    assert sdk.do("list_app", name="other", version="1.0.0").count == 0
    sdk.do("update_app", app_id=app_id, body={**APP, "summary": "", "labels": []})
    changed = sdk.do("show_app", app_id=app_id)
    assert (changed.summary, changed.labels) == ("", [])
    sdk.do("delete_app", app_id=app_id)
    assert sdk.do("list_app").apps == []


def test_workflows(sdk: Vendor) -> None:
    """Create, list, show with parameters, update, delete."""
    sdk.do("create_app", body=APP)
    workflow_id = sdk.do("create_workflow", body=WORKFLOW).id
    shown = sdk.do("show_workflow", workflow_id=workflow_id, show_param_detail=True)
    assert (shown.timeout, shown.output_dir, shown.tasks[0].app_info.app_name) == (60, "/talk", "say")
    assert shown.tasks[0].app_info.app_input_parameters[0].name == "word"
    assert [one.id for one in sdk.do("list_workflow", name="talk", version="1.0.0").workflows] == [workflow_id]
    sdk.do("update_workflow", workflow_id=workflow_id, body={**WORKFLOW, "timeout": 5})
    assert sdk.do("show_workflow", workflow_id=workflow_id).timeout == 5
    sdk.do("delete_workflow", workflow_id=workflow_id)
    assert sdk.do("list_workflow").count == 0


def test_jobs(sdk: Vendor) -> None:
    """Run, list with filters, show, events, logs, instances, cancel, retry, change, delete."""
    from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

    *_, job_id = prepare(sdk)
    shown = sdk.do("show_job", job_id=job_id, x_addition_info="LOG")
    assert (shown.status, shown.priority, shown.tool_info.tool_name) == ("SUCCEEDED", 3, "talk")
    assert [len(task.sub_tasks) for task in shown.task_runtime_info] == [2]
    listed = sdk.do("list_job", labels=["z", "b c"], status="Succeeded", job_name="run", limit=10, offset=0)
    assert ([job.id for job in listed.jobs], listed.count) == ([job_id], 1)
    assert sdk.do("show_job_event", job_id=job_id, x_language="en_us").count > 0
    assert [line.content for line in sdk.do("show_job_log", job_id=job_id, task_name="say", task_index=1).logs] == [
        "two"
    ]
    assert sdk.do("show_task_events", job_id=job_id, task_name="say", task_index=0).events
    (instance,) = sdk.do("show_task_instances", job_id=job_id, task_name="say", task_index=0).instances
    where = {"job_id": job_id, "task_name": "say", "instance_name": instance.metadata.name, "task_index": 0}
    assert instance.metadata.name in sdk.do("show_task_instance_pod", **where).metadata
    assert sdk.do("show_task_instance_events", **where).events
    for refused in ("cancel_job", "retry_job"):
        with pytest.raises(ClientRequestException) as caught:
            sdk.do(refused, job_id=job_id)
        assert (caught.value.status_code, bool(caught.value.request_id)) == (400, True)
        assert caught.value.error_code.startswith("eihealth.")
    sdk.do("delete_job", job_id=job_id)
    assert sdk.do("list_job").count == 0


def test_batches(sdk: Vendor) -> None:
    """Batch operations answer for each id, as a bare array."""
    *_, job_id = prepare(sdk)
    for operation, header in (("batch_cancel_job", {"x_force": True}), ("batch_retry_job", {})):
        (item,) = sdk.do(operation, body={"ids": [job_id]}, **header).body
        assert (item.id, item.status) == (job_id, "FAILED")
    items = sdk.do("batch_delete_job", body={"ids": [job_id, "no-such-job"]}).body
    assert [(item.id, item.status) for item in items] == [(job_id, "SUCCEEDED"), ("no-such-job", "FAILED")]


def test_signature_over_text_of_any_language(sdk: Vendor) -> None:
    """The vendor sorts before it encodes; the platform must do as it does."""
    for labels in (["ä", "b"], ["基因", "a b", "z"], ["a:b", "a1"], ["~", "-"]):
        assert sdk.do("list_job", labels=labels).jobs == []


def test_project_id_is_looked_up(served: tuple[Platform, str]) -> None:
    """Without a project id the vendor's client asks the identity service, whose corner we play too."""
    from huaweicloudsdkcore.auth.credentials import BasicCredentials
    from huaweicloudsdkcore.region.region import Region

    credentials = BasicCredentials(ACCOUNT.access_key, ACCOUNT.secret_key).with_iam_endpoint(served[1])
    region = Region("cn-north-4", served[1])
    client = vendor.EiHealthClient.new_builder().with_credentials(credentials).with_region(region).build()
    assert [space.name for space in client.list_project(vendor.ListProjectRequest()).projects] == ["demo"]


def test_we_read_what_the_vendor_made(sdk: Vendor, ours: Any) -> None:
    """Our reading of an object is what was given to the vendor's client, in manifest words."""
    app_id, workflow_id, job_id = prepare(sdk)
    app = ours.handler("App").read(Address("ai4s", "App", "demo", "say@1.0.0"), app_id)
    assert {name: app.spec[name] for name in APP if name not in {"inputs", "outputs"}} == {
        name: value for name, value in APP.items() if name not in {"inputs", "outputs"}
    }
    assert app.mark is None
    workflow = ours.handler("Workflow").read(Address("ai4s", "Workflow", "demo", "talk@1.0.0"), workflow_id)
    assert workflow.spec["tasks"][0]["app_id"] == "say::1.0.0::demo"
    assert (workflow.spec["timeout"], workflow.spec["output_dir"]) == (60, "/talk")
    job = ours.handler("Job").read(Address("ai4s", "Job", "demo", "run"), job_id)
    assert (job.spec["tool_id"], job.spec["priority"], job.phase) == ("talk::1.0.0::demo", 3, Phase.SUCCEEDED)
    assert [row.remote_id for row in ours.handler("Job").browse("demo", {}, 5)] == [job_id]


def test_the_vendor_reads_what_we_made(sdk: Vendor, ours: Any) -> None:
    """What we send is understood alike: the same object but for our mark."""
    wanted = desired(Address("ai4s", "App", "demo", "say@1.0.0"), APP)
    app_id = ours.handler("App").create(wanted).remote_id
    mine = as_values(sdk.do("show_app", app_id=app_id))
    assert mine["labels"] == [*APP["labels"], str(wanted.mark)]
    sdk.do("delete_app", app_id=app_id)
    theirs = as_values(sdk.do("show_app", app_id=sdk.do("create_app", body=APP).id))
    volatile = {"id", "create_time", "update_time", "labels"}
    assert {k: v for k, v in mine.items() if k not in volatile} == {
        k: v for k, v in theirs.items() if k not in volatile
    }
