from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from reconciler.operations.wiring import open_store
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
    sent, key = len(world.writes()), _key(world)
    shutil.rmtree(world.root / ".reconciler" / "state")
    ended = reconciler(world.root, "state", "rebuild", "--yes", variables=world.variables)
    assert ended.code == 0, ended.said
    found = {address: (r.remote_id, r.digest, r.mark, r.attempt) for address, r in world.recorded().items()}
    assert found == before
    assert len(world.writes()) == sent
    assert world.plan().is_empty
    assert len(_key(world)) == len(key) == 64
    assert _key(world) != key, "what was made with the key of the lost memory could still be compared"


def _key(world: World) -> str:
    workspace = world.workspace()
    return open_store(workspace).read(workspace.environment.name).key
