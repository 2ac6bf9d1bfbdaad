"""Edits of the example's files, down to the requests: one PUT, one version, no run for a description."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler.model.change import Action
from reconciler.planning.normalise import shows
from tests.invariants.world import World, shown, world_of

if TYPE_CHECKING:
    from pathlib import Path

CONFIGS, JOBS, NEW = "manifests/v1-configs.yaml", "manifests/v1-jobs.yaml", "manifests/train.yaml"


def after(world: World, file: str, before: str, then: str) -> tuple[list[tuple[str, Action]], list[str]]:
    """What one edit plans, and the requests its apply sends that are more than a read."""
    world.edit(file, before, then)
    planned = world.plan()
    changes = [(change.address.name, change.action) for change in shown(planned)]
    sent = len(world.writes())
    report = world.apply(planned)
    assert report.complete, [(str(o.step.address), o.result, o.error) for o in report.outcomes]
    assert world.plan().is_empty
    return changes, [f"{e['method']} {e['path'].split('/', 3)[3]}" for e in world.writes()[sent:]]


def test_each_edit_is_what_it_is(tmp_path: Path) -> None:
    """A configuration is replaced; a v1 job gets a version, its description a PUT; a v2 job another job, or a PUT."""
    with world_of(tmp_path, "modelarts") as world:
        world.applied()
        changes, sent = after(world, CONFIGS, "config_desc: How", "config_desc: This is how")
        assert (changes, sent) == ([("line-defaults", Action.UPDATE)], ["PUT training-job-configs/line-defaults"])

        changes, sent = after(world, JOBS, "job_desc: Fits", "job_desc: It fits")
        assert changes == [("legacy-line", Action.UPDATE)]
        assert [line.partition("/")[0] for line in sent] == ["PUT training-jobs"]

        before = {(a.kind, a.name): r.remote_id for a, r in world.recorded().items()}
        changes, sent = after(world, JOBS, "value: '0.01'", "value: '0.02'")
        assert ("legacy-line", Action.CREATE) in changes
        job, version = before["TrainingJob", "legacy-line"].split("/")
        assert f"POST training-jobs/{job}/versions" in sent
        now = {(a.kind, a.name): r.remote_id for a, r in world.recorded().items()}
        assert now["TrainingJob", "legacy-line"].startswith(f"{job}/")
        assert now["TrainingJob", "legacy-line"] != f"{job}/{version}"
        made = next(e for e in reversed(world.requests("POST")) if e["path"].endswith(f"training-jobs/{job}/versions"))
        assert str(json.loads(made["body"])["config"]["pre_version_id"]) == version

        changes, sent = after(world, NEW, "description: Fits", "description: It fits")
        assert changes == [("fit-line", Action.UPDATE)]
        assert [line.partition("/")[0] for line in sent] == ["PUT training-jobs"]
        changes, sent = after(world, NEW, "value: demo", "value: another")
        assert changes == [("fit-line", Action.UPDATE)]
        assert all("actions" not in line and line != "POST training-jobs" for line in sent)


@pytest.mark.parametrize(
    ("before", "then", "sent"),
    [
        ("jupyter-lab/enable: 'true'", "jupyter-lab/enable: 'false'", {"annotation": {"jupyter-lab/enable": "false"}}),
        ("[team-keys]", "[team-keys, mine]", {"ssh": {"key_pair_names": ["team-keys", "mine"]}}),
        ("priority: 2", "priority: 1", {"schedule_policy": {"priority": 1, "preemptible": True}}),
        ("  endpoints: { ssh: { key_pair_names: [team-keys] } }\n", "", {"ssh": {"key_pair_names": []}}),
    ],
)
def test_what_the_contract_lists_changes_in_place(
    tmp_path: Path, before: str, then: str, sent: dict[str, object]
) -> None:
    """One PUT with exactly that beside the description, and no other run."""
    with world_of(tmp_path, "modelarts") as world:
        world.platform.services.switches.turn({"modelarts_drift": False})  # annotations are shown as they are
        world.applied()
        changes, requests = after(world, "manifests/custom-image.yaml", before, then)
        assert changes == [("in-our-image", Action.UPDATE)]
        assert [line.partition("/")[0] for line in requests] == ["PUT training-jobs"]
        body = json.loads(world.requests("PUT")[-1]["body"])
        assert any(value == sent or shows(value, sent) for name, value in body.items() if name != "description")


def test_a_running_job_is_stopped_and_waited_for_before_it_is_deleted(tmp_path: Path) -> None:
    """The platform refuses to delete a v1 job that runs, so it has to have ended first."""
    with world_of(tmp_path, "modelarts") as world:
        endless = "[{ label: SIMULATED_SECONDS, value: inf }, { label: FOLLOWS,"
        world.edit(JOBS, "[{ label: FOLLOWS,", endless)
        world.applied()
        remote_id = next(r.remote_id for a, r in world.recorded().items() if a.name == "legacy-image")
        job, version = remote_id.split("/")
        sent = len(world.writes())
        report = world.apply(world.plan(destroy=True))
        assert report.complete, [(str(o.step.address), o.error) for o in report.outcomes]
        paths = [f"{e['method']} {e['path'].split('/', 3)[3]}" for e in world.writes()[sent:]]
        of_job = [path for path in paths if path.split(" ")[1].split("/")[:2] == ["training-jobs", job]]
        assert of_job == [f"POST training-jobs/{job}/versions/{version}/stop", f"DELETE training-jobs/{job}"]
