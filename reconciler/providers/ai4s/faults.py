"""What AI4S and the gateway in front of it say when something is wrong (ai4s contract, section 15.1)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.providers.errors import nested_fault
from reconciler.providers.exchange import Fault

if TYPE_CHECKING:
    from reconciler.providers.exchange import Answer

_CALL_LIMITS = frozenset({"eihealth.03000004", "APIGW.0308"})
_EXISTS = re.compile(r"(?i)already exist|exists? already|duplicate|已存在|重复")
_BAD_REQUEST, _NOT_FOUND, _CONFLICT, _TOO_MANY, _SERVER = 400, 404, 409, 429, 500


def fault(answer: Answer) -> Fault | None:
    """The platform's complaint, or None for a good answer.

    A call limit comes as 403; something that exists already as a plain 400 whose code is not published; and a 404
    of the gateway means that no such path is served, never that an object is gone.
    """
    found = nested_fault(answer)
    if found is None:
        return None
    if found.code in _CALL_LIMITS and answer.status < _SERVER:
        return replace(found, status=_TOO_MANY)
    if answer.status == _BAD_REQUEST and _EXISTS.search(found.message):
        return replace(found, status=_CONFLICT)
    if answer.status == _NOT_FOUND and found.code.startswith("APIGW."):
        return Fault(message=f"{found.code}: {found.message}")
    return found
