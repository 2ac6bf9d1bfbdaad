"""HAI's own files: the whole document is the definition, but for our siblings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.manifests.loading import Loaded, load
from reconciler.manifests.schemas import load_catalogue
from reconciler.model.manifest import OnChange
from reconciler.model.project import Environment, Project
from reconciler.model.target import Target

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model.manifest import Manifest

CATALOGUE = load_catalogue()
ENVIRONMENT = Environment("dev", {"hai": Target("hai", "hai", "http://hai.test")})
WHOLE = """\
version: 2
name: t
priority: 30
spec:
  workspace: /ws
  entrypoint: train.py
  environments: { A: 1, B: 1.5, C: true, D: 2026-01-31, E: "'two words'", F: no }
resource: { node_count: 2 }
options: { tags: 'a, b', py_venv: 202111, profile: { time: 10, log_dir: /x } }
lifecycle: { onChange: replace }
metadata: { labels: { team: a } }
"""


def loaded(folder: Path, text: str) -> Loaded:
    """What a folder with this one file declares."""
    (folder / "t.yml").write_text(text)
    project = Project("p", str(folder), "dev", {"dev": ENVIRONMENT})
    return load(project, ENVIRONMENT, CATALOGUE)


def one(folder: Path, text: str) -> Manifest:
    """The one manifest of a good file."""
    found = loaded(folder, text)
    assert found.diagnostics == ()
    (manifest,) = found.manifests
    return manifest


def test_the_whole_document_is_the_spec(tmp_path: Path) -> None:
    """Values as the platform's own check makes them, tags as a list, what the client adds left out."""
    manifest = one(tmp_path, WHOLE)
    assert str(manifest.address) == "hai/Task/-/t"
    assert manifest.lifecycle.on_change is OnChange.REPLACE
    assert manifest.labels == {"team": "a"}
    assert set(manifest.spec) == {"version", "name", "priority", "spec", "resource", "options"}
    environments = {"A": "1", "B": "1.5", "C": "True", "D": "2026-01-31", "E": "'two words'", "F": "no"}
    assert manifest.spec["spec"]["environments"] == environments
    assert manifest.spec["options"] == {"tags": ["a", "b"], "py_venv": "202111", "profile": {"time": 10}}


ENVELOPE = """\
apiVersion: hai/v1
kind: Task
metadata: { name: t }
spec:
  version: 2
  spec: { workspace: /ws, entrypoint: train.py, environments: { A: 1 } }
  resource: {}
"""


def test_the_envelope_says_the_same(tmp_path: Path) -> None:
    """The name comes from the metadata, and whole numbers become text."""
    manifest = one(tmp_path, ENVELOPE)
    assert manifest.spec["name"] == "t"
    assert manifest.spec["spec"]["environments"] == {"A": "1"}


@pytest.mark.parametrize(
    ("before", "after", "places"),
    [
        ("version: 2", "version: 1", [(1, 10)]),
        ("name: t", "name: a b", [(2, 7)]),
        ("priority: 30", "priority: 31", [(3, 11)]),
        ("entrypoint: train.py", "entrypint: train.py", [(4, 1), (6, 3)]),
        ("A: 1,", "A: [1],", [(7, 22)]),
        ("A: 1,", "1A: 1,", [(7, 19)]),
        ("node_count: 2", "node_count: 0", [(8, 25)]),
        ("tags: 'a, b'", "tags: [_a]", [(9, 19)]),
        ("onChange: replace", "onChange: replce", [(10, 24)]),
    ],
)
def test_findings_stand_at_their_place(tmp_path: Path, before: str, after: str, places: list[tuple[int, int]]) -> None:
    """With line and column, in the author's words, siblings included."""
    found = loaded(tmp_path, WHOLE.replace(before, after))
    assert found.manifests == ()
    assert [(d.source.line, d.source.column) for d in found.diagnostics if d.source] == places


def test_a_file_without_its_key_is_recognised_as_a_mistake(tmp_path: Path) -> None:
    """The nearest word is offered."""
    (finding,) = loaded(tmp_path, WHOLE.replace("resource:", "resources:")).diagnostics
    assert finding.code == "manifest.unrecognised"
    assert "resource" in finding.hint


def test_rules_of_the_fields() -> None:
    """What may change in place is no part of which run it is; the rest is a new run."""
    rules: dict[str, Any] = {rule.path: rule for rule in CATALOGUE.kinds["hai", "Task"].rules}
    in_place = {path for path, rule in rules.items() if rule.on_change is not None}
    assert in_place == {"priority", "options.tags", "artifacts"}
    assert rules["options.tags"].unordered
    assert rules["services"].list_key == "name"
