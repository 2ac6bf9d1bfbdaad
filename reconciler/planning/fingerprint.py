"""What a plan saw of a live object, in one line, so that apply can tell whether it is still what the plan saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.canonical import digest
from reconciler.model.resource import Phase

if TYPE_CHECKING:
    from reconciler.model.resource import Live


def fingerprint(live: Live | None) -> str:
    """The digest of everything about `live` that a decision can depend on; "" for nothing.

    A phase counts only by what may be done in it: a run that went from pending to running is what the plan saw, one
    that ended, or was started again, is not. The platform's own words and outputs do not count: they move by
    themselves.
    """
    if live is None:
        return ""
    mark = str(live.mark) if live.mark else ""
    return digest([live.remote_id, mark, _stage(live.phase), dict(live.spec)])


def _stage(phase: Phase) -> str:
    if phase.ended:
        return "ended"
    if phase.active:
        return "active"
    return "deleting" if phase is Phase.DELETING else "ready"
