"""From the project file to the wire: a suspended task is one run, and edits do what the schema says of each field."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.change import Action
from reconciler.model.resource import Phase
from reconciler.operations.runs import logs, one_run
from reconciler.operations.runs import status as status_of
from reconciler.operations.steering import suspend
from tests.invariants.world import World, shown

FILE = "manifests/checkpoint.yaml"
NAME = "Task/-/checkpointed"


def creates(world: World) -> int:
    """How many submissions arrived."""
    return len(world.platform.log.report(operation="CreateTask"))


def phase(world: World) -> Phase | None:
    """Where the run is now."""
    (row,) = status_of(world.workspace(), [NAME], world.said.append)
    return row.live.phase if row.live else None


def test_three_suspensions_are_no_drift(world: World) -> None:
    """No change is planned in any of its states, nothing is submitted again, and the logs of all lives are there."""
    for _ in range(3):
        run = one_run(world.workspace(), NAME)
        suspend(world.workspace(), run, world.said.append)
        seen = set()
        for _ in range(2):
            assert world.plan().is_empty
            seen.add(phase(world))
        assert seen <= {Phase.SUSPENDED, Phase.RUNNING}
        assert world.applied().plan().is_empty
    assert creates(world) == 1
    (chain,) = world.platform.services.store.find(_chains()).entities
    assert len(chain.body["rows"]) == 4
    assert {each.remote_id for each in world.recorded().values()} == {chain.id}
    with logs(world.workspace(), one_run(world.workspace(), NAME), "", None, world.said.append) as lines:
        assert list(lines) == []


def _chains() -> object:
    from reconciler.localplatform.store import Query

    return Query("hai", "Chain")


@pytest.mark.parametrize(
    ("before", "after", "operation"),
    [
        ("priority: 30", "priority: 40", "UpdateTaskPriority"),
        ("tags: [checkpoint]", "tags: [checkpoint, blue]", "TagTask"),
        ("resource:", "artifacts: { input: 'demo:v1' }\nresource:", "MapTaskArtifact"),
    ],
)
def test_what_changes_in_place(world: World, before: str, after: str, operation: str) -> None:
    """One call, the same task, and nothing left to do."""
    world.edit(FILE, before, after)
    (change,) = shown(world.plan())
    assert change.action is Action.UPDATE
    world.applied()
    assert len(world.platform.log.report(operation=operation)) == 1
    assert creates(world) == 1
    assert world.plan().is_empty


def test_anything_else_is_another_run(world: World) -> None:
    """Refused while it runs, unless the author says what to do: then stop, wait for the end, submit."""
    world.edit(FILE, "entrypoint: train.py", "entrypoint: other.py")
    assert world.plan().is_blocked
    world.edit(FILE, "version: 2", "version: 2\nlifecycle: { onChange: parallel }")
    assert world.plan().is_blocked
    world.edit(FILE, "onChange: parallel", "onChange: replace")
    world.applied()
    assert creates(world) == 2
    assert len(world.platform.log.report(operation="StopTask")) == 1
    assert world.plan().is_empty


def test_a_taken_away_manifest_never_stops_a_run_by_itself(world: World) -> None:
    """Only `onRemove: cancel` does; nothing is ever deleted, for the platform cannot."""
    text = (world.root / FILE).read_text()
    (world.root / FILE).unlink()
    (world.root / "manifests" / "other.yaml").write_text(text.replace("name: checkpointed", "name: other"))
    assert world.plan().is_blocked
    (world.root / FILE).write_text(f"{text}lifecycle: {{ onRemove: cancel }}\n")
    world.applied()
    (world.root / FILE).unlink()
    world.applied()
    assert [str(address) for address in world.recorded()] == ["hai/Task/-/other"]
    assert len(world.platform.log.report(operation="StopTask")) == 1


def test_a_task_beyond_quota_is_warned_of(world: World) -> None:
    """Before it is sent, at its place in the file."""
    text = (world.root / FILE).read_text().replace("name: checkpointed", "name: wide")
    (world.root / "manifests" / "wide.yaml").write_text(text.replace("node_count: 1", "node_count: 9"))
    (world.root / "manifests" / "lost.yaml").write_text(
        text.replace("name: wide", "name: lost").replace("group: training", "group: trainin")
    )
    planned = world.plan()
    told = [d for d in planned.diagnostics if d.code.startswith("capacity.") and d.source]
    assert sorted((d.code, Path(str(d.source)).name) for d in told) == [
        ("capacity.over-quota", "wide.yaml:15:15"),
        ("capacity.too-few-nodes", "wide.yaml:15:15"),
        ("capacity.unknown-group", "lost.yaml:14:10"),
    ]
    assert planned.is_blocked
