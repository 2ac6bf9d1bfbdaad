"""A new project, ready to run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import UsageError
from reconciler.operations.initialise import initialise
from tests.cli.running import reconciler

if TYPE_CHECKING:
    from pathlib import Path


def test_what_it_writes_is_valid(tmp_path: Path) -> None:
    """The first manifests have no finding at all, from the start."""
    initialise(tmp_path)
    ended = reconciler(tmp_path, "validate")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == "3 manifests in 3 files: fine\n"


def test_the_name_is_the_folder_s(tmp_path: Path) -> None:
    """A folder with any name gives a project name that marks can carry."""
    initialise(tmp_path / "My Project (2)")
    text = (tmp_path / "My Project (2)" / "reconciler.yaml").read_text(encoding="utf-8")
    assert "name: my-project-2 " in text


@pytest.mark.parametrize("folder", ["2024", "null", "true", "1.5", "_private", "x" * 99, "-", "基因组"])
def test_whatever_the_folder_is_called_the_project_is_valid(tmp_path: Path, folder: str) -> None:
    """A folder is called as people like, and its project can be validated all the same."""
    started = tmp_path / folder
    initialise(started)
    ended = reconciler(started, "validate")
    assert (ended.code, ended.err) == (0, "3 manifests in 3 files: fine\n")


@pytest.mark.parametrize("name", ["a: b", "x" * 64, "-x", "a b", "名"])
def test_a_name_that_no_project_can_have_is_refused(tmp_path: Path, name: str) -> None:
    """By the rule of the project file, and before anything is written."""
    with pytest.raises(UsageError, match="must be 1 to 63 letters"):
        initialise(tmp_path, name=name)
    assert list(tmp_path.iterdir()) == []


def test_settings_are_text_whatever_they_look_like(tmp_path: Path) -> None:
    """What YAML would take for a number, a truth or nothing is written in quotes."""
    initialise(tmp_path, platform="ai4s", live={"region": "null", "space": "0815"})
    text = (tmp_path / "reconciler.yaml").read_text(encoding="utf-8")
    assert "ai4s: { region: 'null', space: '0815' }\n" in text


def test_editors_find_the_schemas(tmp_path: Path) -> None:
    """The first line of every file names a schema that was exported and is one."""
    started = initialise(tmp_path)
    for file in started.files[:-1]:
        first = file.read_text(encoding="utf-8").splitlines()[0]
        schema = (file.parent / first.removeprefix("# yaml-language-server: $schema=")).resolve()
        assert "$schema" in json.loads(schema.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["reconciler.yaml", "manifests/job.yaml"])
def test_nothing_is_overwritten(tmp_path: Path, name: str) -> None:
    """One file in the way, and nothing is written at all."""
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=name.rpartition("/")[2]):
        initialise(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]
    assert file.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("before", "after"), [("", ".reconciler/\n"), ("x", "x\n.reconciler/\n"), (".reconciler/\n", None)]
)
def test_gitignore(tmp_path: Path, before: str, after: str | None) -> None:
    """A line is added to what is there, once."""
    (tmp_path / ".gitignore").write_text(before, encoding="utf-8")
    initialise(tmp_path)
    assert (tmp_path / ".gitignore").read_text(encoding="utf-8") == (before if after is None else after)


def test_five_minutes(tmp_path: Path) -> None:
    """What the README promises, on a local platform that starts by itself and really runs the job."""
    assert reconciler(tmp_path, "init", variables={}).code == 0
    try:
        planned = reconciler(tmp_path, "plan", variables={})
        assert planned.code == 0
        assert planned.err.startswith("started the local platform at http://127.0.0.1:")
        assert "Plan: 3 to create." in planned.out
        assert reconciler(tmp_path, "apply", "--yes", "--wait", variables={}).code == 0
        logs = reconciler(tmp_path, "logs", "Job/hello", variables={}).out
        assert "greet[0] | Hello, Ada!\n" in logs
        assert "greet[1] | Hello, Grace!\n" in logs
        assert reconciler(tmp_path, "plan", variables={}).out == "No changes. 3 resources unchanged.\n"
    finally:
        reconciler(tmp_path, "local", "stop", variables={})
