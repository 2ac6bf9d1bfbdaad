"""The vendor's own client of the current API works on our local platform, sees what our client made, and sends what it
sent when it was recorded; our client sends the same.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from reconciler.model.resource import Phase
from reconciler.model.target import Target
from reconciler.providers.modelarts import PROVIDER
from reconciler.providers.protocol import Transport
from tests.providers.modelarts.opened import KEYS, at, desired, job_v2
from tests.support.local_platform import ACCOUNT, local_platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.localplatform.assembly import Platform

vendor = pytest.importorskip(
    "huaweicloudsdkmodelarts.v1", reason="the vendor's SDK is not installed: pip install .[conformance]"
)
RECORDED = json.loads((Path(__file__).parents[1] / "data/modelarts/client_requests.json").read_text(encoding="utf-8"))
NOT_SERVED = ("algorithms", "training-experiments", "workspaces")
CREATE = next(entry["body"] for entry in RECORDED["v2"] if entry["operation"] == "create_training_job")


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - as inherited
        """Nothing."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Platform, str]]:
    """A local platform on a real port of this machine."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with local_platform(tmp_path) as platform:
        server = make_server("127.0.0.1", 0, platform.application, threaded=True, request_handler=_Quiet)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield platform, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
        server.server_close()


class Vendor:
    """The vendor's client: `do("create_training_job", body=...)` builds the request of an operation and sends it."""

    def __init__(self, url: str, project: str = ACCOUNT.project_id, secret: str = ACCOUNT.secret_key) -> None:
        from huaweicloudsdkcore.auth.credentials import BasicCredentials

        credentials = BasicCredentials(ACCOUNT.access_key, secret, project)
        builder = vendor.ModelArtsClient.new_builder().with_credentials(credentials).with_endpoint(url)
        self._client = builder.build()

    def do(self, operation: str, **members: Any) -> Any:
        """Sends one operation."""
        name = "".join(part.capitalize() for part in operation.split("_")) + "Request"
        return getattr(self._client, operation)(getattr(vendor, name)(**members))


@pytest.fixture
def sdk(served: tuple[Platform, str]) -> Vendor:
    """The vendor's client."""
    return Vendor(served[1])


@pytest.fixture
def ours(served: tuple[Platform, str]) -> Iterator[Any]:
    """Our client on the same port."""
    target = Target("modelarts", "modelarts", served[1])
    connection = PROVIDER.connect(target, KEYS, Transport(backoff=0.01, deadline=20))
    yield connection
    connection.close()


def test_the_vendor_s_client_runs_a_job(served: tuple[Platform, str], sdk: Vendor) -> None:
    """Create, show, list, describe, stop, events, logs, tags, delete: signed by the vendor, verified by us."""
    made = sdk.do("create_training_job", body=CREATE)
    identifier = made.metadata.id
    assert made.status.phase in {"Pending", "Running", "Completed"}
    shown = sdk.do("show_training_job_details", training_job_id=identifier)
    assert shown.metadata.name == CREATE["metadata"]["name"]
    assert shown.spec.resource.node_count == 1
    found = sdk.do("list_training_jobs", body={"offset": 0, "limit": 50, "workspace_id": "0"})
    assert [item.metadata.id for item in found.items] == [identifier]
    sdk.do("change_training_job_description", training_job_id=identifier, body={"description": "new text"})
    assert sdk.do("show_training_job_details", training_job_id=identifier).metadata.description == "new text"
    change = {
        "metadata": {"annotation": {"jupyter-lab/enable": "true"}},
        "endpoints": {"ssh": {"key_pair_names": ["k"]}},
    }
    sdk.do("change_training_job_description", training_job_id=identifier, body=change)
    assert sdk.do("show_training_job_details", training_job_id=identifier).endpoints.ssh.key_pair_names == ["k"]
    assert sdk.do("validate_training_job_name", job_name=CREATE["metadata"]["name"], workspace_id="0").is_duplicate
    assert sdk.do("list_training_job_events", training_job_id=identifier).events
    tasks = sdk.do("list_training_job_tasks", training_job_id=identifier)
    assert tasks
    sdk.do("show_training_job_logs_preview", training_job_id=identifier, task_id="worker-0")
    sdk.do("show_training_job_logs_from_aom", training_job_id=identifier, task_id="worker-0")
    assert sdk.do("show_training_job_metrics", training_job_id=identifier, task_id="worker-0").metrics is not None
    sdk.do("delete_training_job", training_job_id=identifier)
    assert [e["status"] for e in served[0].log.report() if e["status"] >= 400] == []


def test_the_vendor_s_client_reads_what_is_on_offer(sdk: Vendor) -> None:
    """Engines, flavors by type, pools and quotas fill the vendor's own models."""
    assert sdk.do("show_training_job_engines").items
    assert {f.flavor_type for f in sdk.do("show_training_job_flavors", flavor_type="GPU").flavors} == {"GPU"}
    assert sdk.do("show_training_quotas").quotas
    (pool,) = sdk.do("list_pools", status="created").items
    assert sdk.do("show_pool", pool_name=pool.metadata.name).spec.scope


def test_the_vendor_s_client_understands_refusals(served: tuple[Platform, str], sdk: Vendor) -> None:
    """Codes and statuses arrive as the vendor's exceptions; a wrong secret key is no way in."""
    from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

    sdk.do("create_training_job", body=CREATE)
    for operation, members, code in (
        ("create_training_job", {"body": CREATE}, "ModelArts.2751"),
        ("show_training_job_details", {"training_job_id": "none"}, "ModelArts.2775"),
    ):
        with pytest.raises(ClientRequestException) as refused:
            sdk.do(operation, **members)
        assert (refused.value.status_code, refused.value.error_code) == (400, code)
    with pytest.raises(ClientRequestException) as refused:
        Vendor(served[1], secret="wrong-fake-key").do("show_training_quotas")
    assert (refused.value.status_code, refused.value.error_code) == (403, "ModelArts.0206")


def test_both_clients_see_the_same(sdk: Vendor, ours: Any) -> None:
    """What ours makes the vendor's shows, and the other way round."""
    wanted = desired("TrainingJobV2", {**job_v2("mine"), "description": "said"})
    made = ours.handler("TrainingJobV2").create(wanted)
    shown = sdk.do("show_training_job_details", training_job_id=made.remote_id)
    assert shown.metadata.description == f"said [{wanted.mark}]"
    sdk.do("stop_training_job", training_job_id=made.remote_id, body={"action_type": "terminate"})
    assert ours.handler("TrainingJobV2").read(wanted.address, made.remote_id).phase in {
        Phase.STOPPING,
        Phase.CANCELLED,
    }
    theirs = sdk.do("create_training_job", body=CREATE)
    live = ours.handler("TrainingJobV2").read(at("TrainingJobV2", "demo-job"), theirs.metadata.id)
    assert live.mark is None
    assert live.spec["algorithm"]["parameters"][0]["value"] == "0.01"


def _shape(path: str) -> str:
    path = path.replace(ACCOUNT.project_id, "{project_id}")
    path = re.sub(r"(training-jobs?)/[0-9a-f-]{36}", r"\1/{training_job_id}", path)
    path = re.sub(r"/(tasks|logs|metrics)/worker-0", r"/\1/{task_id}", path)
    return re.sub(r"/pools/[a-z-]+$", "/pools/{pool_name}", path)


def test_every_recorded_call_is_served(served: tuple[Platform, str]) -> None:
    """Each call the vendor's client was recorded with has a route, but for those of other kinds."""
    routes = {(route.method, re.sub(r"<[^>]+>", "{}", route.path)) for face in served[0].faces for route in face.routes}
    for entry in RECORDED["v2"]:
        path = re.sub(r"\{[^}]+\}", "{}", entry["path_template"])
        if not any(word in path for word in NOT_SERVED):
            assert (entry["method"], path) in routes, entry["operation"]


def test_our_client_sends_what_the_vendor_s_sends(served: tuple[Platform, str], ours: Any) -> None:
    """Every request of ours is one that was recorded: method, path, query keys, and members of bodies."""
    platform, _ = served
    handler = ours.handler("TrainingJobV2")
    tags = [{"key": "a", "value": "1"}]
    wanted = desired("TrainingJobV2", {**job_v2("mine"), "description": "x", "tags": tags})
    made = handler.create(wanted)
    handler.read(wanted.address, made.remote_id)
    handler.find(wanted.address, wanted.mark)
    handler.update(made.remote_id, desired("TrainingJobV2", job_v2("mine")))
    list(handler.logs(wanted.address, made.remote_id))
    list(handler.events(wanted.address, made.remote_id))
    handler.stop(wanted.address, made.remote_id)
    handler.delete(wanted.address, made.remote_id)
    known: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for entry in RECORDED["v2"]:
        known.setdefault((entry["method"], entry["path_template"]), []).append(entry)
    documented = {"method": "GET", "query_keys": [], "body": None}  # the SDK reads the tags of all jobs at once only
    known["GET", "/v2/{project_id}/modelarts-training-job/{training_job_id}/tags"] = [documented]
    for sent in platform.log.report():
        recorded = known[sent["method"], _shape(sent["path"])]
        keys = {pair.split("=")[0] for pair in sent["query"].split("&") if pair}
        assert keys <= {key for entry in recorded for key in entry["query_keys"]}, sent
        if sent["body"]:
            members = {key for entry in recorded for key in entry["body"] or {}}
            assert set(json.loads(sent["body"])) <= members, sent
