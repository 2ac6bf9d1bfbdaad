"""A connection of ours to the local platform, over the same bytes as a network would carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.providers.pai_dlc.opened import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.localplatform.assembly import Platform
    from reconciler.providers.pai_dlc.connection import PaiDlcConnection


@pytest.fixture
def connection(platform: Platform) -> Iterator[PaiDlcConnection]:
    """Our client, at the local platform."""
    with opened(platform) as made:
        yield made
