"""Digests are for ever: what this release makes of old specs is what older ones made of them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.manifests.schemas import load_catalogue
from reconciler.model.address import Address
from reconciler.model.canonical import digest
from reconciler.model.mark import Mark, Owner
from reconciler.planning.normalise import normalise, spec_digest

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "golden_digests.json").read_text(encoding="utf-8"))
KINDS = load_catalogue().kinds


@pytest.mark.parametrize("entry", GOLDEN["values"], ids=lambda entry: json.dumps(entry["value"])[:30])
def test_digests_of_values(entry: dict[str, Any]) -> None:
    """SHA-256 over sorted, compact JSON, worked out here by other means than the code under test."""
    text = json.dumps(entry["value"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert entry["digest"] == f"v1:{hashlib.sha256(text.encode('utf-8')).hexdigest()}"
    assert digest(entry["value"]) == entry["digest"]


@pytest.mark.parametrize("entry", GOLDEN["marks"], ids=lambda entry: entry["mark"])
def test_marks(entry: dict[str, Any]) -> None:
    """Of submissions, and of things that stand (no digest)."""
    owner, address = Owner(*entry["owner"]), Address.parse(entry["address"])
    if entry["digest"] is None:
        assert str(Mark.of_standing(owner, address)) == entry["mark"]
    else:
        assert str(Mark.of_run(owner, address, entry["digest"], entry["attempt"])) == entry["mark"]


@pytest.mark.parametrize("entry", GOLDEN["specs"], ids=lambda entry: f"{entry['kind'][1]} {entry['digest'][3:11]}")
def test_digests_of_specs(entry: dict[str, Any]) -> None:
    """By the rules of the real kinds: a schema may learn, but not about what has been submitted."""
    kind = KINDS[entry["kind"][0], entry["kind"][1]]
    assert spec_digest(kind, normalise(kind, entry["spec"], scope=entry["scope"])) == entry["digest"]


def test_spelling_does_not_count() -> None:
    """The corpus holds the same app, workflow and run in two spellings each."""
    digests = [entry["digest"] for entry in GOLDEN["specs"]]
    assert digests[0] == digests[1]
    assert digests[3] == digests[4]
    assert digests[5] == digests[6]
    assert len(set(digests)) == 5
