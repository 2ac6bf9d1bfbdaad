"""Schemas and kinds for people and editors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler.operations.schema_export import export_schemas, kind_rows, schema_text

if TYPE_CHECKING:
    from pathlib import Path


def test_every_kind_is_exported(tmp_path: Path) -> None:
    """One file a kind and one for the project file, each a schema of its own."""
    written = export_schemas(tmp_path / "schemas")
    assert len(written) == len(kind_rows()) + 1
    for file in written:
        assert json.loads(file.read_text(encoding="utf-8"))["$schema"]


def test_a_kind_by_any_name(tmp_path: Path) -> None:
    """`Kind`, `platform/Kind` and `Project` name schemas."""
    first = kind_rows()[0]
    assert schema_text(first["kind"]) == schema_text(f"{first['platform']}/{first['kind']}")
    assert "Project" in schema_text("Project")


def test_kinds_say_what_can_be_done() -> None:
    """Abilities are those of the handlers."""
    rows = {row["kind"]: row for row in kind_rows()}
    assert "logs" in rows["Job"]["abilities"]
    assert rows["Job"]["life"] == "run"
    assert "logs" not in rows["App"]["abilities"]


@pytest.mark.parametrize(
    ("platform", "kind", "can"),
    [
        ("ai4s", "Job", {"instances", "events", "retry"}),
        ("ai4s", "VendorConfig", {"files"}),
        ("ai4s", "Notebook", {"links", "suspend"}),
        ("aihub", "QuotaTask", {"pods", "load"}),
        ("aihub", "Search", {"results"}),
        ("pai-dlc", "Job", {"checks", "links", "metrics"}),
    ],
)
def test_kinds_say_what_commands_work(platform: str, kind: str, can: set[str]) -> None:
    """Whatever a command asks a handler for stands there as well."""
    (row,) = [row for row in kind_rows() if (row["platform"], row["kind"]) == (platform, kind)]
    assert can <= set(row["abilities"])
