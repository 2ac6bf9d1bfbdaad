"""Jobs and TensorBoards made from our schemas that make sense to the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from reconciler.localplatform.platforms.pai_dlc_specs import TYPES
from reconciler.manifests.schemas import load_catalogue
from tests.support.from_schema import Generator

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

SCHEMAS = load_catalogue().schemas
ROLES = {
    "TFJob": ["Chief", "PS", "Worker", "Evaluator", "GraphLearn"],
    **{name: ["Master", "Worker"] for name in ("PyTorchJob", "XGBoostJob", "OneFlowJob", "ElasticBatchJob")},
    "RayJob": ["Head", "Worker", "Worker-small"],
    **{name: ["Launcher", "Worker"] for name in ("MPIJob", "SlurmJob", "DataJuicerJob")},
}
IDS = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
PATHS = IDS.map(lambda name: f"/mnt/{name}")
_LATER = {"Type": IDS, "EcsSpec": None, "ResourceConfig": None, "QuotaId": None, "StartupDependencies": None}
"""Decided for the job as a whole."""
JOBS = Generator(
    SCHEMAS["pai-dlc", "Job"],
    {
        "DisplayName": None,
        "JobType": st.sampled_from(sorted(ROLES)),
        "ResourceId": IDS,
        "UserCommand": st.text("ab $'\"\\;\n中", min_size=1, max_size=20),
        **{f"JobSpecs[].{name}": values for name, values in _LATER.items()},
        "JobSpecs[].PodCount": st.integers(1, 2),
        "JobSpecs[].IsChief": None,
        "JobSpecs[].AutoScalingSpec.MinReplicas": st.integers(0, 1),
        "JobSpecs[].AutoScalingSpec.MaxReplicas": st.integers(2, 4),
        "JobSpecs[].SpotSpec.SpotPriceLimit": None,
        "JobSpecs[].ElasticSpotSpecs[].InstanceType": st.sampled_from(sorted(TYPES)),
        "DataSources[].DataSourceId": IDS,
        "DataSources[].Uri": None,
        "DataSources[].MountPath": PATHS,
        "DataSources[].Options": st.sampled_from(["{}", '{"a": "b"}']),
        "CodeSource.CodeSourceId": IDS,
        "CodeSource.MountPath": PATHS,
        "UserVpc.SwitchId": None,
        "CustomEnvs[].Key": st.from_regex(r"[A-Z][A-Z0-9_]{0,5}", fullmatch=True),
    },
)
BOARDS = Generator(
    SCHEMAS["pai-dlc", "Tensorboard"], {"DisplayName": None, "JobId": None, "SourceType": None, "SourceId": None}
)
SPECS = JOBS.values(SCHEMAS["pai-dlc", "Job"]["$defs"]["spec"])
STORED: SearchStrategy[dict[str, Any]] = BOARDS.values(SCHEMAS["pai-dlc", "Tensorboard"]["$defs"]["spec"])
_SHARES = st.fixed_dictionaries(
    {"CPU": st.integers(1, 64).map(str)}, optional={"GPU": st.integers(0, 8).map(str), "Memory": st.just("8Gi")}
)


@st.composite
def jobs(draw: DrawFn) -> dict[str, Any]:
    """The spec of a job: any of the schema, each role on what its pool has."""
    spec: dict[str, Any] = draw(SPECS)
    names = ROLES[spec["JobType"]]
    roles = spec["JobSpecs"][: len(names)]
    for name, role in zip(draw(st.permutations(names)), roles, strict=False):
        role["Type"] = name
        if "ResourceId" in spec:
            role["ResourceConfig"] = draw(_SHARES)
        else:
            role["EcsSpec"] = draw(st.sampled_from(sorted(TYPES)))
    if len(roles) > 1 and draw(st.booleans()):
        roles[1]["StartupDependencies"] = [{"Type": roles[0]["Type"], "OnPhase": "Running", "MinReplicas": "1"}]
    if draw(st.booleans()):
        roles[0]["IsChief"] = True
    for source in spec.get("DataSources", ()):
        source.setdefault("DataSourceId", "d-1")
    return {**spec, "JobSpecs": roles}


def boards() -> SearchStrategy[dict[str, Any]]:
    """The spec of a TensorBoard on storage."""
    return STORED.map(lambda spec: {"DataSourceId": "d-1", **spec})
