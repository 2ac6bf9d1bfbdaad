"""A run that reads what another run of these manifests writes, and does not wait for it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.providers.ai4s_meaning.declared import findings, job, manifest, task

AWAITED = "meaning.not-awaited"


def copy(name: str = "fetch", folder: str = "/reads", **more: Any) -> Any:
    """A data job that writes to a folder."""
    spec = {"name": name, "type": "CLONE_DATA", "sub_paths": ["/raw/x"], "target_folder": folder, **more}
    return manifest("DataJob", name, spec)


def reader(value: str) -> Any:
    """A job that reads something."""
    return job(task("a", inputs={"reads": ["literal", value]}))


def told(*manifests: Any) -> list[tuple[str, str, str]]:
    """Pointer, message and hint of each finding of this sort."""
    return [(d.pointer, d.message, d.hint) for d in findings(*manifests) if d.code == AWAITED]


def test_a_path_that_a_data_job_writes_to() -> None:
    """Said at the value, with what to write instead."""
    ((pointer, message, hint),) = told(reader("lab:/reads/deep/x.txt"), copy())
    assert pointer == "/tasks/0/inputs/0/values/1"
    assert message == "lab:/reads/deep/x.txt is written by DataJob/fetch, which this does not wait for"
    assert hint.startswith("write $[[ ref.DataJob/fetch.folder ]]/deep/x.txt, ")


def test_a_path_that_a_job_writes_to() -> None:
    """The same for its results, read by a copy."""
    maker = job(name="maker", output_dir="/results")
    ((pointer, _, hint),) = told(maker, copy(sub_paths=["/a", "/results/table.csv"]))
    assert pointer == "/sub_paths/1"
    assert hint.startswith("write lab:$[[ ref.Job/maker.output_dir ]]/table.csv, ")


@pytest.mark.parametrize(
    "value",
    [
        "$[[ ref.DataJob/fetch.folder ]]/x",
        "other:/reads/x",
        "lab:/reads-of-old/x",
        "lab:/elsewhere",
        "/reads/x",
        "${other.reads}",
    ],
)
def test_what_is_fine(value: str) -> None:
    """A reference, another space, another folder, and what is no data of a space."""
    assert told(reader(value), copy()) == []


def test_one_reference_is_enough() -> None:
    """Who refers to a run anywhere waits for it."""
    both = job(task("a", inputs={"reads": ["lab:/reads/x", "$[[ ref.DataJob/fetch.folder ]]/y"]}))
    assert told(both, copy()) == []


def test_what_says_nothing() -> None:
    """A copy into the whole space, a folder that is made up elsewhere, itself, and another target."""
    assert told(reader("lab:/reads/x"), copy(folder="/")) == []
    assert told(reader("lab:/reads/x"), copy(folder="$[[ vars.folder ]]")) == []
    assert told(copy(folder="/reads", sub_paths=["/reads/x"])) == []
    away = manifest("DataJob", "fetch", dict(copy().spec), target="other")
    assert told(reader("lab:/reads/x"), away) == []


def test_a_copy_from_another_space() -> None:
    """What it reads is there, not here."""
    here = copy(name="second", type="IMPORT_DATA", source_space="home", sub_paths=["/reads/x"], folder="/b")
    assert told(here, copy()) == []
    there = manifest("DataJob", "fetch", dict(copy().spec), scope="home")
    assert len(told(here, there)) == 1
