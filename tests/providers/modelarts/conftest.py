"""A connection of ours to the local platform, over the same bytes as a network would carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.providers.modelarts.opened import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.localplatform.assembly import Platform
    from reconciler.providers.modelarts.connection import ModelArtsConnection


@pytest.fixture
def connection(platform: Platform) -> Iterator[ModelArtsConnection]:
    """Our connection to it."""
    with opened(platform) as made:
        yield made
