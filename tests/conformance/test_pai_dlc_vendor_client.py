"""The vendor's own client works on our local platform: every operation, signed by it, read by it; and what it makes our
client finds, and the other way round.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.localplatform.platforms.pai_dlc import FACE
from reconciler.model.address import Address
from reconciler.model.mark import Mark
from reconciler.model.resource import Desired, Phase
from reconciler.model.target import Target
from reconciler.providers.pai_dlc import PROVIDER
from reconciler.providers.protocol import Transport
from tests.invariants.world import served
from tests.support.local_platform import ACCOUNT, local_platform

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform

vendor = pytest.importorskip(
    "alibabacloud_pai_dlc20201203.models", reason="the vendor's SDK is not installed: pip install .[conformance]"
)
MARK = Mark("0123abcd", "0123456789abcdef0123")
ROLE = {"Type": "Worker", "Image": "img", "PodCount": 2, "EcsSpec": "ecs.g6.large"}
BODY = {
    "DisplayName": "training",
    "JobType": "PyTorchJob",
    "JobSpecs": [ROLE],
    "UserCommand": 'echo "a b" 中文',
    "WorkspaceId": "w 1/ü",
    "Envs": {"A": "x y", "B": ""},
    "Settings": {"Tags": {"team": "a/b c+d", "stadt": "Zürich"}, "EnableSanityCheck": True},
}


class Sdk:
    """The typed client, one short word an operation."""

    def __init__(self, url: str, key: str = ACCOUNT.access_key, secret: str = ACCOUNT.secret_key) -> None:
        from alibabacloud_pai_dlc20201203.client import Client
        from alibabacloud_tea_openapi.models import Config

        endpoint = url.removeprefix("http://")
        self.client = Client(
            Config(access_key_id=key, access_key_secret=secret, endpoint=endpoint, protocol="http", region_id="local")
        )
        self.used: set[str] = set()

    def __call__(self, operation: str, *path: str, **query: Any) -> dict[str, Any]:
        """Calls it; the answer as JSON."""
        snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in operation).lstrip("_")
        request = getattr(vendor, f"{operation}Request", None)
        arguments = [*path, *([request().from_map(query)] if request else [])]
        self.used.add(operation)
        found: dict[str, Any] = getattr(self.client, snake)(*arguments).body.to_map()
        return found


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """Fresh."""
    with local_platform(tmp_path) as made:
        yield made


@pytest.fixture
def sdk(platform: Platform) -> Iterator[Sdk]:
    """The vendor's client, at a real socket."""
    with served(platform) as url:
        yield Sdk(url)


def test_every_operation(sdk: Sdk) -> None:
    """The whole life of a job and of a TensorBoard through the vendor's client, all 25 operations."""
    job = sdk("CreateJob", **BODY)["JobId"]
    found = sdk("GetJob", job)
    assert (found["Status"], found["DisplayName"], found["WorkspaceId"]) == ("Succeeded", "training", "w 1/ü")
    assert found["Settings"]["Tags"] == BODY["Settings"]["Tags"]  # type: ignore[index]
    assert [step["Status"] for step in found["StatusHistory"]][-2:] == ["Running", "Succeeded"]
    pods = [pod["PodId"] for pod in found["Pods"]]
    assert pods == [f"{job}-worker-0", f"{job}-worker-1"]
    listed = sdk("ListJobs", Tags={"stadt": "Zürich"}, WorkspaceId="w 1/ü", ShowOwn=True, DisplayName="RAIN")
    assert [(row["JobId"], row["DisplayName"]) for row in listed["Jobs"]] == [(job, "training")]
    assert sdk("ListJobs", Tags={"stadt": "Bern"})["TotalCount"] == 0
    assert sdk("UpdateJob", job, Accessibility="PUBLIC", Priority=9)["JobId"] == job
    assert (sdk("GetJob", job)["Accessibility"], sdk("GetJob", job)["Priority"]) == ("PUBLIC", 1)
    assert sdk("GetPodLogs", job, pods[0], MaxLines=5)["PodId"] == pods[0]
    assert "Events" in sdk("GetPodEvents", job, pods[1])
    assert sdk("GetJobEvents", job, MaxEventsNum=100)["Events"]
    assert len(sdk("GetJobMetrics", job, MetricType="CpuCoreUsage")["PodMetrics"]) == 2
    assert sdk("ListJobSanityCheckResults", job, Order="desc")["TotalCount"] == 1
    assert sdk("GetJobSanityCheckResult", job, SanityCheckNumber=1, SanityCheckPhase="DeviceCheck")["SanityCheckResult"]
    assert sdk("GetToken", TargetType="job", TargetId=job, ExpireTime=60)["Token"]
    assert sdk("GetDashboard", job, isShared=False)["url"]
    assert sdk("ListEcsSpecs", AcceleratorType="GPU", PageSize=3, PageNumber=1)["TotalCount"] > 3
    _board(sdk, job)
    assert sdk("DeleteJob", job)["JobId"] == job
    _running(sdk)
    assert sdk.used == {route.operation for route in FACE.routes}


def _board(sdk: Sdk, job: str) -> None:
    board = sdk("CreateTensorboard", DisplayName="tb", JobId=job, SummaryPath="/s", WorkspaceId="w 1/ü")[
        "TensorboardId"
    ]
    assert sdk("GetTensorboard", board, WorkspaceId="w 1/ü")["Status"] == "Running"
    sdk("UpdateTensorboard", board, MaxRunningTimeMinutes=300, Priority="2", Accessibility="PUBLIC")
    sdk("StopTensorboard", board)
    sdk("StartTensorboard", board)
    assert sdk("GetTensorboardSharedUrl", board, ExpireTimeSeconds="60")["TensorboardSharedUrl"]
    listed = sdk("ListTensorboards", PageSize=100, DisplayName="T", ShowOwn=False)["Tensorboards"]
    assert [(row["TensorboardId"], row["MaxRunningTimeMinutes"]) for row in listed] == [(board, 300)]
    sdk("StopTensorboard", board)
    assert sdk("DeleteTensorboard", board)["TensorboardId"] == board


def _running(sdk: Sdk) -> None:
    """What only a running job has, and only a Ray job."""
    roles = [{**ROLE, "Type": "Head", "PodCount": 1}, ROLE]
    job = sdk("CreateJob", **{**BODY, "JobType": "RayJob", "JobSpecs": roles, "Envs": {"SIMULATED_SECONDS": "inf"}})[
        "JobId"
    ]
    assert sdk("GetRayDashboard", job, isShared=True, token="t")["url"].endswith("token=t")
    assert sdk("GetWebTerminal", job, f"{job}-head-0", IsShared=True)["WebTerminalUrl"].startswith("ws://")
    assert sdk("StopJob", job)["JobId"] == job
    assert sdk("GetJob", job)["Status"] in {"Stopping", "Stopped"}


def test_errors_are_the_vendor_s(platform: Platform) -> None:
    """Its exceptions carry status and code of our refusals."""
    from alibabacloud_tea_openapi.exceptions import ClientException

    with served(platform) as url:
        for caller, expected in (
            (Sdk(url), (404, "NotFound")),
            (Sdk(url, secret="wrong-secret-of-a-test"), (400, "SignatureDoesNotMatch")),
            (Sdk(url, key="LTAIwrongKeyOfATest"), (404, "InvalidAccessKeyId.NotFound")),
        ):
            with pytest.raises(ClientException) as caught:
                caller("GetJob", "dlcnone")
            assert (caught.value.status_code, caught.value.code) == expected


def test_both_clients_see_the_same(platform: Platform) -> None:
    """What ours submits theirs lists with our tag; what theirs submits ours browses; none is found as ours."""
    with served(platform) as url:
        sdk = Sdk(url)
        keys = {"access_key": ACCOUNT.access_key, "secret_key": ACCOUNT.secret_key}
        connection: Any = PROVIDER.connect(Target("prod", "pai-dlc", url), keys, Transport(backoff=0.01))
        handler, address = connection.handler("Job"), Address("prod", "Job", "w 1/ü", "training")
        spec = {name: value for name, value in BODY.items() if name != "WorkspaceId"}
        ours = handler.create(Desired(address, spec, MARK)).remote_id
        theirs = sdk("CreateJob", **BODY)["JobId"]
        tagged = sdk("ListJobs", Tags={"reconciler-mark": str(MARK)}, PageSize=100)["Jobs"]
        assert [row["JobId"] for row in tagged] == [ours]
        assert {row.remote_id for row in handler.browse("w 1/ü", {}, 10)} == {ours, theirs}
        assert [live.remote_id for live in handler.find(address, MARK)] == [ours]
        live = handler.read(address, theirs)
        assert (live.phase, live.mark) == (Phase.SUCCEEDED, None)
        assert live.spec["JobSpecs"] == [ROLE]
        connection.close()
