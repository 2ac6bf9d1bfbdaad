"""What a platform says of itself reaches who plans on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.localplatform.assembly import assemble
from reconciler.localplatform.phases import PROCESS, SIMULATED, every_engine
from tests.cli.running import Project
from tests.invariants.world import served
from tests.support.local_platform import ACCOUNT

if TYPE_CHECKING:
    from pathlib import Path

NOTE = "note: ai4s runs commands directly: the images that they name are ignored [capacity.images-ignored]"


def test_that_images_are_ignored_is_told_in_the_plan(tmp_path: Path) -> None:
    """Where commands run without them, and only as long as a run would be submitted."""
    engines = tmp_path / "platform" / "runs"
    engines.parent.mkdir()
    platform = assemble(engines.parent, ACCOUNT, lambda news, clock: every_engine(engines, news, clock), PROCESS)
    try:
        with served(platform) as url:
            project = Project(tmp_path / "project", url)
            project.greeting()
            assert NOTE in project.run("plan").out
            platform.services.runs.choose(SIMULATED)
            assert NOTE not in project.run("plan").out
            assert project.run("apply", "--yes", "--wait").code == 0
            platform.services.runs.choose(PROCESS)
            assert project.run("plan").out == "No changes. 3 resources unchanged.\n"
    finally:
        platform.close()
