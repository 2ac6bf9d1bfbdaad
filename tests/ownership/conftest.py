"""The platform and the project of the command line's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import platform, project, standing

if TYPE_CHECKING:
    from tests.cli.running import Project

__all__ = ["applied", "platform", "project", "standing"]


@pytest.fixture
def applied(project: Project) -> Project:
    """A project whose app, workflow and job were applied."""
    project.greeting()
    assert project.run("apply", "--yes", "--wait").code == 0
    return project
