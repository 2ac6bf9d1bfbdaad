"""What a plan is bound to, and where it is made from."""

from __future__ import annotations

import gc
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler.model.address import Address
from reconciler.model.resource import Live, Phase, Reading
from reconciler.operations.plan import elapsed_of
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


def test_how_long_runs_have_been_at_work() -> None:
    """Only active ones whose platform tells; never less than nothing."""
    mark = None
    lives = [
        Live(Address("t", "Job", "s", name), name, {}, phase, mark, started=started)
        for name, phase, started in (
            ("going", Phase.RUNNING, "2026-01-01T00:00:00Z"),
            ("ahead", Phase.PENDING, "2026-01-01T02:00:00Z"),
            ("ended", Phase.SUCCEEDED, "2026-01-01T00:00:00Z"),
            ("untold", Phase.RUNNING, ""),
        )
    ]
    now = datetime(2026, 1, 1, 1, tzinfo=UTC).timestamp()
    found = elapsed_of(Reading({live.address: live for live in lives}), now)
    assert {address.name: seconds for address, seconds in found.items()} == {"going": 3600.0, "ahead": 0.0}
