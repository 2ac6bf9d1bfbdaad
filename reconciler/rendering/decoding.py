"""Reading a plan's JSON back, strictly: every key known and present, every value of its type."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from reconciler.errors import PlanUnreadable
from reconciler.model.address import Address
from reconciler.model.change import ABSENT, Action, Change, FieldChange
from reconciler.model.diagnostic import Diagnostic, Severity, Source
from reconciler.model.kind import Life, OnFieldChange
from reconciler.model.manifest import Lifecycle, OnChange, OnFailure, OnRemove
from reconciler.model.mark import Mark
from reconciler.model.plan import Base, Plan, Step, Verb
from reconciler.model.resource import Phase

if TYPE_CHECKING:
    from collections.abc import Mapping

_SIDES = ("recorded", "desired", "live")


def decode_plan(document: Mapping[str, Any]) -> Plan:
    """The plan in a document whose `format` is known to be right. Raises PlanUnreadable."""
    try:
        members = _object(document, "format id summary base changes steps diagnostics")
        plan = Plan(
            _base(members["base"]),
            tuple(_change(change) for change in _list(members["changes"])),
            tuple(_step(step) for step in _list(members["steps"])),
            tuple(_diagnostic(diagnostic) for diagnostic in _list(members["diagnostics"])),
        )
        _ordered(plan)
    except (ValueError, TypeError, RecursionError) as error:
        msg = f"not a whole plan: {error}"
        raise PlanUnreadable(msg, hint="Make a new plan with `plan -o FILE`.") from error
    return plan


def _ordered(plan: Plan) -> None:
    """Holds what the executor relies on: ids count from 1, and needs point to lower ids only."""
    for position, step in enumerate(plan.steps, start=1):
        if step.id != position or any(not 0 < need < step.id for need in step.needs):
            msg = f"step {step.id} is out of order"
            raise ValueError(msg)


def _object(value: object, names: str) -> dict[str, Any]:
    """`value` when it is an object with exactly the members `names`."""
    wanted = set(names.split())
    if not isinstance(value, dict) or set(value) != wanted:
        found = sorted(set(value) ^ wanted) if isinstance(value, dict) else type(value).__name__
        msg = f"unexpected or missing: {found}"
        raise ValueError(msg)
    return value


def _of(value: object, kind: type[Any]) -> Any:  # noqa: ANN401 - the type asked for
    if type(value) is not kind:
        msg = f"{value!r:.60} is not of type {kind.__name__}"
        raise TypeError(msg)
    return value


def _list(value: object) -> list[Any]:
    return list(_of(value, list))


def _text(value: object) -> str:
    return str(_of(value, str))


def _base(value: object) -> Base:
    m = _object(value, "project environment tool_version commit lineage serial policy_digest journal")
    return Base(
        _text(m["project"]),
        _text(m["environment"]),
        _text(m["tool_version"]),
        _text(m["commit"]),
        _text(m["lineage"]),
        _of(m["serial"], int),
        _text(m["policy_digest"]),
        _text(m["journal"]),
    )


def _change(value: object) -> Change:
    given = dict(_of(value, dict))
    gpu_hours, at_risk = _hours(given.pop("gpu_hours", None)), _hours(given.pop("at_risk", None))
    started = _text(given.pop("started", ""))
    m = _object(given, "address platform life action why fields phase remote_id source")
    return Change(
        Address.parse(_text(m["address"])),
        _text(m["platform"]),
        Life(m["life"]),
        Action(m["action"]),
        _text(m["why"]),
        tuple(_field(field) for field in _list(m["fields"])),
        None if m["phase"] is None else Phase(m["phase"]),
        _text(m["remote_id"]),
        _source(m["source"]),
        gpu_hours,
        at_risk,
        started,
    )


def _hours(value: object) -> float | None:
    if value == "unbounded":
        return math.inf
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool) and value >= 0):
        return None if value is None else float(value)
    msg = f"{value!r:.60} is no amount of hours"
    raise ValueError(msg)


def _field(value: object) -> FieldChange:
    given = dict(_of(value, dict))
    recorded, desired, live = (given.pop(side, ABSENT) for side in _SIDES)
    m = _object(given, "path forces why secret")
    return FieldChange(
        _text(m["path"]),
        recorded,
        desired,
        live,
        OnFieldChange(m["forces"]),
        _text(m["why"]),
        _of(m["secret"], bool),
    )


def _step(value: object) -> Step:
    names = "id address platform verb needs desired digest mark attempt remote_id seen lifecycle depends_on after_end"
    given = dict(_of(value, dict))
    moved_from, after_success = given.pop("moved_from", None), given.pop("after_success", [])
    m = _object(given, names)
    return Step(
        _of(m["id"], int),
        Address.parse(_text(m["address"])),
        _text(m["platform"]),
        Verb(m["verb"]),
        tuple(_of(need, int) for need in _list(m["needs"])),
        None if m["desired"] is None else _of(m["desired"], dict),
        _text(m["digest"]),
        _mark(m["mark"]),
        _of(m["attempt"], int),
        _text(m["remote_id"]),
        _text(m["seen"]),
        _lifecycle(m["lifecycle"]),
        tuple(Address.parse(_text(address)) for address in _list(m["depends_on"])),
        _of(m["after_end"], bool),
        None if moved_from is None else Address.parse(_text(moved_from)),
        tuple(Address.parse(_text(address)) for address in _list(after_success)),
    )


def _mark(value: object) -> Mark | None:
    if value is None:
        return None
    found = Mark.find(_text(value))
    if found is None or str(found) != value:
        msg = f"{value!r:.60} is not a mark"
        raise ValueError(msg)
    return found


def _lifecycle(value: object) -> Lifecycle | None:
    if value is None:
        return None
    m = _object(value, "on_failure on_change on_remove protect attempt")
    return Lifecycle(
        OnFailure(m["on_failure"]),
        OnChange(m["on_change"]),
        None if m["on_remove"] is None else OnRemove(m["on_remove"]),
        _of(m["protect"], bool),
        _of(m["attempt"], int),
    )


def _diagnostic(value: object) -> Diagnostic:
    m = _object(value, "severity code message source pointer hint address")
    return Diagnostic(
        Severity(m["severity"]),
        _text(m["code"]),
        _text(m["message"]),
        _source(m["source"]),
        _text(m["pointer"]),
        _text(m["hint"]),
        None if m["address"] is None else Address.parse(_text(m["address"])),
    )


def _source(value: object) -> Source | None:
    if value is None:
        return None
    m = _object(value, "file line column document")
    return Source(_text(m["file"]), _of(m["line"], int), _of(m["column"], int), _of(m["document"], int))
