"""What our PAI-DLC client sends is what the vendor's was recorded to send for the same thing."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from reconciler.errors import PlatformError
from reconciler.model.address import Address
from reconciler.model.mark import Mark
from reconciler.model.resource import Desired
from reconciler.model.target import Target
from reconciler.providers.pai_dlc import PROVIDER
from reconciler.providers.pai_dlc.marks import TAG
from reconciler.providers.protocol import Transport
from tests.providers.loopback import reply, serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.providers.loopback import Seen

WIRE = json.loads((Path(__file__).parents[1] / "data" / "pai_dlc" / "wire.json").read_text("utf-8"))
RECORDED: dict[tuple[str, str], dict[str, Any]] = {(r["operation"], r["case"]): r for r in WIRE["requests"]}
MARK = Mark("0123abcd", "0123456789abcdef0123")
JOB = Address("prod", "Job", "12345", "train-demo")
BOARD = Address("prod", "Tensorboard", "12345", "tb-demo")
POD = {"Type": "Worker", "PodId": "dlc7abc-worker-0", "PodUid": "u"}
ANSWER = {
    "JobId": "dlc7abc",
    "Status": "Running",
    "JobType": "RayJob",
    "Priority": 1,
    "ResourceId": "quota",
    "GmtCreateTime": "2020-11-08T16:00:00Z",
    "Pods": [POD],
    "Jobs": [],
    "Logs": [],
    "Events": [],
    "PodMetrics": [],
    "EcsSpecs": [],
    "SanityCheckResults": [],
    "SanityCheckResult": [],
    "Tensorboards": [],
    "TensorboardId": "tbxxxxxxxx",
    "TotalCount": 0,
    "Token": "t",
    "url": "http://127.0.0.1/x",
}
"""One answer that suits every question."""


def body_of(operation: str, case: str) -> dict[str, Any]:
    """A recorded body as a manifest says it: without the empty lists the typed client adds, and the workspace."""
    body = json.loads(json.dumps(RECORDED[operation, case]["body"]))
    for role in body.get("JobSpecs", []):
        for name in ("ElasticSpotSpecs", "LocalMountSpecs", "StartupDependencies"):
            role.pop(name, None)
    body.pop("WorkspaceId", None)
    return body


def sent_for(doing: Callable[[Any], object], answer: dict[str, Any]) -> list[Seen]:
    """The requests that our client sends."""
    with serving(reply(200, answer)) as served:
        transport = Transport(connect_timeout=2, read_timeout=2, deadline=5, pause=lambda _: None)
        keys = {"access_key": "LTAIfakeAccessKeyId", "secret_key": "fakeSecretForRecordingOnly"}
        connection = PROVIDER.connect(Target("prod", "pai-dlc", served.url), keys, transport)
        with suppress(PlatformError):
            doing(connection)
        connection.close()
        return served.seen


def create(case: str) -> Callable[[Any], object]:
    """Submits a recorded job."""
    return lambda c: c.handler("Job").create(Desired(JOB, body_of("CreateJob", case), MARK))


def create_board(c: Any) -> object:
    """Makes a recorded TensorBoard."""
    return c.handler("Tensorboard").create(Desired(BOARD, body_of("CreateTensorboard", "typical"), MARK))


def update_board(c: Any) -> object:
    """Changes what can be changed, and stops."""
    spec = {"MaxRunningTimeMinutes": 300, "Accessibility": "PUBLIC", "Priority": "2", "State": "stopped"}
    return c.handler("Tensorboard").update("tbxxxxxxxx", Desired(BOARD, spec, MARK))


def start_board(c: Any) -> object:
    """Wants a stopped one to run."""
    return c.handler("Tensorboard").update("tbxxxxxxxx", Desired(BOARD, {}, MARK))


def shared_links(c: Any) -> object:
    """Ways in that need no login."""
    return c.handler("Job").links(JOB, "dlc7abc", shared=True)


QUEUED = {**ANSWER, "Status": "Queuing"}
STOPPED = {**ANSWER, "Status": "Stopped"}
DOINGS: list[tuple[str, str, Callable[[Any], object], dict[str, Any], set[str]]] = [
    ("CreateJob", "full", create("full"), ANSWER, set()),
    ("CreateJob", "quota + non-ascii", create("quota + non-ascii"), ANSWER, set()),
    ("GetJob", "no query", lambda c: c.handler("Job").read(JOB, "dlc7abc"), ANSWER, set()),
    ("GetJob", "odd path chars, bool False", lambda c: c.handler("Job").read(JOB, "dlc 7/abc+~*"), ANSWER, set()),
    ("ListJobs", "paging, tags, times, bools", lambda c: c.handler("Job").find(JOB, MARK), ANSWER,
     {"EndTime", "Order", "PageSize", "PageNumber", "ShowOwn", "SortBy", "StartTime", "Tags", "WorkspaceId"}),
    ("UpdateJob", "priority+accessibility",
     lambda c: c.handler("Job").update("dlc7abc", Desired(JOB, {"Priority": 5, "Accessibility": "PUBLIC"}, MARK)),
     QUEUED, set()),
    ("StopJob", "typical", lambda c: c.handler("Job").stop(JOB, "dlc7abc"), ANSWER, set()),
    ("DeleteJob", "typical", lambda c: c.handler("Job").delete(JOB, "dlc7abc"), ANSWER, set()),
    ("GetPodLogs", "typical", lambda c: list(c.handler("Job").logs(JOB, "dlc7abc")), ANSWER,
     {"PodUid", "StartTime", "EndTime", "MaxLines"}),
    ("GetPodEvents", "typical", lambda c: list(c.handler("Job").events(JOB, "dlc7abc", task="Worker")), ANSWER,
     {"MaxEventsNum", "StartTime"}),
    ("GetJobEvents", "typical", lambda c: list(c.handler("Job").events(JOB, "dlc7abc")), ANSWER, {"MaxEventsNum"}),
    ("GetJobMetrics", "typical", lambda c: c.handler("Job").metrics(JOB, "dlc7abc", name="GpuMemoryUsage"), ANSWER,
     {"MetricType", "StartTime", "TimeStep"}),
    ("ListEcsSpecs", "typical", lambda c: c.specs(accelerator="gpu", names=("ecs.g6.large", "ecs.g6.xlarge")), ANSWER,
     {"AcceleratorType", "InstanceTypes", "PageNumber", "PageSize", "SortBy", "Order"}),
    ("ListJobSanityCheckResults", "typical", lambda c: c.handler("Job").checks(JOB, "dlc7abc"), ANSWER, {"Order"}),
    ("GetJobSanityCheckResult", "typical",
     lambda c: c.handler("Job").checks(JOB, "dlc7abc", number=1, name="CheckInit"), ANSWER,
     {"SanityCheckNumber", "SanityCheckPhase"}),
    ("GetWebTerminal", "typical", lambda c: c.handler("Job").links(JOB, "dlc7abc"), ANSWER, {"IsShared", "PodUid"}),
    ("GetToken", "typical", shared_links, ANSWER,
     {"ExpireTime", "TargetId", "TargetType"}),
    ("GetRayDashboard", "typical", shared_links, ANSWER, {"isShared", "token"}),
    ("GetDashboard", "typical", shared_links, ANSWER, {"isShared", "token"}),
    ("CreateTensorboard", "typical", create_board, ANSWER, set()),
    ("UpdateTensorboard", "typical", update_board, ANSWER,
     {"WorkspaceId", "MaxRunningTimeMinutes", "Accessibility", "Priority"}),
    ("StopTensorboard", "typical", update_board, ANSWER, {"WorkspaceId"}),
    ("StartTensorboard", "typical", start_board, STOPPED, {"WorkspaceId"}),
    ("GetTensorboard", "typical", lambda c: c.handler("Tensorboard").read(BOARD, "tbxxxxxxxx"), ANSWER,
     {"WorkspaceId"}),
    ("ListTensorboards", "typical", lambda c: list(c.handler("Tensorboard").list("12345")), ANSWER,
     {"PageNumber", "PageSize", "ShowOwn", "StartTime", "WorkspaceId"}),
    ("GetTensorboardSharedUrl", "typical",
     lambda c: c.handler("Tensorboard").links(BOARD, "tbxxxxxxxx", shared=True), ANSWER, {"ExpireTimeSeconds"}),
    ("DeleteTensorboard", "typical", lambda c: c.handler("Tensorboard").delete(BOARD, "tbxxxxxxxx"), STOPPED,
     {"WorkspaceId"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("operation", "case", "doing", "answer", "query"), DOINGS, ids=lambda v: v if isinstance(v, str) else ""
)
def test_same_request(
    operation: str, case: str, doing: Callable[[Any], object], answer: dict[str, Any], query: set[str]
) -> None:
    """Method, raw path, body but for our mark, and every parameter under the recorded name."""
    recorded = RECORDED[operation, case]
    sent = [seen for seen in sent_for(doing, answer) if seen.headers.get("x-acs-action") == operation]
    assert sent, operation
    first = sent[0]
    assert first.method == recorded["method"]
    assert urlsplit(first.path).path == recorded["raw_path"]
    ours = parse_qs(urlsplit(first.path).query, keep_blank_values=True)
    theirs = parse_qs(recorded["raw_query"], keep_blank_values=True)
    assert query <= set(ours)
    assert query <= set(theirs)
    for name in query & {"WorkspaceId", "TargetType", "TargetId", "MetricType", "InstanceTypes", "Priority"}:
        assert ours[name] == theirs[name], name
    if recorded["body"] is None:
        assert first.body == b""
        assert "Content-Type" not in first.headers
        return
    assert first.headers["Content-Type"] == recorded["content_type"]
    body = first.json()
    if operation == "CreateJob":
        assert body["Settings"]["Tags"].pop(TAG) == str(MARK)
        body = {**body, "Settings": {k: v for k, v in body["Settings"].items() if v}}
        body = body if body["Settings"] else {k: v for k, v in body.items() if k != "Settings"}
    if operation == "CreateTensorboard":
        assert body.pop("DisplayName") == f"tb-demo--{MARK}"
        body["DisplayName"] = "tb-demo"
    expected = body_of(operation, case)
    expected.pop("WorkspaceId", None)
    if body.pop("WorkspaceId", None):
        expected.pop("WorkspaceId", None)
    if operation == "CreateJob":
        expected["DisplayName"], body["DisplayName"] = "", ""
    assert body == expected


def test_scaling_is_what_the_vendor_s_client_sends() -> None:
    """The roles in the body, as recorded; which pods go is left to the platform."""
    recorded = body_of("UpdateJob", "scale")
    del recorded["JobSpecs"][0]["AutoScalingSpec"]["PodsToDelete"]
    row = {**ANSWER, "JobSpecs": [{**recorded["JobSpecs"][0], "PodCount": 2}]}
    seen = sent_for(lambda c: c.handler("Job").update("dlc7abc", Desired(JOB, recorded, MARK)), row)
    (sent,) = [each for each in seen if each.method == "PUT"]
    assert sent.json() == recorded


def test_every_operation_is_compared() -> None:
    """All of the documented ones."""
    documented = {r["operation"] for r in WIRE["requests"] if r["source"] == "metadata"}
    assert documented == {doing[0] for doing in DOINGS}
