"""Our signatures are those that were recorded from the vendor's own client."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.providers.huawei_signing import AccessKey, authorization, canonical_request, string_to_sign

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "ai4s" / "signing_vectors.json").read_text("utf-8"))
KEY = AccessKey("FAKEACCESSKEYEXAMPLE", "FAKESECRETKEYEXAMPLEDONOTUSE0000000000")


def test_every_vector_is_there() -> None:
    """Query with list and Unicode, JSON body, reserved characters in the path, multipart, temporary credentials."""
    assert len(VECTORS) == 5


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_vector(vector: dict[str, Any]) -> None:
    """Each stage of signing gives the recorded text."""
    request = (vector["method"], vector["request_target"], vector["headers"], vector["body"].encode())
    canonical = canonical_request(*request)
    assert canonical == vector["canonical_request"]
    assert string_to_sign(vector["headers"]["X-Sdk-Date"], canonical) == vector["string_to_sign"]
    assert authorization(KEY, *request) == vector["authorization"]
