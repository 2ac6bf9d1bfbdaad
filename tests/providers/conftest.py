"""A local platform in this process, for the handlers of any platform, and the command line for whoever has a `world`.
What differs, a folder says for itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.running import Ended, reconciler

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.invariants.world import World


@pytest.fixture
def command(world: World) -> Callable[..., Ended]:
    """Runs a command line in the project."""

    def act(*words: str) -> Ended:
        return reconciler(world.root, *words, variables=world.variables)

    return act
