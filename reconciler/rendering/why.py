"""An explained decision for people and for programs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from reconciler.model.change import ABSENT
from reconciler.model.codes import CODES
from reconciler.rendering.paint import ACTION_TONES, Paint, Tone
from reconciler.rendering.sides import shown
from reconciler.rendering.words import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.change import Change, FieldChange
    from reconciler.model.diagnostic import Diagnostic

WHY_FORMAT: Final = "reconciler.why/v1"
_SIDES: Final = ("recorded", "desired", "live")


@dataclass(frozen=True, slots=True)
class Because:
    """Where something comes from, in words: `place` is `file:line` or "", `author` who and when or ""."""

    place: str = ""
    author: str = ""

    def __str__(self) -> str:
        return ", ".join(each for each in (self.place, self.author) if each)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision and everything that led to it."""

    change: Change
    cause: Because
    fields: Sequence[tuple[FieldChange, Because]]
    steps: Sequence[str]
    waits_for: Sequence[str]
    needs: Sequence[str]
    findings: Sequence[Diagnostic]


def render_why(told: Explanation, *, colour: bool = False) -> str:
    """The decision, its reason, each field with its sides and its line, what was found, and what comes first."""
    paint, change = Paint(colour), told.change
    head = f"{printable(str(change.address))}: {paint(change.action.value, ACTION_TONES[change.action])}"
    lines = [head, f"  {printable(change.why)}"]
    lines += [f"  {label}: {printable(text)}" for label, text in _facts(told) if text]
    for field, because in told.fields:
        lines += ["", *_field_lines(field, because, paint)]
    for finding in told.findings:
        lines += ["", *_finding_lines(finding, paint)]
    return "\n".join(lines) + "\n"


def _facts(told: Explanation) -> list[tuple[str, str]]:
    change = told.change
    return [
        ("declared" if change.source else "no longer declared", str(told.cause)),
        ("on the platform", " ".join(each for each in (change.remote_id, change.phase or "") if each)),
        ("needs", ", ".join(told.needs)),
        ("does", ", then ".join(told.steps) or "nothing"),
        ("after", ", ".join(told.waits_for)),
    ]


def _field_lines(field: FieldChange, because: Because, paint: Paint) -> Iterator[str]:
    forces = "" if field.forces.value == "nothing" else f", which asks for: {field.forces.value.replace('_', ' ')}"
    yield f"  {paint(printable(field.path), Tone.STRONG)}{forces}"
    for name in _SIDES:
        side = getattr(field, name)
        yield f"    {name + ':':<10}{shown(side, secret=field.secret)}"
    if field.why:
        yield f"    why:      {printable(field.why)}"
    if str(because):
        yield f"    from:     {printable(str(because))}"


def _finding_lines(finding: Diagnostic, paint: Paint) -> Iterator[str]:
    yield f"  {paint(finding.code, Tone.NOTE)}: {printable(finding.message)}"
    if finding.code in CODES:
        yield f"    means: {CODES[finding.code][0]}"
    if finding.hint:
        yield f"    to do: {printable(finding.hint)}"


def why_to_json(told: Explanation) -> str:
    """Everything as JSON; a side that has no such field has no key."""
    change = told.change
    document = {
        "format": WHY_FORMAT,
        "address": str(change.address),
        "action": change.action.value,
        "why": change.why,
        "phase": change.phase.value if change.phase else None,
        "remote_id": change.remote_id,
        "cause": {"place": told.cause.place, "author": told.cause.author},
        "fields": [_document(field, because) for field, because in told.fields],
        "does": list(told.steps),
        "after": list(told.waits_for),
        "needs": list(told.needs),
        "findings": [{"code": d.code, "message": d.message, "hint": d.hint} for d in told.findings],
    }
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def _document(field: FieldChange, because: Because) -> dict[str, Any]:
    sides = {name: getattr(field, name) for name in _SIDES}
    hidden = {name: "(secret)" if field.secret else side for name, side in sides.items() if side is not ABSENT}
    cause = {"place": because.place, "author": because.author}
    return {"path": field.path, "forces": field.forces.value, "why": field.why, "cause": cause, **hidden}
