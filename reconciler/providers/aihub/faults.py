"""What the platform says when something is wrong (contract, section 3): a `code` other than 0, mostly inside a 200."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.providers.exchange import Fault

if TYPE_CHECKING:
    from reconciler.providers.exchange import Answer

_FIRST_ERROR, _REFUSED = 400, 400
_STATUSES = {401: 401, 403: 403, 404: 404, 409: 409, 429: 429}
_BROKEN = range(500, 600)


def fault(answer: Answer) -> Fault | None:
    """The platform's complaint, or None where there is none to be read.

    No list of codes exists. A code that equals an HTTP status is taken to mean what that means, so 500 to 599 may have
    had their effect; any other says no. An answer without `code` is no complaint, and no success either: whoever
    asked finds that out.
    """
    try:
        body = answer.json()
    except ValueError:
        return None
    if not isinstance(body, dict) or isinstance(body.get("code"), bool) or not isinstance(body.get("code"), int):
        return None
    code = body["code"]
    if code == 0 and answer.status < _FIRST_ERROR:
        return None
    status = answer.status if answer.status >= _FIRST_ERROR else _STATUSES.get(code, _REFUSED)
    if answer.status < _FIRST_ERROR and code in _BROKEN:
        status = code
    return Fault(code=str(code), message=str(body.get("msg") or ""), status=status)
