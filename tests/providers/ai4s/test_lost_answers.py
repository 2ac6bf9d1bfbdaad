"""Every call that makes or changes something of AI4S loses its answer once: nothing is there twice, and nothing is
missing in the end.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.localplatform.faults import FaultKind, FaultRule, When
from reconciler.localplatform.store import Query
from tests.cli.running import reconciler
from tests.invariants.world import World, world_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CREATES = (
    "CreateProject", "UpdateMember", "CreateLabel", "CreateImage", "ImportImage", "CreateApp", "BatchImportApp",
    "CreateWorkflow", "ImportWorkflow", "CreateNotebook", "StopOrStartNotebook", "UpdatePerformanceResource",
    "UpdateVendor", "ExecuteJob",
)  # fmt: skip
LOST = FaultRule(FaultKind.LOST)
ERROR = FaultRule(FaultKind.ERROR, when=When.AFTER)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The project with every kind, whose lists are never late."""
    with world_of(tmp_path, "ai4s-whole") as found:
        yield World(found.root, found.platform, {**found.variables, "RECONCILER_LIST_LAG": "0"})


def there(world: World) -> list[tuple[str, str, str]]:
    """Every object by kind, name and version, as often as it is there; a data job has no name of ours."""
    store = world.platform.services.store
    names = [name for name in store.counts() if name.startswith("ai4s/")]
    rows = [row for name in names for row in store.find(Query(*name.split("/", 1))).entities]
    return sorted((row.kind, "" if row.kind == "DataJob" else row.name, row.version) for row in rows)


@pytest.mark.parametrize("rule", [LOST, ERROR], ids=["no answer", "an error after the effect"])
def test_each_answer_is_lost_once(world: World, tmp_path: Path, rule: FaultRule) -> None:
    """The end is that of an apply which nobody disturbed; a copy of data is left out, since it waits for a person."""
    world.platform.faults.replace([replace(rule, operation=name) for name in CREATES])
    for _ in range(4):
        ended = reconciler(world.root, "apply", "--yes", variables=world.variables)
        if ended.code == 0:
            break
    assert ended.code == 0, ended.said
    assert world.plan().is_empty
    (tmp_path / "calm").mkdir()
    with world_of(tmp_path / "calm", "ai4s-whole") as calm:
        assert there(world) == there(calm.applied())


def test_a_copy_of_data_whose_answer_is_lost(world: World) -> None:
    """It may have been made, so nothing repeats it: exit code 6, and what depends on it waits."""
    world.platform.faults.replace([FaultRule(FaultKind.LOST, operation="CopyData")])
    for _ in range(2):
        ended = reconciler(world.root, "apply", "--yes", variables=world.variables)
        assert ended.code == 6, ended.said
    assert world.platform.services.store.counts()["ai4s/DataJob"] == 1
    assert "ai4s/Job" not in world.platform.services.store.counts()


EDITS = (
    ("platform/spaces.yaml", "storage_quota: 1099511627776", "storage_quota: 2199023255552", "UpdateProject"),
    ("platform/spaces.yaml", "status: ACTIVE ", "status: INACTIVE ", "UpdateProject"),
    ("platform/spaces.yaml", "role: Viewer", "role: Developer", "UpdateMember"),
    ("platform/account.yaml", "level: 2", "level: 3", "CreateLabel"),
    ("platform/account.yaml", "job_quota: 8", "job_quota: 9", "UpdatePerformanceResource"),
    ("platform/account.yaml", "name: Atlas of everything", "name: Atlas of all", "UpdateVendor"),
    ("work/align.yaml", "summary: Aligns reads", "summary: Aligns them", "UpdateApp"),
    ("work/image.yaml", "description: The aligner and what it needs", "description: The aligner", "UpdateImage"),
    ("work/image.yaml", "  tag: '2.4'\n", "  tag: '2.5'\n", "CreateImage"),
    ("work/run.yaml", "description: For a first look", "description: For a second look", "UpdateNotebook"),
    ("work/run.yaml", "state: stopped", "state: running", "StopOrStartNotebook"),
    ("work/run.yaml", "state: running ", "state: stopped ", "StopOrStartNotebook"),
)
"""A field that can be changed in place, and the call that does it."""


@pytest.mark.parametrize("rule", [LOST, ERROR], ids=["no answer", "an error after the effect"])
def test_the_answer_to_each_edit_is_lost(world: World, rule: FaultRule) -> None:
    """One edit after the other: as soon as an apply says that it is done, there is nothing left to do."""
    world.applied()
    for file, before, after, operation in EDITS:
        world.edit(file, before, after)
        world.platform.faults.replace([replace(rule, operation=operation)])
        for _ in range(4):
            ended = reconciler(world.root, "apply", "--yes", variables=world.variables)
            if ended.code == 0:
                break
        assert ended.code == 0, (after, ended.said)
        assert world.platform.faults.report()[0]["struck"] == 1, after
        assert world.plan().is_empty, after
