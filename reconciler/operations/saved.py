"""Plans in files: written whole or not at all, read strictly, refused when they are not of this moment."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, TypeVar

from reconciler.errors import PlanStale, PlanUnreadable, UsageError
from reconciler.operations.outfile import write_file
from reconciler.rendering.json import Stamp, plan_from_json, saved_from_json, saved_to_json
from reconciler.rendering.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from reconciler.model.plan import Base, Plan
    from reconciler.state.protocol import Applied

HOURS: Final = 24.0
"""How long a saved plan may be applied when nobody says otherwise."""
_SKEW = 300.0
"""Seconds that the clocks of two machines may be apart."""
_MOST_BYTES = 256 * 1024 * 1024


def save(plan: Plan, file: Path, *, hours: float = HOURS) -> None:
    """Writes the plan beside its place and moves it there; it may be applied for `hours` from now.

    Raises ReconcilerError when it cannot be written.
    """
    now = int(time.time())
    text = saved_to_json(plan, Stamp(now, now + int(hours * 3600)))
    write_file(file, text.encode(), what="save the plan to")


def load(file: Path) -> Plan:
    """The plan in a file, for looking at it: however old it is, and printed or saved.

    Raises UsageError when there is none, PlanUnreadable when it is not whole or not ours.
    """
    return _parsed(file, plan_from_json)


def load_to_apply(file: Path) -> Plan:
    """The plan in a file, if its time has not run out. Raises PlanStale then, and what `load` raises."""
    plan, stamp = _parsed(file, saved_from_json)
    now = time.time()
    if now >= stamp.expires:
        msg = f"the saved plan has expired: it could be applied until {_told(stamp.expires)}"
        raise PlanStale(msg, hint="Nothing was written. Plan again, review, then apply.")
    if now < stamp.created - _SKEW:
        msg = f"the saved plan was made in the future, at {_told(stamp.created)}: is a clock wrong?"
        raise PlanStale(msg, hint="Nothing was written. Set the clock, or plan again.")
    return plan


def _told(moment: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(moment))


_Read = TypeVar("_Read")


def _parsed(file: Path, parse: Callable[[str], _Read]) -> _Read:
    """What is in the file; an error names it."""
    text = _text(file)
    try:
        return parse(text)
    except PlanUnreadable as error:
        msg = f"{file}: {error.message}"
        raise PlanUnreadable(msg, hint=error.hint) from error


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > _MOST_BYTES:
            msg = f"{file} is too large to be a plan"
            raise PlanUnreadable(msg)
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        msg = f"{file} is not a saved plan: it is no text"
        raise PlanUnreadable(msg) from error
    except OSError as error:
        msg = f"cannot read the plan {file}: {error.strerror}"
        raise UsageError(msg, hint="Make one with `reconciler plan -o FILE`.") from error


def refuse_stale(planned: Base, now: Base) -> None:
    """Raises PlanStale, naming what moved, when a plan is not of this project, commit, policy, version and memory."""
    _refuse([*_elsewhere(planned, now), *_since(planned, now)])


def refuse_elsewhere(planned: Base, now: Base) -> None:
    """The same but for what was applied since: of a plan that is to be finished, that is itself."""
    _refuse(_elsewhere(planned, now))


def refuse_applied(plan_id: str, applied: Applied) -> None:
    """Raises PlanStale when this very plan is the one applied last."""
    if plan_id == applied.plan:
        msg = f"this very plan was applied already: {counted(len(applied.done), 'step')} of it done"
        raise PlanStale(msg, hint="Nothing was written. Plan again; or finish it with `apply PLAN --resume`.")


def _refuse(reasons: Sequence[str]) -> None:
    if reasons:
        msg = f"the saved plan is stale: {'; '.join(reasons)}"
        raise PlanStale(msg, hint="Nothing was written. Plan again, review, then apply.")


def _elsewhere(planned: Base, now: Base) -> list[str]:
    moved = [
        (planned.project != now.project, f"it is of project {planned.project!r}, this is {now.project!r}"),
        (
            planned.environment != now.environment,
            f"it is of environment {planned.environment!r}, this is {now.environment!r}",
        ),
        (
            planned.tool_version != now.tool_version,
            f"it was made by version {planned.tool_version}, this is {now.tool_version}",
        ),
        (
            planned.commit != now.commit,
            f"it was made at commit {planned.commit or 'none'}, now it is {now.commit or 'none'}",
        ),
        (planned.policy_digest != now.policy_digest, "the project's policy was changed, or an allowance ended"),
        # The first commit gives a memory its name.
        (planned.lineage not in {"", now.lineage}, "it was made from another memory"),
    ]
    return [reason for wrong, reason in moved if wrong]


def _since(planned: Base, now: Base) -> list[str]:
    moved = [
        (planned.serial != now.serial, f"something was applied since: state {planned.serial}, now {now.serial}"),
        (
            planned.serial == now.serial and planned.journal != now.journal,
            "something was written down since by an apply that did not end",
        ),
    ]
    return [reason for wrong, reason in moved if wrong]
