"""The example project from the command line: what this platform tells, and that nothing is submitted twice."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.exit_codes import ExitCode
from reconciler.localplatform.history import Sample
from reconciler.localplatform.measuring import CPU
from reconciler.localplatform.platforms.pai_dlc_auth import WINDOW_SWITCH
from reconciler.localplatform.platforms.pai_dlc_work import PODS
from reconciler.localplatform.store import Query
from reconciler.model.change import Action
from tests.invariants.world import World, shown, world_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.cli.running import Ended

FILE = "manifests/two-workers.yaml"
NAME = "Job/two-workers"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Two workers that go on until they are stopped, and a TensorBoard on them, applied."""
    with world_of(tmp_path, "pai-dlc") as made:
        for name in ("every-field", "ray", "spot"):
            (made.root / "manifests" / f"{name}.yaml").unlink()
        made.edit(FILE, "JobMaxRunningTimeMinutes: 30", "Envs: { SIMULATED_SECONDS: inf }")
        yield made.applied()


def test_metrics(world: World, command: Callable[..., Ended]) -> None:
    """A row for each pod that was measured, and a plot where it is asked for; unknown names are refused."""
    nothing = command("metrics", NAME)
    assert (nothing.code, nothing.err) == (ExitCode.FINE, "nothing was measured\n")
    (job,) = [r.remote_id for a, r in world.recorded().items() if a.kind == "Job"]
    history, now = world.platform.services.runs.history, world.platform.services.clock.now()
    history.measure([Sample(job, PODS, 1, CPU, now - 60 * n, 10.0 * n) for n in range(5)])
    out = command("metrics", NAME, "--name", "CpuCoreUsage", "--plot").out
    assert out.splitlines()[1].split()[:3] == ["Worker", "1", "CpuCoreUsage"]
    assert "Worker[1] CpuCoreUsage" in out
    assert "█" in out
    items = command("metrics", NAME, "--format", "json").items
    assert [(item["task"], item["index"], item["unit"]) for item in items] == [("Worker", 1, "%")]
    page = world.root / "use.html"
    assert command("metrics", NAME, "--format", "html", "-o", str(page)).out == ""
    assert "Worker[1] CpuCoreUsage: last 0 %" in page.read_text(encoding="utf-8")
    unknown = command("metrics", NAME, "--name", "Love")
    assert unknown.code == ExitCode.USAGE
    assert "CpuCoreUsage" in unknown.err


def test_specs(command: Callable[..., Ended]) -> None:
    """Everything on offer, and less by accelerator, stock, price and name."""
    everything = command("specs", "--format", "json").items
    assert len(everything) == 8
    with_gpu = command("specs", "--accelerator", "gpu", "--available", "--format", "json").items
    assert {item["accelerator"] for item in with_gpu} == {"GPU"}
    assert all(item["available"] for item in with_gpu)
    cheap = command("specs", "--max-spot", "0.25").out
    assert [line.split()[1] for line in cheap.splitlines()[1:]] == ["ecs.g6.large", "ecs.g6.xlarge"]
    assert [line.split()[1] for line in command("specs", "ecs.g6.large").out.splitlines()[1:]] == ["ecs.g6.large"]


def test_links_and_checks(command: Callable[..., Ended]) -> None:
    """Of a job and of a TensorBoard; what was not checked says so."""
    out = command("links", NAME).out
    assert [line.split()[0] for line in out.splitlines()[1:]] == ["dashboard", "terminal", "terminal"]
    assert "token" in command("links", NAME, "--shared").out
    assert "/tensorboards/" in command("links", "Tensorboard/loss-curves").out
    assert command("checks", NAME).err == "no checks\n"
    assert command("checks", "Tensorboard/loss-curves").code == ExitCode.USAGE


def test_a_week_later_without_memory(world: World) -> None:
    """Everything is found again by its mark and taken over: no job is submitted a second time."""
    shutil.rmtree(world.root / ".reconciler")
    world.platform.services.switches.turn({WINDOW_SWITCH: False})
    world.platform.services.clock.advance(8 * 86_400)
    world.edit(FILE, "MaxRunningTimeMinutes: 240", "MaxRunningTimeMinutes: 24000")
    planned = world.plan()
    assert {(change.address.kind, change.action) for change in shown(planned)} <= {
        ("Job", Action.ADOPT),
        ("Tensorboard", Action.ADOPT),
        ("Tensorboard", Action.UPDATE),
    }
    sent = len(world.requests("POST"))
    world.apply(planned)
    assert len(world.requests("POST")) == sent
    assert world.plan().is_empty


def test_among_many_of_almost_the_same_name(world: World) -> None:
    """Beyond the first pages of the platform's lists, between names that hold ours, a month old, and without a memory:
    the job that was submitted is found, and nothing is submitted.
    """
    store, runs = world.platform.services.store, world.platform.services.runs
    (ours,) = store.find(Query("pai-dlc", "Job")).entities
    others = [
        replace(ours, id=f"dlc{number:05}", name=name, body={**ours.body, "Settings": {}})
        for number, name in enumerate(["two-workers", "old-two-workers-2"] * 120)
    ]
    for other in others:
        runs.open(other.id, "pai-dlc", "Job")
    store.insert_many(tuple(others))
    shutil.rmtree(world.root / ".reconciler")
    world.platform.services.switches.turn({WINDOW_SWITCH: False})
    world.platform.services.clock.advance(30 * 86_400)
    world.edit(FILE, "MaxRunningTimeMinutes: 240", "MaxRunningTimeMinutes: 240000")
    sent = len(world.requests("POST"))
    world.apply()
    assert len(world.requests("POST")) == sent
    assert [r.remote_id for a, r in world.recorded().items() if a.kind == "Job"] == [ours.id]
    assert world.plan().is_empty


def test_a_stopped_board_is_started(world: World) -> None:
    """Somebody stopped it by hand: that is drift, and the next apply starts it again."""
    (board,) = [r.remote_id for a, r in world.recorded().items() if a.kind == "Tensorboard"]
    entity = world.platform.services.store.get("pai-dlc", "Tensorboard", board)
    assert entity is not None
    body = {**entity.body, "state": "Stopped", "stopped": entity.created}
    world.platform.services.store.update(replace(entity, body=body))
    (change,) = shown(world.plan())
    assert [(field.path, field.live, field.desired) for field in change.fields] == [("/State", "stopped", "running")]
    assert world.applied().plan().is_empty


def test_a_new_run_moves_the_board(world: World) -> None:
    """A changed command is another run by `onChange: replace`: the old one is stopped, the TensorBoard made anew."""
    world.edit(FILE, "--rounds $[[ vars.rounds ]]", "--rounds 7")
    planned = world.plan()
    assert {(c.address.kind, c.action) for c in shown(planned)} == {
        ("Job", Action.REPLACE),
        ("Tensorboard", Action.REPLACE),
    }
    assert world.apply(planned).complete
    operations = [entry["operation"] for entry in world.platform.log.report() if entry["method"] != "GET"]
    assert sorted(operations[-5:]) == sorted(
        ["StopJob", "CreateJob", "StopTensorboard", "DeleteTensorboard", "CreateTensorboard"]
    )
    assert operations.index("StopJob") < len(operations) - 1 - operations[::-1].index("CreateJob")
    assert len(world.platform.services.runs.history.active()) == 1


def test_what_cannot_be_seen_is_said(world: World) -> None:
    """A change of a field that GetJob does not show tells in the plan that it is so."""
    world.edit(FILE, "UserCommand:", "Options: max_background=1\nUserCommand:")
    (change,) = [c for c in shown(world.plan()) if c.address.kind == "Job"]
    (field,) = change.fields
    assert field.path == "/Options"
    assert "not shown by the platform" in field.why


def test_scaling_is_no_new_run(world: World) -> None:
    """The number of pods of a role that is scaled by calls changes in place; of any other it is another run."""
    world.edit(FILE, "    EcsSpec: ecs.g6.large", "    EcsSpec: ecs.g6.large\n    AutoScalingSpec: SCALING")
    scaling = "{ ScalingStrategy: ScaleByAPI, MinReplicas: 1, MaxReplicas: 4 }"
    world.edit(FILE, "SCALING", scaling)
    world.applied()
    world.edit(FILE, "PodCount: 2", "PodCount: 4")
    planned = world.plan()
    (change,) = shown(planned)
    assert (change.action, [field.path for field in change.fields]) == (Action.UPDATE, ["/JobSpecs/[Worker]/PodCount"])
    assert world.apply(planned).complete
    assert world.requests("PUT")[-1]["operation"] == "UpdateJob"
    assert world.plan().is_empty
    world.edit(FILE, scaling, "{ ScalingStrategy: Default, MinReplicas: 1, MaxReplicas: 4 }")
    world.applied().edit(FILE, "PodCount: 4", "PodCount: 3")
    assert {change.action for change in shown(world.plan())} == {Action.REPLACE}
