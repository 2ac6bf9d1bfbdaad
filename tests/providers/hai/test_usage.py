"""The most accelerator hours of tasks: nodes, what the largest of their group has, and the time limit of one life."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.model.diagnostic import Source
from reconciler.model.manifest import Manifest
from reconciler.providers.facilities import ClusterNode
from reconciler.providers.hai.capacity import gpu_hours_there
from reconciler.providers.hai.usage import gpu_hours
from tests.providers.hai.opened import at, spec

if TYPE_CHECKING:
    from reconciler.providers.hai.connection import HaiConnection

NODES = (
    ClusterNode("a-0", "train.a100", "Ready", gpu=8),
    ClusterNode("a-1", "train.a100", "NotReady", gpu=8),
    ClusterNode("b-0", "train.v100", "Ready", gpu=4),
    ClusterNode("c-0", "cpu", "Ready"),
)


def task(group: str | None, count: int = 1, timeout: int | None = 1800) -> Manifest:
    """A task on so many nodes of a group."""
    resource: dict[str, Any] = {"node_count": count, **({} if group is None else {"group": group})}
    options = {} if timeout is None else {"timeout": timeout}
    return Manifest(at("t"), "hai", spec("t", resource=resource, options=options), Source("tasks.yaml"))


TOLD: list[tuple[Manifest, float | None]] = [
    (task("train.a100", 3), 12.0),
    (task("train.a100#zone", 3), 12.0),
    (task("train.v100"), 2.0),
    (task("train"), 4.0),
    (task("default"), 4.0),
    (task(None), 4.0),
    (task("cpu", timeout=None), 0.0),
    (task("train.v100", timeout=None), math.inf),
    (task("train.v100", timeout=-1), math.inf),
    (task("gone"), None),
    (task("trai"), None),
    (task("$[[ vars.group ]]"), None),
]


@pytest.mark.parametrize(("given", "hours"), TOLD, ids=range(len(TOLD)))
def test_hours(given: Manifest, hours: float | None) -> None:
    """Unbounded without a limit, nothing where the nodes have nothing, missing where no node is known."""
    assert gpu_hours((given,), NODES) == ({} if hours is None else {given.address: hours})


def test_without_a_cluster_nobody_can_tell() -> None:
    """Not known is not zero."""
    assert gpu_hours((task("train.a100"),)) == {}


def test_the_cluster_is_asked(connection: HaiConnection) -> None:
    """The local one has no accelerators, and says so."""
    given = task("training", timeout=None)
    assert gpu_hours_there(connection, (given,)) == {given.address: 0.0}
