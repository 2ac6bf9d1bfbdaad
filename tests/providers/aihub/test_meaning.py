"""What is wrong with manifests although every field is right, and what their schemas say of single fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.model.diagnostic import Severity
from reconciler.model.project import Environment
from reconciler.model.target import Target
from reconciler.providers.aihub.meaning import check
from tests.manifests.declared import load_text

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.manifests.loading import Loaded

HUB = Environment("dev", {"aihub": Target("aihub", "aihub", endpoint="local")}, {"version": "7"})
DATASETS = """\
apiVersion: aihub/v1
kind: Dataset
metadata: { name: faces }
spec: {}
---
apiVersion: aihub/v1
kind: Dataset
metadata: { name: plates }
spec: {}
---
"""
VERSION = """\
apiVersion: aihub/v1
kind: DatasetVersion
metadata: { name: %s }
spec: { version: one, dataset_id: '%s', upload_type: 1, upload_path: 's3://b/k' }
"""
SEARCH = "apiVersion: aihub/v1\nkind: Search\nmetadata: { name: s }\nspec: %s\n"
TRAINING = """\
apiVersion: aihub/v1
kind: Training
metadata: { name: t }
spec:
  framework: MpiJob
  command: 'true'
  image: img:1
  virtual_cluster_id: %s
  sku_cnt: 1
  instances: 1
  category_id: 1
  project_id: 5
"""


def _loaded(folder: Path, text: str) -> Loaded:
    return load_text(folder, text, environment=HUB)


def _codes(folder: Path, text: str) -> list[tuple[str, str, str]]:
    found = _loaded(folder, text)
    assert found.diagnostics == ()
    return [(finding.severity.value, finding.code, finding.pointer) for finding in check(found.manifests)]


@pytest.mark.parametrize(
    ("name", "reference", "wrong"),
    [
        ("faces", "$[[ ref.Dataset/faces ]]", False),
        ("faces", "$[[ ref.Dataset/faces.id ]]", False),
        ("faces", "$[[ ref.Dataset/plates ]]", True),
        ("faces", "$[[ ref.Dataset/plates.id ]]", True),
        ("faces", "7", False),
        ("elsewhere", "$[[ ref.Dataset/faces ]]", True),
        ("faces", "$[[ ref.Dataset/unknown ]]", False),
    ],
)
def test_a_version_is_looked_for_where_it_is_made(tmp_path: Path, name: str, reference: str, wrong: bool) -> None:
    """Its name is read, its id is written: both must be of one dataset, as far as that is declared."""
    expected = [("error", "meaning.dataset-name", "/dataset_id")] if wrong else []
    assert _codes(tmp_path, DATASETS + VERSION % (name, reference)) == expected


def test_what_counts_for_vips_only_is_told(tmp_path: Path) -> None:
    """The platform would show 0 for it."""
    ordinary = TRAINING % "vc-a" + "  preempt_policy: 2\n  vip_node_names: [n]\n"
    assert _codes(tmp_path, ordinary) == [
        ("warning", "meaning.not-vip", "/preempt_policy"),
        ("warning", "meaning.not-vip", "/vip_node_names"),
    ]
    assert _codes(tmp_path, ordinary + "  is_vip: true\n") == []


def test_fields_of_another_search_are_told(tmp_path: Path) -> None:
    """Nobody knows what the platform makes of them."""
    assert _codes(tmp_path, SEARCH % "{ type: 1, sql: select 1, top_k: 3 }") == [
        (Severity.WARNING.value, "meaning.other-search", "/top_k")
    ]


@pytest.mark.parametrize(
    ("spec", "missing"),
    [
        ("{ type: 1 }", "sql"),
        ("{ type: 2, feature_lib_id: 1, top_k: 1 }", "images"),
        ("{ type: 3, feature_lib_id: 1, top_k: 1 }", "keywords"),
        ("{ type: 3, keywords: x, top_k: 1 }", "feature_lib_id"),
    ],
)
def test_each_type_of_search_needs_its_fields(tmp_path: Path, spec: str, missing: str) -> None:
    """Told offline, before anything is sent."""
    (finding,) = _loaded(tmp_path, SEARCH % spec).diagnostics
    assert finding.code == "schema.required"
    assert missing in finding.message


@pytest.mark.parametrize(
    ("written", "becomes"), [("3", "3"), ("'3'", "3"), ("vc-a", "vc-a"), ("$[[ vars.version ]]", "7")]
)
def test_an_id_has_one_spelling(tmp_path: Path, written: str, becomes: str) -> None:
    """So that quotes do not start a run again."""
    (made,) = _loaded(tmp_path, TRAINING % written).manifests
    assert made.spec["virtual_cluster_id"] == becomes
    assert made.spec["project_id"] == "5"


def test_what_is_no_id_is_refused(tmp_path: Path) -> None:
    """Where no name can stand: a dataset is given by number or by reference."""
    (finding,) = _loaded(tmp_path, VERSION % ("faces", "faces")).diagnostics
    assert finding.code == "schema.pattern"
    assert "ref.Dataset/name" in finding.message
