"""A local platform in this process, for the handlers of any platform. What differs, a folder says for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.localplatform.clock import Clock
from tests.support.local_platform import local_platform

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform


@pytest.fixture
def clock() -> Clock:
    """The platform's time, which stands still until it is moved."""
    made = Clock()
    made.freeze()
    return made


@pytest.fixture
def platform(tmp_path: Path, clock: Clock) -> Iterator[Platform]:
    """A platform whose work is over at once unless it says otherwise."""
    with local_platform(tmp_path, clock=clock) as made:
        yield made
