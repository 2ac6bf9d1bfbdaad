"""One file read again, everything checked."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from reconciler.model.diagnostic import errors
from reconciler.operations.settings import Settings
from reconciler.operations.validate import declare, read_again
from reconciler.operations.wiring import open_workspace
from reconciler.operations.workspace import Call
from tests.cli.running import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """An app, a workflow and a job; this process stands in their folder."""
    found = Project(tmp_path, "local")
    found.greeting()
    with contextlib.chdir(tmp_path):
        yield found


def test_it_is_as_if_all_had_been_read_again(project: Project) -> None:
    """Manifests, edges and findings."""
    workspace = open_workspace(Call(project.root, Settings()))
    before = declare(workspace)
    file = project.root / "manifests" / "app.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("cpu: 0.5C", "cpu: 2C"), encoding="utf-8")
    after = read_again(workspace, before, "manifests/app.yaml")
    assert after == declare(workspace)
    assert after.manifests != before.manifests


def test_only_that_file_is_read(project: Project) -> None:
    """What became of the others meanwhile is not seen."""
    workspace = open_workspace(Call(project.root, Settings()))
    before = declare(workspace)
    project.write("workflow.yaml", "no: manifest\n")
    assert read_again(workspace, before, "manifests/app.yaml") == before


def test_what_is_wrong_between_files_is_found(project: Project) -> None:
    """A change of one file may break another one's references, or declare what another one declares."""
    workspace = open_workspace(Call(project.root, Settings()))
    before = declare(workspace)
    workflow = (project.root / "manifests" / "workflow.yaml").read_text(encoding="utf-8")
    project.write("app.yaml", workflow)
    after = read_again(workspace, before, "manifests/app.yaml")
    assert [found.code for found in errors(after.diagnostics)] == ["references.duplicate"]
    assert after == declare(workspace)
