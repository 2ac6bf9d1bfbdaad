"""A document with an error, and what is still checked beside it and in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.operations.settings import Settings
from reconciler.operations.validate import declare
from reconciler.operations.wiring import open_workspace
from reconciler.operations.workspace import Call

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = """\
apiVersion: reconciler/v1
kind: Project
name: testing
manifests: ['*.yaml']
default: dev
environments:
  dev:
    ai4s: { endpoint: local, space: demo }
    hai: { endpoint: local }
    pai-dlc: { endpoint: local, workspace: "268" }
    modelarts: { endpoint: local }
"""
APP = """\
app:
  name: greet
  version: 1.0.0
  image: demo/busybox:1.36
  commands: ['echo ${who}']
  inputs: [{ name: who, type: STRING, required: true }, { name: times, type: STRING, required: false }]
  resources: { cpu: 0.5C, memory: 0.5G }
"""
WORKFLOW = """\
workflow:
  name: hello
  version: 1.0.0
  tasks:
    - { task_name: first, app_id: 'greet::1.0.0', inputs: [{ name: who, values: [world] }] }
    - { task_name: second, app_id: 'greet::1.0.0', inputs: [{ name: who, values: [world] }] }
"""
JOB = """\
job:
  name: hello
  workflow_id: hello::1.0.0
  output_dir: /results/hello
  tasks:
    - { task_name: first, inputs: [{ name: who, values: [ann] }] }
"""


def _codes(root: Path, **texts: str) -> list[str]:
    """`file code` of every finding in a project of these files."""
    (root / "reconciler.yaml").write_text(PROJECT, encoding="utf-8")
    for name, text in ({"app": APP, "workflow": WORKFLOW, "job": JOB} | texts).items():
        (root / f"{name}.yaml").write_text(text, encoding="utf-8")
    found = declare(open_workspace(Call(root, Settings()))).diagnostics
    return sorted(
        f"{d.source.file.rsplit('/')[-1].removesuffix('.yaml')} {d.code}" if d.source else d.code for d in found
    )


def test_the_project_is_fine(tmp_path: Path) -> None:
    """What follows is about what is broken in it."""
    assert _codes(tmp_path) == []


BROKEN = {
    "a value": (APP.replace("0.5C", "7"), ["app schema.type"]),
    "a key too many": (f"{APP}  wished: more\n", ["app schema.unknown-key"]),
    "a key misspelt": (APP.replace("image:", "imagee:"), ["app schema.required", "app schema.unknown-key"]),
    "an input": (APP.replace("required: false", "required: maybe"), ["app schema.type"]),
    "all inputs": (APP.replace("inputs:", "inputs: 7 #"), ["app schema.type"]),
    "a variable": (APP.replace("echo", "$[[ vars.nope ]]"), ["app expression.unknown-variable"]),
    "the version": (APP.replace("1.0.0", "[]"), ["app schema.type"]),
    "the name": (APP.replace("greet", "7"), ["app schema.type"]),
    "the name's spelling": (APP.replace("greet", "Greet all!"), ["app schema.pattern"]),
    "its kind": (APP.replace("app:", "appp:"), ["app manifest.unrecognised"]),
    "its target": (f"{APP}metadata: {{ target: nowhere }}\n", ["app manifest.target"]),
    "the metadata": (f"{APP}metadata: {{ spce: lab }}\n", ["app schema.unknown-key"]),
    "the YAML": (f"{APP}  : [\n", ["app yaml.syntax"]),
}


@pytest.mark.parametrize(("text", "codes"), BROKEN.values(), ids=BROKEN.keys())
def test_what_refers_to_a_broken_document_is_not_blamed(tmp_path: Path, text: str, codes: list[str]) -> None:
    """Whatever is wrong with an app, the workflow that uses it and the job of that hear nothing of it."""
    assert _codes(tmp_path, app=text) == codes


@pytest.mark.parametrize(("text", "codes"), BROKEN.values(), ids=BROKEN.keys())
def test_the_others_get_all_their_checks(tmp_path: Path, text: str, codes: list[str]) -> None:
    """References to other documents, tasks, cycles: what does not concern the broken one is said in the same pass."""
    other = WORKFLOW.replace("hello", "other").replace("greet", "fine")
    fine = APP.replace("name: greet", "name: fine")
    job = (
        JOB.replace("hello", "other").replace("task_name: first", "task_name: frist").replace("name: who", "name: whom")
    )
    cycle = other.replace("name: other", "name: third").replace("[world]", "['$[[ ref.Job/other ]]']")
    said = ["job meaning.unknown-task"]
    assert _codes(tmp_path, app=text, fine=fine, other=other, job=job) == sorted([*codes, *said])
    assert "references.cycle" in " ".join(_codes(tmp_path, app=text, job=job, other=cycle.replace("third", "other")))


SOUND_PARTS = {
    "an input of a sound one": (
        APP.replace("0.5C", "7"),
        JOB.replace("name: who", "name: whom"),
        "job meaning.unknown-input",
    ),
    "its own commands": (APP.replace("0.5C", "7").replace("${who}", "${whoo}"), JOB, "app meaning.unknown-parameter"),
    "its own parameters": (
        APP.replace("0.5C", "7").replace("name: times", "name: who"),
        JOB,
        "app meaning.duplicate-parameter",
    ),
    "its own references": (
        APP,
        JOB.replace("hello::1.0.0", "helo::1.0.0\n  priority: many"),
        "job references.undeclared",
    ),
    "its own address": (f"{APP.replace('0.5C', '7')}---\n{APP}", JOB, "app references.duplicate"),
    "a task beside a wrong one": (
        APP,
        JOB.replace("name: who", "name: whom") + "    - { task_name: [], inputs: [] }\n",
        "job meaning.unknown-input",
    ),
}


@pytest.mark.parametrize(("app", "job", "code"), SOUND_PARTS.values(), ids=SOUND_PARTS.keys())
def test_sound_parts_of_a_broken_document_are_checked(tmp_path: Path, app: str, job: str, code: str) -> None:
    """What can be said without the wrong part is said with it."""
    found = _codes(tmp_path, app=app, job=job)
    assert code in found
    assert any(" schema." in each for each in found)


UNTOUCHED = {
    "the only input that is misspelt": (
        APP.replace("name: who", "nam: who"),
        ["app schema.required", "app schema.unknown-key"],
    ),
    "an output that may be meant": (f"{APP}  output: [{{ name: who }}]\n", ["app schema.unknown-key"]),
}


@pytest.mark.parametrize(("text", "codes"), UNTOUCHED.values(), ids=UNTOUCHED.keys())
def test_nothing_is_missed_that_may_be_meant(tmp_path: Path, text: str, codes: list[str]) -> None:
    """What is not found may be the part that is wrong: then nobody says that it is missing."""
    assert _codes(tmp_path, app=text) == codes


TASK = """\
version: 2
name: train
priority: 30
spec: { workspace: /work, entrypoint: run.py, environments: { DAY: '2024-01-01' } }
resource: { image: default, group: 'a#b#c', node_count: 1 }
"""
DLC = """\
apiVersion: pai-dlc/v1
kind: Job
metadata: { name: train }
spec:
  JobType: PyTorchJob
  UserCommand: python train.py
  CodeSource: { CodeSourceId: code-1 }
  JobMaxRunningTimeMinutes: 60
  JobSpecs: [{ Type: Worker, Image: train:1, PodCount: many, EcsSpec: ecs.g6.large }]
"""


def test_other_platforms(tmp_path: Path) -> None:
    """Each platform's own checks go on with what is sound: a wrong priority hides no wrong group."""
    whole = [code for code in _codes(tmp_path, task=TASK) if code.startswith("task")]
    assert whole == ["task meaning.date-value", "task meaning.group-form"]
    assert _codes(tmp_path, task=TASK.replace("30", "high")) == [*whole, "task schema.choice"]
    (tmp_path / "task.yaml").unlink()
    assert _codes(tmp_path, dlc=DLC) == ["dlc meaning.moving-code", "dlc schema.type"]
