"""A local platform in this process, with simulated work, and a client that signs by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.localplatform.client import Client
from tests.support.local_platform import ACCOUNT
from tests.support.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.localplatform.assembly import Platform


@pytest.fixture
def wsgi_adapter(platform: Platform) -> WsgiAdapter:
    """The way into `platform` for any requests session."""
    return WsgiAdapter(platform.application)


@pytest.fixture
def client(wsgi_adapter: WsgiAdapter) -> Iterator[Client]:
    """A caller with the account's keys, in the space every account has."""
    with Client(wsgi_adapter, ACCOUNT) as made:
        yield made
