"""Bad weather by hand: `reconciler local faults`, and what `RECONCILER_TRACE` tells of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.running import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Project]:
    """A project with a local platform of its own, running."""
    project = Project(tmp_path / "project", "local")
    assert project.run("local", "start", "--engine", "simulated").code == 0
    yield project
    assert project.run("local", "stop").code == 0


def test_a_rehearsal_of_bad_weather(local: Project) -> None:
    """Lost answers, throttling and failures after the effect are declared by hand, strike, and change no ending."""
    local.greeting()
    local.variables |= {"RECONCILER_LIST_LAG": "0", "RECONCILER_TRACE": "1"}
    assert local.run("local", "faults", "list").err == "no faults are in force\n"
    for rule in (
        ["lost", "operation=CreateApp"],
        ["throttle", "operation=CreateWorkflow", "retry_after=0"],
        ['{"fault": "error", "operation": "ExecuteJob", "when": "after", "status": 502}'],
    ):
        assert local.run("local", "faults", "add", *rule).code == 0
    applied = local.run("apply", "--yes")
    assert applied.code == 0, applied.said
    assert "Applied: 3 done." in applied.out
    assert "-> platform.unanswered in" in applied.err
    assert "POST" in applied.err
    rules = json.loads(local.run("local", "faults", "list", "--format", "json").out)["items"]
    assert [(rule["fault"], rule["struck"]) for rule in rules] == [("lost", 1), ("throttle", 1), ("error", 1)]
    assert "throttle" in local.run("local", "faults", "list").out
    assert local.run("local", "faults", "clear").code == 0
    assert local.run("local", "faults", "list", "--format", "json").out.count("fault") == 1
    assert "No changes" in local.run("plan").out


@pytest.mark.parametrize(
    "rule", [["thunder"], ["lost", "operation"], ["lost", "cound=1"], ["{"], ["[1]"], ["error", "status=200"]]
)
def test_a_rule_that_is_none(local: Project, rule: list[str]) -> None:
    """Exit 64, and what is wrong with it."""
    ended = local.run("local", "faults", "add", *rule)
    assert ended.code == 64
    assert "not a fault rule" in ended.err


@pytest.mark.parametrize("words", [["list"], ["clear"], ["add", "lost"]])
def test_without_a_local_platform(tmp_path: Path, words: list[str]) -> None:
    """Exit 1, and how to start one."""
    ended = Project(tmp_path / "project", "local").run("local", "faults", *words)
    assert ended.code == 1
    assert "reconciler local start" in ended.err
