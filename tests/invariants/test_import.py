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
    and with nothing left to do. What the platform brought with it is taken over as well.
    """
    if world.is_blind:
        pytest.skip("what this platform makes cannot be listed")
    before = set(world.applied().recorded())
    kinds = world.workspace().kinds
    by_name = {name for (_, name), kind in kinds.items() if kind.life is Life.RUN or kind.account_wide}
    shutil.rmtree(world.root / ".reconciler")
    for file in world.manifests():
        file.unlink()
    sent = len(world.writes())
    for kind in ["", *sorted({address.kind for address in before} & by_name)]:
        ended = reconciler(world.root, "import", *(["--kind", kind] if kind else []), variables=world.variables)
        assert ended.code == 0, ended.said

    assert set(world.recorded()) >= before
    assert world.plan().is_empty
    assert len(world.writes()) == sent
