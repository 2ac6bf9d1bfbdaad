"""Our schemas, our client and our local platform against the published description of the API: every member, every
example, every answer. What is left out or refused is named here with its reason, and nothing else is.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.localplatform.platforms.pai_dlc import FACE
from reconciler.manifests.schemas import load_catalogue
from reconciler.model.resource import Phase
from reconciler.model.target import Target
from reconciler.providers.exchange import Call, Effect
from reconciler.providers.pai_dlc import PROVIDER
from reconciler.providers.protocol import Transport
from tests.providers.loopback import reply, serving
from tests.providers.pai_dlc.opened import KEYS, WORKSPACE, at, board, desired, opened, spec
from tests.support.local_platform import local_platform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Shape = Mapping[str, Any]

DOCUMENT = json.loads((Path(__file__).parents[1] / "data" / "pai_dlc" / "openapi.json").read_text("utf-8"))
OPERATIONS: dict[str, dict[str, Any]] = DOCUMENT["operations"]
SCHEMAS = load_catalogue().schemas
BODIES = (("CreateJob", "Job"), ("CreateTensorboard", "Tensorboard"))

LEFT_OUT = {
    "CreateJob": {
        "WorkspaceId": "the scope of the address",
        "ElasticSpec": "documented as not supported",
        "DebuggerConfigContent": "documented as not supported",
        "JobSpecs[].IsCheif": "a misspelling of IsChief, deprecated",
        "JobSpecs[].AutoScalingSpec.PodsToDelete": "of UpdateJob only: says which pods go, not what is wanted",
    },
    "CreateTensorboard": {
        "WorkspaceId": "the scope of the address",
        "DataSources[].UserId": "the platform's own",
        "DataSources[].GmtCreateTime": "the platform's own",
        "DataSources[].GmtModifyTime": "the platform's own",
    },
}
ADDED = {
    "CreateJob": {
        **dict.fromkeys(
            [
                "Description", "SchedulingStrategy", "DataSources[].AccessPointId", "DataSources[].RoleArn",
                "DataSources[].RoleChain", "CodeSource.IsSharedMountPath", "JobSpecs[].ConsiderInSuccessPolicy",
                "JobSpecs[].Driver", "JobSpecs[].ElasticSpotSpecs", "JobSpecs[].HyperNodeSchedulingConfig",
                "JobSpecs[].OversoldType", "JobSpecs[].QuotaId", "JobSpecs[].UserCommand",
                "JobSpecs[].AutoScalingSpec.AutoscalingMetricSpec.StabilizationWindowSeconds",
                "JobSpecs[].AutoScalingSpec.AutoscalingMetricSpec.Tolerance",
                "JobSpecs[].ExtraPodSpec.MainContainerSecurityContext",
                "JobSpecs[].ExtraPodSpec.InitContainers[].SecurityContext",
                "JobSpecs[].ExtraPodSpec.SideCarContainers[].SecurityContext",
                "Settings.ElasticSpotJobMaxRestartTimes", "Settings.Shell", "Settings.TerminationGracePeriodSeconds",
            ],
            "only in the vendor's client",
        ),
        "Settings.AdvancedSettings.*": "free-form",
    },
    "CreateTensorboard": {"State": "ours: whether it runs, which the platform has calls for"},
}  # fmt: skip
NARROWER = {"JobSpecs[].Type": "depends on the type of the job, which the meaning checks see"}
WIDER = {"SuccessPolicy": ["Partial"]}
"""Values that only the vendor's client knows."""


def _documented(shape: Shape) -> Shape:
    return _documented(DOCUMENT["schemas"][shape["$ref"].rpartition("/")[2]]) if "$ref" in shape else shape


def _declared(kind: str) -> Callable[[Shape], Shape]:
    definitions = SCHEMAS["pai-dlc", kind]["$defs"]

    def resolve(shape: Shape) -> Shape:
        return resolve(definitions[shape["$ref"].rpartition("/")[2]]) if "$ref" in shape else shape

    return resolve


def members(shape: Shape, resolve: Callable[[Shape], Shape], path: str = "") -> Iterator[tuple[str, Shape]]:
    """Every place below a schema, `[]` for items and `*` for any member of a map."""
    shape = resolve(shape)
    if path:
        yield path, shape
    for name, below in (shape.get("properties") or {}).items():
        yield from members(below, resolve, f"{path}.{name}".lstrip("."))
    if isinstance(shape.get("items"), dict):
        yield from members(shape["items"], resolve, f"{path}[]")
    if isinstance(shape.get("additionalProperties"), dict):
        yield from members(shape["additionalProperties"], resolve, f"{path}.*")


def _below(path: str, tops: Mapping[str, str]) -> bool:
    return any(path == top or path.startswith((f"{top}.", f"{top}[")) for top in tops)


def sides(operation: str, kind: str) -> tuple[dict[str, Shape], dict[str, Shape]]:
    """What is documented of a body, and what our schema has."""
    ours = _declared(kind)
    return (
        dict(members(OPERATIONS[operation]["body"], _documented)),
        dict(members(SCHEMAS["pai-dlc", kind]["$defs"]["spec"], ours)),
    )


def test_all_of_the_api_is_looked_at() -> None:
    """The document has the operations that the local platform serves, by method and path."""
    assert len(OPERATIONS) == 25
    served = {r.operation: (r.method, r.path.count("/"), r.path.count("<")) for r in FACE.routes}
    assert served == {
        name: (one["method"], one["path"].count("/"), one["path"].count("{")) for name, one in OPERATIONS.items()
    }


@pytest.mark.parametrize(("operation", "kind"), BODIES)
def test_every_member_can_be_declared(operation: str, kind: str) -> None:
    """Ours are the documented ones, but for those with a reason; no reason is left over."""
    documented, ours = sides(operation, kind)
    assert {p for p in documented if p not in ours and not _below(p, LEFT_OUT[operation])} == set()
    assert {p for p in ours if p not in documented and not _below(p, ADDED[operation])} == set()
    assert set(LEFT_OUT[operation]) <= set(documented) - set(ours)
    assert set(ADDED[operation]) <= set(ours) - set(documented)


@pytest.mark.parametrize(("operation", "kind"), BODIES)
def test_every_member_has_its_type_and_its_values(operation: str, kind: str) -> None:
    """Types are the documented ones, and so are the values of members that have only some."""
    documented, ours = sides(operation, kind)
    for path in documented.keys() & ours.keys():
        theirs, own = documented[path], ours[path]
        listed = theirs.get("enum") or theirs.get("x-documented-values")
        if listed and path not in NARROWER:
            assert sorted(own.get("enum", ())) == sorted([*listed, *WIDER.get(path, [])]), path
        else:
            assert own.get("type", "string") == theirs.get("type"), path
        bounds = ["minimum", "maximum", "minItems"] + ([] if "enum" in own else ["minLength"])
        assert all(own.get(bound) == theirs[bound] for bound in bounds if bound in theirs), path


EXAMPLES = [
    (kind, path, shape["example"], sides(operation, kind)[1][path])
    for operation, kind in BODIES
    for path, shape in sides(operation, kind)[0].items()
    if "example" in shape and path in sides(operation, kind)[1]
]


@pytest.mark.parametrize(("kind", "path", "example", "ours"), EXAMPLES, ids=[f"{k}-{p}" for k, p, _, _ in EXAMPLES])
def test_every_example_of_a_member_validates(kind: str, path: str, example: Any, ours: Shape) -> None:
    """None is refused: what the vendor shows can be written."""
    validator = Draft202012Validator({**ours, "$defs": SCHEMAS["pai-dlc", kind]["$defs"]})
    assert [error.message for error in validator.iter_errors(example)] == [], path


def _is_declarable(kind: str, spec: Any) -> list[str]:
    whole = {"$ref": "#/$defs/spec", "$defs": SCHEMAS["pai-dlc", kind]["$defs"]}
    return [error.message for error in Draft202012Validator(whole).iter_errors(spec)]


def answered(operation: str, ask: Callable[[Any], Any]) -> Any:
    """What `ask` makes of a connection when the platform answers with the documented example."""
    with serving(reply(200, OPERATIONS[operation]["example"])) as server:
        connection = PROVIDER.connect(Target("prod", "pai-dlc", server.url), KEYS, Transport(deadline=5))
        try:
            return ask(connection)
        finally:
            connection.close()


def test_the_documented_job_is_read() -> None:
    """As a manifest could say it: empties, zeroes and twins left out, and the login, which is a secret."""
    example = OPERATIONS["GetJob"]["example"]
    live = answered("GetJob", lambda made: made.handler("Job").read(at("t"), example["JobId"]))
    assert (live.phase, live.detail) == (Phase.CANCELLED, "JobStoppedByUser: Job is stopped by user.")
    (role,) = live.spec["JobSpecs"]
    gone = {"SpotSpec", "AutoScalingSpec", "ServiceSpec", "SystemDisk", "LocalMountSpecs", "StartupDependencies"}
    assert gone | {"IsCheif", "ImageConfig", "RestartPolicy"} == example["JobSpecs"][0].keys() - role.keys() - {
        "UseSpotInstance"
    }
    assert role["ExtraPodSpec"]["PodLabels"] == {"key": ""}
    assert live.spec["CredentialConfig"] == {"EnableCredentialInject": True}
    assert live.spec["UserVpc"]["ExtendedCIDRs"] == ["192.168.0.1/24"]
    assert live.spec["Settings"]["Tags"] == {"key": ""}
    assert _is_declarable("Job", live.spec) == []


def test_the_documented_board_is_read() -> None:
    """As a manifest could say it."""
    address, identifier = at("b", "Tensorboard"), OPERATIONS["GetTensorboard"]["example"]["TensorboardId"]
    live = answered("GetTensorboard", lambda made: made.handler("Tensorboard").read(address, identifier))
    assert (live.spec["State"], live.status) == ("running", "running")
    assert "DataSourceId" not in live.spec  # of the job
    assert _is_declarable("Tensorboard", live.spec) == []


JOB_ID = OPERATIONS["GetJob"]["example"]["JobId"]
READERS: dict[str, Callable[[Any], Any]] = {
    "ListJobs": lambda made: list(made.handler("Job").browse(WORKSPACE, {}, 1)),
    "ListTensorboards": lambda made: list(made.handler("Tensorboard").list(WORKSPACE)),
    "ListEcsSpecs": lambda made: made.specs(),
    "ListJobSanityCheckResults": lambda made: made.handler("Job").checks(at("t"), JOB_ID),
}


@pytest.mark.parametrize("operation", READERS)
def test_documented_lists_are_read(operation: str) -> None:
    """A row comes out, with an id and a name."""
    (row, *_) = answered(operation, READERS[operation])
    assert row


QUERIES = {"GetJobMetrics": {"MetricType": "CpuCoreUsage"}, "GetJobSanityCheckResult": {"SanityCheckNumber": "1"}}
QUERIES |= {"GetToken": {"TargetType": "job"}}


def test_every_answer_of_the_local_platform_is_a_documented_one(tmp_path: Path) -> None:
    """All members that it sends are documented, and of the documented type: nothing is made up."""
    with local_platform(tmp_path) as platform, opened(platform) as connection:
        ids = _some_objects(connection)
        wrong = {}
        for name, operation in sorted(OPERATIONS.items(), key=lambda item: item[1]["method"] == "DELETE"):
            path = operation["path"]
            for argument, value in ids.items():
                path = path.replace(f"{{{argument}}}", value)
            query = {**QUERIES.get(name, {}), **({"TargetId": ids["JobId"]} if name == "GetToken" else {})}
            body = spec("made") if name == "CreateJob" else {"DataSourceId": "d"} if "body" in operation else None
            call = Call(name, operation["method"], path, query, body, effect=Effect.REPEATABLE)
            if name in {"StopJob", "DeleteJob"}:
                call = Call(name, operation["method"], path.replace(ids["JobId"], ids[name]))
            answer = connection.place.call(name, call)
            wrong[name] = _undocumented(operation["answer"], answer)
    assert wrong == {name: [] for name in OPERATIONS}


def _some_objects(connection: Any) -> dict[str, str]:
    """A Ray job that runs, one to stop, one to delete, and a TensorBoard that is stopped."""
    jobs, settings = connection.handler("Job"), {"Settings": {"EnableSanityCheck": True, "Tags": {"a": ""}}}
    roles = [{"Type": "Head", "Image": "i", "PodCount": 1, "EcsSpec": "ecs.g6.large"}]
    running = jobs.create(desired(spec(JobType="RayJob", JobSpecs=roles, **settings))).remote_id
    ended = jobs.create(desired(spec(seconds="0"))).remote_id
    boards = connection.handler("Tensorboard")
    stopped = boards.create(board(State="stopped")).remote_id
    pod = f"{running}-head-0"
    ids = {"JobId": running, "jobId": running, "PodId": pod, "TensorboardId": stopped}
    return {**ids, "StopJob": jobs.create(desired(spec())).remote_id, "DeleteJob": ended}


def _undocumented(shape: Shape, answer: Any, path: str = "") -> list[str]:
    """What of an answer is not in its documented shape."""
    shape = _documented(shape)
    if isinstance(answer, dict):
        known, free = shape.get("properties") or {}, shape.get("additionalProperties")
        found = [f"{path}.{name}" for name in answer if name not in known and not free and known]
        below = [(known.get(name) or (free if isinstance(free, dict) else {}), name) for name in answer]
        return found + [each for of, name in below for each in _undocumented(of, answer[name], f"{path}.{name}")]
    if isinstance(answer, list):
        return [each for item in answer for each in _undocumented(shape.get("items") or {}, item, f"{path}[]")]
    wanted = {k: shape[k] for k in ("type",) if k in shape}
    return [] if Draft202012Validator(wanted).is_valid(answer) else [f"{path}: {answer!r} is no {wanted['type']}"]
