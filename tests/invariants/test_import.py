from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from reconciler.model.kind import Life
from tests.cli.running import reconciler

if TYPE_CHECKING:
    from tests.invariants.world import World


def test_what_is_imported_plans_to_nothing(world: World) -> None:
    """Without manifests and memory, everything is written down again: at its addresses, sending nothing that writes,
    and with nothing left to do.
    """
    if world.is_blind:
        pytest.skip("what this platform makes cannot be listed")
    before = set(world.applied().recorded())
    runs = {name for (_, name), kind in world.workspace().kinds.items() if kind.life is Life.RUN}
    shutil.rmtree(world.root / ".reconciler")
    for file in world.manifests():
        file.unlink()
    sent = len(world.writes())
    for kind in ["", *sorted({address.kind for address in before} & runs)]:
        ended = reconciler(world.root, "import", *(["--kind", kind] if kind else []), variables=world.variables)
        assert ended.code == 0, ended.said

    assert set(world.recorded()) == before
    assert world.plan().is_empty
    assert len(world.writes()) == sent
