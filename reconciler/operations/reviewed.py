"""Applying what was reviewed, or nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.errors import PlanStale, UsageError
from reconciler.planning.review import Seal, differences, seal

if TYPE_CHECKING:
    from reconciler.model.plan import Plan
    from reconciler.operations.workspace import Workspace

MERGED = "merged"
"""Instead of an id: the one in the comment on the pull request that the commit merged."""
_ID = re.compile(r"[0-9a-f]{24}")


def named(text: str) -> Seal:
    """The review of that id, of which nothing else is known. Raises UsageError."""
    if not _ID.fullmatch(text):
        msg = f"not a review id: {text!r}"
        raise UsageError(msg, hint=f"Give the id that the review shows (24 hex digits), or `{MERGED}`.")
    return Seal(text, "", ())


def require_reviewed(workspace: Workspace, plan: Plan, reviewed: Seal) -> None:
    """Raises PlanStale, saying what differs, when an apply of `plan` is not what was reviewed.

    A plan with nothing in it does nothing, whatever was reviewed: an apply that ran already may run again.
    """
    if plan.is_empty:
        return
    now = seal(plan, workspace.environment.targets)
    told = differences(reviewed if reviewed.terms else Seal(reviewed.id, now.terms, ()), now)
    if told:
        msg = "\n".join([f"not what was reviewed: the review is {reviewed.id}, this would be {now.id}", *told])
        raise PlanStale(msg, hint="Nothing was written. Review again what would happen now.")
