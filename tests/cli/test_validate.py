"""Some files of a project, checked."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.running import APP, JOB, WORKFLOW, Project

if TYPE_CHECKING:
    from pathlib import Path


def test_a_pipe_among_the_manifests_is_told_and_not_waited_for(project: Project) -> None:
    """Neither to read it, nor to quote it beside its finding."""
    os.mkfifo(project.root / "manifests" / "pipe.yaml")
    ended = project.run("validate")
    assert ended.code == 65
    assert ended.said.startswith("manifests/pipe.yaml: error: this is no regular file")


@pytest.mark.parametrize("words", [["validate"], ["plan"], ["local", "status"], ["local", "faults", "list"]])
def test_a_folder_that_was_removed(tmp_path: Path, words: list[str]) -> None:
    """Somebody else removed the folder one is in: said so, and no defect of ours."""
    gone = tmp_path / "gone"
    gone.mkdir()
    remove = 'rmdir "$1" && shift && exec "$@"'
    done = subprocess.run(
        ["sh", "-c", remove, "sh", str(gone), sys.executable, "-m", "reconciler", *words],
        cwd=gone, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 64
    assert done.stderr.startswith("error: the folder that this was started in is not there any more\n")


def test_one_file_is_checked_beside_the_others(project: Project) -> None:
    """What another file declares is not missing, and what is wrong with it is not told."""
    project.write("app.yaml", APP)
    project.write("workflow.yaml", WORKFLOW)
    project.write("job.yaml", JOB)
    alone = project.run("validate", "manifests/workflow.yaml")
    assert (alone.code, alone.said) == (0, "1 manifest in 1 file: fine\n")
    project.write("other.yaml", APP.replace("greet", "other").replace("image", "imagee"))
    project.write("more.yaml", JOB.replace("name: hello", "name: more").replace("hello::1.0.0", "nowhere::1.0.0"))
    assert project.run("validate", "manifests/workflow.yaml").said == alone.said
    assert (
        "needs Workflow nowhere::1.0.0, which no manifest declares"
        in project.run("validate", "manifests/more.yaml").said
    )


def test_what_is_wrong_between_two_files_is_told_of_the_one_that_is_meant(project: Project) -> None:
    """A task that fills in what an app in another file does not take is an error of the workflow's file alone."""
    project.write("app.yaml", APP)
    inputs = "inputs: [{ name: nobody, values: [x] }]"
    project.write("workflow.yaml", WORKFLOW.replace("app_id:", f"{inputs}, app_id:"))
    wrong = project.run("validate", "manifests/workflow.yaml")
    assert wrong.code == 65
    assert "manifests/workflow.yaml:5:" in wrong.said
    assert "nobody" in wrong.said
    assert project.run("validate", "manifests/app.yaml").said == "1 manifest in 1 file: fine\n"
