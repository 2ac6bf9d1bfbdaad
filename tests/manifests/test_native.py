from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.manifests.loading import load
from reconciler.model.address import Address
from reconciler.model.diagnostic import Severity
from reconciler.model.manifest import Lifecycle, OnChange, OnFailure, OnRemove
from tests.manifests.declared import DEV, catalogue, load_text, only, project

if TYPE_CHECKING:
    from reconciler.manifests.loading import Loaded

NATIVE = Path(__file__).parent / "native"


def loaded(name: str) -> Loaded:
    """What one file of the folder `native` declares."""
    return load(project(NATIVE), DEV, catalogue(), paths=[NATIVE / name], base=NATIVE)


def spec(name: str) -> dict[str, Any]:
    """The only spec of a file, which has no errors."""
    found = loaded(name)
    assert [d for d in found.diagnostics if d.severity is Severity.ERROR] == []
    (manifest,) = found.manifests
    return dict(manifest.spec)


def notes(name: str) -> list[tuple[str, str, Severity]]:
    """Code, pointer and severity of what is said about a file."""
    return [(d.code, d.pointer, d.severity) for d in loaded(name).diagnostics]


def test_every_file_of_the_folder_is_tested() -> None:
    """A file that is added here gets a test below."""
    source = Path(__file__).read_text("utf-8")
    assert [file.name for file in NATIVE.iterdir() if f'"{file.name}"' not in source] == []


def test_app_of_the_current_template() -> None:
    """It is its own spec, word for word."""
    assert spec("app-current.yaml") == {
        "name": "demo-app",
        "version": "1.0.0",
        "summary": "summary",
        "description": "description",
        "labels": ["labelA", "labelB"],
        "image": "gwj-test-01/busybox:latest",
        "commands": ["echo eihealth;"],
        "node_labels": ["ai4s.label"],
        "resources": {"cpu_type": "X86", "cpu": "0.1C", "memory": "0.1G", "gpu_type": "", "gpu": "0"},
        "inputs": [
            {
                "name": "input-dir",
                "type": "DIRECTORY",
                "pattern": "*.fastq",
                "required": True,
                "concurrent": "vars_iter",
                "description": "",
                "values": ["gwj-test-01:/test"],
            },
            {
                "name": "input-enum",
                "type": "ENUM",
                "pattern": "",
                "required": True,
                "description": "",
                "enum": ["test", "test2"],
                "values": ["test"],
            },
        ],
        "outputs": [
            {
                "name": "output-dir",
                "type": "DIRECTORY",
                "pattern": "*",
                "required": True,
                "description": "",
                "values": ["空间名称:/output"],
            }
        ],
    }
    assert notes("app-current.yaml") == []


def test_app_of_the_older_template() -> None:
    """`id` and `license` are no part of the spec, and values left open are absent: null is never sent."""
    found = spec("app-older.yaml")
    assert found["resources"] == {"cpu_type": "X86", "cpu": "2C", "memory": "4G"}
    assert not {"id", "license"} & found.keys()
    assert notes("app-older.yaml") == [("native.ignored", "/app/license", Severity.NOTE)]


def test_exported_app() -> None:
    """What `get` printed is taken back; its identifier is said to be ignored, its empty license is not worth a word."""
    found = spec("app-exported.txt")
    assert found["resources"]["gpu_type"] == ""
    assert found["inputs"][0]["enum"] == []
    assert notes("app-exported.txt") == [("native.ignored", "/app/id", Severity.NOTE)]


def test_workflow_of_the_current_template() -> None:
    """A blank accelerator is an empty one, directories left open are absent."""
    found = spec("workflow-current.yaml")
    assert [task["display_name"] for task in found["tasks"]] == ["步骤1", "步骤2"]
    assert found["tasks"][1]["resources"]["gpu_type"] == ""
    assert found["tasks"][1]["inputs"] == [{"name": "input-dir", "values": ["${app1-1.output-dir}"]}]
    assert not any("output_dir" in part for part in (found, *found["tasks"]))
    assert notes("workflow-current.yaml") == []


def test_workflow_of_the_older_template() -> None:
    """A task's `name` is its display name."""
    found = spec("workflow-older.txt")
    assert [task.get("display_name") for task in found["tasks"]] == ["first", None]
    assert not any("name" in task for task in found["tasks"])
    assert notes("workflow-older.txt") == [
        ("native.ignored", "/workflow/id", Severity.NOTE),
        ("native.ignored", "/workflow/license", Severity.NOTE),
    ]
    assert loaded("workflow-older.txt").manifests[0].pointers == {
        "": "/workflow",
        "/tasks/0/display_name": "/workflow/tasks/0/name",
    }


def test_exported_workflow() -> None:
    """Short identifiers in quotes stay text; empty names say nothing."""
    found = spec("workflow-exported.yaml")
    assert found["tasks"][2]["app_id"] == "5"
    assert [task.get("display_name") for task in found["tasks"]] == [None, None, None]
    assert found["output_dir"] == "/lk-workflow-0121"


def test_job_of_the_current_template() -> None:
    """`workflow_id` is `tool_id` of the API."""
    found = spec("job-current.yaml")
    assert found["tool_id"] == "demo-workflow::1.0.0::gwj-test-01"
    assert found["tool_type"] == "workflow"
    assert "workflow_id" not in found
    assert not {"io_acc_id", "output_dir"} & found.keys()
    assert notes("job-current.yaml") == []
    assert loaded("job-current.yaml").manifests[0].pointers == {"": "/job", "/tool_id": "/job/workflow_id"}


def test_exported_job() -> None:
    """It names its workflow twice, and the identifier of the run it came from."""
    found = spec("job-exported.txt")
    assert found["tool_id"] == "f1af14bb-cc69-11ed-bbec-fa163ef30f89"
    assert found["io_acc_id"] == ""
    assert notes("job-exported.txt") == [("native.ignored", "/job/id", Severity.NOTE)]


def test_several_documents_and_our_own_siblings() -> None:
    """Policy, scope and labels stand beside the native key; order in the file means nothing."""
    app, job, workflow = loaded("everything.yaml").manifests
    assert app.address == Address("ai4s", "App", "demo", "align@1.0.0")
    assert workflow.address == Address("ai4s", "Workflow", "demo", "map@1.0.0")
    assert workflow.lifecycle == Lifecycle(protect=True)
    assert job.address == Address("ai4s", "Job", "lab", "first")
    assert job.lifecycle == Lifecycle(OnFailure.RETRY, OnChange.QUEUE, OnRemove.CANCEL, protect=False, attempt=3)
    assert job.labels == {"team": "imaging"}
    assert job.spec["tasks"][0]["resources"] == {"gpu": "1", "gpu_type": "GPU"}
    assert [m.source.line for m in (app, workflow, job)] == [2, 10, 20]
    assert loaded("everything.yaml").diagnostics == ()


JOB_BODIES = [
    # body, finding
    ("workflow_id: a::1\n  tool_id: b::1", "/job/tool_id"),
    ("workflow_id: a::1\n  tool_type: app", "/job/workflow_id"),
    ("workflow_id: a::1\n  tool_id: a::1\n  tool_type: app", "/job/workflow_id"),
    ("workflow_id:\n  tool_id: ''", "/job"),
    ("workflow_id: ''", "/job"),
]


@pytest.mark.parametrize(("body", "pointer"), JOB_BODIES)
def test_contradictions_in_jobs(tmp_path: Path, body: str, pointer: str) -> None:
    """What is said twice must be said alike, and something must be said."""
    found = load_text(tmp_path, f"job:\n  name: j\n  {body}\n")
    assert found.manifests == ()
    assert [(d.code, d.pointer) for d in found.diagnostics] == [("native.conflict", pointer)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("workflow_id: a::1", ("a::1", "workflow")),
        ("tool_id: a::1", ("a::1", "workflow")),
        ("tool_id: a::1\n  tool_type:", ("a::1", "workflow")),
        ("tool_id: a::1\n  tool_type: app", ("a::1", "app")),
        ("workflow_id: a::1\n  tool_id: a::1\n  tool_type: workflow", ("a::1", "workflow")),
    ],
)
def test_what_a_job_runs(tmp_path: Path, body: str, expected: tuple[str, str]) -> None:
    """Each way of saying it ends in the two fields of the API."""
    found = only(load_text(tmp_path, f"job:\n  name: j\n  {body}\n")).spec
    assert (found["tool_id"], found["tool_type"]) == expected


def test_contradicting_names_of_a_task(tmp_path: Path) -> None:
    """The old and the new word for the display name must agree when both are given."""
    task = "{task_name: t, app_id: 'a::1', name: %s, display_name: %s}"
    text = "workflow:\n  name: w\n  version: '1'\n  tasks:\n  - " + task
    assert only(load_text(tmp_path, text % ("x", "x"))).spec["tasks"][0]["display_name"] == "x"
    found = load_text(tmp_path, text % ("x", "y"))
    assert [(d.code, d.pointer) for d in found.diagnostics] == [("native.conflict", "/workflow/tasks/0/name")]
