"""What the platform says when something is wrong (contract, section 4.2; its list of codes is not documented).

The gateway of the vendor answers some things with a status that means something else: an access key that it does not
know is a 404, a wrong signature a 400, throttling now and then a 400. Read by the status alone, the first would say
that a job is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.providers.exchange import Fault

if TYPE_CHECKING:
    from reconciler.providers.exchange import Answer

_FIRST_ERROR = 400
_WHO = (
    "InvalidAccessKeyId",
    "InvalidSecurityToken",
    "SignatureDoesNotMatch",
    "SignatureNonceUsed",
    "IncompleteSignature",
    "InvalidTimeStamp",
    "IllegalTimestamp",
    "MissingSecurityToken",
    "MissingAccessKeyId",
)
_NOT_OURS = ("InvalidAction", "InvalidVersion", "InvalidApi")
_THROTTLED = "Throttling"
_UNAUTHENTICATED, _TOO_MANY, _REFUSED, _SERVER = 401, 429, 400, 500


def fault(answer: Answer) -> Fault | None:
    """The platform's complaint, or None for a good answer."""
    if answer.status < _FIRST_ERROR:
        return None
    try:
        body = answer.json()
    except ValueError:
        return Fault()
    if not isinstance(body, dict):
        return Fault()
    code = str(body.get("Code") or body.get("code") or "")
    message = str(body.get("Message") or body.get("message") or body.get("Description") or "")
    return Fault(code, message, _status(code, answer), _wait(answer))


def _status(code: str, answer: Answer) -> int:
    """What the code means, 0 where the status says it: a 5xx may have had its effect, whatever its code."""
    if answer.status >= _SERVER:
        return 0
    if code.startswith(_WHO):
        return _UNAUTHENTICATED
    if code.startswith(_THROTTLED):
        return _TOO_MANY
    return _REFUSED if code.startswith(_NOT_OURS) else 0


def _wait(answer: Answer) -> float | None:
    """The vendor's client reads this header as milliseconds."""
    raw = answer.headers.get("x-acs-retry-after", "")
    return int(raw) / 1000 if raw.isascii() and raw.isdigit() else None
