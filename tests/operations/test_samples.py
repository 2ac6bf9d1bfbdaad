"""Manifests to fill in: one for every kind, in the form that people write."""

from __future__ import annotations

import pytest
import yaml

from reconciler.manifests.reader import Reader
from reconciler.manifests.schemas import load_catalogue
from reconciler.operations.samples import sample

CATALOGUE = load_catalogue()


@pytest.mark.parametrize("key", sorted(CATALOGUE.kinds), ids="/".join)
def test_every_kind_has_one(key: tuple[str, str]) -> None:
    """It is YAML as our own reader wants it, tells every field, and is recognised as that kind."""
    kind, schema = CATALOGUE.kinds[key], CATALOGUE.schema(*key)
    text = sample(kind, schema)
    read = Reader().read(text.encode(), "sample.yaml")
    assert not read.diagnostics, [found.message for found in read.diagnostics]
    form = "spec" if f"kind: {kind.word}\n" in text else "native"
    fields = schema["$defs"][form].get("properties", {})
    missing = [name for name in fields if f" {name}:" not in text.replace("\n", " ")]
    assert not set(missing) - {kind.identity[0], "metadata", "lifecycle"}
    document = yaml.safe_load(text)
    assert form == "native" or document["apiVersion"] == f"{key[0]}/{kind.api_version}"


def test_what_must_be_there_stands_first() -> None:
    """And what may be left out is commented out, with what it means."""
    text = sample(CATALOGUE.kinds["ai4s", "App"], CATALOGUE.schema("ai4s", "App"))
    assert set(yaml.safe_load(text)["app"]) == {"name", "version", "image", "commands"}
    assert text.index("\n  commands:\n") < text.index("\n  # summary: ")
    assert "  # Labels shown on the platform, at most five.\n  # labels:\n  #   - ...\n" in text
