"""What ModelArts says when something is wrong, in the dialects of both of its APIs (contract, section 3).

v1 may say no inside a success: `is_success: false`. v2 has codes under HTTP 400 that mean "not found" or "exists".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.providers.exchange import Fault

if TYPE_CHECKING:
    from reconciler.providers.exchange import Answer

_REFUSED, _UNAUTHENTICATED, _NOT_FOUND, _CONFLICT, _TOO_MANY, _FAILED = 400, 401, 404, 409, 429, 500
_MEANT = {
    "0010": _FAILED,
    "0012": _FAILED,
    "0013": _FAILED,
    "0103": _CONFLICT,
    "0206": _UNAUTHENTICATED,
    "2751": _CONFLICT,
    "2775": _NOT_FOUND,
    # Comes as 404: the project is another one than the endpoint's, and no object is gone.
    "2786": _REFUSED,
    "2799": _TOO_MANY,
    # The state changed meanwhile: nothing was done, and the same may do a moment later.
    "2878": _TOO_MANY,
}
"""The HTTP status that says what a code means, by its number."""
_RESOURCE = "0102"
_ABSENT = ("not exist", "not found", "no such", "不存在")
"""0102 is "does not exist" in one edition of the code table and "bad parameter" in another: its words decide, and so
they do of a 404 with any other code.
"""
_GATEWAY = ("APIGW", "APIG")
_OK = 400


def fault(answer: Answer) -> Fault | None:
    """The platform's complaint, or None for a good answer."""
    body = _object(answer)
    if answer.status < _OK and str(body.get("is_success", "")).lower() != "false":
        return None
    code = str(body.get("error_code") or body.get("errorCode") or "")
    message = str(body.get("error_msg") or body.get("error_message") or body.get("errorMsg") or "")
    if code in {"", "None"} and isinstance(body.get("error"), dict):  # the identity service behind the gateway
        code, message = str(body["error"].get("code", "")), str(body["error"].get("message", ""))
    if answer.status == _NOT_FOUND and code.startswith(_GATEWAY):
        # No such path is served, which says nothing of any object.
        return Fault(message=f"{code}: {message}")
    return Fault(code=code, message=message, status=_status(answer.status, code, message))


def number(code: str) -> str:
    """`2775` of `ModelArts.2775`."""
    return code.rpartition(".")[2]


def _status(sent: int, code: str, message: str) -> int:
    if not code.startswith("ModelArts."):
        return 0
    if meant := _MEANT.get(number(code)):
        # A 5xx stays one, whatever code it carries: the call may have had its effect.
        return 0 if sent >= _FAILED else meant
    if number(code) == _RESOURCE or sent == _NOT_FOUND:
        absent = any(word in message.lower() for word in _ABSENT)
        return _NOT_FOUND if absent else _REFUSED if sent == _NOT_FOUND else 0
    return 0


def _object(answer: Answer) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
