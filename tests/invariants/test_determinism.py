from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from reconciler.rendering.json import plan_to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.invariants.world import World


def _plan(world: World, seed: str, arguments: Sequence[str]) -> bytes:
    """What a process of its own prints, hashes seeded differently."""
    environment = {**world.variables, "PYTHONHASHSEED": seed, "PATH": os.environ.get("PATH", ""), "COLUMNS": "100"}
    command = [sys.executable, "-m", "reconciler", "plan", *arguments]
    ended = subprocess.run(command, cwd=world.root, env=environment, capture_output=True, check=False, timeout=60)
    assert ended.returncode == 0, ended.stderr.decode()
    return ended.stdout


def test_a_plan_is_the_same_bytes_every_time(world: World) -> None:
    """Invariant 12: two processes with different hash seeds print the same plan, as JSON and as text."""
    for form in ("json", "text"):
        one, two = (_plan(world, seed, ["--format", form]) for seed in ("1", "2718281"))
        assert one == two
        assert one


def test_a_plan_does_not_depend_on_the_order_of_the_platform(world: World) -> None:
    """The same world read again is the same plan, whatever ran in which thread."""
    first = plan_to_json(world.plan())
    assert all(plan_to_json(world.plan()) == first for _ in range(3))
    world.applied()
    after = plan_to_json(world.plan())
    assert after == plan_to_json(world.plan())
