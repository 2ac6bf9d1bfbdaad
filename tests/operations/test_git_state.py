"""The memory in git: what one clone applied, another one knows."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.cli.running import APP, Project

if TYPE_CHECKING:
    from pathlib import Path

_VARIABLES = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "t",
    "GIT_AUTHOR_EMAIL": "t@example.invalid",
    "GIT_COMMITTER_NAME": "t",
    "GIT_COMMITTER_EMAIL": "t@example.invalid",
}


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, env=_VARIABLES, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def team(project: Project) -> Project:
    """The project, committed and pushed, with its memory in git."""
    project.configure(state="{ backend: git }")
    project.greeting()
    origin = project.root.parent / "origin.git"
    _git(project.root.parent, "init", "--bare", "-q", "-b", "main", str(origin))
    _git(project.root, "init", "-q", "-b", "main")
    _git(project.root, "add", ".")
    _git(project.root, "commit", "-q", "-m", "first")
    _git(project.root, "remote", "add", "origin", str(origin))
    _git(project.root, "push", "-q", "origin", "main")
    return project


def test_another_clone_knows(team: Project) -> None:
    """A second clone, as a CI runner makes it, plans no changes; nothing of it is on a branch."""
    assert team.run("apply", "--yes", "--wait").code == 0
    _git(team.root.parent, "clone", "-q", str(team.root.parent / "origin.git"), "second")
    clone = Project(team.root.parent / "second", team.endpoint)
    clone.configure(state="{ backend: git }")
    assert clone.run("plan").out == "No changes. 3 resources unchanged.\n"
    assert not (team.root / ".reconciler" / "state").exists()
    assert _git(team.root, "status", "--porcelain") == ""


def test_a_plan_is_bound_to_the_commit(team: Project) -> None:
    """A plan made at another commit is refused."""
    assert team.run("plan", "-o", "../p.plan").code == 0
    team.write("app.yaml", APP.replace("memory: 0.5G", "memory: 1G"))
    _git(team.root, "commit", "-q", "-a", "-m", "second")
    ended = team.run("apply", "../p.plan")
    assert ended.code == 4
    assert "it was made at commit" in ended.err


def test_git_without_a_repository(project: Project) -> None:
    """The git backend outside of git says so."""
    project.configure(state="{ backend: git }")
    project.greeting()
    ended = project.run("plan")
    assert ended.code in {1, 64}
    assert "git" in ended.err
    assert "Traceback" not in ended.err
