"""GPU-hours of runs, by what the platform says of its machines: unbounded without a limit, never zero for unknown."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.model.diagnostic import Source
from reconciler.model.manifest import Manifest
from reconciler.providers.modelarts.foresight import gpu_hours_there
from tests.invariants.world import world_of
from tests.providers.modelarts.opened import at, config_v1, job_v1, job_v2

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform
    from reconciler.providers.modelarts.connection import ModelArtsConnection

V1, V2 = "TrainingJob", "TrainingJobV2"
CARDS_1, CARDS_8, ASCEND = "modelarts.p3.large.public", "modelarts.p3.8xlarge.public", "modelarts.kat1.8xlarge"
CPU, SHARE = "modelarts.vm.cpu.2u", "modelarts.pool.visual.4xlarge"


def v2(hours: object = None, **resource: Any) -> dict[str, Any]:
    """A job on these machines, ending by itself after `hours`."""
    stop = {"auto_stop": {"time_unit": "HOURS", "duration": hours}} if hours else {}
    return {**job_v2("a"), "spec": {"resource": resource, **stop}}


def v1(**config: Any) -> dict[str, Any]:
    """A job of v1 on these machines."""
    spec = job_v1("a")
    del spec["config"]["spec_id"]
    return {**spec, "config": {**spec["config"], **config}}


CASES: list[tuple[str, dict[str, Any], float | None]] = [
    (V2, v2(3, flavor_id=CARDS_8, node_count=2), 48.0),
    (V2, v2(3, flavor_id=CARDS_1), 3.0),
    (V2, v2(2, flavor_id=ASCEND), 16.0),
    (V2, v2(flavor_id=CARDS_1), math.inf),
    (V2, v2(flavor_id=CPU, node_count=4), 0.0),
    (V2, v2(3, flavor_id="of.another.region"), None),
    (V2, v2(3, flavor_id=CARDS_1, node_count="$[[ ref.Other/x ]]"), None),
    (V2, v2("$[[ ref.Other/x ]]", flavor_id=CARDS_1), None),
    (V2, v2(3, pool_id="pool-local", flavor_id=SHARE, node_count=2), 0.0),  # its machines have no accelerators
    (V2, v2(3, pool_id="of-somebody", flavor_id=SHARE, node_count=2), 24.0),
    (V2, v2(3, pool_id="of-somebody"), None),
    (V1, v1(spec_id=3, worker_server_num=2), math.inf),
    (V1, v1(spec_code=CARDS_1), math.inf),
    (V1, v1(spec_id=1), 0.0),
    (V1, v1(spec_code=CPU), 0.0),
    (V1, v1(spec_id=77), None),
    (V1, v1(pool_id="pool-local"), 0.0),
    (V1, v1(pool_id="of-somebody"), None),
]


@pytest.mark.parametrize(("kind", "spec", "hours"), CASES)
def test_each_way_to_ask_for_machines(
    connection: ModelArtsConnection, kind: str, spec: dict[str, Any], hours: float | None
) -> None:
    """Accelerators times machines times hours; what nobody can tell is missing."""
    manifest = Manifest(at(kind, "a"), "modelarts", spec, Source("a.yaml", 1, 1, 0))
    assert gpu_hours_there(connection, (manifest,)) == ({} if hours is None else {manifest.address: hours})


def test_a_machine_without_a_count_is_not_one_without_accelerators(connection: ModelArtsConnection) -> None:
    """Where the platform says GPU and not how many, nobody can tell."""
    connection.offers._flavors = [{"flavor_id": "odd", "flavor_type": "GPU", "flavor_info": {}, "max_num": 1}]
    manifest = Manifest(at(V2, "a"), "modelarts", v2(3, flavor_id="odd"), Source("a.yaml", 1, 1, 0))
    assert gpu_hours_there(connection, (manifest,)) == {}


def test_configurations_run_nothing(platform: Platform, connection: ModelArtsConnection) -> None:
    """And for them nothing is asked."""
    manifest = Manifest(at("TrainingJobConfig", "a"), "modelarts", config_v1("a"), Source("a.yaml", 1, 1, 0))
    assert gpu_hours_there(connection, (manifest,)) == {}
    assert platform.log.report() == []


def test_a_plan_tells(tmp_path: Path) -> None:
    """Of each run that it submits."""
    with world_of(tmp_path, "modelarts") as world:
        hours = {change.address.name: change.gpu_hours for change in world.plan().changes}
        assert hours["fit-line"] == 0.0
        assert hours["saved-algorithm"] == math.inf
        assert hours["line-defaults"] is None
