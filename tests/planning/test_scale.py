"""Ten thousand resources are ten times a thousand."""

from __future__ import annotations

import gc
import time
from functools import lru_cache
from typing import TYPE_CHECKING

import pytest

from reconciler.model.resource import Phase, Reading
from reconciler.planning.planner import make_plan
from reconciler.planning.wants import wants
from tests.planning.samples import KINDS, OWNER, flow, inputs, recorded_all, run, shown, tool

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.model.manifest import Manifest
    from reconciler.model.resource import Recorded

SMALL, LARGE = 1000, 8000
ROOM = 2.5
"""How much worse than linear a measurement may look on a busy machine. Anything quadratic is 8 times."""


@lru_cache(maxsize=4)
def _project(size: int) -> tuple[list[Manifest], list[Recorded], Reading]:
    """Six tools, three flows and a run in ten, with a chain of flows through all of it; applied, and as it is shown."""
    part = size // 10
    spec = {"commands": ["a", "b"], "resources": {"cpu": "2.0C"}, "labels": ["y", "x"]}
    tools = [tool(f"t{n}@1", **spec) for n in range(6 * part)]
    chain = [{"after": f"$[[ ref.Flow/w{n - 1}@1 ]]"} if n else {} for n in range(3 * part)]
    flows = [flow(f"w{n}@1", f"t{2 * n}::1", **more) for n, more in enumerate(chain)]
    manifests = [*tools, *flows, *(run(f"r{n}", flow=f"w{n}::1") for n in range(part))]
    memory = recorded_all(manifests)
    return manifests, memory, Reading({entry.address: shown(entry, Phase.SUCCEEDED) for entry in memory})


def _seconds(act: Callable[[], object], times: int) -> float:
    """CPU time of the best of some runs, with the collector off as it is where plans are made."""
    found = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(times):
            begun = time.process_time()
            act()
            found.append(time.process_time() - begun)
    finally:
        gc.enable()
    return min(found)


@pytest.mark.parametrize("what", ["create", "nothing", "remove", "wants"])
def test_time_grows_with_size_and_not_faster(what: str) -> None:
    """For a first plan, for one without changes, for one that removes all but one, and for what a refresh wants."""

    def act(size: int) -> object:
        manifests, memory, seen = _project(size)
        match what:
            case "create":
                return make_plan(inputs(manifests))
            case "nothing":
                return make_plan(inputs(manifests, memory, seen))
            case "remove":
                return make_plan(inputs([tool("left@1")], memory, seen))
            case _:
                return wants(manifests, {}, KINDS, OWNER)

    _project(LARGE)
    small = _seconds(lambda: act(SMALL), 3)
    large = _seconds(lambda: act(LARGE), 1)
    assert large < small * (LARGE / SMALL) * ROOM


def test_the_project_is_as_it_was_applied() -> None:
    """What is measured as a plan without changes is one."""
    assert make_plan(inputs(*_project(SMALL))).is_empty
