from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.model.diagnostic import Severity
from tests.providers.ai4s_meaning.declared import ALIGN, READS, app, findings, found, given, task, workflow

if TYPE_CHECKING:
    from reconciler.model.manifest import Manifest

TRIM = task("t", "trim::1.0.0", inputs={"reads": ["lab:/a.fq"]})
W = "Workflow"

CLEAN: list[tuple[str, list[Manifest]]] = [
    (
        "wired, file to file",
        [READS, ALIGN, workflow(TRIM, task("a", "align::1.0.0", inputs={"reads": ["${t.clean}"]}))],
    ),
    (
        "consumer before producer",
        [READS, ALIGN, workflow(task("a", "align::1.0.0", inputs={"reads": ["${t.clean}"]}), TRIM)],
    ),
    ("folder to folder", [READS, ALIGN, workflow(TRIM, task("a", "align::1.0.0", inputs={"index": ["${t.logs}"]}))]),
    (
        "any output as text",
        [READS, ALIGN, workflow(TRIM, task("a", "align::1.0.0", inputs={"threads": ["${t.clean}"]}))],
    ),
    ("a required input left to the job", [READS, workflow(task("t", "trim::1.0.0"))]),
    (
        "several values where one instance each runs",
        [ALIGN, workflow(task("a", "align::1.0.0", inputs={"seed": ["1", "2", "3"]}))],
    ),
    ("the space spelt out", [READS, workflow(task("t", "trim::1.0.0::lab", inputs={"reads": ["lab:/a"]}))]),
    (
        "an app of another space, not declared",
        [READS, workflow(task("t", "trim::1.0.0::market", inputs={"reeds": ["x"]}))],
    ),
    ("an app of another version, not declared", [READS, workflow(task("t", "trim::2.0.0", inputs={"reeds": ["x"]}))]),
    ("an app by id", [READS, workflow(task("t", "84ffe6f7-3f4a-11eb-868a-fa163e3ddba1", inputs={"reeds": ["x"]}))]),
    (
        "wired from an app that is not declared",
        [ALIGN, workflow(task("t", "gone::1.0.0"), task("a", "align::1.0.0", inputs={"reads": ["${t.any}"]}))],
    ),
    (
        "wired to an app that is not declared",
        [READS, workflow(TRIM, task("a", "gone::1.0.0", inputs={"x": ["${t.clean}"]}))],
    ),
    (
        "outputs placed elsewhere",
        [READS, workflow(task("t", "trim::1.0.0", outputs={"clean": ["/c"], "logs": ["lab:/l"]}))],
    ),
    (
        "an expression as value",
        [READS, workflow(task("t", "trim::1.0.0", inputs={"reads": ["$[[ ref.Data/reads ]]"]}))],
    ),
    ("four Snt9 over the app's two", [ALIGN, workflow(task("a", "align::1.0.0", resources={"gpu": "4"}))]),
    (
        "three GPUs over the app's Snt9",
        [ALIGN, workflow(task("a", "align::1.0.0", resources={"gpu": "3", "gpu_type": "GPU"}))],
    ),
    ("an empty override inherits", [ALIGN, workflow(task("a", "align::1.0.0", resources={"gpu": "", "gpu_type": ""}))]),
    ("three devices of an unknown app", [workflow(task("a", "gone::1.0.0", resources={"gpu": "3"}))]),
    (
        "a diamond",
        [
            READS,
            workflow(
                TRIM,
                *(task(n, "trim::1.0.0", inputs={"reads": ["${t.clean}"]}) for n in "xy"),
                task("z", "gone::1.0.0", inputs={"l": ["${x.clean}"], "r": ["${y.clean}"]}),
            ),
        ],
    ),
    (
        "as many instances as allowed",
        [ALIGN, workflow(task("a", "align::1.0.0", inputs={"seed": [str(i) for i in range(1000)]}))],
    ),
]


@pytest.mark.parametrize("manifests", [m for _, m in CLEAN], ids=[name for name, _ in CLEAN])
def test_a_right_workflow_is_left_alone(manifests: list[Manifest]) -> None:
    """What works, and what nobody can know offline, is no finding."""
    assert found(*manifests) == []


def wrong(inputs: dict[str, list[str]], **fields: object) -> Manifest:
    """A workflow of `trim` as task `t` and `align` with these inputs as task `a`."""
    return workflow(TRIM, task("a", "align::1.0.0", inputs=inputs, **fields))


WRONG: list[tuple[str, Manifest, list[tuple[str, str]]]] = [
    (
        "an input that is not there",
        wrong({"reeds": ["${t.clean}"]}),
        [("meaning.unknown-input", "/tasks/1/inputs/0/name")],
    ),
    ("an output as input", wrong({"bam": ["lab:/x"]}), [("meaning.unknown-input", "/tasks/1/inputs/0/name")]),
    (
        "a task that is not there",
        wrong({"reads": ["${trim.clean}"]}),
        [("meaning.unknown-task", "/tasks/1/inputs/0/values/0")],
    ),
    (
        "an output that is not there",
        wrong({"reads": ["${t.claen}"]}),
        [("meaning.unknown-output", "/tasks/1/inputs/0/values/0")],
    ),
    (
        "an input as output",
        wrong({"reads": ["${t.reads}"]}),
        [("meaning.unknown-output", "/tasks/1/inputs/0/values/0")],
    ),
    ("a folder for a file", wrong({"reads": ["${t.logs}"]}), [("meaning.wired-type", "/tasks/1/inputs/0/values/0")]),
    ("a file for a folder", wrong({"index": ["${t.clean}"]}), [("meaning.wired-type", "/tasks/1/inputs/0/values/0")]),
    ("a file for a choice", wrong({"mode": ["${t.clean}"]}), [("meaning.wired-type", "/tasks/1/inputs/0/values/0")]),
    ("a bare path", wrong({"reads": ["/a.fq"]}), [("meaning.value-type", "/tasks/1/inputs/0/values/0")]),
    ("half a wire", wrong({"reads": ["${t}"]}), [("meaning.value-type", "/tasks/1/inputs/0/values/0")]),
    ("no such choice", wrong({"mode": ["slow"]}), [("meaning.value-not-in-enum", "/tasks/1/inputs/0/values/0")]),
    ("several values", wrong({"threads": ["1", "2"]}), [("meaning.several-values", "/tasks/1/inputs/0/values")]),
    (
        "wires and values together",
        wrong({"seed": ["${t.clean}", "2"]}),
        [("meaning.mixed-values", "/tasks/1/inputs/0/values")],
    ),
    ("a task that waits for itself", wrong({"reads": ["${a.bam}"]}), [("meaning.task-cycle", "/tasks/1/inputs/0")]),
    (
        "three Snt9 where the app says Snt9",
        wrong({}, resources={"gpu": "3"}),
        [("meaning.accelerator-count", "/tasks/1/resources/gpu")],
    ),
    ("too many instances", wrong({"seed": ["1"] * 1001}), [("meaning.many-instances", "/tasks/1")]),
    (
        "an input set twice",
        workflow({"task_name": "t", "app_id": "trim::1.0.0", "inputs": [{"name": "reads", "values": ["lab:/a"]}] * 2}),
        [("meaning.duplicate-input", "/tasks/0/inputs/1/name")],
    ),
    (
        "more tasks than every edition takes",
        workflow(*(task(f"t{number}", "trim::1.0.0", inputs={"reads": ["lab:/a"]}) for number in range(65))),
        [("meaning.many-tasks", "/tasks")],
    ),
    ("a task twice", workflow(TRIM, TRIM), [("meaning.duplicate-task", "/tasks/1/task_name")]),
    (
        "an output that is not there, placed",
        workflow(task("t", "trim::1.0.0", outputs={"cleen": ["/x"], "logs": ["x"]})),
        [("meaning.output-path", "/tasks/0/outputs/1/values/0"), ("meaning.unknown-output", "/tasks/0/outputs/0/name")],
    ),
]


@pytest.mark.parametrize(("manifest", "expected"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_what_is_wrong_in_a_workflow(manifest: Manifest, expected: list[tuple[str, str]]) -> None:
    """Each mistake is found once, at its place in the workflow."""
    assert found(READS, ALIGN, manifest) == [(code, W, pointer) for code, pointer in expected]


@pytest.mark.parametrize(
    ("inputs", "message", "hint"),
    [
        ({"reeds": ["lab:/a"]}, "app align@1.0.0 has no input 'reeds'", "did you mean 'reads'?"),
        ({"zzz": ["a"]}, "app align@1.0.0 has no input 'zzz'", "there is reads, mode, threads, seed, index"),
        ({"reads": ["${tt.clean}"]}, "no task 'tt' in this workflow", "did you mean 't'?"),
        (
            {"reads": ["${t.claen}"]},
            "app trim@1.0.0, which task 't' runs, has no output 'claen'",
            "did you mean 'clean'?",
        ),
        (
            {"index": ["${t.clean}"]},
            "input 'index' wants a DIRECTORY and gets a FILE",
            "wire an output of type DIRECTORY",
        ),
    ],
)
def test_the_finding_names_what_was_meant(inputs: dict[str, list[str]], message: str, hint: str) -> None:
    """Message and hint name app, input and the nearest right word."""
    assert [(d.message, d.hint) for d in findings(READS, ALIGN, wrong(inputs))] == [(message, hint)]


def test_a_circle_is_shown_with_its_path() -> None:
    """The tasks of a circle are named in the order in which they wait, and tasks outside it are not."""
    chain = [
        task("start", "trim::1.0.0", inputs={"reads": ["lab:/a"]}),
        task("b", "trim::1.0.0", inputs={"reads": ["${d.clean}"]}),
        task("c", "trim::1.0.0", inputs={"reads": ["${b.clean}"]}),
        task("d", "trim::1.0.0", inputs={"reads": ["${c.clean}"]}),
        task("end", "trim::1.0.0", inputs={"reads": ["${d.clean}"]}),
    ]
    assert [(d.message, d.pointer) for d in findings(READS, workflow(*chain))] == [
        ("tasks wait for each other in a circle: b -> d -> c -> b", "/tasks/1/inputs/0")
    ]


def test_a_broken_app_does_not_cascade() -> None:
    """What is wrong with an app is told once, at the app, however many tasks use it."""
    broken = app("trim", inputs=[given("reads", "FILE"), {"type": "FILE"}], outputs=[given("clean", "FILE"), "clean2"])
    users = [task(f"t{i}", "trim::1.0.0", inputs={"other": ["lab:/a"], "reads": ["${t0.clean2}"]}) for i in range(1, 9)]
    assert found(broken, workflow(task("t0", "trim::1.0.0"), *users)) == []


def test_a_doubled_parameter_does_not_cascade() -> None:
    """The first of two parameters counts for those who use the app."""
    broken = app("trim", inputs=[given("reads", "FILE"), given("reads", "STRING")])
    users = workflow(*(task(f"t{i}", "trim::1.0.0", inputs={"reads": ["lab:/a"]}) for i in range(9)))
    assert found(broken, users) == [("meaning.duplicate-parameter", "App", "/inputs/1/name")]


def test_warnings_are_no_errors() -> None:
    """What the platform may well accept does not stop anything."""
    kinds = {d.code: d.severity for d in findings(READS, ALIGN, wrong({"seed": ["${t.clean}", *["2"] * 1001]}))}
    assert kinds == {"meaning.mixed-values": Severity.WARNING, "meaning.many-instances": Severity.WARNING}


def test_a_reference_by_expression_is_followed() -> None:
    """`$[[ ref.App/name ]]` stands for the declared app as well as `name::version` does."""
    for reference in ("$[[ ref.App/trim@1.0.0 ]]", "$[[ ref.dev/App/lab/trim@1.0.0 ]]"):
        flow = workflow(task("t", reference, inputs={"reeds": ["lab:/a"]}))
        assert found(READS, flow) == [("meaning.unknown-input", W, "/tasks/0/inputs/0/name")]


@pytest.mark.parametrize(
    "reference", ["$[[ ref.Workflow/flow@1.0.0 ]]", "$[[ ref.App/trim@1.0.0.name ]]", "x$[[ ref.App/trim@1.0.0 ]]"]
)
def test_an_expression_for_something_else_is_passed_over(reference: str) -> None:
    """A reference that is not the id of an app tells nothing about inputs."""
    assert found(READS, workflow(task("t", reference, inputs={"reeds": ["lab:/a"]}))) == []


def test_another_space_is_another_app() -> None:
    """A reference without a space means the space of the workflow, also when another space has the same name."""
    theirs = app("trim", scope="market", inputs=[given("fastq", "FILE")])
    here = workflow(task("t", "trim::1.0.0", inputs={"reads": ["lab:/a"]}))
    there = workflow(task("t", "trim::1.0.0::market", inputs={"reads": ["lab:/a"]}), name="other")
    assert found(READS, theirs, here, there) == [("meaning.unknown-input", W, "/tasks/0/inputs/0/name")]


def test_another_target_is_another_app() -> None:
    """Targets are different accounts: nothing is looked up across them."""
    assert found(app("trim", target="prod"), workflow(task("t", "trim::1.0.0", inputs={"any": ["1"]}))) == []
