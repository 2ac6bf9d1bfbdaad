"""A local platform per worker, empty for each test, and a project that talks to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.localplatform.admin import reset
from tests.cli.running import Project
from tests.invariants.world import served
from tests.support.local_platform import local_platform

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Platform, str]]:
    """A platform of this worker and its URL."""
    with local_platform(tmp_path_factory.mktemp("platform")) as platform, served(platform) as url:
        yield platform, url


@pytest.fixture
def platform(standing: tuple[Platform, str]) -> Platform:
    """The platform as a new account finds it."""
    found = standing[0]
    found.faults.replace([])
    reset(found.services, found.faces)
    found.log.clear()
    return found


@pytest.fixture
def project(platform: Platform, standing: tuple[Platform, str], tmp_path: Path) -> Project:
    """An empty project whose only target is the platform."""
    return Project(tmp_path / "project", standing[1])


@pytest.fixture
def applied(project: Project) -> Project:
    """A project whose app, workflow and job were applied, and the job has ended."""
    project.greeting()
    assert project.run("apply", "--yes", "--wait").code == 0
    return project
