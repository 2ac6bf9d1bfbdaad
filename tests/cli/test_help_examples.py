"""The examples at the end of each command's help: there are some, they are command lines, and they work."""

from __future__ import annotations

import json
import re
import shlex
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.cli.app import root_command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.running import Project

PROGRAM = "reconciler"
MANIFESTS = """\
app:
  name: fastqc
  version: 1.0.0
  image: demo/busybox:1.36
  commands: ['echo hello ${who}']
  inputs: [{ name: who, type: STRING, required: true, concurrent: vars_iter }]
---
workflow:
  name: qc
  version: 1.0.0
  tasks: [{ task_name: align, app_id: 'fastqc::1.0.0', inputs: [{ name: who, values: [world] }] }]
---
job: { name: nightly, workflow_id: qc::1.0.0, output_dir: /results/nightly, tasks: [
  { task_name: align, inputs: [{ name: who, values: [ann, bob] }] }] }
---
job: { name: qc-1, workflow_id: qc::1.0.0, output_dir: /results/qc }
---
job: { name: old-1, workflow_id: qc::1.0.0, output_dir: /results/old }
"""


def _leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with the words that lead to it."""
    if not hasattr(command, "list_commands"):
        yield path, command
        return
    for name in command.list_commands(None):
        yield from _leaves(command.get_command(None, name), (*path, name))


LEAVES = {" ".join(path): command for path, command in _leaves(root_command())}


def _examples(command: Any) -> list[str]:
    """What stands in the first column of the examples: whatever comes after two spaces is an explanation."""
    lines = (command.epilog or "").splitlines()
    return [line.strip().partition("  ")[0] for line in lines[lines.index("Examples:") + 1 :]] if lines else []


def _calls(example: str) -> Iterator[list[str]]:
    """The words of each call of the program in a line of shell, without it and without redirections."""
    for part in re.split(r"&&|\||\$\(|\)", example):
        words = shlex.split(part.strip('" '))
        if words[:1] == [PROGRAM]:
            yield list(takewhile(lambda word: word not in {">", ">>"}, words[1:]))


CALLS = [call for command in LEAVES.values() for example in _examples(command) for call in _calls(example)]


@pytest.mark.parametrize("name", LEAVES)
def test_every_command_has_an_example_of_itself(name: str) -> None:
    """The help of each command and subcommand shows how it is called, every line is a call, and one is its own."""
    examples = _examples(LEAVES[name])
    calls = [list(_calls(example)) for example in examples]
    assert all(calls), examples
    assert any(call[: len(name.split())] == name.split() for found in calls for call in found), examples


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_an_example_is_a_command_line(call: list[str]) -> None:
    """Each names a command there is, with options it has, all that it needs, and values that can be meant."""
    command: Any = root_command()
    words = list(call)
    while hasattr(command, "list_commands"):
        command = command.get_command(None, words.pop(0))
        assert command is not None, call
    with command.make_context(PROGRAM, words):
        pass


CLUSTER = ("nodes", "specs", "engines", "pools", "storages")
LOOKS = frozenset(
    [
        *("validate", "plan", "drift", "why", "show", "graph", "kinds", "schema", "get", "status", "logs", "events"),
        *("wait", "describe", "export", "whoami", "quota", "login", *CLUSTER),
    ]
)
DIFFERENT = {
    ("plan", "--since", "origin/main"): "--since needs a git work tree",
    ("plan", "-e", "prod", "-o", "prod.plan"): "exists on the platform already",
    ("describe", "VendorConfig", "--id", "default", "--files", "."): "there is no VendorConfig",
    ("quota", "--set", "training/HIGH=3", "--yes"): "limits are changed in the console",
    **{(word,): "no target of this environment tells that" for word in CLUSTER},
}
"""What this project has not, or its platform cannot, and the sentence that says so; by how the call begins."""


def _otherwise(call: list[str]) -> str:
    return next((said for words, said in DIFFERENT.items() if tuple(call[: len(words)]) == words), "")


def test_examples_that_only_look_work(project: Project) -> None:
    """In a project that holds what they name, each example that changes nothing does what it says."""
    project.write("all.yaml", MANIFESTS)
    file = project.root / "reconciler.yaml"
    dev = f"dev: {{ ai4s: {{ endpoint: '{project.endpoint}', space: demo }} }}"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(dev, f"{dev}, {dev.replace('dev', 'prod', 1)}"), encoding="utf-8")
    assert project.run("apply", "--yes", "--wait").code == 0
    known = json.loads(project.run("get", "Job", "--format", "json").out)["items"]
    (project.root / "ids.txt").write_text(known[0]["id"], encoding="utf-8")
    project.write("../apps/fastqc.yaml", MANIFESTS.partition("---")[0])
    ids = {"1f0c-42": known[0]["id"], "1f0c-43": known[1]["id"]}
    for call in CALLS:
        if call[0] not in LOOKS:
            continue
        words = [ids.get(word, word) for word in call]
        ended = project.run(*words, *(["--overwrite"] if call[0] == "export" else []))
        said = _otherwise(call)
        assert (ended.code != 0, said in ended.said) == (bool(said), True), (words, ended)
