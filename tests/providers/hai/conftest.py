"""A connection of ours to the local platform, over the same bytes as a network would carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.invariants.world import World, world_of
from tests.providers.hai.opened import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform
    from reconciler.providers.hai.connection import HaiConnection
    from reconciler.providers.hai.task import Task


@pytest.fixture
def connection(platform: Platform) -> Iterator[HaiConnection]:
    """Our connection to it."""
    with opened(platform) as made:
        yield made


@pytest.fixture
def tasks(connection: HaiConnection) -> Task:
    """The handler."""
    handler: Task = connection.handler("Task")  # type: ignore[assignment]  # the one kind
    return handler


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """One task of the example project, which goes on for ever, applied."""
    with world_of(tmp_path, "hai") as made:
        for name in ("envelope", "every-field", "matrix"):
            (made.root / "manifests" / f"{name}.yaml").unlink()
        made.edit(
            "manifests/checkpoint.yaml", "    STATE: state.json", "    STATE: state.json\n    SIMULATED_SECONDS: inf"
        )
        yield made.applied()
