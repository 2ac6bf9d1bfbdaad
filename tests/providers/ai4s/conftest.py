"""A local platform in this process, and a connection of ours to it over the same bytes as a network would carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.providers.ai4s.opened import opened
from tests.support.local_platform import local_platform

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform
    from reconciler.providers.ai4s.connection import Ai4sConnection


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """A platform with one space, `demo`, whose work is over at once."""
    with local_platform(tmp_path) as made:
        yield made


@pytest.fixture
def connection(platform: Platform) -> Iterator[Ai4sConnection]:
    """Our connection to it."""
    with opened(platform) as made:
        yield made
