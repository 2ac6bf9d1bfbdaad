"""Jobs of v1 written for v2 by `reconciler import --as v2`, from manifests and from what is live."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from reconciler.planning.normalise import shows
from tests.cli.running import Ended, reconciler
from tests.invariants.world import CREDENTIALS, EXAMPLES, World, world_of
from tests.providers.modelarts.opened import desired, job_v1, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROJECT = "modelarts-migration"
ENGINE, FOLDER = "config.engine_version", "config.volumes.0.host_path"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The example of a migration before it was made."""
    with world_of(tmp_path, PROJECT) as made:
        shutil.rmtree(made.root / "current")
        (made.root / "current").mkdir()
        yield made


def rewrite(world: World, *words: str) -> Ended:
    """The command, in the project's folder."""
    return reconciler(world.root, "import", "--as", "v2", *words, variables=CREDENTIALS)


def written(folder: Path) -> dict[str, tuple[str, Any]]:
    """By the name of the job: the comment above it, and the manifest."""
    found = {}
    for file in sorted(folder.rglob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        found[file.stem] = ("\n".join(re.findall(r"(?m)^# (.*)", text)), yaml.safe_load(text))
    return found


def test_the_example_is_what_the_command_writes(world: World) -> None:
    """But for what was settled by hand, which is exactly what it lists: on the screen and in the files."""
    ended = rewrite(world, "legacy/jobs.yaml", "--into", "current")
    assert ended.code == 0
    assert "nothing was submitted" in ended.said
    made, settled = written(world.root / "current"), written(EXAMPLES / PROJECT / "current")
    assert set(made) == set(settled) == {"line", "own-image"}
    for name, field in (("line", ENGINE), ("own-image", FOLDER)):
        comment, manifest = made[name]
        assert f"- {field} (" in comment
        assert comment.count("\n- ") == 1
        assert f"  {field} (" in ended.said
        assert shows(settled[name][1], manifest)
        assert settled[name][1] != manifest
    assert made["line"][1]["spec"]["algorithm"]["parameters"][0]["value"] == "$[[ vars.epochs ]]"
    assert made["line"][1]["lifecycle"] == {"onRemove": "keep"}
    assert world.requests() == []


def test_what_is_written_already_is_not_written_again(world: World) -> None:
    """The same command once more writes no second declaration of what the first one has written."""
    rewrite(world, "legacy/jobs.yaml", "--into", "current")
    files = sorted((world.root / "current").rglob("*.yaml"))
    again = rewrite(world, "legacy/jobs.yaml", "--into", "current")
    assert again.said.count("is declared already") == 2
    assert sorted((world.root / "current").rglob("*.yaml")) == files


def test_what_is_not_settled_is_found_before_anything_is_planned(world: World) -> None:
    """An incomplete job is an error with its line, and nothing fills the gap in with a guess."""
    rewrite(world, "legacy/jobs.yaml", "--into", "current")
    ended = reconciler(world.root, "validate", variables=CREDENTIALS)
    assert ended.code == 65
    assert re.search(r"line\.yaml:\d+:\d+: error: nothing says which engine runs", ended.said)
    assert "own-image.yaml" not in ended.said


def test_a_live_job(world: World) -> None:
    """What is in no file is read: the specification by its name is the flavor, and no secret or mark comes along."""
    world.applied()
    (world.root / "legacy/jobs.yaml").unlink()
    (world.root / "legacy/none.yaml").write_text("", encoding="utf-8")
    sent = len(world.writes())
    ended = rewrite(world, "TrainingJob/line", "--into", "current")
    assert (ended.code, len(world.writes())) == (0, sent)
    ((comment, manifest),) = written(world.root / "current").values()
    assert "config.engine_version" in comment
    assert manifest["spec"]["description"] == "Fits a line"
    assert manifest["spec"]["spec"]["resource"] == {"flavor_id": "modelarts.vm.cpu.2u"}
    assert manifest["spec"]["algorithm"]["parameters"][0] == {"name": "epochs", "value": "3"}


def test_a_live_text_that_looks_like_an_expression_is_none(world: World) -> None:
    """No manifest could say it, so the job is left out, and the reason is told."""
    with opened(world.platform) as connection:
        odd = {**job_v1("odd", seconds="0"), "job_desc": "costs $[[ a lot"}
        connection.handler("TrainingJob").create(desired("TrainingJob", odd))
    ended = rewrite(world, "TrainingJob/odd", "--into", "current")
    assert ended.code == 1
    assert "left out modelarts/TrainingJob/-/odd: it holds a text with $[[" in ended.said
    assert written(world.root / "current") == {}


def test_what_is_declared_is_written_from_its_manifest(world: World) -> None:
    """By its address, with the variables that the platform would not show; what is there already is left alone."""
    ended = rewrite(world, "TrainingJob/line")
    assert ended.code == 0
    (made,) = (world.root / "legacy/trainingjobv2s").iterdir()
    assert "$[[ vars.epochs ]]" in made.read_text(encoding="utf-8")
    made.write_text((EXAMPLES / PROJECT / "current/line.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    again = rewrite(world, "TrainingJob/line")
    assert again.code == 1
    assert "modelarts/TrainingJobV2/-/line is declared already" in again.said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing-like-it",), "nothing that can be written as v2 matches 'nothing-like-it'"),
        (("gone.yaml",), "there is no such file or folder"),
        (("--kind", "TrainingJobV2"), "nothing of the kind 'TrainingJobV2' can be written as v2"),
    ],
)
def test_what_means_nothing_is_told(world: World, words: tuple[str, ...], said: str) -> None:
    """With a usage error, or the finding of the file."""
    ended = rewrite(world, *words)
    assert ended.code in {64, 65}
    assert said in ended.said


def test_an_unknown_version_is_told_with_those_there_are(world: World) -> None:
    """So that nobody has to guess what can be written."""
    ended = reconciler(world.root, "import", "--as", "v3", variables=CREDENTIALS)
    assert ended.code == 64
    assert "Known: v2" in ended.said
