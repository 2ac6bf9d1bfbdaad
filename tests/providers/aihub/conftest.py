"""A local platform in this process, and a connection of ours to it over the same bytes as a network would carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.providers.aihub.opened import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.localplatform.assembly import Platform
    from reconciler.providers.aihub.connection import AihubConnection


@pytest.fixture
def connection(platform: Platform) -> Iterator[AihubConnection]:
    """Our connection to it."""
    with opened(platform) as made:
        yield made
