from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.cli.running import reconciler

if TYPE_CHECKING:
    from tests.invariants.world import World


def test_a_lost_memory_comes_back(world: World) -> None:
    """Deleting the memory loses nothing: it is made again from marks, sends nothing that writes, and plans nothing.
    Where a platform lets nobody look for marks, tests of that platform say what happens.
    """
    if world.is_blind:
        pytest.skip("what this platform makes cannot be looked for")
    before = {address: (r.remote_id, r.digest, r.mark, r.attempt) for address, r in world.applied().recorded().items()}
    sent = len(world.writes())
    shutil.rmtree(world.root / ".reconciler" / "state")
    ended = reconciler(world.root, "state", "rebuild", "--yes", variables=world.variables)
    assert ended.code == 0, ended.said
    found = {address: (r.remote_id, r.digest, r.mark, r.attempt) for address, r in world.recorded().items()}
    assert found == before
    assert len(world.writes()) == sent
    assert world.plan().is_empty
