"""The examples are complete: valid without a warning, every field of every kind in use, every file in its README."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.model.diagnostic import Severity
from reconciler.operations.settings import Settings
from reconciler.operations.validate import declare
from reconciler.operations.wiring import open_workspace
from reconciler.operations.workspace import Call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.manifest import Manifest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
PROJECTS = sorted(file.parent for file in EXAMPLES.rglob("reconciler.yaml"))
KIND_SCHEMAS = sorted((ROOT / "schemas").glob("*/*.schema.json"))


def _manifests(project: Path) -> tuple[Manifest, ...]:
    return declare(open_workspace(Call(project, Settings()))).manifests


@pytest.mark.parametrize("project", PROJECTS, ids=lambda p: p.name)
def test_examples_are_valid(project: Path) -> None:
    """No error and no warning; a note says what is known to be ignored."""
    declared = declare(open_workspace(Call(project, Settings())))
    assert [str(d) for d in declared.diagnostics if d.severity is not Severity.NOTE] == []
    assert declared.manifests


@pytest.mark.parametrize("project", PROJECTS, ids=lambda p: p.name)
def test_every_file_is_declared_and_described(project: Path) -> None:
    """No file is left out by the globs of the project file, and the README names each one."""
    files = {f for f in project.rglob("*") if f.suffix in {".yaml", ".yml", ".txt"} and "data" not in f.parts}
    files = {f.relative_to(project) for f in files if ".reconciler" not in f.parts} - {Path("reconciler.yaml")}
    declared = {Path(m.source.file).resolve().relative_to(project) for m in _manifests(project)}
    assert declared == files
    readme = (project / "README.md").read_text(encoding="utf-8")
    assert [f for f in sorted(files) if f.name not in readme and f"`{f.stem}`" not in readme] == []


def _paths(node: dict[str, Any], definitions: dict[str, Any], path: str = "") -> Iterator[str]:
    """The dotted path of every property below a schema, `[]` standing for any item."""
    name = str(node.get("$ref", "")).removeprefix("#/$defs/")
    if name in definitions:
        yield from _paths(definitions[name], definitions, path)
    for key, item in node.get("properties", {}).items():
        yield (below := f"{path}.{key}".lstrip("."))
        yield from _paths(item, definitions, below)
    if isinstance(node.get("items"), dict):
        yield from _paths(node["items"], definitions, f"{path}[]")


def _used(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield (below := f"{path}.{key}".lstrip("."))
            yield from _used(item, below)
    elif isinstance(value, list):
        for item in value:
            yield from _used(item, f"{path}[]")


@pytest.mark.parametrize("file", KIND_SCHEMAS, ids=lambda f: f"{f.parent.name}-{f.name.partition('.')[0]}")
def test_every_field_has_an_example(file: Path) -> None:
    """Whatever can be declared stands in some example, and so is planned, applied and planned again by the tests."""
    schema = json.loads(file.read_text(encoding="utf-8"))
    if "x-kind" not in schema:
        pytest.skip("no schema of a kind")
    wanted = set(_paths(schema["$defs"]["spec"], schema["$defs"]))
    of_kind = (m for p in PROJECTS for m in _manifests(p) if m.address.kind == schema["x-kind"])
    used = {path for m in of_kind if m.platform == schema["x-platform"] for path in _used(dict(m.spec))}
    assert wanted
    assert wanted - used == set()


def test_commands_shown_exist() -> None:
    """Every command that the demo or a README of the examples shows is one of the program's."""
    from reconciler.cli.app import COMMANDS

    texts = [f.read_text(encoding="utf-8") for f in (*EXAMPLES.rglob("README.md"), EXAMPLES / "quickstart/demo.sh")]
    shown = {match for text in texts for match in re.findall(r"(?m)(?:^|`|run )\s*reconciler ([a-z]+)", text)}
    assert shown
    assert shown <= set(COMMANDS)
