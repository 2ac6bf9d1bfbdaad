from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.providers.ai4s_meaning.declared import ALIGN, READS, app, findings, found, given, job, task, workflow

if TYPE_CHECKING:
    from reconciler.model.manifest import Manifest

FLOW = workflow(
    task("t", "trim::1.0.0"),
    task("a", "align::1.0.0", inputs={"reads": ["${t.clean}"], "seed": ["1", "2"]}, resources={"gpu": "4"}),
)
READS_GIVEN = task("t", inputs={"reads": ["lab:/a.fq"]})
J = "Job"

CLEAN: list[tuple[str, Manifest]] = [
    ("the required input given", job(READS_GIVEN)),
    ("data of another space", job(task("t", inputs={"reads": ["elsewhere:/a.fq"]}))),
    ("wiring said again", job(READS_GIVEN, task("a", inputs={"reads": ["${t.clean}"]}))),
    ("wiring undone", job(READS_GIVEN, task("a", inputs={"reads": ["lab:/b.fq"]}))),
    ("another choice", job(READS_GIVEN, task("a", inputs={"mode": ["exact"]}))),
    ("more memory", job(READS_GIVEN, task("a", resources={"memory": "64G"}))),
    ("a workflow by id", job(task("any", inputs={"x": ["1"]}), runs="65b7a404-3f4f-11eb-868a-fa163e3ddba1")),
    ("a workflow of another space", job(task("any"), runs="flow::1.0.0::market")),
    ("an app as tool", job(task("any"), runs="flow::1.0.0", tool_type="app")),
    ("acceleration for all", job(READS_GIVEN, io_acc_id="auto_schedule", io_acc_expected_usage=10)),
    ("acceleration for one", job({**READS_GIVEN, "io_acc_type": "EVS"}, io_acc_id="")),
    ("no acceleration", job({**READS_GIVEN, "io_acc_type": ""}, io_acc_id="", io_acc_expected_usage=0)),
]


@pytest.mark.parametrize("manifest", [m for _, m in CLEAN], ids=[name for name, _ in CLEAN])
def test_a_right_job_is_left_alone(manifest: Manifest) -> None:
    """What works, and what nobody can know offline, is no finding."""
    assert found(READS, ALIGN, FLOW, manifest) == []


WRONG: list[tuple[str, Manifest, list[tuple[str, str]]]] = [
    ("a required input nowhere", job(), [("meaning.required-input", "/tool_id")]),
    ("a required input nowhere, task named", job(task("t")), [("meaning.required-input", "/tasks/0")]),
    ("an empty list is no value", job(task("t", inputs={"reads": []})), [("meaning.required-input", "/tasks/0")]),
    ("a task that is not there", job(READS_GIVEN, task("aa")), [("meaning.unknown-task", "/tasks/1/task_name")]),
    (
        "only the task is told, not its inputs",
        job(READS_GIVEN, task("q", inputs={"x": ["/"]})),
        [("meaning.unknown-task", "/tasks/1/task_name")],
    ),
    (
        "misspelt: one finding, not two",
        job(task("t", inputs={"read": ["lab:/a"]})),
        [("meaning.unknown-input", "/tasks/0/inputs/0/name")],
    ),
    (
        "an unknown input beside a missing one",
        job(task("t", inputs={"zz": ["lab:/a"]})),
        [("meaning.required-input", "/tasks/0"), ("meaning.unknown-input", "/tasks/0/inputs/0/name")],
    ),
    (
        "a bare path",
        job(task("t", inputs={"reads": ["/a.fq"]})),
        [("meaning.value-type", "/tasks/0/inputs/0/values/0")],
    ),
    (
        "several values",
        job(task("t", inputs={"reads": ["lab:/a", "lab:/b"]})),
        [("meaning.several-values", "/tasks/0/inputs/0/values")],
    ),
    (
        "no such choice",
        job(READS_GIVEN, task("a", inputs={"mode": ["slow"]})),
        [("meaning.value-not-in-enum", "/tasks/1/inputs/0/values/0")],
    ),
    (
        "wired to no task",
        job(READS_GIVEN, task("a", inputs={"reads": ["${x.clean}"]})),
        [("meaning.unknown-task", "/tasks/1/inputs/0/values/0")],
    ),
    (
        "wired to no output",
        job(READS_GIVEN, task("a", inputs={"reads": ["${t.x}"]})),
        [("meaning.unknown-output", "/tasks/1/inputs/0/values/0")],
    ),
    ("a task twice", job(READS_GIVEN, READS_GIVEN), [("meaning.duplicate-task", "/tasks/1/task_name")]),
    (
        "an input twice",
        job({"task_name": "t", "inputs": [{"name": "reads", "values": ["lab:/a"]}] * 2}),
        [("meaning.duplicate-input", "/tasks/0/inputs/1/name")],
    ),
    (
        "five Snt9, the type from the app",
        job(READS_GIVEN, task("a", resources={"gpu": "5"})),
        [("meaning.accelerator-count", "/tasks/1/resources/gpu")],
    ),
    (
        "both accelerations",
        job({**READS_GIVEN, "io_acc_type": "SFS"}, io_acc_id="local_disk"),
        [("meaning.two-accelerations", "/tasks/0/io_acc_type")],
    ),
    (
        "usage without acceleration",
        job(READS_GIVEN, io_acc_expected_usage=10),
        [("meaning.usage-without-acceleration", "/io_acc_expected_usage")],
    ),
    (
        "too many instances",
        job(READS_GIVEN, task("a", inputs={"seed": ["1"] * 1001})),
        [("meaning.many-instances", "/tasks/1")],
    ),
]


@pytest.mark.parametrize(("manifest", "expected"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_what_is_wrong_in_a_job(manifest: Manifest, expected: list[tuple[str, str]]) -> None:
    """Each mistake is found once, at its place in the job."""
    assert found(READS, ALIGN, FLOW, manifest) == [(code, J, pointer) for code, pointer in expected]


def test_a_required_input_may_come_from_every_side() -> None:
    """A value in the app, in the workflow or in the job is enough."""
    by_default = app("trim", inputs=[given("reads", "FILE", required=True, values=["lab:/default"])])
    plain, filled = (workflow(task("t", "trim::1.0.0", inputs=i)) for i in ({}, {"reads": ["lab:/w"]}))
    assert found(by_default, plain, job()) == []
    assert found(READS, filled, job()) == []
    assert found(READS, plain, job(READS_GIVEN)) == []
    assert [code for code, *_ in found(READS, plain, job())] == ["meaning.required-input"]


def test_a_fixed_count_with_a_type_from_the_job() -> None:
    """The half that the job adds is the one that is blamed."""
    flow = workflow(task("t", "trim::1.0.0", inputs={"reads": ["lab:/a"]}, resources={"gpu": "3", "gpu_type": "GPU"}))
    assert found(READS, flow, job(task("t", resources={"gpu_type": "Snt9"}))) == [
        ("meaning.accelerator-count", J, "/tasks/0/resources/gpu_type")
    ]


def test_a_job_is_not_blamed_for_its_workflow() -> None:
    """A circle or a wrong count of the workflow is told there, not at each of its jobs."""
    flow = workflow(
        task("x", "align::1.0.0", inputs={"reads": ["${y.clean}"]}, resources={"gpu": "3"}),
        task("y", "trim::1.0.0", inputs={"reads": ["${x.bam}"]}),
    )
    jobs = [job(), job(task("x", resources={"cpu": "1C"}), name="other")]
    assert found(READS, ALIGN, flow, *jobs) == [
        ("meaning.accelerator-count", "Workflow", "/tasks/0/resources/gpu"),
        ("meaning.task-cycle", "Workflow", "/tasks/0/inputs/0"),
    ]


def test_what_the_schema_sees_is_not_told_twice() -> None:
    """Type and count in one place are a matter of the schema."""
    assert found(READS, ALIGN, FLOW, job(READS_GIVEN, task("a", resources={"gpu": "3", "gpu_type": "Snt9"}))) == []


def test_a_circle_closed_by_the_job() -> None:
    """Wiring in a job counts too, and the job's own input is pointed at."""
    flow = workflow(
        task("x", "trim::1.0.0", inputs={"reads": ["lab:/a"]}),
        task("y", "trim::1.0.0", inputs={"reads": ["${x.clean}"]}),
    )
    (finding,) = findings(READS, flow, job(task("x", inputs={"reads": ["${y.clean}"]})))
    assert (finding.code, finding.pointer) == ("meaning.task-cycle", "/tasks/0/inputs/0")
    assert finding.message == "tasks wait for each other in a circle: x -> y -> x"


def test_all_jobs_are_checked() -> None:
    """The same mistake in three jobs is three findings, at three addresses."""
    wrong = [job(name=f"run{i}") for i in range(3)]
    assert sorted(str(d.address) for d in findings(READS, ALIGN, FLOW, *wrong)) == [
        f"dev/Job/lab/run{i}" for i in range(3)
    ]


@pytest.mark.parametrize(
    "tool_id", [None, 7, "", "flow", "flow::", "a::b::c::d", "$[[ nonsense", "$[[ vars.x ]]::1.0.0"]
)
def test_a_strange_reference_is_passed_over(tool_id: Any) -> None:
    """The schema says what it thinks of it; here nothing can be looked up."""
    manifest = job(task("zzz"), runs=tool_id)
    assert found(READS, ALIGN, FLOW, manifest) == []
