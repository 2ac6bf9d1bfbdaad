"""The platform and the project of the command line's tests."""

from __future__ import annotations

from tests.cli.conftest import platform, project, standing

__all__ = ["platform", "project", "standing"]
