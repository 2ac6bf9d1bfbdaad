"""What the offline checks find, and what the platform tells before anything is submitted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import Refused, UsageError
from reconciler.model.codes import CODES
from reconciler.model.diagnostic import Source
from reconciler.model.manifest import Manifest
from reconciler.providers.modelarts.foresight import foresee
from reconciler.providers.modelarts.meaning import check
from reconciler.providers.modelarts.offers import Offers
from reconciler.providers.modelarts.usage import gpu_hours
from tests.providers.modelarts.opened import at, config_v1, desired, job_v1, job_v2

if TYPE_CHECKING:
    from reconciler.providers.modelarts.connection import ModelArtsConnection

V2: dict[str, Any] = job_v2("a")
ALGORITHM, RESOURCE = V2["algorithm"], V2["spec"]["resource"]


def manifest(kind: str, spec: dict[str, Any]) -> Manifest:
    """A manifest of that spec."""
    return Manifest(at(kind, "a"), "modelarts", spec, Source("a.yaml", 1, 1, 0))


def found(kind: str, spec: dict[str, Any]) -> list[tuple[str, str]]:
    """Code and pointer of each finding, all of which have a meaning written down."""
    findings = list(check((manifest(kind, spec),)))
    assert all(finding.code in CODES and finding.hint for finding in findings)
    return [(finding.code, finding.pointer) for finding in findings]


def v2(**algorithm: Any) -> dict[str, Any]:
    """A v2 spec with another algorithm."""
    return {**V2, "algorithm": algorithm}


SOURCE, MACHINES, DATA = "meaning.algorithm-source", "meaning.machines", "meaning.data-source"
IMAGE = {"image_url": "g/i:1"}
CASES: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("TrainingJobV2", V2, []),
    ("TrainingJobV2", v2(id="x"), []),
    ("TrainingJobV2", v2(command="run", engine=IMAGE), []),
    ("TrainingJobV2", v2(code_dir="/b/c/", boot_file="x.py", engine=IMAGE), []),
    ("TrainingJobV2", v2(), [(SOURCE, "/algorithm")]),
    ("TrainingJobV2", v2(id="x", command="run", engine=IMAGE), [(SOURCE, "/algorithm")]),
    ("TrainingJobV2", v2(command="run"), [(SOURCE, "/algorithm/command")]),
    ("TrainingJobV2", v2(boot_file="x.py", engine=IMAGE), [(SOURCE, "/algorithm/boot_file")]),
    ("TrainingJobV2", v2(code_dir="/b/c/", boot_file="x.py"), [(SOURCE, "/algorithm")]),
    ("TrainingJobV2", v2(subscription_id="x"), [(SOURCE, "/algorithm/subscription_id")]),
    ("TrainingJobV2", {**V2, "spec": {"resource": {}}}, [(MACHINES, "/spec/resource")]),
    (
        "TrainingJobV2",
        v2(id="x", parameters=[{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]),
        [("meaning.duplicate-parameter", "/algorithm/parameters/1")],
    ),
    ("TrainingJob", job_v1("a"), []),
    ("TrainingJob", job_v1("a", app_url="/b/c/", boot_file_url="/b/c/x.py"), []),
    ("TrainingJob", job_v1("a", app_url="/b/c/", boot_file_url="/b/x.py"), [(SOURCE, "/config/boot_file_url")]),
    ("TrainingJob", job_v1("a", model_id=3), [(SOURCE, "/config")]),
    ("TrainingJob", job_v1("a", pool_id="p"), [(MACHINES, "/config/pool_id")]),
    ("TrainingJob", job_v1("a", pool_id="p", spec_id=None, spec_code="x"), [(MACHINES, "/config/pool_id")]),
    ("TrainingJob", job_v1("a", spec_id=None, spec_code="x"), []),
    ("TrainingJob", job_v1("a", spec_id=None), [(MACHINES, "/config")]),
    ("TrainingJobConfig", config_v1("a", spec_id=None), [(MACHINES, "")]),
    (
        "TrainingJob",
        job_v1("a", data_url="/b/", dataset_id="d", dataset_version_id="v"),
        [(DATA, "/config/dataset_id")],
    ),
    ("TrainingJob", job_v1("a", data_source=[{"type": "obs"}, {"type": "dataset"}]), [(DATA, "/config/data_source")]),
    ("TrainingJobConfig", config_v1("a"), []),
    ("TrainingJobConfig", config_v1("a", dataset_id="d"), [(DATA, "")]),
    ("TrainingJobConfig", config_v1("a", boot_file_url=""), [(SOURCE, "")]),
]


@pytest.mark.parametrize(("kind", "spec", "expected"), CASES)
def test_offline(kind: str, spec: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    """Each contradiction is found where it stands, and nothing else is."""
    assert found(kind, spec) == expected


def test_the_platform_is_asked(connection: ModelArtsConnection) -> None:
    """Flavors, machines, engines and pools that it does not offer are found before anything is submitted."""
    cases = {
        "": V2,
        "capacity.unknown-flavor": {**V2, "spec": {"resource": {"flavor_id": "modelarts.vm.cpu.9u"}}},
        "capacity.too-many-machines": {**V2, "spec": {"resource": {**RESOURCE, "node_count": 99}}},
        "capacity.unknown-engine": v2(**{**ALGORITHM, "engine": {"engine_id": "pytorch_9"}}),
        "capacity.unknown-pool": {**V2, "spec": {"resource": {"pool_id": "pool-locl"}}},
        "capacity.pool-not-ready": {**V2, "spec": {"resource": {"pool_id": "pool-local", "node_count": 3}}},
    }
    for code, spec in cases.items():
        findings = list(foresee(connection, (manifest("TrainingJobV2", spec),)))
        assert [finding.code for finding in findings] == [code][: len(code)], code
        assert all(finding.code in CODES for finding in findings)
    big = foresee(connection, (manifest("TrainingJob", job_v1("a", pool_id="pool-local", worker_server_num=3)),))
    assert [f.message for f in big] == ["the pool pool-local has 2 machines, and 3 are wanted"]
    (pool,) = foresee(connection, (manifest("TrainingJob", job_v1("a", pool_id="pool-locl")),))
    assert (pool.code, pool.hint) == ("capacity.unknown-pool", "did you mean 'pool-local'?")


@pytest.mark.parametrize(
    ("engine", "pointer", "hint"),
    [
        ({"engine_id": "pytorch_1.8.0-cuda_10.2-py_3.7-ubuntu_18.04-x86_64"}, "", ""),
        ({"engine_id": "pytorch_1.8.0-cuda_10.2-py_3.7-ubuntu_18.04"}, "engine_id", "did you mean 'pytorch_1.8.0"),
        ({"engine_name": "PyTorch", "engine_version": ALGORITHM["engine"]["engine_id"]}, "", ""),
        ({"engine_name": "TensorFlow", "engine_version": ALGORITHM["engine"]["engine_id"]}, "engine_version", ""),
        ({"engine_name": "PyTorch", "engine_version": "1.8"}, "engine_version", "there is pytorch_1.8.0"),
        ({"engine_name": "Ours", "engine_version": "1", "image_url": "g/i:1"}, "", ""),
    ],
)
def test_engines_in_each_of_their_forms(
    connection: ModelArtsConnection, engine: dict[str, str], pointer: str, hint: str
) -> None:
    """By id, by name and version, as the base of an image: what the platform does not offer is found, and no more."""
    findings = list(foresee(connection, (manifest("TrainingJobV2", v2(**{**ALGORITHM, "engine": engine})),)))
    assert [f.pointer for f in findings] == ([f"/algorithm/engine/{pointer}"] if pointer else [])
    assert all(f.code == "capacity.unknown-engine" and hint in f.hint for f in findings)


def test_the_quota_counts_what_is_there(connection: ModelArtsConnection) -> None:
    """Jobs beyond what is left are warned of; nobody can set a quota from here."""
    (allowance,) = connection.quota()
    connection.handler("TrainingJobV2").create(desired("TrainingJobV2", V2))
    (after,) = connection.quota()
    assert (allowance.used, after.used, after.limit) == (0, 1, 1000)
    many = [replace(manifest("TrainingJobV2", V2), address=at("TrainingJobV2", f"n{i}")) for i in range(1000)]
    assert [f.code for f in foresee(connection, tuple(many))] == ["capacity.over-quota"]
    with pytest.raises(UsageError):
        connection.set_quota("training_job", 5)


def test_what_is_on_offer(connection: ModelArtsConnection) -> None:
    """Engines and machines of both APIs, by the names that manifests use; pools; samples are none of ours."""
    engines = connection.engines()
    assert {engine.note for engine in engines} == {"", "v1"}
    assert "2" in {engine.id for engine in engines if engine.note == "v1"}
    assert [m.name for m in connection.specs(accelerator="gpu")] == [
        "modelarts.p3.8xlarge.public",
        "modelarts.p3.large.public",
        "v1:3",
    ]
    (ascend,) = connection.specs(names=["modelarts.kat1.8xlarge"])
    assert (ascend.gpu, ascend.gpu_type) == (8, "Ascend-910")
    (pool,) = connection.pools()
    assert pool.machines == (("modelarts.vm.cpu.8u", 2),)
    assert connection.handler("TrainingJobConfig").read(at("TrainingJobConfig", "x"), "sample-linear") is None  # type: ignore[attr-defined]


class _Closed:
    """A session of a region that serves the current API alone."""

    def __init__(self, session: Any) -> None:
        self.session = session

    def call(self, call: Any) -> Any:
        """Refuses the legacy one."""
        if call.path.startswith("/v1/"):
            msg = "nothing is served at this path"
            raise Refused(msg)
        return self.session.call(call)


def test_without_the_legacy_api_the_current_one_is_told_all_the_same(connection: ModelArtsConnection) -> None:
    """Engines and machines are those of v2, and pre-flight of v2 asks v1 for nothing."""
    closed: Any = _Closed(connection.place.session)
    offers = Offers(replace(connection.place, session=closed))
    assert {engine.note for engine in offers.engines()} == {""}
    assert not [machine for machine in offers.specs() if machine.name.startswith("v1:")]
    assert len(offers.specs()) == 5
    assert gpu_hours((manifest("TrainingJobV2", V2),), offers) == {at("TrainingJobV2", "a"): 0.0}
    with pytest.raises(Refused):
        offers.numbers("spec_code")
