"""Plans and diagnostics as JSON: a versioned contract, the same bytes for the same value.

The plan's JSON is what `plan -o` saves and `apply` reads, so reading is strict: another version, an unknown or a
missing key, a value of the wrong type or a document that is not what its id says is refused, never guessed at.
A saved plan says when it was made and until when it may be applied, beside the plan itself.
The shapes are in schemas/plan.schema.json and schemas/diagnostics.schema.json.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from reconciler.errors import PlanUnreadable
from reconciler.model.canonical import canonical_json, short_digest
from reconciler.model.change import ABSENT
from reconciler.model.diagnostic import Severity
from reconciler.rendering.decoding import decode_plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.model.address import Address
    from reconciler.model.change import Change, FieldChange
    from reconciler.model.diagnostic import Diagnostic, Source
    from reconciler.model.manifest import Lifecycle
    from reconciler.model.plan import Plan, Step

PLAN_FORMAT: Final = "reconciler.plan/v1"
DIAGNOSTICS_FORMAT: Final = "reconciler.diagnostics/v1"
_ID_LENGTH = 16
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_ANEW = "Make a new plan with `plan -o FILE`."


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a plan was saved, and until when it may be applied: UNIX time in whole seconds."""

    created: int
    expires: int


def plan_to_json(plan: Plan) -> str:
    """Indented JSON with sorted keys, ASCII only (so that no terminal can be led astray), ending in a line break.

    `plan_from_json(plan_to_json(p)) == p`. Raises ValueError on NaN and infinities, which no manifest can hold.
    """
    return _written(plan_document(plan))


def plan_document(plan: Plan) -> dict[str, Any]:
    """The same before it is text."""
    body = _body(plan)
    return {"format": PLAN_FORMAT, "id": _id_of(body), "summary": _summary(plan), **body}


def plan_id(plan: Plan) -> str:
    """16 hex digits that stand for everything in the plan: two plans have one id exactly when they are the same."""
    return _id_of(_body(plan))


def _id_of(body: dict[str, Any]) -> str:
    return short_digest(canonical_json(body), length=_ID_LENGTH)


def _written(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, sort_keys=True, allow_nan=False) + "\n"


def plan_from_json(text: str) -> Plan:
    """The inverse of `plan_to_json`, of a saved plan too. Raises PlanUnreadable with a sentence on anything else."""
    return _read(text)[0]


def saved_to_json(plan: Plan, stamp: Stamp) -> str:
    """The same document with one more member, `saved`: a plan itself knows no time, to be the same bytes every time."""
    document = plan_document(plan)
    return _written({**document, "saved": _stamp(document["id"], stamp)})


def saved_from_json(text: str) -> tuple[Plan, Stamp]:
    """The inverse of `saved_to_json`. Raises PlanUnreadable, also for a plan that was printed and not saved."""
    plan, identity, found = _read(text)
    if found is None:
        msg = "this plan was printed and not saved: nobody can tell how old it is"
        raise PlanUnreadable(msg, hint=_ANEW)
    try:
        stamp = Stamp(_seconds(found["created"]), _seconds(found["expires"]))
    except (KeyError, TypeError, ValueError) as error:
        msg = f"the saved plan does not say when it was made: {error!r}"
        raise PlanUnreadable(msg, hint=_ANEW) from error
    if found != _stamp(identity, stamp):
        msg = "the times of the saved plan are not what they were: it was edited or damaged"
        raise PlanUnreadable(msg, hint=_ANEW)
    return plan, stamp


def _read(text: str) -> tuple[Plan, str, Any]:
    """The plan, its id, and the member `saved`, None where there is none."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        msg = "not a saved plan: it is no JSON"
        raise PlanUnreadable(msg, hint=_ANEW) from error
    found = document.get("format") if isinstance(document, dict) else None
    if found != PLAN_FORMAT:
        msg = f"not a plan this version can read: format {found!r}, want {PLAN_FORMAT!r}"
        raise PlanUnreadable(msg, hint="Plan and apply with the same version of the tool.")
    saved = document.pop("saved", None)
    plan = decode_plan(document)
    if document["id"] != plan_id(plan):
        msg = "the saved plan is not what its id says: it was edited or damaged"
        raise PlanUnreadable(msg, hint=_ANEW)
    return plan, document["id"], saved


def _stamp(identity: str, stamp: Stamp) -> dict[str, str]:
    times = [datetime.fromtimestamp(moment, UTC).strftime(_TIME) for moment in (stamp.created, stamp.expires)]
    return {"created": times[0], "expires": times[1], "sum": short_digest(identity, *times, length=_ID_LENGTH)}


def _seconds(text: str) -> int:
    return int(datetime.strptime(text, _TIME).replace(tzinfo=UTC).timestamp())


def diagnostics_to_json(diagnostics: Iterable[Diagnostic]) -> str:
    """Every finding in file order with a count per severity, ending in a line break."""
    found = sorted(diagnostics, key=lambda d: d.sort_key)
    document = {
        "format": DIAGNOSTICS_FORMAT,
        "counts": {severity.value: sum(d.severity is severity for d in found) for severity in Severity},
        "diagnostics": [_diagnostic(d) for d in found],
    }
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def _summary(plan: Plan) -> dict[str, Any]:
    """For programs that only want to know what would happen; reading ignores it, since it follows from the rest."""
    counts = {action.value: number for action, number in plan.counts().items()}
    return {"counts": counts, "empty": plan.is_empty, "blocked": plan.is_blocked}


def _body(plan: Plan) -> dict[str, Any]:
    return {
        "base": {
            "project": plan.base.project,
            "environment": plan.base.environment,
            "tool_version": plan.base.tool_version,
            "commit": plan.base.commit,
            "lineage": plan.base.lineage,
            "serial": plan.base.serial,
            "journal": plan.base.journal,
            "policy_digest": plan.base.policy_digest,
        },
        "changes": [_change(change) for change in plan.changes],
        "steps": [_step(step) for step in plan.steps],
        "diagnostics": [_diagnostic(diagnostic) for diagnostic in plan.diagnostics],
    }


def _change(change: Change) -> dict[str, Any]:
    hours = {"gpu_hours": change.gpu_hours, "at_risk": change.at_risk}
    return {
        "address": str(change.address),
        "platform": change.platform,
        "life": change.life.value,
        "action": change.action.value,
        "why": change.why,
        "fields": [_field(field) for field in change.fields],
        "phase": change.phase.value if change.phase else None,
        "remote_id": change.remote_id,
        "source": _source(change.source),
        **{name: _hours(value) for name, value in hours.items() if value is not None},
        **({"started": change.started} if change.started else {}),
    }


def _hours(hours: float) -> float | str:
    """JSON knows no infinity."""
    return "unbounded" if math.isinf(hours) else hours


def _field(field: FieldChange) -> dict[str, Any]:
    """A side that has no such field has no key either: null is a value of its own."""
    sides = {"recorded": field.recorded, "desired": field.desired, "live": field.live}
    return {
        "path": field.path,
        **{name: side for name, side in sides.items() if side is not ABSENT},
        "forces": field.forces.value,
        "why": field.why,
        "secret": field.secret,
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "id": step.id,
        "address": str(step.address),
        "platform": step.platform,
        "verb": step.verb.value,
        "needs": list(step.needs),
        "desired": _plain(step.desired),
        "digest": step.digest,
        "mark": str(step.mark) if step.mark else None,
        "attempt": step.attempt,
        "remote_id": step.remote_id,
        "seen": step.seen,
        "lifecycle": _lifecycle(step.lifecycle),
        "depends_on": [str(address) for address in step.depends_on],
        "after_end": step.after_end,
        **({"moved_from": str(step.moved_from)} if step.moved_from else {}),
        **({"after_success": [str(address) for address in step.after_success]} if step.after_success else {}),
    }


def _plain(spec: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if spec is None else dict(spec)


def _lifecycle(lifecycle: Lifecycle | None) -> dict[str, Any] | None:
    if lifecycle is None:
        return None
    return {
        "on_failure": lifecycle.on_failure.value,
        "on_change": lifecycle.on_change.value,
        "on_remove": lifecycle.on_remove.value if lifecycle.on_remove else None,
        "protect": lifecycle.protect,
        "attempt": lifecycle.attempt,
    }


def _diagnostic(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "severity": diagnostic.severity.value,
        "code": diagnostic.code,
        "message": diagnostic.message,
        "source": _source(diagnostic.source),
        "pointer": diagnostic.pointer,
        "hint": diagnostic.hint,
        "address": _address(diagnostic.address),
    }


def _source(source: Source | None) -> dict[str, Any] | None:
    if source is None:
        return None
    return {"file": source.file, "line": source.line, "column": source.column, "document": source.document}


def _address(address: Address | None) -> str | None:
    return str(address) if address else None
