"""What a plan is bound to, and where it is made from."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from tests.cli.running import APP, reconciler

if TYPE_CHECKING:
    from tests.cli.running import Project


def test_a_plan_is_the_same_wherever_it_is_made(project: Project) -> None:
    """From the root, from a folder below it, from anywhere: the same bytes, and no path of this machine."""
    project.greeting()
    plans = {
        project.run("plan", "--format", "json").out,
        reconciler(project.root / "manifests", "plan", "--format", "json").out,
        reconciler(project.root.parent, "plan", "--project", "project/reconciler.yaml", "--format", "json").out,
    }
    assert len(plans) == 1
    assert str(project.root) not in plans.pop()


def test_paths_are_from_where_one_stands(project: Project) -> None:
    """A path on the command line means the file one would open there."""
    project.greeting()
    ended = reconciler(project.root / "manifests", "plan", "app.yaml")
    assert "Plan: 1 to create." in ended.out


def test_collection_is_switched_back_on(project: Project) -> None:
    """The garbage collector rests while planning, and no longer, whatever happens."""
    project.greeting()
    assert project.run("plan").code == 0
    assert gc.isenabled()
    project.write("app.yaml", APP.replace("name", "nme"))
    assert project.run("plan").code == 65
    assert gc.isenabled()


def test_an_observed_end_is_remembered(project: Project) -> None:
    """An apply that changes nothing still makes the end of a run durable."""
    project.greeting()
    assert project.run("apply", "--yes").code == 0
    assert project.run("apply", "--yes").code == 0
    assert '"phase": "succeeded"' in project.run("state", "show", "Job/hello").out
