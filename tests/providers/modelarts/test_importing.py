"""What was made by hand is taken over by `reconciler import`: files that say it, and a next plan that is empty."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from reconciler.localplatform.store import Query
from reconciler.model.diagnostic import Severity
from reconciler.providers.modelarts.marks import taken_apart
from tests.cli.running import Ended, reconciler
from tests.invariants.world import CREDENTIALS, World, shown, world_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG, V1, V2 = "TrainingJobConfig", "TrainingJob", "TrainingJobV2"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The example with everything in it applied by somebody who used no marks, and whose files are gone."""
    with world_of(tmp_path, "modelarts") as made:
        made.applied()
        _without_marks(made)
        shutil.rmtree(made.root / "manifests")
        shutil.rmtree(made.root / ".reconciler")
        (made.root / "manifests").mkdir()
        yield made


def _without_marks(world: World) -> None:
    """As if each description had been written in the console."""
    store = world.platform.services.store
    for kind, member in ((V1, "job_desc"), (CONFIG, "config_desc"), (V2, "description")):
        for entity in store.find(Query("modelarts", kind)).entities:
            inside = {**entity.body.get("metadata", entity.body)}
            inside[member] = taken_apart(inside[member]).description
            store.update(replace(entity, body={**entity.body, "metadata": inside} if kind == V2 else inside))


def command(world: World, *words: str) -> Ended:
    """One command line."""
    return reconciler(world.root, *words, variables=CREDENTIALS)


def imported(world: World) -> dict[str, Any]:
    """The manifests that were written, by name."""
    files = sorted((world.root / "manifests").rglob("*.yaml"))
    read = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in files]
    return {each["metadata"]["name"] if "metadata" in each else each["name"]: each for each in read}


@pytest.mark.parametrize(("kind", "count"), [(CONFIG, 4), (V1, 4), (V2, 6)])
def test_import_then_plan_is_empty(world: World, kind: str, count: int) -> None:
    """Of each kind: everything is written and taken over, the platform is only read, and applying does nothing."""
    sent = len(world.writes())
    ended = command(world, "import", "--kind", kind)
    assert ended.code == 0, ended.said
    assert len(imported(world)) == count
    assert len(world.recorded()) == count
    planned = world.plan()
    assert planned.is_empty, [(str(c.address), c.action, c.why) for c in shown(planned)]
    assert [d for d in planned.diagnostics if d.severity is Severity.ERROR] == []
    assert world.apply(planned).complete
    assert len(world.writes()) == sent


def test_what_the_files_say(world: World) -> None:
    """A job can be submitted again from its file: inputs come along, the pool without its specification, numbers with
    their names; what the platform does not show is told.
    """
    ended = command(world, "import", "--kind", V2, "fit-line", "in-our-image")
    assert "TrainingJobV2: not shown by the platform, so add what was set of annotations" in ended.said
    assert command(world, "import", "--kind", V1, "legacy-*").code == 0
    files = imported(world)
    (given,) = files["fit-line"]["spec"]["algorithm"]["inputs"]
    assert given["remote"] == {"obs": {"obs_url": "obs://lab/points/"}}
    assert "notification" in files["in-our-image"]["spec"]["spec"]
    line = files["legacy-line"]["spec"]["config"]
    assert (line["engine_id"], line["engine_version"]) == (2, "PyTorch-1.0.0-python3.6")
    assert (line["spec_id"], line["spec_code"]) == (1, "modelarts.vm.cpu.2u")
    image = files["legacy-image"]["spec"]["config"]
    assert (image["pool_id"], "spec_id" in image) == ("pool-local", False)


def test_an_edit_after_an_import(world: World) -> None:
    """What was taken over is ours from then on: its description gets our mark with one PUT, and no run is made."""
    command(world, "import", "--kind", V2, "fit-line")
    sent = len(world.writes())
    (file,) = (world.root / "manifests").rglob("*.yaml")
    file.write_text(file.read_text(encoding="utf-8").replace("Fits a line", "It fits a line"), encoding="utf-8")
    assert world.apply().complete
    assert [(e["method"], e["path"].split("/")[3]) for e in world.writes()[sent:]] == [("PUT", "training-jobs")]
    assert world.plan().is_empty


def test_a_sample_of_the_platform_is_a_manifest_to_begin_with(world: World) -> None:
    """It is listed by a word of its own, printed, declared, and made as one of ours; the sample is not touched."""
    listed = command(world, "get", CONFIG, "--filter", "type=sample")
    assert "sample:sample-linear" in listed.out
    printed = command(world, "describe", CONFIG, "--id", "sample:sample-linear")
    file = world.root / "manifests/linear.yaml"
    file.write_text(printed.out.replace("name: sample-linear", "name: our-linear"), encoding="utf-8")
    planned = world.plan()
    assert [(change.address.name, change.action.value) for change in shown(planned)] == [("our-linear", "create")]
    assert world.apply(planned).complete
    assert world.plan().is_empty
    refused = command(world, "delete", CONFIG, "--id", "sample:sample-linear", "--yes")
    assert not [e for e in world.requests("DELETE") if "sample" in e["path"]], refused.said
