"""Every format of a plan and of a review, from the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.running import CREDENTIALS, reconciler
from tests.support.git_repository import Repository

if TYPE_CHECKING:
    from tests.cli.running import Project

_STARTS = {"text": "  + create", "json": "{", "markdown": "### Plan", "html": "<!DOCTYPE html>", "github": "::"}


@pytest.mark.parametrize("form", _STARTS)
def test_a_plan_in_every_format(project: Project, form: str) -> None:
    """Each begins as it should, and names what would be made."""
    project.greeting()
    ended = project.run("plan", "--format", form)
    assert ended.code == 0, ended.said
    assert ended.out.startswith(_STARTS[form])
    assert "greet@1.0.0" in ended.out


@pytest.mark.parametrize("form", _STARTS)
def test_a_review_in_every_format(project: Project, form: str) -> None:
    """Of the first manifests, and with files for artifacts."""
    git = Repository.fresh(project.root)
    git.write(".gitignore", ".reconciler/\n*.out\n")
    git.commit("a project file and no manifest")
    git.git("checkout", "--quiet", "-b", "change")
    project.greeting()
    git.commit("first")
    ended = project.run("review", "--base", "main", "--format", form, "--html", "page.out", "-o", "plan.out")
    assert ended.code == 0, ended.said
    assert "greet@1.0.0" in ended.out
    assert (project.root / "page.out").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert json.loads((project.root / "plan.out").read_text(encoding="utf-8"))["summary"]["counts"]["create"] == 3


@pytest.mark.parametrize(
    "words", [["plan"], ["plan", "--format", "json"], ["plan", "--format", "html"], ["apply", "--yes"]]
)
def test_public_logs_show_no_values(project: Project, words: list[str]) -> None:
    """In a public repository's CI no value of a manifest reaches the log, unless somebody asks for it."""
    project.greeting()
    project.write("app.yaml", (project.root / "manifests/app.yaml").read_text().replace("echo hello", "echo canary"))
    assert project.run("apply", "--yes").code == 0
    project.write("app.yaml", (project.root / "manifests/app.yaml").read_text().replace("echo canary", "echo other"))
    public = {**CREDENTIALS, "CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "org/repo"}
    ended = reconciler(project.root, *words, variables=public)
    assert ended.code == 0, ended.said
    assert "greet@1.0.0" in ended.said
    assert "canary" not in ended.said
    if words[0] == "plan":
        assert "canary" in reconciler(project.root, *words, "--profile", "full", variables=public).said
