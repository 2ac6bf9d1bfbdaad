"""What the platform says when something is wrong (contract, section 2): mostly inside an HTTP 200."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.providers.exchange import Fault

if TYPE_CHECKING:
    from reconciler.providers.exchange import Answer

_GOOD = (1, 2)
"""Create, stop and priority also answer 2 when nothing was left to do."""
_FIRST_ERROR, _REFUSED = 400, 400


def fault(answer: Answer) -> Fault | None:
    """The platform's complaint, or None for a good answer.

    A broken rule comes as 200 with `success: 0`; a wrong parameter as 422 with `detail` and no `success` at all.
    Messages are prose in Chinese and decide nothing here.
    """
    try:
        body = answer.json()
    except ValueError:
        return None
    if not isinstance(body, dict):
        return None
    if isinstance(body.get("detail"), list):
        return Fault(message="; ".join(_wrong(each) for each in body["detail"]), status=answer.status)
    if "success" not in body or (body["success"] in _GOOD and answer.status < _FIRST_ERROR):
        return None
    status = answer.status if answer.status >= _FIRST_ERROR else _REFUSED
    return Fault(message=str(body.get("msg") or ""), status=status)


def _wrong(each: Any) -> str:  # noqa: ANN401 - any JSON value
    if not isinstance(each, dict):
        return str(each)
    where = ".".join(str(part) for part in each.get("loc") or ())
    return f"{where}: {each.get('msg', '')}"
