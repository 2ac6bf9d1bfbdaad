"""A thousand ways to write the same run keep its digest; every edit that means something changes it."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
import yaml

from reconciler.manifests.assembling import Surroundings, assemble
from reconciler.manifests.reader import Reader
from reconciler.manifests.schemas import Catalogue, load_catalogue
from reconciler.model.address import NO_SCOPE
from reconciler.model.project import Environment
from reconciler.model.target import Target
from reconciler.planning.normalise import normalise, spec_digest

JOB: dict[str, Any] = {
    "name": "nightly",
    "description": "what it is for",
    "labels": ["qc", "night"],
    "priority": 3,
    "timeout": 60,
    "output_dir": "/results/nightly",
    "workflow_id": "exome::1.0.0",
    "node_labels": [],
    "tasks": [
        {
            "task_name": "align",
            "resources": {"cpu": "2C", "memory": "4G"},
            "inputs": [{"name": "reads", "values": ["a:/x"]}],
        },
        {"task_name": "call", "inputs": [{"name": "depth", "values": ["30"]}, {"name": "reads", "values": ["a:/y"]}]},
    ],
}
APP: dict[str, Any] = {
    "name": "greet",
    "version": "1.0.0",
    "summary": "says hello",
    "image": "demo/busybox:1.36",
    "commands": ["echo ${who}"],
    "resources": {"cpu": "0.5C", "memory": "0.5G"},
    "inputs": [{"name": "who", "type": "STRING", "required": True}, {"name": "to", "type": "FILE", "required": False}],
    "outputs": [],
}
TARGET = Target("ai4s", "ai4s", "local", "", "demo")
ENVIRONMENT = Environment("dev", {"ai4s": TARGET})
COSMETIC = {"description", "summary", "pattern"}
"""Fields that an author may rewrite without meaning anything else."""
KEYED = {"inputs": "name", "tasks": "task_name", "outputs": "name"}
SETS = {"labels", "node_labels"}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """The shipped kinds."""
    return load_catalogue()


def _digest(catalogue: Catalogue, text: str) -> str:
    (document,) = Reader().read(text.encode(), "f.yaml").documents
    manifest, findings = assemble(document, Surroundings(catalogue, ENVIRONMENT, {}))
    assert manifest is not None, findings
    kind = catalogue.kinds[manifest.platform, manifest.address.kind]
    return spec_digest(kind, normalise(kind, manifest.spec, scope=manifest.address.scope or NO_SCOPE))


def _cosmetic(value: Any, chance: random.Random, name: str = "") -> Any:
    """The same meaning, written otherwise: order, spelling of amounts, words for people."""
    if isinstance(value, dict):
        members = [(key, _cosmetic(item, chance, key)) for key, item in value.items()]
        chance.shuffle(members)
        return dict(members)
    if isinstance(value, list):
        items = [_cosmetic(item, chance) for item in value]
        if name in KEYED or name in SETS:
            chance.shuffle(items)
        return items
    if isinstance(value, str) and name in COSMETIC:
        return chance.choice([value, f"x{chance.randrange(1000)}"])
    if isinstance(value, str) and (amount := re.fullmatch(r"([0-9]+)(C|G)", value)):
        return chance.choice([value, f"{amount[1]}.0{amount[2]}"])
    return value


def _renamed(body: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The name is the address, and no part of what is meant there."""
    return {**body, "name": f"x{chance.randrange(1000)}"} if chance.random() < 0.3 else body


def _written(body: dict[str, Any], key: str, chance: random.Random) -> str:
    """With comments, blank lines, another indentation, flow or block, policy that changes nothing about the run."""
    document: dict[str, Any] = {key: body}
    if chance.random() < 0.3:
        document["lifecycle"] = {"onFailure": chance.choice(["hold", "retry"]), "protect": chance.random() < 0.5}
    if chance.random() < 0.3:
        document["metadata"] = {"labels": {"team": f"t{chance.randrange(9)}"}}
    flow = chance.choice([None, False, True])
    text = str(
        yaml.safe_dump(document, sort_keys=False, indent=chance.choice([2, 4]), default_flow_style=flow, width=400)
    )
    lines = [f"# note {chance.randrange(100)}", *text.splitlines()]
    if flow is False:
        lines = [line + "   # why" if chance.random() < 0.2 else line for line in lines]
    return ("---\n" if chance.random() < 0.3 else "") + "\n".join(lines) + "\n"


@pytest.mark.parametrize(("key", "body"), [("job", JOB), ("app", APP)])
def test_a_thousand_cosmetic_edits_keep_the_digest(catalogue: Catalogue, key: str, body: dict[str, Any]) -> None:
    """However it is written, it is the same thing: nothing would be sent, no run started."""
    chance = random.Random(20_260_101)  # noqa: S311 - chance of tests, repeatable
    found = {_digest(catalogue, _written(_renamed(_cosmetic(body, chance), chance), key, chance)) for _ in range(500)}
    assert found == {_digest(catalogue, yaml.safe_dump({key: body}))}


def _edits(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], Any]]:
    """Every leaf that means something, with another value."""
    if isinstance(value, dict):
        return [edit for key, item in value.items() for edit in _edits(item, (*path, key))]
    if isinstance(value, list):
        return [edit for index, item in enumerate(value) for edit in _edits(item, (*path, index))]
    return [] if path[-1] in COSMETIC or path[0] in SETS or path == ("name",) else [(path, _other(value))]


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if value in {"STRING", "FILE"}:
        return "DIRECTORY"
    return {"2C": "3C", "0.5C": "0.6C", "4G": "5G", "0.5G": "0.6G"}.get(value, f"{value}x")


def _changed(value: Any, path: tuple[Any, ...], other: Any) -> Any:
    if not path:
        return other
    if isinstance(value, dict):
        return {key: _changed(item, path[1:], other) if key == path[0] else item for key, item in value.items()}
    return [_changed(item, path[1:], other) if index == path[0] else item for index, item in enumerate(value)]


@pytest.mark.parametrize(("key", "body"), [("job", JOB), ("app", APP)])
def test_each_edit_that_means_something_changes_it(catalogue: Catalogue, key: str, body: dict[str, Any]) -> None:
    """Leaf by leaf: no two of them mean the same, and none means what was."""
    edits = [(path, other) for path, other in _edits(body) if path != ("version",)]
    texts = [yaml.safe_dump({key: _changed(body, path, other)}) for path, other in edits]
    digests = [_digest(catalogue, text) for text in texts]
    assert len(edits) >= 7
    assert len({*digests, _digest(catalogue, yaml.safe_dump({key: body}))}) == len(edits) + 1, edits
