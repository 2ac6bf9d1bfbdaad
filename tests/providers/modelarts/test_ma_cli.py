"""Every command of `ma-cli ma-job` has its counterpart: each line of the table in the guide is run as it stands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.manifests.native_modelarts import KEYS
from reconciler.providers.exchange import Call
from tests.cli.running import reconciler
from tests.invariants.world import CREDENTIALS, World, world_of
from tests.providers.modelarts.opened import job_v2, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

GUIDE = (Path(__file__).parents[3] / "docs/modelarts.md").read_text(encoding="utf-8")
COMMANDS = {"submit", "get-job", "get-log", "get-event", "get-engine", "get-flavor", "get-pool", "stop", "delete"}
"""All that the vendor documents (platform contract, section 10)."""
ROWS = re.findall(r"(?m)^\| `([^`]+)` \| `reconciler ([^`]+)` \|$", GUIDE)
NAME = "by-hand"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The example, and a job that somebody made by hand."""
    with world_of(tmp_path, "modelarts") as made:
        yield made


def test_every_command_stands_in_the_table() -> None:
    """And none that is not the vendor's."""
    assert {left.split()[0] for left, _ in ROWS} == COMMANDS


@pytest.mark.parametrize(("theirs", "ours"), ROWS, ids=[left.replace(" ", "_") for left, _ in ROWS])
def test_each_counterpart_works(world: World, theirs: str, ours: str) -> None:
    """On a job of ours or of anybody: as it stands in the table, with its id and name filled in."""
    given = job_v2(NAME, seconds="inf" if ours.startswith("cancel") else "0")
    body = {"kind": "job", "metadata": {"name": NAME}, "algorithm": given["algorithm"], "spec": given["spec"]}
    with opened(world.platform) as connection:
        made = connection.place.v2(Call("submit", "POST", "/training-jobs", body=body))
    words = [
        made["metadata"]["id"] if word == "ID" else word.replace("=NAME", f"={NAME}") for word in shlex.split(ours)
    ]
    if words[0] == "get":  # the second page of one job is empty
        words[-1] = "0"
    ended = reconciler(world.root, *words, variables=CREDENTIALS)
    assert ended.code == 0, (theirs, ended.said)
    shown = {
        "get": NAME,
        "status": "Completed",
        "describe": "phase: Completed",
        "engines": "pytorch_",
        "pools": "pool-local",
    }
    assert shown.get(words[0], "") in ended.out
    if words[0] in {"apply", "cancel", "delete"}:
        assert [e["method"] for e in world.writes()[1:]]


def test_every_key_of_its_file_stands_in_the_guide() -> None:
    """Each once, in the words of the command."""
    section = GUIDE.partition("### The file of `submit`")[2].partition("\n## ")[0]
    keys = [key for row in re.findall(r"(?m)^\| (`[a-z`, -]+) \|", section) for key in re.findall(r"`([a-z-]+)`", row)]
    assert sorted(keys) == sorted(KEYS)
