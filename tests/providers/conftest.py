"""A local platform in this process, for the handlers of any platform, and the command line for whoever has a `world`.
What differs, a folder says for itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.localplatform.clock import Clock
from tests.cli.running import Ended, reconciler
from tests.support.local_platform import local_platform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform
    from tests.invariants.world import World


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


@pytest.fixture
def command(world: World) -> Callable[..., Ended]:
    """Runs a command line in the project."""

    def act(*words: str) -> Ended:
        return reconciler(world.root, *words, variables=world.variables)

    return act
