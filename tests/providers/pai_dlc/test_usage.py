"""The most accelerator hours of jobs: from the manifest where that tells, from the machines on offer elsewhere."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.model.diagnostic import Severity, Source
from reconciler.model.manifest import Manifest
from reconciler.providers.facilities import MachineType
from reconciler.providers.pai_dlc.foresight import gpu_hours_there
from reconciler.providers.pai_dlc.usage import gpu_hours
from tests.invariants.world import shown, world_of
from tests.providers.pai_dlc.opened import at, board, spec

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform
    from reconciler.providers.pai_dlc.connection import PaiDlcConnection

MACHINES = {"gpu.one": MachineType("gpu.one", gpu=1), "gpu.eight": MachineType("gpu.eight", gpu=8)}
MACHINES |= {"cpu": MachineType("cpu")}
ONE, EIGHT, CPU = {"EcsSpec": "gpu.one"}, {"EcsSpec": "gpu.eight"}, {"EcsSpec": "cpu"}
SHARE = {"ResourceConfig": {"CPU": "8", "GPU": "2"}}
ELASTIC = {"ScalingStrategy": "ScaleByAPI", "MinReplicas": 1}


def job(*roles: dict[str, Any], minutes: object = 90, **changes: Any) -> Manifest:
    """A job of these roles, of one pod each unless they say otherwise."""
    limit = {} if minutes is None else {"JobMaxRunningTimeMinutes": minutes}
    return Manifest(at("t"), "pai-dlc", spec(JobSpecs=list(roles), **limit, **changes), Source("jobs.yaml"))


TOLD: list[tuple[Manifest, float | None]] = [
    (job({**ONE, "PodCount": 4}), 6.0),
    (job(ONE, {**EIGHT, "PodCount": 2}), 25.5),
    (job({**SHARE, "PodCount": 3}), 9.0),
    (job(CPU), 0.0),
    (job({"ResourceConfig": {"CPU": "8"}}, minutes=None), 0.0),
    (job({"ResourceConfig": {"GPU": "0.5"}}, minutes=120), 1.0),
    (job(ONE, minutes=None), math.inf),
    (job(ONE, {"EcsSpec": "new"}, minutes=None), math.inf),
    (job(ONE, {"EcsSpec": "new"}), None),
    (job(CPU, {"EcsSpec": "new"}, minutes=None), None),
    (job({"EcsSpec": "$[[ vars.machine ]]"}), None),
    (job({"ResourceConfig": {"GPU": "$[[ vars.gpus ]]"}}), None),
    (job({"Type": "Worker"}), None),
    (job(ONE, minutes="$[[ vars.minutes ]]"), None),
    (job({**ONE, "PodCount": 2, "AutoScalingSpec": {**ELASTIC, "MaxReplicas": 6}}), 9.0),
    (job({**ONE, "PodCount": 8, "AutoScalingSpec": {**ELASTIC, "MaxReplicas": 6}}), 12.0),
    (job({**ONE, "AutoScalingSpec": ELASTIC}), None),
    (job({**CPU, "AutoScalingSpec": ELASTIC}), 0.0),
    (job({**ONE, "ElasticSpotSpecs": [{"InstanceType": "gpu.eight"}, {"InstanceType": "cpu"}]}), 12.0),
    (job({"ElasticSpotSpecs": [{"InstanceType": "gpu.one"}]}), 1.5),
    (job({**ONE, "ElasticSpotSpecs": [{"InstanceType": "new"}]}), None),
    (job({**ONE, "ElasticSpotSpecs": [{"InstanceType": "$[[ vars.machine ]]"}]}), None),
    (job(ONE, Settings={"JobReservedMinutes": 30}), 2.0),
]


@pytest.mark.parametrize(("given", "hours"), TOLD, ids=range(len(TOLD)))
def test_hours(given: Manifest, hours: float | None) -> None:
    """Pods times accelerators times the limit; unbounded without one, missing where something is not known."""
    assert gpu_hours((given,), MACHINES) == ({} if hours is None else {given.address: hours})


def test_names_of_machines_tell_nothing() -> None:
    """Offline a job in the public pool is missing; a share of a quota says what it takes."""
    assert gpu_hours((job(ONE),)) == {}
    assert gpu_hours((job(SHARE, minutes=60),)) == {at("t"): 2.0}


def test_a_board_is_no_run() -> None:
    """It stands, and has no accelerators."""
    given = board(TensorboardSpec={"EcsType": "ecs.gn6i-c4g1.xlarge"})
    assert gpu_hours((Manifest(given.address, "pai-dlc", given.spec, Source("b.yaml")),), MACHINES) == {}


def test_the_offer_is_asked_once(platform: Platform, connection: PaiDlcConnection) -> None:
    """However often somebody looks, and not at all when no job names a machine."""
    share = job(SHARE)
    assert gpu_hours_there(connection, (share,)) == {share.address: 3.0}
    assert platform.log.report(operation="ListEcsSpecs") == []
    there = job({"EcsSpec": "ecs.gn6i-c4g1.xlarge"})
    for _ in range(2):
        assert gpu_hours_there(connection, (there,)) == {there.address: 1.5}
    assert len(platform.log.report(operation="ListEcsSpecs")) == 1


def test_a_budget_counts_what_machines_have(tmp_path: Path) -> None:
    """The example on a spot machine with one GPU for two hours: within 3 hours it goes through, beyond 1 it is blocked,
    and of a machine that nobody offers it is not known.
    """
    with world_of(tmp_path, "pai-dlc") as world:
        for name in ("every-field", "ray", "two-workers"):
            (world.root / "manifests" / f"{name}.yaml").unlink()
        project = world.root / "reconciler.yaml"
        text = project.read_text(encoding="utf-8")
        for limit, code in ((3, "guard.headroom"), (1, "guard.max-gpu-hours")):
            project.write_text(f"{text}\npolicy: {{ max_gpu_hours: {limit} }}\n", encoding="utf-8")
            planned = world.plan()
            assert [change.gpu_hours for change in shown(planned)] == [2.0]
            assert code in {found.code for found in planned.diagnostics}
        world.edit("manifests/spot.yaml", "ecs.gn6i-c4g1.xlarge", "ecs.gone")
        planned = world.plan()
        assert [change.gpu_hours for change in shown(planned)] == [None]
        assert ("guard.gpu-hours-unknown", Severity.ERROR) in {(d.code, d.severity) for d in planned.diagnostics}
