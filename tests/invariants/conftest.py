from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.invariants.world import PROJECTS, World, world_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=PROJECTS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Each example project in turn, nothing applied yet."""
    with world_of(tmp_path, request.param) as found:
        yield found
