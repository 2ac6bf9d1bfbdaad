from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.localplatform.clock import Clock
from tests.providers.pai_dlc.opened import opened
from tests.support.local_platform import local_platform

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform
    from reconciler.providers.pai_dlc.connection import PaiDlcConnection


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """A platform whose work is simulated, and whose clock stands still unless moved."""
    clock = Clock()
    clock.freeze()
    with local_platform(tmp_path, clock=clock) as made:
        yield made


@pytest.fixture
def connection(platform: Platform) -> Iterator[PaiDlcConnection]:
    """Our client, at that platform."""
    with opened(platform) as made:
        yield made
