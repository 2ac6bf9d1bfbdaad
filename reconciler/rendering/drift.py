"""Drift for people and for programs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from reconciler.model.change import ABSENT
from reconciler.planning.drift import Happened, Untold, Whose
from reconciler.rendering.findings import finding_lines
from reconciler.rendering.paint import Paint, Tone
from reconciler.rendering.sides import HIDDEN, Profile, shown
from reconciler.rendering.words import counted, printable, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.planning.drift import Drift, Moved, MovedField

DRIFT_FORMAT: Final = "reconciler.drift/v1"
_TOLD: Final = {
    Happened.CHANGED: "changed on the platform",
    Happened.MISSING: "gone from the platform",
    Happened.REPLACED: "another object stands in its place",
}


def render_drift(drift: Drift, *, colour: bool = False) -> str:
    """Every object that moved with its fields, then what carries our mark and nobody knows, then how many."""
    paint = Paint(colour)
    blocks = ["\n".join(_moved_lines(moved, paint)) for moved in drift.moved]
    for orphan in drift.orphans:
        name = printable(f"{orphan.address} ({orphan.remote_id})")
        blocks.append(f"  ? {paint(name, Tone.STRONG)}\n      carries our mark, but is neither declared nor recorded")
    blocks += ["\n".join(finding_lines(finding, paint)) for finding in drift.unread]
    return "\n\n".join([*blocks, paint(_verdict(drift), Tone.STRONG)]) + "\n"


def redacted_drift(drift: Drift) -> Drift:
    """The drift as everybody may see it: what moved and which fields; no value, no id, no platform's words."""
    return replace(
        drift,
        moved=tuple(
            replace(moved, remote_id="", fields=tuple(map(_redacted, moved.fields)), live=None) for moved in drift.moved
        ),
        orphans=tuple(replace(orphan, remote_id=HIDDEN) for orphan in drift.orphans),
        unread=tuple(replace(finding, message=finding.code, hint="") for finding in drift.unread),
    )


def _redacted(field: MovedField) -> MovedField:
    recorded, live, declared = (
        side if side is ABSENT else shown(side, secret=field.secret, profile=Profile.REDACTED)
        for side in (field.recorded, field.live, field.declared_now)
    )
    return replace(field, recorded=recorded, live=live, declared_now=declared)


def _moved_lines(moved: Moved, paint: Paint) -> Iterator[str]:
    place = f"   {paint(printable(f'{moved.source.file}:{moved.source.line}'), Tone.QUIET)}" if moved.source else ""
    yield f"  ~ {paint(printable(str(moved.address)), Tone.STRONG)}   {_TOLD[moved.happened]}{place}"
    for field in moved.fields:
        note = "; a default of the platform, declared nowhere" if field.whose is Whose.DEFAULT else ""
        former, latter = _side(field.recorded, field), _side(field.live, field)
        sides = f"{paint(former, Tone.REMOVED)} -> {paint(latter, Tone.ADDED)}"
        yield f"      {printable(field.path)}  {sides}   {paint(f'(recorded -> live{note})', Tone.QUIET)}"
        if field.declared_now is not ABSENT and field.declared_now != field.recorded and not field.secret:
            yield f"        declared now: {value(field.declared_now)}"


def _side(side: Any, field: MovedField) -> str:  # noqa: ANN401 - any JSON value, or ABSENT
    return str(side) if isinstance(side, Untold) else shown(side, secret=field.secret)


def _verdict(drift: Drift) -> str:
    looked = counted(drift.looked_at, "resource")
    unread = f" {counted(len(drift.unread), 'resource')} could not be read." if drift.unread else ""
    if drift.is_empty:
        return f"No drift: {looked} compared.{unread}"
    orphans = f", {counted(len(drift.orphans), 'orphan')}" if drift.orphans else ""
    return f"Drift: {len(drift.moved)} of {looked} moved{orphans}.{unread}"


def drift_to_json(drift: Drift) -> str:
    """Everything as JSON; a side that has no such field, or whose value was not kept, has no key."""
    document = {
        "format": DRIFT_FORMAT,
        "looked_at": drift.looked_at,
        "moved": [_document(moved) for moved in drift.moved],
        "orphans": [{"address": str(o.address), "remote_id": o.remote_id} for o in drift.orphans],
        "unread": [{"address": str(d.address), "message": d.message} for d in drift.unread],
    }
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def _document(moved: Moved) -> dict[str, Any]:
    return {
        "address": str(moved.address),
        "platform": moved.platform,
        "happened": moved.happened.value,
        "remote_id": moved.remote_id,
        "file": moved.source.file if moved.source else "",
        "line": moved.source.line if moved.source else 0,
        "fields": [_field(field) for field in moved.fields],
    }


def _field(field: MovedField) -> dict[str, Any]:
    sides = {"recorded": field.recorded, "live": field.live, "declared": field.declared_now}
    told = {name: side for name, side in sides.items() if side is not ABSENT and not isinstance(side, Untold)}
    visible = {name: "(secret)" if field.secret else side for name, side in told.items()}
    return {"path": field.path, "whose": field.whose.value, "secret": field.secret, **visible}
