"""A review as text for terminals and logs, and as JSON. Markdown and HTML have modules of their own."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from reconciler.model.change import ABSENT
from reconciler.model.plan import Plan, Step
from reconciler.rendering.findings import render_diagnostics
from reconciler.rendering.json import plan_document
from reconciler.rendering.sides import Profile, shown
from reconciler.rendering.text import DEFAULT_WIDTH, render_change, render_plan
from reconciler.rendering.words import counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.change import Change, FieldChange
    from reconciler.model.diagnostic import Diagnostic
    from reconciler.planning.review import Review

REVIEW_FORMAT: Final = "reconciler.review/v1"


def render_review_text(
    review: Review, *, width: int = DEFAULT_WIDTH, colour: bool = False, now: float | None = None
) -> str:
    """What this change does, as a plan; below it what would happen anyway, and what is no longer needed."""
    if review.offline:
        text = _offline_text(review, width, colour=colour)
    else:
        text = _mine_text(review, width, colour=colour, now=now)
    for changes, title in (
        (review.before, "that would happen without this change too"),
        (review.settled, "that would happen now, and not any more after this change"),
    ):
        if changes:
            blocks = "\n".join(render_change(change, width=width, colour=colour) for change in changes)
            text += f"\n{counted(len(changes), 'change')} {title}:\n\n{blocks}\n"
    if review.seal:
        text += f"\nReview {review.seal.id} at commit {printable(review.head[:12])}\n"
    return text


def _mine_text(review: Review, width: int, *, colour: bool, now: float | None) -> str:
    addresses = {change.address for change in review.mine}
    steps = tuple(step for step in review.plan.steps if step.address in addresses)
    return render_plan(Plan(review.plan.base, review.mine, steps, review.findings), width=width, colour=colour, now=now)


def _offline_text(review: Review, width: int, *, colour: bool) -> str:
    blocks = [render_change(change, width=width, colour=colour) for change in review.mine]
    told = render_diagnostics(review.findings, colour=colour)
    count = f"Declared: {counted(len(blocks), 'change')}. Files were compared with files: the platforms were not read."
    return "\n".join([*([told] if told else []), *blocks, *([""] if blocks else []), count]) + "\n"


def review_to_json(review: Review, profile: Profile = Profile.FULL) -> str:
    """`reconciler.review/v1`: the whole plan, and which addresses of it are whose doing. Ends in a line break."""
    plan = redacted(review.plan) if profile is Profile.REDACTED else review.plan
    document: dict[str, Any] = {
        "format": REVIEW_FORMAT,
        "id": review.seal.id if review.seal else "",
        "base": review.base,
        "head": review.head,
        "offline": review.offline,
        "mine": [str(change.address) for change in review.mine],
        "before": [str(change.address) for change in review.before],
        "settled": [str(change.address) for change in review.settled],
        "new_findings": [found.code for found in review.findings],
        "plan": plan_document(plan),
    }
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def redacted(plan: Plan) -> Plan:
    """The plan as everybody may see it: addresses, actions and which fields; no value, no id, no platform's words.

    It cannot be applied: its steps say what they would do, and not what they would send.
    """
    return replace(
        plan,
        changes=tuple(map(_redacted_change, plan.changes)),
        steps=tuple(Step(step.id, step.address, step.platform, step.verb, step.needs) for step in plan.steps),
        diagnostics=_redacted_findings(plan.diagnostics),
    )


def redacted_review(review: Review) -> Review:
    """The review as everybody may see it."""
    mine, before, settled = (
        tuple(map(_redacted_change, each)) for each in (review.mine, review.before, review.settled)
    )
    findings, known = _redacted_findings(review.findings), _redacted_findings(review.known)
    return replace(
        review, plan=redacted(review.plan), mine=mine, before=before, settled=settled, findings=findings, known=known
    )


def _redacted_findings(found: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(replace(each, message=each.code, hint="") for each in found)


def _redacted_change(change: Change) -> Change:
    return replace(change, why="", remote_id="", fields=tuple(map(_redacted_field, change.fields)))


def _redacted_field(field: FieldChange) -> FieldChange:
    recorded, desired, live = (
        side if side is ABSENT else shown(side, secret=field.secret, profile=Profile.REDACTED)
        for side in (field.recorded, field.desired, field.live)
    )
    return replace(field, why="", recorded=recorded, desired=desired, live=live)
