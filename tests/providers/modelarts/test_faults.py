"""What the platform says when something is wrong, by its codes: nothing is taken for gone that may be there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import NotFound, Refused
from reconciler.providers.exchange import Answer, Call
from reconciler.providers.modelarts.faults import fault

if TYPE_CHECKING:
    from reconciler.providers.modelarts.connection import ModelArtsConnection

V2 = [
    (400, "ModelArts.2775", "x", 404),
    (400, "ModelArts.2751", "x", 409),
    (409, "ModelArts.2796", "x", 0),
    (409, "ModelArts.2878", "x", 429),
    (400, "ModelArts.2799", "x", 429),
    (404, "ModelArts.2786", "the project does not exist", 400),
    (404, "ModelArts.9999", "the job does not exist", 404),
    (404, "ModelArts.9999", "something else", 400),
    (500, "ModelArts.2775", "x", 0),
    (500, "ModelArts.2950", "x", 0),
    (403, "ModelArts.0206", "x", 401),
    (403, "ModelArts.0210", "x", 0),
    (404, "IAM.0004", "x", 0),
]
V1 = [
    (200, "ModelArts.0102", "the job does not exist", 404),
    (200, "ModelArts.0102", "a parameter is wrong", 0),
    (200, "ModelArts.0103", "exists", 409),
    (200, "ModelArts.0010", "x", 500),
    (200, "ModelArts.0105", "x", 0),
]


def told(status: int, body: Any) -> Any:
    """The fault in an answer."""
    return fault(Answer(status, {}, json.dumps(body).encode()))


@pytest.mark.parametrize(("sent", "code", "message", "meant"), V2)
@pytest.mark.parametrize("key", ["error_msg", "error_message"])
def test_codes_of_v2(sent: int, code: str, message: str, meant: int, key: str) -> None:
    """The HTTP status that says what each means, 0 where it is the one that was sent; both spellings of the words."""
    found = told(sent, {"error_code": code, key: message})
    assert (found.code, found.message, found.status) == (code, message, meant)


@pytest.mark.parametrize(("sent", "code", "message", "meant"), V1)
@pytest.mark.parametrize("success", [False, "false", "False"])
def test_codes_of_v1(sent: int, code: str, message: str, meant: int, success: Any) -> None:
    """Inside of a success."""
    found = told(sent, {"is_success": success, "error_code": code, "error_message": message})
    assert (found.code, found.status) == (code, meant)


@pytest.mark.parametrize("code", ["APIGW.0101", "APIG.0101"])
def test_a_path_that_is_not_served_is_no_absence(code: str) -> None:
    """The gateway says 404 of a wrong endpoint too: without a code of the platform nothing counts as gone."""
    found = told(404, {"error_code": code, "error_msg": "The API does not exist"})
    assert (found.code, found.status) == ("", 0)
    assert code in found.message


def test_an_unknown_path_is_told_as_one(connection: ModelArtsConnection) -> None:
    """Reading from a wrong endpoint fails, instead of telling that nothing is there."""
    with pytest.raises(Refused, match="nothing is served") as refused:
        connection.place.v2(Call("read", "GET", "/no-such-path"))
    assert not isinstance(refused.value, NotFound)
    assert "endpoint" in refused.value.hint
