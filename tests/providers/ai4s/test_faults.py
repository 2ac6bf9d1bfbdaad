"""What the platform's complaints mean."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.providers.ai4s.faults import fault
from reconciler.providers.exchange import Answer


@pytest.mark.parametrize(
    ("status", "code", "message", "means", "kept"),
    [
        (400, "eihealth.01040001", "template content invalid", 0, True),
        (400, "eihealth.01050001", "The app already exists.", 409, True),
        (403, "eihealth.03000004", "call limit exceeded", 429, True),
        (403, "eihealth.03000009", "no permission", 0, True),
        (429, "APIGW.0308", "throttled", 429, True),
        (500, "APIGW.0308", "throttled", 0, True),
        (404, "eihealth.01050222", "task instance does not exist", 0, True),
        (404, "APIGW.0101", "the API does not exist", 0, False),
    ],
)
def test_meaning(status: int, code: str, message: str, means: int, kept: bool) -> None:
    """Call limits are throttling, duplicates conflicts, and a gateway's 404 is not about an object."""
    found = said(status, {"error_code": code, "error_msg": message})
    assert found.status == means
    assert (found.code == code) is kept
    assert message in found.message


def test_good_answers_have_no_fault() -> None:
    """Members that look like complaints in a good answer are data."""
    assert fault(Answer(200, {}, b'{"error_code": "x", "error_msg": "y"}')) is None


def said(status: int, body: Any) -> Any:
    """The fault of an answer."""
    found = fault(Answer(status, {}, json.dumps(body).encode()))
    assert found is not None
    return found
