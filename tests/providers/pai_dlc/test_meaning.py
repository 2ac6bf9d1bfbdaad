"""Findings about PAI-DLC manifests, offline and before a submission: each by the change that brings it about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.model.diagnostic import Severity, Source
from reconciler.model.manifest import Manifest
from reconciler.model.target import Target
from reconciler.providers.pai_dlc import PROVIDER
from reconciler.providers.pai_dlc.foresight import foresee
from reconciler.providers.pai_dlc.meaning import check
from reconciler.providers.protocol import Transport
from tests.providers.loopback import reply, serving
from tests.providers.pai_dlc.opened import KEYS, at, board, desired, on_quota, spec

if TYPE_CHECKING:
    from reconciler.providers.pai_dlc.connection import PaiDlcConnection

ROLE = {"Type": "Worker", "Image": "i", "PodCount": 2, "EcsSpec": "ecs.g6.large"}
SHARE = {"CPU": "1"}
COMMIT = "44da109b59f8596152987eaa8f3b2487bb72ea63"


def manifest(given: dict[str, Any], kind: str = "Job") -> Manifest:
    """Declared somewhere."""
    return Manifest(at(str(given.get("DisplayName", "b")), kind), "pai-dlc", given, Source("jobs.yaml"))


def job(**changes: Any) -> Manifest:
    """A job that nothing is wrong with but the change."""
    return manifest(spec(JobMaxRunningTimeMinutes=60, **changes))


def roles(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    """One role for each change."""
    return [{**ROLE, **change} for change in changes]


FINDINGS: list[tuple[str, str, Manifest]] = [
    ("meaning.no-time-limit", "", manifest(spec())),
    ("meaning.unknown-role", "/JobSpecs/0/Type", job(JobSpecs=roles({"Type": "PS"}))),
    ("meaning.unknown-role", "/JobSpecs/0/Type", job(JobType="RayJob", JobSpecs=roles({"Type": "Master"}))),
    ("meaning.unknown-role", "/JobSpecs/0/StartupDependencies/0/Type",
     job(JobSpecs=roles({"StartupDependencies": [{"Type": "Master"}]}))),
    ("meaning.replica-bounds", "/JobSpecs/0/StartupDependencies/0/MinReplicas",
     job(JobSpecs=roles({"StartupDependencies": [{"Type": "Master", "MinReplicas": "3"}]}, {"Type": "Master"}))),
    ("meaning.replica-bounds", "/JobSpecs/0/PodCount",
     job(JobSpecs=roles({"AutoScalingSpec": {"ScalingStrategy": "ScaleByAPI", "MinReplicas": 3, "MaxReplicas": 4}}))),
    ("meaning.role-circle", "/JobSpecs",
     job(JobSpecs=roles({"StartupDependencies": [{"Type": "Master"}]},
                        {"Type": "Master", "StartupDependencies": [{"Type": "Worker"}]}))),
    ("meaning.role-twice", "/JobSpecs/1/Type", job(JobSpecs=roles({}, {}))),
    ("meaning.two-chiefs", "/JobSpecs/1/IsChief",
     job(JobSpecs=roles({"IsChief": True}, {"Type": "Master", "IsChief": True}))),
    ("meaning.two-resources", "/JobSpecs/0/ResourceConfig", job(JobSpecs=roles({"ResourceConfig": SHARE}))),
    ("meaning.no-resources", "/JobSpecs/0", job(JobSpecs=roles({"EcsSpec": ""}))),
    ("meaning.pool-and-quota", "/JobSpecs/0/EcsSpec", job(ResourceId="q")),
    ("meaning.pool-and-quota", "/JobSpecs/0/ResourceConfig",
     job(JobSpecs=roles({"EcsSpec": "", "ResourceConfig": SHARE}))),
    ("meaning.two-price-limits", "/JobSpecs/0/SpotSpec/SpotPriceLimit",
     job(JobSpecs=roles({"SpotSpec": {"SpotDiscountLimit": 0.5, "SpotPriceLimit": 1.0}}))),
    ("meaning.replica-bounds", "/JobSpecs/0/AutoScalingSpec/MaxReplicas",
     job(JobSpecs=roles({"AutoScalingSpec": {"MinReplicas": 3, "MaxReplicas": 2}}))),
    ("meaning.mount-source", "/DataSources/0", job(DataSources=[{"MountPath": "/a"}])),
    ("meaning.mount-source", "/DataSources/0",
     job(DataSources=[{"Uri": "oss://b", "DataSourceId": "d", "MountPath": "/"}])),
    ("meaning.mount-place", "/DataSources/0", job(DataSources=[{"Uri": "oss://b"}])),
    ("meaning.mount-options", "/DataSources/0/Options", job(DataSources=[{"DataSourceId": "d", "Options": "a=b"}])),
    ("meaning.moving-code", "/CodeSource", job(CodeSource={"CodeSourceId": "c", "Branch": "main"})),
    ("meaning.moving-code", "/CodeSource", job(CodeSource={"CodeSourceId": "c", "Commit": COMMIT[:7]})),
    ("meaning.no-ranges", "/UserVpc", job(UserVpc={"VpcId": "v", "SwitchId": "s"})),
    ("meaning.too-large", "", job(UserCommand="中" * 21_200)),
    ("meaning.nothing-shown", "", manifest({"SummaryPath": "/s"}, "Tensorboard")),
    ("meaning.two-summaries", "/Uri", manifest({"JobId": "dlc1", "Uri": "oss://b"}, "Tensorboard")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "pointer", "given"), FINDINGS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_findings(code: str, pointer: str, given: Manifest) -> None:
    """Exactly this one, at this place, with something to do about it."""
    (found,) = check((given,))
    assert (found.code, found.pointer, found.address) == (code, pointer, given.address)
    assert found.message
    assert found.hint


FINE = [
    job(),
    job(CodeSource={"CodeSourceId": "c", "Commit": COMMIT}),
    job(CodeSource={"CodeSourceId": "c", "Commit": "$[[ vars.commit ]]"}),
    job(JobType="RayJob", JobSpecs=roles({"Type": "Head"}, {"Type": "Worker-small"})),
    job(JobType="SlurmJob", JobSpecs=roles({"Type": "Anything"})),
    manifest({**on_quota(), "JobMaxRunningTimeMinutes": 5}),
    manifest({"JobId": "$[[ ref.Job/t ]]"}, "Tensorboard"),
    job(JobSpecs=roles({"StartupDependencies": [{"Type": "Master", "MinReplicas": "2"}]}, {"Type": "Master"})),
    job(JobSpecs=[{**ROLE, "EcsSpec": "", "ResourceConfig": SHARE, "QuotaId": "q"}]),
]


@pytest.mark.parametrize("given", FINE, ids=range(len(FINE)))
def test_nothing_to_find(given: Manifest) -> None:
    """Silence."""
    assert list(check((given,))) == []


def test_a_workspace_is_wanted() -> None:
    """Without one the platform takes the caller's default, whoever that is."""
    given = replace(job(), address=replace(at("t"), scope="-"))
    assert [found.code for found in check((given,))] == ["meaning.no-workspace"]


def foreseen(connection: PaiDlcConnection, given: Manifest) -> dict[str, tuple[Severity, str]]:
    """Findings of a plan by code, with severity and pointer."""
    return {found.code: (found.severity, found.pointer) for found in foresee(connection, (given,))}


def test_machines_are_looked_up(connection: PaiDlcConnection) -> None:
    """Resources are told for review; what does not exist is an error, what is short a warning."""
    told = list(foresee(connection, (job(JobSpecs=roles({"EcsSpec": "ecs.gn6i-c4g1.xlarge", "SpotSpec": {}})),)))
    assert [(f.code, f.message) for f in told] == [
        ("capacity.resources", "2 x ecs.gn6i-c4g1.xlarge (4 cores, 15 GiB, 1 x T4) for at most 60 min")
    ]
    assert foreseen(connection, job(JobSpecs=roles({"EcsSpec": "ecs.g6.larg"}))) == {
        "capacity.unknown-machine": (Severity.ERROR, "/JobSpecs/0/EcsSpec")
    }
    short = foreseen(connection, job(JobSpecs=roles({"EcsSpec": "ecs.gn7e-c16g1.16xlarge"}), Settings={"Driver": "1"}))
    assert short["capacity.out-of-stock"] == (Severity.WARNING, "/JobSpecs/0/EcsSpec")
    assert short["capacity.unknown-driver"] == (Severity.WARNING, "/Settings/Driver")
    spot = {"SpotStrategy": "SpotWithPriceLimit", "SpotDiscountLimit": 0.1}
    dear = foreseen(connection, job(JobSpecs=roles({"SpotSpec": spot})))
    assert dear["capacity.spot-price"] == (Severity.WARNING, "/JobSpecs/0/SpotSpec/SpotDiscountLimit")
    none = foreseen(connection, job(JobSpecs=roles({"EcsSpec": "ecs.g6.2xlarge", "SpotSpec": spot})))
    assert none["capacity.no-spot"] == (Severity.WARNING, "/JobSpecs/0/SpotSpec")


def test_every_machine_to_choose_from_is_looked_up(connection: PaiDlcConnection) -> None:
    """Those of spot instances, with their own limits; a role's own driver; how far it may be scaled."""
    several = [
        {"InstanceType": "ecs.g6.large", "SpotDiscountLimit": 0.1},
        {"InstanceType": "ecs.g6.2xlarge", "SpotPriceLimit": 1},
        {"InstanceType": "ecs.gone"},
    ]
    role = {"EcsSpec": "ecs.gn7i-c8g1.2xlarge", "ElasticSpotSpecs": several, "Driver": "1"}
    role["AutoScalingSpec"] = {"MinReplicas": 1, "MaxReplicas": 4}
    told = list(foresee(connection, (job(JobSpecs=roles(role)),)))
    assert [(found.code, found.pointer) for found in told] == [
        ("capacity.resources", "/JobSpecs/0/EcsSpec"),
        ("capacity.unknown-driver", "/JobSpecs/0/Driver"),
        ("capacity.spot-price", "/JobSpecs/0/ElasticSpotSpecs/0/SpotDiscountLimit"),
        ("capacity.no-spot", "/JobSpecs/0/ElasticSpotSpecs/1"),
        ("capacity.unknown-machine", "/JobSpecs/0/ElasticSpotSpecs/2/InstanceType"),
    ]
    assert told[0].message.startswith("2 (scaled up to 4) x ecs.gn7i-c8g1.2xlarge")


def test_a_fixed_priority_is_told_before(connection: PaiDlcConnection) -> None:
    """A plan that would change the priority of a running job says that the platform will not."""
    connection.handler("Job").create(desired(on_quota(Priority=2)))
    assert foreseen(connection, manifest(on_quota(Priority=7))) == {
        "capacity.fixed-priority": (Severity.WARNING, "/Priority")
    }
    assert foreseen(connection, manifest(on_quota(Priority=2))) == {}


def test_a_board_needs_no_look(connection: PaiDlcConnection) -> None:
    """Nothing is asked for what has no machines to compare."""
    assert foreseen(connection, manifest(dict(board().spec), "Tensorboard")) == {}


def test_stock_of_a_platform_that_says_little() -> None:
    """What is not said is not made up."""
    with serving(reply(200, {"EcsSpecs": [{"InstanceType": "x"}], "TotalCount": 1})) as server:
        connection: Any = PROVIDER.connect(Target("prod", "pai-dlc", server.url), KEYS, Transport(deadline=5))
        (machine,) = connection.specs()
        connection.close()
    assert (machine.name, machine.available, machine.spot_discount, machine.memory) == ("x", None, None, "")
