"""Findings about meaning, from files: they point at the author's own line, in the author's own words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.manifests.loading import load
from reconciler.manifests.positions import place
from reconciler.manifests.schemas import load_catalogue
from reconciler.model.project import Environment, Project
from reconciler.model.target import Target
from reconciler.providers.ai4s.meaning import check

if TYPE_CHECKING:
    from reconciler.model.diagnostic import Source

APP = """\
app:
  name: trim
  version: 1.0.0
  image: lab/trim:1
  commands: [trim]
  inputs:
    - name: reads
      type: FILE
      required: true
  outputs:
    - { name: clean, type: FILE, required: true }
"""

NATIVE = """\
# a comment
workflow:
  name: flow
  version: 1.0.0
  tasks:
    - task_name: first
      app_id: trim::1.0.0
      inputs:
        - name: reeds
          values: ['lab:/a.fq']
    - task_name: second
      name: Shown
      app_id: trim::1.0.0
      inputs: [{ name: reads, values: ["${first.claen}"] }]
---
job:
  name: run
  workflow_id: flow::1.0.0
  tasks:
    - task_name: sekond
"""

ENVELOPE = """\
apiVersion: ai4s/v1
kind: Workflow
metadata:
  name: flow
spec:
  version: 1.0.0
  tasks:
    - { task_name: first, app_id: 'trim::1.0.0', inputs: [{ name: reads, values: [/a.fq] }] }
"""


def places(folder: Path, **files: str) -> list[tuple[str, str]]:
    """What is found in `files` below `folder`: the rest of the line from the place on, and the code."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    target = Target("ai4s", "ai4s", endpoint="local", scope="lab")
    environment = Environment("dev", {"ai4s": target})
    project = Project("p", str(folder), "dev", {"dev": environment})
    loaded = load(project, environment, load_catalogue())
    assert loaded.diagnostics == ()
    found = place(tuple(check(loaded.manifests)), loaded.manifests)
    return sorted((_text_at(folder, d.source), d.code) for d in found if d.source)


def _text_at(folder: Path, source: Source) -> str:
    lines = (folder / Path(source.file).name).read_text().splitlines()
    return lines[source.line - 1][source.column - 1 :]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            NATIVE,
            [
                ('"${first.claen}"] }]', "meaning.unknown-output"),
                ("reeds", "meaning.unknown-input"),
                ("sekond", "meaning.unknown-task"),
            ],
        ),
        (ENVELOPE, [("/a.fq] }] }", "meaning.value-type")]),
        (
            "job:\n  name: run\n  workflow_id: flow::1.0.0\n---\n" + NATIVE.partition("---")[0],
            [('"${first.claen}"] }]', "meaning.unknown-output"), ("reeds", "meaning.unknown-input")],
        ),
    ],
    ids=["native", "envelope", "second document"],
)
def test_a_finding_points_at_the_words(tmp_path: Path, text: str, expected: list[tuple[str, str]]) -> None:
    """Block and flow style, native and envelope, first and later documents: line and column are those of the value."""
    assert places(tmp_path, trim=APP, flow=text) == expected


def test_a_finding_about_what_is_not_there_points_at_its_owner(tmp_path: Path) -> None:
    """A required input without a value is told where the job names the workflow, under the native word for it."""
    flow = NATIVE.partition("---")[0].replace("reeds", "reads").replace("claen", "clean").replace("['lab:/a.fq']", "[]")
    run = "job:\n  name: run\n  workflow_id: flow::1.0.0\n"
    assert places(tmp_path, trim=APP, flow=flow, run=run) == [("flow::1.0.0", "meaning.required-input")]
