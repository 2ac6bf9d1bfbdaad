"""A local platform in this process, and a caller of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from tests.localplatform.hai.caller import BASE, Caller
from tests.support.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.localplatform.assembly import Platform


@pytest.fixture
def caller(platform: Platform) -> Iterator[Caller]:
    """A signed in caller."""
    with requests.Session() as session:
        session.trust_env = False
        session.mount(BASE, WsgiAdapter(platform.application))
        yield Caller(session)
