"""Kinds that belong to a whole account stand in no scope, whatever the target's is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.manifests.declared import load_text

if TYPE_CHECKING:
    from pathlib import Path

LABEL = "apiVersion: ai4s/v1\nkind: Label\nmetadata: {{ name: qc{more} }}\nspec: {{ level: 2 }}\n"


def test_the_scope_of_the_target_does_not_count(tmp_path: Path) -> None:
    """The address has none."""
    (manifest,) = load_text(tmp_path, LABEL.format(more="")).manifests
    assert str(manifest.address) == "ai4s/Label/-/qc"


def test_a_scope_of_its_own_is_an_error(tmp_path: Path) -> None:
    """At the word that is too much."""
    loaded = load_text(tmp_path, LABEL.format(more=", scope: demo"))
    (finding,) = loaded.diagnostics
    assert (finding.code, finding.pointer) == ("manifest.scope", "/metadata/scope")
    assert (finding.source.line, finding.source.column) == (3, 23) if finding.source else False
    assert loaded.manifests == ()
