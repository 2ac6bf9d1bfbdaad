"""From what AI4S shows to what a manifest says."""

from __future__ import annotations

from reconciler.model.mark import Mark
from reconciler.providers.ai4s.shapes import app_spec, job_spec, reference, without_nulls, workflow_spec

MARK = Mark("0123abcd", "0123456789abcdef0123")


def test_app_keeps_what_an_author_writes_and_nothing_else() -> None:
    """Ids, times and owners go, nulls are absent, numbers in quantities are texts, our mark is out."""
    shown = {
        "id": "22222222-aaaa",
        "name": "fastqc",
        "version": "1.0.0",
        "summary": "",
        "description": None,
        "labels": ["a", str(MARK)],
        "image": "demo/fastqc:1",
        "commands": ["fastqc ${in}"],
        "resources": {"cpu": "1C", "memory": "1G", "gpu": 0, "gpu_type": None},
        "inputs": [{"name": "in", "type": "FILE", "required": True, "enum": None}],
        "outputs": [],
        "create_time": "2026-01-01T00:00:00Z",
        "user_name": "u",
        "source_project_name": "",
        "new_member": 1,
    }
    assert app_spec(shown) == {
        "name": "fastqc",
        "version": "1.0.0",
        "summary": "",
        "labels": ["a"],
        "image": "demo/fastqc:1",
        "commands": ["fastqc ${in}"],
        "resources": {"cpu": "1C", "memory": "1G", "gpu": "0"},
        "inputs": [{"name": "in", "type": "FILE", "required": True}],
        "outputs": [],
    }


def test_workflow_tasks_name_their_apps() -> None:
    """`app_info` becomes `name::version::space`; an own app comes from this space, an imported one from its source."""
    own = {"app_id": "1", "app_name": "a", "app_version": "1.0.0", "app_src_project_name": "", "app_image": "x"}
    imported = {**own, "app_src_project_name": "elsewhere"}
    shown = {
        "id": "3",
        "name": "wf",
        "version": "1",
        "timeout": 10,
        "tasks": [
            {"task_name": "t1", "app_info": own, "location": {"x": 1.0, "y": 2.0}, "whole_output_dir": "/o"},
            {"task_name": "t2", "app_info": imported, "resources": {"gpu": 1}, "display_name": None},
            {"task_name": "t3", "app_info": {"app_id": "9"}},
            {"task_name": "t4"},
        ],
    }
    assert workflow_spec(shown, "here")["tasks"] == [
        {"task_name": "t1", "location": {"x": 1.0, "y": 2.0}, "app_id": "a::1.0.0::here"},
        {"task_name": "t2", "resources": {"gpu": "1"}, "app_id": "a::1.0.0::elsewhere"},
        {"task_name": "t3", "app_id": "9"},
        {"task_name": "t4"},
    ]


def test_job_names_its_workflow_and_acceleration() -> None:
    """`tool_info` and `io_acc_info` become the fields they were given as; only its own task fields stay."""
    shown = {
        "id": "4",
        "name": "run",
        "status": "RUNNING",
        "tool_info": {"tool_id": "3", "tool_name": "wf", "tool_version": "1", "tool_type": "workflow"},
        "io_acc_info": {"id": "auto_schedule", "type": "t", "space": 1},
        "io_acc_expected_usage": 10,
        "tasks": [{"task_name": "t", "app_info": {"app_id": "1"}, "whole_output_dir": "/o", "io_acc_type": "SFS"}],
        "task_runtime_info": [],
        "dag": {"t": {}},
    }
    assert job_spec(shown, "here") == {
        "name": "run",
        "tool_id": "wf::1::here",
        "tool_type": "workflow",
        "io_acc_id": "auto_schedule",
        "io_acc_expected_usage": 10,
        "tasks": [{"task_name": "t", "io_acc_type": "SFS"}],
    }


def test_job_without_what_the_platform_does_not_echo() -> None:
    """What is not answered is absent, not empty; an id alone stays an id; a list row has the acceleration's id."""
    assert job_spec({"id": "4", "name": "run", "tool_info": None, "io_acc_info": None}, "s") == {"name": "run"}
    assert job_spec({"tool_info": {"tool_id": "3", "tool_name": ""}}, "s") == {"tool_id": "3"}
    assert job_spec({"tool_info": {"tool_id": "", "tool_name": "", "tool_type": ""}}, "s") == {}
    assert job_spec({"io_acc_id": "local_disk"}, "s") == {"io_acc_id": "local_disk"}


def test_reference_only_when_complete() -> None:
    """Half a name is none."""
    assert reference("a", "1", "s") == "a::1::s"
    assert reference("a", "", "s") == reference(None, "1", "s") == reference("a", "1", "") == ""


def test_nulls_are_never_sent() -> None:
    """Members that are null are left out at every depth; false, zero and empty stay."""
    assert without_nulls({"a": None, "b": [{"c": None, "d": 0}], "e": "", "f": False}) == {
        "b": [{"d": 0}],
        "e": "",
        "f": False,
    }
